"""RC32: the peer's firewall admits the pods' addresses and not the nodes'."""

from __future__ import annotations

from rules.case import Case
from rules.causes.cause import Cause, Finding, Prior, cells
from rules.causes.doors import doors, evidence, rules_of
from rules.firewall import Answer
from rules.report.model import Status
from rules.words import _


def check(case: Case) -> Finding | None:
    found = doors(case)
    if found is None or not case.wears_pod_address or case.contradicted("node-peer"):
        return None
    if found.pod.answer is not Answer.ALLOW or found.node.answer is not Answer.DENY:
        return None
    return Finding(
        status=Status.LATENT,
        blocks=False,
        sentence=_(
            "The firewall of {b} admits the pod's address {pod} and drops the node's address {node}: masquerading "
            "would break what works."
        ).format(b=case.b, pod=found.worn, node=case.node.address if case.node else ""),
        evidence=evidence(case, found),
        decides=_("a rule of {b} that admits the node's address at the target").format(b=case.b),
        next=rules_of(case.b, _("Let {owner} list the rules in force.").format(owner=case.b.project if case.b else "")),
        at=case.b,
        owner=case.b.project if case.b else "",
    )


CAUSE = Cause(
    "RC32",
    lambda: _("The peer's firewall admits pods but not nodes"),
    check,
    cells=cells("ok ok timeout ok any"),
    prior=Prior(1, 2, 1, 1),
    rank=60,
)
