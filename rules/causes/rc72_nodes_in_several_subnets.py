"""RC72: nodes are in several subnets, and the peer admits one of them."""

from __future__ import annotations

from rules.case import Case
from rules.causes.cause import Cause, Finding, Prior, cells
from rules.causes.doors import doors, evidence, other_nodes_admitted, rules_of, silent
from rules.report.model import Status
from rules.words import _


def check(case: Case) -> Finding | None:
    found, others = doors(case), other_nodes_admitted(case)
    if found is None or not others or not found.nobody or not silent(case):
        return None
    node = case.node
    return Finding(
        status=Status.CONFIRMED,
        blocks=True,
        sentence=_("The firewall of {b} admits the subnet of node {other} and not that of {node}.").format(
            b=case.b, other=others[0], node=node.name if node else ""
        ),
        evidence=evidence(case, found, _("admitted: {names}").format(names=", ".join(others[:3]))),
        decides=_("a rule of {b} that admits {source} at the target").format(b=case.b, source=found.worn),
        next=rules_of(case.b, _("Let {owner} list the rules in force.").format(owner=case.b.project if case.b else "")),
        at=case.b,
        owner=case.b.project if case.b else "",
    )


CAUSE = Cause(
    "RC72",
    lambda: _("The peer admits one of the nodes' subnets"),
    check,
    cells=cells("ok ok timeout timeout any"),
    prior=Prior(2, 2, 2, 2),
    rank=15,
    connectivity_tests=("FIREWALL_RULE",),
)
