"""Shared by the causes of a closed door: what a firewall says of each source that knocks (RC32 to RC37, RC46, RC74)."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from ipaddress import IPv4Address

from rules.case import Case
from rules.causes.cause import probes_say, some
from rules.ends import End, at
from rules.firewall import Answer, Packet, Ruling, ruling
from rules.own_routes import machine_under
from rules.path import Hop, Verdict
from rules.report.model import Next
from rules.snapshot import Vpc
from rules.words import _
from rules.world import Node


@dataclass(frozen=True)
class Doors:
    """The target's firewall for the pod's own address, the node's, and the one the target really sees."""

    pod: Ruling
    node: Ruling
    seen: Ruling
    worn: IPv4Address

    @property
    def nobody(self) -> bool:
        """Neither pod nor node is admitted, and so whoever asks in their name."""
        return self.pod.answer is Answer.DENY and self.node.answer is Answer.DENY


def doors(case: Case) -> Doors | None:
    """The target's door; None where the way does not lead to one, or where an address is not known."""
    pod, node = case.pod, case.node
    if pod is None or node is None or pod.address is None or node.address is None or case.walk is None:
        return None
    worn = case.walk.source_seen
    if worn is None or case.hop(case.walk, "ingress-firewall") is None:
        return None
    mine, theirs, seen = knock(case, pod.address), knock(case, node.address), knock(case, worn)
    return None if mine is None or theirs is None or seen is None else Doors(mine, theirs, seen, worn)


def behind(case: Case) -> End | None:
    """Who has the target's address in B."""
    return at(case.world, case.b, case.dest) if case.b is not None else None


def knock(case: Case, source: IPv4Address, protocol: str | None = None, port: int | None = None) -> Ruling | None:
    """What B's firewall says at the target of a packet from `source`; the question's protocol and port by default."""
    far, asked = behind(case), case.question.target
    if far is None or case.b is None:
        return None
    packet = Packet(source, case.dest, asked.protocol, asked.port, crosses=True)
    if protocol is not None:
        packet = Packet(source, case.dest, protocol, port, crosses=True)
    return ruling(case.world, case.b, far.vm, "INGRESS", packet)


def silent(case: Case) -> bool:
    """pod → peer meets silence, and so does node → peer where that was measured."""
    return case.blocked and not case.told and not case.contradicted("node-peer")


def other_protocol(case: Case, source: IPv4Address) -> str:
    """A protocol that B admits from `source` at the target although not the one asked for: `icmp` or `tcp`; else ''."""
    asked = case.question.target
    for protocol, port in (("icmp", None), ("tcp", asked.port or 80)):
        found = knock(case, source, protocol, port) if protocol != asked.protocol else None
        if found is not None and found.answer is Answer.ALLOW:
            return protocol
    return ""


def local_admitted(case: Case) -> Ruling | None:
    """B's ruling on the test VM of A, where that VM is admitted."""
    local = case.question.local
    found = knock(case, IPv4Address(local.ip)) if local is not None else None
    return found if found is not None and found.answer is Answer.ALLOW else None


def other_nodes_admitted(case: Case) -> list[str]:
    """Nodes in other subnets than the pod's node whose addresses B's firewall admits, by name."""
    mine = _subnet(case, case.node) if case.node is not None else None
    found = []
    for node in case.world.nodes.values():
        theirs = _subnet(case, node)
        if theirs is None or mine is None or node.address is None or theirs == mine:
            continue
        ruled = knock(case, node.address)
        if ruled is not None and ruled.answer is Answer.ALLOW:
            found.append(node.name)
    return sorted(found)


def _subnet(case: Case, node: Node) -> str | None:
    """The subnet of a node's first interface; None where its VM was not read or shows no interface."""
    vm = machine_under(case.world, node)
    return vm.interfaces[0].subnet if vm is not None and vm.interfaces else None


def evidence(case: Case, found: Doors, *more: str) -> tuple[str, ...]:
    """Both rulings as evidence, then whatever else decides."""
    return some(
        _("source = node: {sentence}").format(sentence=found.node.sentence),
        _("source = pod: {sentence}").format(sentence=found.pod.sentence),
        *more,
        probes_say(case),
    )


def rules_of(vpc: Vpc | None, sentence: str) -> Next | None:
    """How the rules of a VPC are listed."""
    if vpc is None:
        return None
    words = ("gcloud", "compute", "networks", "get-effective-firewalls", vpc.name, "--project", vpc.project)
    return Next(sentence, shlex.join(words))


def leaves(case: Case) -> tuple[Hop, Hop] | None:
    """The egress rules of A at the node, as the pod's packet and as the node's meet them."""
    pod, node = case.hop(case.walk, "egress-firewall"), case.hop(case.node_walk, "egress-firewall")
    return None if pod is None or node is None else (pod, node)


def dropped(hop: Hop) -> bool:
    return hop.verdict is Verdict.DROP
