"""Whose address a pod's packet wears when it leaves its node.

Reasons are Connectivity Tests' (IpMasqueradingSkippedInfo.Reason), and MASQUERADED, AUTOPILOT_MASQUERADED,
WINDOWS_MASQUERADED or UNKNOWN. What a node does is read from its nat table where that is there; else it follows from
the agent, its ConfigMap and the cluster's settings (GKE "IP masquerade agent" documentation).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from ipaddress import IPv4Address, IPv4Network

from rules import nat
from rules.agent_config import AgentConfig, agent_config, default_ranges
from rules.build.read import network, objects, text
from rules.memo import per_world
from rules.own_routes import network_of, vpc_of_node
from rules.path import Masquerade
from rules.ranges import LINK_LOCAL, RESERVED, RFC1918
from rules.words import _
from rules.world import AgentState, ConfigMap, Node, Pod, World

__all__ = ["AgentConfig", "KeepList", "agent_config", "config_text", "decide", "differences", "intended", "with_config"]

BOOT = (*RFC1918, *RESERVED)
"""What GKE's boot script lets keep the pod's address, link-local apart (configure-helper.sh)."""

OLD_BOOT = (IPv4Network("10.0.0.0/8"),)
"""What nodes before 1.14 kept: the kubelet knew one range."""

NAMESPACE = "kube-system"

BOOT_CHAIN = "IP-MASQ"
"""The nat chain that GKE's boot script fills. An agent told to use the same name replaces it; else there are two."""


@dataclass(frozen=True)
class KeepList:
    """Destinations to which pods keep their address, and where the list comes from.

    `ranges` None: every destination keeps it. `known` False: what the list is cannot be told, `why` says why; then
    `ranges`, where there are any, hold at least the list.
    """

    ranges: tuple[IPv4Network, ...] | None
    origin: str
    why: str
    known: bool = True


def decide(world: World, pod: Pod, dest: IPv4Address, protocol: str = "tcp") -> Masquerade:
    """Decide the source address that a packet from `pod` to `dest` wears behind its node."""
    node = world.nodes.get(pod.node)
    node_address = node.address if node else None
    if pod.host_network:
        sentence = _("{pod} uses its node's network and sends with the node's address.").format(pod=pod.ref)
        return Masquerade(False, node_address or pod.address, "POD_USES_NODE_NETWORK_NAMESPACE", sentence)
    if node is None:
        sentence = _("The node of {pod} could not be read, so its masquerading cannot be told.").format(pod=pod.ref)
        return Masquerade(None, None, "UNKNOWN", sentence)
    if _on_node(node, dest):
        sentence = _("{dest} is on the same node, {node}; packets that stay on a node keep their source.").format(
            dest=dest, node=node.name
        )
        return Masquerade(False, pod.address, "DESTINATION_ON_SAME_NODE", sentence)
    if node.os == "windows":
        return _windows(world, pod, node, dest)
    table = nat_table(world, node.name)
    if table is not None and pod.address is not None and _tells(world, table):
        return _by_table(table, pod.address, node, dest, protocol)
    if world.cluster is not None and world.cluster.autopilot:
        return _autopilot(world, pod, node, dest)
    return _agreed([_by_list(pod, node, dest, keep) for keep in possible(world, node)])


def _on_node(node: Node, dest: IPv4Address) -> bool:
    return dest == node.address or any(dest in network for network in node.pod_ranges)


@per_world
def nat_table(world: World, node: str) -> nat.NatTable | None:
    """The node's nat table; None when it was not read or cannot be parsed."""
    found = world.node_nat.get(node)
    if not found:
        return None
    try:
        return nat.parse(found)
    except nat.NatError:
        return None


def _tells(world: World, table: nat.NatTable) -> bool:
    """Whether the nat table shows what masquerades: on Dataplane V2 something else than iptables may."""
    if table.masquerading_chains():
        return True
    return world.cluster is not None and world.cluster.dataplane_v2 is False


def _agreed(answers: list[Masquerade]) -> Masquerade:
    """The answer on which all possible lists agree; UNKNOWN where they do not."""
    first = answers[0]
    if all(each.masqueraded == first.masqueraded for each in answers):
        return first
    sentence = _("It depends on what could not be read. {either} Or: {or_else}").format(
        either=first.sentence, or_else=next(each for each in answers if each.masqueraded != first.masqueraded).sentence
    )
    return Masquerade(None, None, "UNKNOWN", sentence, list_source=first.list_source)


def _by_list(pod: Pod, node: Node, dest: IPv4Address, keep: KeepList) -> Masquerade:
    outside = keep.ranges is not None and not any(dest in each for each in keep.ranges)
    if not keep.known and not outside:
        return Masquerade(None, None, "UNKNOWN", keep.why, list_source=keep.origin)
    if keep.ranges is None:
        return Masquerade(False, pod.address, "DEFAULT_SNAT_DISABLED", keep.why, list_source=keep.origin)
    hit = next((each for each in keep.ranges if dest in each), None)
    if hit is None:
        sentence = _("{dest} is in none of the ranges that keep the pod's address: {why}").format(
            dest=dest, why=keep.why
        )
        return Masquerade(True, node.address, "MASQUERADED", sentence, None, keep.origin, keep.ranges)
    default = keep.origin in ("agent-defaults", "boot-defaults")
    reason = f"DESTINATION_IP_IN_{'DEFAULT' if default else 'CONFIGURED'}_NON_MASQUERADE_RANGE"
    sentence = _("{dest} is in {range}, which keeps the pod's address: {why}").format(
        dest=dest, range=hit, why=keep.why
    )
    return Masquerade(False, pod.address, reason, sentence, hit, keep.origin, keep.ranges)


def _by_table(table: nat.NatTable, address: IPv4Address, node: Node, dest: IPv4Address, protocol: str) -> Masquerade:
    local = frozenset({node.address} if node.address else ())
    found = table.decide(address, dest, protocol=protocol, local=local)
    ranges = table.kept_ranges()
    rule = found.rule.text if found.rule else ""
    if found.fate is nat.Fate.UNKNOWN:
        sentence = _("The nat table of {node} has a rule that cannot be decided: {rule}").format(
            node=node.name, rule=rule
        )
        return Masquerade(None, None, "UNKNOWN", sentence, None, "node-nat", ranges)
    if found.fate in (nat.Fate.MASQUERADE, nat.Fate.SNAT):
        source = found.to or node.address
        sentence = _("The nat table of {node} masquerades packets to {dest}: {rule}").format(
            node=node.name, dest=dest, rule=rule
        )
        return Masquerade(True, source, "MASQUERADED", sentence, found.range, "node-nat", ranges)
    if found.rule is None:
        reason = "DEFAULT_SNAT_DISABLED"
        sentence = _("The nat table of {node} has no rule that masquerades packets to {dest}.").format(
            node=node.name, dest=dest
        )
        return Masquerade(False, address, reason, sentence, None, "node-nat", ranges)
    default = set(ranges) - {LINK_LOCAL} in (set(RFC1918), set(BOOT), set(OLD_BOOT))
    reason = f"DESTINATION_IP_IN_{'DEFAULT' if default else 'CONFIGURED'}_NON_MASQUERADE_RANGE"
    sentence = _("The nat table of {node} lets packets to {range} keep the pod's address: {rule}").format(
        node=node.name, range=found.range, rule=rule
    )
    return Masquerade(False, address, reason, sentence, found.range, "node-nat", ranges)


def _windows(world: World, pod: Pod, node: Node, dest: IPv4Address) -> Masquerade:
    inside = next((each for each in cluster_ranges(world, node) if dest in each), None)
    if inside is not None:
        sentence = _("{dest} is in {range}, a range of the cluster itself, where Windows nodes keep the pod's address.")
        return Masquerade(
            False,
            pod.address,
            "DESTINATION_IP_IN_DEFAULT_NON_MASQUERADE_RANGE",
            sentence.format(dest=dest, range=inside),
            inside,
            "windows",
        )
    sentence = _("{node} runs Windows: packets that leave the cluster wear the node's address, always.")
    return Masquerade(True, node.address, "WINDOWS_MASQUERADED", sentence.format(node=node.name), None, "windows")


def cluster_ranges(world: World, node: Node) -> tuple[IPv4Network, ...]:
    """Pod, Service and node ranges of the cluster."""
    found: list[IPv4Network] = []
    if world.cluster is not None:
        found += world.cluster.pod_ranges
        found += [world.cluster.service_range] if world.cluster.service_range else []
    found += [each for other in world.nodes.values() for each in other.pod_ranges]
    vpc = vpc_of_node(world, node)
    if vpc is not None and node.address is not None:
        subnets = network_of(world, vpc).subnets or ()
        found += [subnet.range for subnet in subnets if node.address in subnet.range]
    return tuple(dict.fromkeys(found))


def _autopilot(world: World, pod: Pod, node: Node, dest: IPv4Address) -> Masquerade:
    origin = "egress-nat-policy"
    if world.egress_nat_policies is None:
        why = _("The cluster is Autopilot, and its EgressNATPolicy objects could not be read.")
        return Masquerade(None, None, "UNKNOWN", why, list_source=origin)
    listed = [
        (text(policy, "metadata", "name"), found)
        for policy in world.egress_nat_policies
        if text(policy, "spec", "action") in ("NoSNAT", "")
        for entry in objects(policy, "spec", "destinations")
        if (found := network(entry.get("cidr"))) is not None
    ]
    ranges = tuple(dict.fromkeys((*(each for _name, each in listed), *cluster_ranges(world, node))))
    for name, each in listed:
        if dest in each:
            sentence = _("{dest} is in {range} of EgressNATPolicy {name} (action NoSNAT), so the pod's address stays.")
            return Masquerade(
                False,
                pod.address,
                "DESTINATION_IP_IN_CONFIGURED_NON_MASQUERADE_RANGE",
                sentence.format(dest=dest, range=each, name=name),
                each,
                origin,
                ranges,
            )
    for each in cluster_ranges(world, node):
        if dest in each:
            sentence = _("{dest} is in {range}, a range of the cluster itself, where pods keep their address.")
            return Masquerade(
                False,
                pod.address,
                "DESTINATION_IP_IN_DEFAULT_NON_MASQUERADE_RANGE",
                sentence.format(dest=dest, range=each),
                each,
                origin,
                ranges,
            )
    sentence = _("The cluster is Autopilot and no EgressNATPolicy names {dest}, so packets wear the node's address.")
    return Masquerade(True, node.address, "AUTOPILOT_MASQUERADED", sentence.format(dest=dest), None, origin, ranges)


def intended(world: World, node: Node) -> KeepList:
    """The list that agent, ConfigMap and cluster settings give a Standard Linux node; not known where several could."""
    found = possible(world, node)
    if len({each.ranges for each in found}) == 1 or not found[0].known:
        return found[0]
    why = _("Which list {node} has cannot be told: {reasons}").format(
        node=node.name, reasons=" / ".join(each.why for each in found)
    )
    return KeepList(None, "last-good", why, known=False)


def possible(world: World, node: Node) -> tuple[KeepList, ...]:
    """Every list that what was read allows; one where all is known."""
    agent = world.agent
    if agent.state is AgentState.ABSENT:
        return _without_agent(world, node, _("there is no DaemonSet ip-masq-agent"))
    if agent.state is AgentState.UNKNOWN:
        why = _("if no ip-masq-agent runs on {node}").format(node=node.name)
        flagged = replace(world, agent=replace(agent, all_reserved=True))
        return (*_without_agent(world, node, why), _with_agent(world), _with_agent(flagged))
    if node.name in agent.pods and node.name not in agent.not_ready:
        return _beside_boot(world, node, _with_agent(world))
    if world.pods is None and not agent.pods:
        why = _("if no ip-masq-agent is ready on {node}").format(node=node.name)
        return (*_without_agent(world, node, why), *_beside_boot(world, node, _with_agent(world)))
    return _without_agent(world, node, _("no ready pod of the ip-masq-agent is on {node}").format(node=node.name))


def _beside_boot(world: World, node: Node, keep: KeepList) -> tuple[KeepList, ...]:
    """What is kept where the agent fills a chain of its own: what its list and the boot-time chain both keep.

    GKE's manifest gives the agent the boot-time chain (--masq-chain=IP-MASQ), upstream's does not
    (kubernetes/kubernetes issue 64212).
    """
    if world.agent.chain == BOOT_CHAIN:
        return (keep,)
    why = _("the agent's chain is {chain}").format(chain=world.agent.chain)
    return tuple(_both(keep, boot) for boot in _without_agent(world, node, why))


def _both(keep: KeepList, boot: KeepList) -> KeepList:
    if boot.ranges is None:
        return keep
    if keep.ranges is None:
        return replace(keep, ranges=boot.ranges, why=_("{why}; {boot}").format(why=keep.why, boot=boot.why))
    common = [
        max(one, other, key=lambda each: each.prefixlen)
        for one in keep.ranges
        for other in boot.ranges
        if one.overlaps(other)
    ]
    if len(common) >= len(keep.ranges) and set(keep.ranges) <= set(common):
        return keep
    why = _("{why} The node's own chain {chain} stands beside the agent's, and only what both keep is kept.").format(
        why=keep.why, chain=BOOT_CHAIN
    )
    return replace(keep, ranges=tuple(dict.fromkeys(common)), why=why)


def _without_agent(world: World, node: Node, why: str) -> tuple[KeepList, ...]:
    disabled = world.cluster.default_snat_disabled if world.cluster is not None else None
    sentence = _("{why}, and the cluster was made with --disable-default-snat: nothing is masqueraded.")
    nothing = KeepList(None, "default-snat-disabled", sentence.format(why=_capital(why)))
    if disabled:
        return (nothing,)
    if older(node.version, 1, 14):
        sentence = _("{why}; the node's version {version} is before 1.14 and keeps 10.0.0.0/8 alone from its boot.")
        boot = KeepList(OLD_BOOT, "boot-defaults", sentence.format(why=why, version=node.version))
    elif older(node.version, 1, 15):
        sentence = _("{why}; the node's version {version} keeps the three private ranges from its boot.")
        boot = KeepList((LINK_LOCAL, *RFC1918), "boot-defaults", sentence.format(why=why, version=node.version))
    else:
        sentence = _("{why}, so the node has its boot-time default list.").format(why=why)
        boot = KeepList((LINK_LOCAL, *BOOT), "boot-defaults", sentence)
    return (boot,) if disabled is False else (boot, nothing)


@per_world
def _with_agent(world: World) -> KeepList:
    agent = world.agent
    if world.config_maps is None:
        why = _("The ip-masq-agent is ready, and its ConfigMap could not be read.")
        return KeepList(None, "last-good", why, known=False)
    found = agent_config(config_text(world), all_reserved=agent.all_reserved, ipv6=agent.ipv6)
    if found.error:
        why = _("The agent refuses ConfigMap {name} and keeps its last good list, which cannot be read: {error}")
        return KeepList(
            None, "last-good", why.format(name=f"{NAMESPACE}/{agent.config_map}", error=found.error), known=False
        )
    ranges = found.ranges if found.masq_link_local else (LINK_LOCAL, *found.ranges)
    if found.given:
        why = _("ConfigMap {name} sets nonMasqueradeCIDRs to [{list}].").format(
            name=f"{NAMESPACE}/{agent.config_map}", list=", ".join(map(str, found.ranges))
        )
        return KeepList(ranges, "configmap", why)
    flags = "--nomasq-all-reserved-ranges" if agent.all_reserved else ""
    why = _("{reason}, so the ip-masq-agent uses its default list ({count} ranges{flags}).").format(
        reason=_why_default(world, found),
        count=len(default_ranges(agent.all_reserved)),
        flags=f", {flags}" if flags else "",
    )
    return KeepList(ranges, "agent-defaults", why)


def _why_default(world: World, found: AgentConfig) -> str:
    agent = world.agent
    name = f"{NAMESPACE}/{agent.config_map}"
    config_map = config_map_of(world)
    if not agent.config_map or agent.config_path != "ip-masq-agent":
        return _("the agent's pods mount no file at /etc/config/ip-masq-agent")
    if config_map is None:
        return _("there is no ConfigMap {name}").format(name=name)
    if agent.config_key not in config_map.data:
        keys = ", ".join(sorted(config_map.data)) or _("none")
        return _("ConfigMap {name} has no key {key} (its keys: {keys})").format(
            name=name, key=agent.config_key, keys=keys
        )
    if found.ignored:
        return _("ConfigMap {name} sets no nonMasqueradeCIDRs (keys the agent does not know: {keys})").format(
            name=name, keys=", ".join(found.ignored)
        )
    return _("ConfigMap {name} sets no nonMasqueradeCIDRs").format(name=name)


def config_map_of(world: World) -> ConfigMap | None:
    """The ConfigMap that the agent's volume names, or None."""
    wanted = (NAMESPACE, world.agent.config_map)
    return next((each for each in world.config_maps or () if (each.namespace, each.name) == wanted), None)


def config_text(world: World) -> str | None:
    """The file that the agent finds; None when the volume gives it none."""
    agent = world.agent
    config_map = config_map_of(world)
    if config_map is None or agent.config_path != "ip-masq-agent":
        return None
    return config_map.data.get(agent.config_key)


def with_config(world: World, text: str | None) -> World:
    """The world once every ready agent has read `text` (None: no ConfigMap) and written its rules."""
    wanted = (NAMESPACE, world.agent.config_map)
    kept = tuple(each for each in world.config_maps or () if (each.namespace, each.name) != wanted)
    if text is not None:
        kept += (ConfigMap(*wanted, {world.agent.config_key: text}),)
    reached = set(world.agent.pods) - world.agent.not_ready
    tables = {name: table for name, table in world.node_nat.items() if name not in reached}
    return replace(world, config_maps=kept, node_nat=tables)


def differences(world: World, node: Node) -> tuple[tuple[IPv4Network, ...], tuple[IPv4Network, ...]] | None:
    """Intent against fact: ranges that only the ConfigMap keeps, and ranges that only the node's nat table keeps.

    None when one of the two could not be read, or the node masquerades nothing.
    """
    table, keep = nat_table(world, node.name), intended(world, node)
    if table is None or not keep.known or keep.ranges is None or not table.masquerading_chains():
        return None
    real = table.kept_ranges()
    return (
        tuple(each for each in keep.ranges if each not in real),
        tuple(each for each in real if each not in keep.ranges),
    )


_VERSION = re.compile(r"v?(\d+)\.(\d+)")


def older(version: str, major: int, minor: int) -> bool:
    """Whether a kubelet version such as v1.12.7-gke.10 is before major.minor; False when it is not known."""
    found = _VERSION.match(version)
    return found is not None and (int(found[1]), int(found[2])) < (major, minor)


def _capital(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]
