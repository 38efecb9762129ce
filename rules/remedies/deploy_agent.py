"""deploy-agent: the ip-masq-agent where GKE did not install it; then the ConfigMap has a reader."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Network

from rules.case import Case
from rules.masquerade import agent_config, intended, older
from rules.remedies import carve, commands, manifest, masquerading
from rules.remedies.effect import Effect
from rules.remedies.impact import few
from rules.remedies.remedy import Draft, Remedy
from rules.report.model import Change, Precondition
from rules.words import _, plural
from rules.world import Agent, AgentState, World


def draft(case: Case) -> Draft | None:
    world = case.world
    if case.pod is None or case.pod.host_network or case.a is None or case.node is None:
        return None
    if world.agent.state is not AgentState.ABSENT or masquerading.autopilot(case) or case.node.os != "linux":
        return None
    if case.masquerade is not None and case.masquerade.masqueraded is True:
        return None
    all_reserved = not any(older(node.version, 1, 15) for node in world.nodes.values() if node.os == "linux")
    wanted = manifest.daemon_set(all_reserved=all_reserved)
    change = Change(
        system="kubernetes",
        kind="DaemonSet",
        key={"namespace": manifest.NAMESPACE, "name": manifest.NAME},
        owner=case.a.project,
        before=None,
        after=wanted,
    )
    after = deployed(world, all_reserved=all_reserved)
    text = masquerading.text_in_force(case)
    config = agent_config(text, all_reserved=all_reserved)
    sentence = (
        _("The agent is made, and works with its default list: that alone changes nothing towards {b}.").format(
            b=case.b
        )
        if text is None
        else _("The agent is made, and reads the ConfigMap that waits for it.")
    )
    linux = [node for node in world.nodes.values() if node.os == "linux"]
    return Draft(
        sentence=sentence,
        owner=case.a.project,
        changes=(change,),
        change_sentences=(
            _("make DaemonSet {where}: image {image}, chain {chain}, {reserved}").format(
                where=f"{manifest.NAMESPACE}/{manifest.NAME}",
                image=manifest.IMAGE,
                chain=manifest.CHAIN,
                reserved="--nomasq-all-reserved-ranges" if all_reserved else _("RFC 1918 alone by default"),
            ),
        ),
        after=after,
        preconditions=(
            Precondition(_("the cluster is not Autopilot"), _known_not_autopilot(case)),
            Precondition(
                plural("every Linux node is Ready ({count})", "every Linux node is Ready ({count})", len(linux)),
                all(node.ready for node in linux),
            ),
            Precondition(_("the nodes can pull {image}").format(image=manifest.IMAGE), None),
            Precondition(
                _("the agent accepts the ConfigMap that is there"), None if text is None else not config.error
            ),
            Precondition(
                _("the firewall of {b} admits the nodes' addresses").format(b=case.b or _("the peer")),
                masquerading.nodes_admitted(Case(after, case.question), case),
            ),
        ),
        blast_radius=_reach(case, config.ranges if not config.error else ()),
        commands=commands.create_from_file("ip-masq-agent.yaml", wanted),
        undo=(commands.delete("daemonset", manifest.NAMESPACE, manifest.NAME),),
        effect=Effect.DEPLOY,
    )


def _known_not_autopilot(case: Case) -> bool | None:
    known = case.world.cluster.autopilot if case.world.cluster else None
    return None if known is None else not known


def deployed(world: World, *, all_reserved: bool) -> World:
    """The world once an agent is ready on every Linux node and has written its chain."""
    linux = {node.name: world.taken_at for node in world.nodes.values() if node.os == "linux"}
    agent = Agent(
        AgentState.PRESENT,
        chain=manifest.CHAIN,
        all_reserved=all_reserved,
        image=manifest.IMAGE,
        pods=linux,
    )
    nat = {node: text for node, text in world.node_nat.items() if node not in linux}
    return replace(world, agent=agent, node_nat=nat)


def _reach(case: Case, ranges: tuple[IPv4Network, ...]) -> tuple[str, ...]:
    sentences = []
    now = intended(case.world, case.node) if case.node is not None else None
    if ranges and now is not None and now.ranges is not None:
        flipped = carve.changed(now.ranges, (*ranges, *masquerading.link_local()))
        if flipped:
            text = _("every pod of the cluster wears its node's address towards {ranges}")
            sentences.append(text.format(ranges=few([str(entry) for entry in flipped])))
            named = masquerading.known_places(case, flipped)
            if named:
                sentences.append(_("other known networks in these ranges: {places}").format(places=few(named)))
        kept = carve.changed(ranges, now.ranges)
        if kept:
            text = _("every pod of the cluster keeps its own address towards {ranges}")
            sentences.append(text.format(ranges=few([str(entry) for entry in kept])))
    sentences.append(_("one more pod on every Linux node, on the node's network, with NET_ADMIN and NET_RAW"))
    sentences.append(
        _("taking it back leaves each node with the rules that the agent wrote last, until the node is made anew")
    )
    return tuple(sentences)


REMEDY = Remedy("deploy-agent", lambda: _("Deploy the ip-masq-agent"), draft, stage=0)
