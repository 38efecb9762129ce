"""The hops at which a packet is checked: firewall, NetworkPolicy, foreign source address, peering."""

from __future__ import annotations

from ipaddress import IPv4Address

from rules.ends import End
from rules.firewall import Answer, Packet, ruling
from rules.own_routes import network_of
from rules.path import Hop, Leg, Verdict
from rules.policy import PolicyRuling
from rules.snapshot import Vpc
from rules.words import _
from rules.world import Peering, World

_VERDICTS = {Answer.ALLOW: Verdict.OK, Answer.DENY: Verdict.DROP, Answer.UNKNOWN: Verdict.UNKNOWN}


def policy_hop(leg: Leg, end: End, found: PolicyRuling) -> Hop:
    """What NetworkPolicies say at the pod of `end`."""
    return Hop(
        leg,
        end.place,
        "policy",
        _VERDICTS[found.answer],
        found.sentence,
        "GKE_NETWORK_POLICY" if found.answer is Answer.DENY else "",
        found.policy,
        end.node.project if end.node else "",
        end.vpc,
    )


def firewall_hop(world: World, leg: Leg, direction: str, end: End, vpc: Vpc, packet: Packet) -> Hop:
    """Is the packet let out of, or into, the VM of `end`?"""
    found = ruling(world, vpc, end.vm, direction, packet)
    place = f"node {end.node.name}" if end.node is not None else end.place
    rule = found.rule
    organisation = rule is not None and rule.stage == "hierarchical"
    return Hop(
        leg,
        place,
        "egress-firewall" if direction == "EGRESS" else "ingress-firewall",
        _VERDICTS[found.answer],
        found.sentence,
        "FIREWALL_RULE" if found.answer is Answer.DENY else "",
        (rule.object or rule.name) if rule else "",
        "organization" if organisation else vpc.project,
        vpc,
    )


def foreign_hop(leg: Leg, end: End, vpc: Vpc, source: IPv4Address) -> Hop | None:
    """May the VM send from an address that is not its own? Asked of pods that keep theirs."""
    if end.pod is None or end.node is None or source != end.pod.address or source == end.node.address:
        return None
    place, owner, vm = f"node {end.node.name}", vpc.project, end.vm
    if vm is None:
        sentence = _("Whether {node} may send from {source} cannot be told: its VM could not be read.")
        text = sentence.format(node=end.node.name, source=source)
        return Hop(leg, place, "anti-spoofing", Verdict.UNKNOWN, text, "", "", owner, vpc)
    alias = next((each for nic in vm.interfaces for each in nic.aliases if source in each), None)
    if alias is not None:
        text = _("{source} is in {alias}, an alias range of VM {vm}.").format(source=source, alias=alias, vm=vm.name)
        return Hop(leg, place, "anti-spoofing", Verdict.OK, text, "", vm.name, owner, vpc)
    if vm.can_ip_forward:
        text = _("VM {vm} has canIpForward=true and may send from {source}.").format(vm=vm.name, source=source)
        return Hop(leg, place, "anti-spoofing", Verdict.OK, text, "", vm.name, owner, vpc)
    text = _(
        "VM {vm} may not send from {source}: canIpForward=false and no alias range holds it, so Google drops it."
    ).format(vm=vm.name, source=source)
    return Hop(leg, place, "anti-spoofing", Verdict.DROP, text, "FOREIGN_IP_DISALLOWED", vm.name, owner, vpc)


def peering_hop(world: World, leg: Leg, here: Vpc, landing: Vpc) -> Hop | None:
    """The peering between the two; None when there is none."""
    mine = network_of(world, here).peering_to(landing)
    theirs = network_of(world, landing).peering_to(here)
    if mine is None and theirs is None:
        return None
    name = (mine or theirs or Peering(here, "", landing, True)).name
    down = next((side for side in (mine, theirs) if side is not None and not side.active), None)
    missing = next(
        (
            vpc
            for vpc, side in ((here, mine), (landing, theirs))
            if side is None and network_of(world, vpc).peerings is not None
        ),
        None,
    )
    if down is None and missing is None:
        sentence = _("Peering {name} of {here} to {landing} is ACTIVE.").format(name=name, here=here, landing=landing)
        return Hop(leg, str(here), "peering", Verdict.OK, sentence, "", name, here.project, here)
    if missing is not None:
        sentence = _("The peering between {here} and {landing} is not ACTIVE: {missing} has no peering back.")
        sentence = sentence.format(here=here, landing=landing, missing=missing)
        return Hop(leg, str(here), "peering", Verdict.DROP, sentence, "NO_ROUTE", name, missing.project, here)
    details = down.state_details if down else ""
    sentence = _("Peering {name} between {here} and {landing} is not ACTIVE. {details}").format(
        name=name, here=here, landing=landing, details=details
    )
    owner = here.project
    return Hop(leg, str(here), "peering", Verdict.DROP, sentence.strip(), "NO_ROUTE", name, owner, here)
