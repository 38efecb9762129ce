"""RC74: the peer admits the test VM of this VPC, and neither its nodes nor its pods."""

from __future__ import annotations

from rules.case import Case
from rules.causes.cause import Cause, Finding, Prior, cells
from rules.causes.doors import doors, evidence, local_admitted, other_nodes_admitted, rules_of, silent
from rules.report.model import Status
from rules.words import _


def check(case: Case) -> Finding | None:
    found, admitted = doors(case), local_admitted(case)
    if found is None or admitted is None or not found.nobody or other_nodes_admitted(case) or not silent(case):
        return None
    local = case.question.local
    return Finding(
        status=Status.CONFIRMED,
        blocks=True,
        sentence=_(
            "The firewall of {b} admits the test VM {local} and neither nodes nor pods: that the VM gets through says "
            "nothing about the cluster."
        ).format(b=case.b, local=local.ip if local else ""),
        evidence=evidence(case, found, _("source = test VM: {sentence}").format(sentence=admitted.sentence)),
        decides=_("a rule of {b} that admits {source} at the target").format(b=case.b, source=found.worn),
        next=rules_of(case.b, _("Let {owner} list the rules in force.").format(owner=case.b.project if case.b else "")),
        at=case.b,
        owner=case.b.project if case.b else "",
    )


CAUSE = Cause(
    "RC74",
    lambda: _("Only the test VM is admitted"),
    check,
    cells=cells("ok ok timeout timeout any"),
    prior=Prior(2, 2, 2, 2),
    rank=17,
    connectivity_tests=("FIREWALL_RULE",),
)
