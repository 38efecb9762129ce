"""RC36: an egress rule of the cluster's own VPC keeps the nodes from the target."""

from __future__ import annotations

from ipaddress import IPv4Address

from rules.case import Case
from rules.causes.cause import Cause, Finding, Prior, cells, probes_say, some
from rules.causes.doors import dropped, leaves, rules_of, silent
from rules.ends import at
from rules.firewall import Answer, Packet, ruling
from rules.report.model import Status
from rules.words import _


def check(case: Case) -> Finding | None:
    found = leaves(case)
    if found is None or not all(map(dropped, found)) or not silent(case):
        return None
    pod, node = found
    return Finding(
        status=Status.CONFIRMED,
        blocks=True,
        sentence=_("An egress rule of {a} keeps the node's packets from leaving for {target}.").format(
            a=case.a, target=case.dest
        ),
        evidence=some(
            node.sentence, pod.sentence if pod.sentence != node.sentence else "", _others(case), probes_say(case)
        ),
        decides=_("an egress rule of {a} with a lower priority number that admits {target}").format(
            a=case.a, target=case.dest
        ),
        next=rules_of(case.a, _("List the rules in force in {a}.").format(a=case.a)),
        at=case.a,
        owner=node.owner,
    )


def _others(case: Case) -> str:
    """The test VM of the same VPC, where the rule does not hold for it: node and VM then fare differently."""
    local = case.question.local
    if local is None or case.a is None:
        return ""
    end, asked = at(case.world, case.a, IPv4Address(local.ip)), case.question.target
    if end.vm is None:
        return ""
    packet = Packet(IPv4Address(local.ip), case.dest, asked.protocol, asked.port, crosses=True)
    if ruling(case.world, case.a, end.vm, "EGRESS", packet).answer is not Answer.ALLOW:
        return ""
    return _("VM {vm} of the same VPC may send there: the rule does not apply to it").format(vm=end.vm.name)


CAUSE = Cause(
    "RC36",
    lambda: _("An egress rule on the nodes denies the target"),
    check,
    cells=cells("ok ok timeout timeout ok"),
    prior=Prior(3, 3, 3, 3),
    rank=12,
    connectivity_tests=("FIREWALL_RULE",),
)
