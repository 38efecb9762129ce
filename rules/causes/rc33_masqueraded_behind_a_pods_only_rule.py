"""RC33: the pods wear the node's address, and the peer's firewall admits only the pods' own."""

from __future__ import annotations

from rules.case import Case
from rules.causes.cause import Cause, Finding, Prior, cells
from rules.causes.doors import doors, evidence, rules_of, silent
from rules.firewall import Answer
from rules.report.model import Status
from rules.words import _


def check(case: Case) -> Finding | None:
    found = doors(case)
    masquerade = case.masquerade
    if found is None or masquerade is None or not masquerade.masqueraded or not silent(case):
        return None
    if found.pod.answer is not Answer.ALLOW or found.node.answer is not Answer.DENY:
        return None
    return Finding(
        status=Status.CONFIRMED,
        blocks=True,
        sentence=_(
            "The pod's packets wear the node's address {node}, which the firewall of {b} drops; it admits the pod's "
            "own address {pod}."
        ).format(node=found.worn, b=case.b, pod=case.pod.address if case.pod else ""),
        evidence=evidence(case, found, masquerade.sentence),
        decides=_("a rule of {b} that admits the node's address at the target").format(b=case.b),
        next=rules_of(case.b, _("Let {owner} list the rules in force.").format(owner=case.b.project if case.b else "")),
        at=case.b,
        owner=case.b.project if case.b else "",
    )


CAUSE = Cause(
    "RC33",
    lambda: _("Masqueraded packets meet a firewall that admits only pods"),
    check,
    cells=cells("ok ok timeout timeout any"),
    prior=Prior(2, 2, 2, 1),
    rank=20,
    connectivity_tests=("FIREWALL_RULE",),
)
