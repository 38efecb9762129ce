"""What both masquerade remedies share: the list in force, the new text, the world after it, needs and reach."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from ipaddress import IPv4Network
from typing import Any

import yaml

from rules.case import Case
from rules.masquerade import agent_config
from rules.path import Verdict
from rules.ranges import LINK_LOCAL
from rules.remedies import commands
from rules.remedies.effect import Effect
from rules.remedies.impact import few
from rules.remedies.remedy import Draft
from rules.report.model import Change, Precondition
from rules.routing import table
from rules.snapshot import Outcome
from rules.words import _
from rules.world import AgentState, ConfigMap, RouteKind, World

NAMESPACE = "kube-system"
DEFAULT_LIMIT = 64
LIST_KEY = "nonMasqueradeCIDRs"


def config_map(case: Case) -> ConfigMap | None:
    """The ConfigMap that the agent mounts, as it is now."""
    name = case.world.agent.config_map or "ip-masq-agent"
    found = (each for each in case.world.config_maps or () if (each.namespace, each.name) == (NAMESPACE, name))
    return next(found, None)


def text_in_force(case: Case) -> str | None:
    """The agent's file as it is now, or None when there is none."""
    found = config_map(case)
    return found.data.get(case.world.agent.config_key or "config") if found else None


def autopilot(case: Case) -> bool:
    """Whether the cluster is known to be Autopilot."""
    return case.world.cluster is not None and case.world.cluster.autopilot is True


def list_in_force(case: Case) -> tuple[IPv4Network, ...]:
    """The ranges to which pods keep their own address today; the agent's defaults where the list is not readable."""
    decision = case.masquerade
    ranges = decision.ranges if decision is not None and case.world.agent.state is AgentState.PRESENT else ()
    if not ranges:
        ranges = agent_config(None, all_reserved=case.world.agent.all_reserved).ranges
    return tuple(entry for entry in ranges if entry != LINK_LOCAL)


def link_local() -> tuple[IPv4Network, ...]:
    """What every agent keeps besides its list."""
    return (LINK_LOCAL,)


def pod_ranges(case: Case) -> tuple[IPv4Network, ...]:
    """Every range that the cluster's pods use."""
    cluster = case.world.cluster
    known = list(cluster.pod_ranges if cluster else ())
    slices = [entry for node in case.world.nodes.values() for entry in node.pod_ranges]
    loose = [entry for entry in slices if not any(entry.subnet_of(whole) for whole in known)]
    known.extend(loose)
    return tuple(dict.fromkeys(known))


def keys_in_force(text: str | None) -> dict[str, Any]:
    """The file's keys, or none when it is not a mapping."""
    try:
        found = yaml.safe_load(text or "")
    except yaml.YAMLError:
        return {}
    return {str(key): value for key, value in found.items()} if isinstance(found, Mapping) else {}


def limit(case: Case) -> int:
    """How many ranges the agent takes (key cidrLimit)."""
    found = [value for key, value in keys_in_force(text_in_force(case)).items() if key.lower() == "cidrlimit"]
    given = found[-1] if found else DEFAULT_LIMIT
    return given if isinstance(given, int) and not isinstance(given, bool) and given > 0 else DEFAULT_LIMIT


def write(case: Case, ranges: Sequence[IPv4Network], **settings: str) -> str:
    """The agent's file with `ranges` and `settings`, every other key of the present file kept.

    Keys whose values the agent would refuse are left out: with them the whole file would be refused.
    """
    kept = {key: value for key, value in keys_in_force(text_in_force(case)).items() if key.lower() != LIST_KEY.lower()}
    for key in settings:
        kept = {name: value for name, value in kept.items() if name.lower() != key.lower()}
    fresh: dict[str, Any] = {LIST_KEY: [str(entry) for entry in ranges], **settings}
    for key, value in kept.items():
        attempt = {**fresh, key: value}
        if agent_config(_dump(attempt), all_reserved=False).error == "":
            fresh = attempt
    return _dump(fresh)


def _dump(keys: Mapping[str, Any]) -> str:
    return yaml.safe_dump(dict(keys), sort_keys=False, allow_unicode=True, default_flow_style=False)


@dataclass(frozen=True)
class NewFile:
    """A new text for the agent's file and what it means."""

    text: str
    ranges: tuple[IPv4Network, ...]
    fits: bool = True


def draft(case: Case, new: NewFile, sentence: str, touched: Sequence[str]) -> Draft | None:
    """The whole remedy for a new file; `touched` are sentences on the reach that only the caller knows."""
    if case.pod is None or case.pod.host_network or case.a is None or autopilot(case):
        return None  # Autopilot does not read this ConfigMap: that is egress-nat-policy's
    if not case.breaks and "pod-local" in case.failing:
        return None  # the pod's packets die before anything is masqueraded
    agent, now = case.world.agent, config_map(case)
    name, key = agent.config_map or "ip-masq-agent", agent.config_key or "config"
    before, text = dict(now.data) if now else None, new.text
    if before is not None and before.get(key) == text:
        return None
    after = replaced(case.world, name, {**(before or {}), key: text})
    change = Change(
        system="kubernetes",
        kind="ConfigMap",
        key={"namespace": NAMESPACE, "name": name},
        owner=case.a.project,
        before=written(name, before, now.resource_version if now else ""),
        after=written(name, {**(before or {}), key: text}, ""),
    )
    if case.world.config_maps is None:
        sentence = _("The present ConfigMap could not be read, so what would be replaced is not known. ") + sentence
    elif agent.state is AgentState.ABSENT:
        sentence = (
            _("No ip-masq-agent runs in this cluster, so a ConfigMap alone does nothing: deploy it first. ") + sentence
        )
    return Draft(
        sentence=sentence,
        owner=case.a.project,
        changes=(change,),
        change_sentences=(said(name, key, now, new.ranges),),
        after=after,
        preconditions=needs(case, new, after),
        blast_radius=tuple(touched),
        commands=typed(name, key, before, text),
        undo=taken_back(name, key, before),
        effect=Effect.AGENT,
        applicable=agent.state is not AgentState.ABSENT and case.world.config_maps is not None and new.fits,
    )


def said(name: str, key: str, now: ConfigMap | None, ranges: Sequence[IPv4Network]) -> str:
    """What changes, in one sentence."""
    verb = _("create ConfigMap {where}, key {key}") if now is None else _("set key {key} of ConfigMap {where}")
    shown = ", ".join(str(entry) for entry in ranges)
    where = f"{NAMESPACE}/{name}"
    return verb.format(where=where, key=key) + ": " + f"{LIST_KEY} = {shown}"


def typed(name: str, key: str, before: Mapping[str, str] | None, text: str) -> tuple[str, ...]:
    if before is None:
        return commands.create_config_map(NAMESPACE, name, key, text)
    return (commands.patch_config_map(NAMESPACE, name, {key: text}),)


def taken_back(name: str, key: str, before: Mapping[str, str] | None) -> tuple[str, ...]:
    if before is None:
        return (commands.delete_config_map(NAMESPACE, name),)
    return (commands.patch_config_map(NAMESPACE, name, {key: before.get(key)}),)


def written(name: str, data: Mapping[str, str] | None, version: str) -> dict[str, Any] | None:
    """The agent's ConfigMap as an object; None when it is absent."""
    if data is None:
        return None
    metadata = {"namespace": NAMESPACE, "name": name}
    if version:
        metadata["resourceVersion"] = version
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": dict(data)}


def replaced(world: World, name: str, data: Mapping[str, str]) -> World:
    """The world once every ready agent has read the new ConfigMap; nodes without one keep the rules they have."""
    others = [each for each in world.config_maps or () if (each.namespace, each.name) != (NAMESPACE, name)]
    agent = world.agent
    read = {node for node in agent.pods if node not in agent.not_ready}
    if agent.state is AgentState.UNKNOWN:
        read = set(world.node_nat)
    return replace(
        world,
        config_maps=(*others, ConfigMap(NAMESPACE, name, dict(data))),
        node_nat={node: text for node, text in world.node_nat.items() if node not in read},
    )


def needs(case: Case, new: NewFile, after: World) -> tuple[Precondition, ...]:
    """What must hold for the new list to take effect and to help."""
    world, agent = case.world, case.world.agent
    linux = [node.name for node in world.nodes.values() if node.os == "linux"]
    lacking = [name for name in linux if name not in agent.pods or name in agent.not_ready]
    present = {AgentState.PRESENT: True, AgentState.ABSENT: False, AgentState.UNKNOWN: None}[agent.state]
    ready = None if present is None or not linux else bool(present) and not lacking
    where = _(" (not on {names})").format(names=few(lacking)) if present and lacking else ""
    known = world.cluster.autopilot if world.cluster else None
    return (
        Precondition(_("the cluster is not Autopilot"), None if known is None else not known),
        Precondition(_("DaemonSet {where} exists").format(where=f"{NAMESPACE}/ip-masq-agent"), present),
        Precondition(_("its pod is Ready on every Linux node") + where, ready),
        Precondition(
            _("the list has at most {limit} ranges (it has {count})").format(limit=limit(case), count=len(new.ranges)),
            new.fits,
        ),
        Precondition(
            _("the firewall of {b} admits the nodes' addresses").format(b=case.b or _("the peer")),
            nodes_admitted(Case(after, case.question), case),
        ),
    )


def nodes_admitted(after: Case, case: Case) -> bool | None:
    """Whether the target's door lets a node's packet in: measured, or by the rules."""
    if case.measured("node-peer") in (Outcome.OK, Outcome.APP_ERROR, Outcome.REFUSED):
        return True
    hop = after.hop(after.node_walk, "ingress-firewall")
    if hop is None or hop.verdict is Verdict.UNKNOWN:
        return None
    return hop.verdict is Verdict.OK


def reach(case: Case, flipped: Sequence[IPv4Network]) -> tuple[str, ...]:
    """What else wears the node's address from now on."""
    sentences = []
    if flipped:
        sentences.append(
            _("every pod of the cluster wears its node's address towards {ranges}").format(
                ranges=few([str(entry) for entry in flipped])
            )
        )
        named = known_places(case, flipped)
        if named:
            sentences.append(_("other known networks in these ranges: {places}").format(places=few(named)))
    sentences.append(_("the target sees nodes, no longer pods: logs and rules by pod address stop telling pods apart"))
    return tuple(sentences)


def known_places(case: Case, ranges: Iterable[IPv4Network]) -> list[str]:
    """The routes of A (to peers, subnets, other sites) but the target's own whose destinations lie in `ranges`."""
    ranges = tuple(ranges)
    rows = (table(case.world, case.a) if case.a else None) or ()
    kinds = {RouteKind.SUBNET, RouteKind.PEERING_SUBNET, RouteKind.DYNAMIC, RouteKind.PEERING_DYNAMIC}
    kinds.add(RouteKind.PEERING_STATIC)
    found = [row for row in rows if row.kind in kinds and row.dest != case.target_range]
    found = [row for row in found if any(row.dest.overlaps(entry) for entry in ranges)]
    return list(dict.fromkeys(f"{row.dest} ({row.origin or row.vpc})" for row in found))
