"""RC42: a NetworkPolicy selects the pod for egress and does not allow the target."""

from __future__ import annotations

from rules.case import Case
from rules.causes.cause import Cause, Finding, Prior, cells
from rules.causes.held_back import evidence, kept, look, nothing_allowed, policies
from rules.report.model import Status
from rules.words import _


def check(case: Case) -> Finding | None:
    hop = kept(case)
    if hop is None or nothing_allowed(policies(case, hop)):
        return None
    return Finding(
        status=Status.CONFIRMED,
        blocks=True,
        sentence=_(
            "NetworkPolicy {policy} holds the pod back: it allows some egress, and {target} is not in it."
        ).format(policy=hop.object, target=case.question.target),
        evidence=evidence(case, hop),
        decides=_("an egress rule whose ipBlock holds {target}, with this port").format(target=case.dest),
        next=look(hop),
        at=case.a,
        owner=hop.owner,
    )


CAUSE = Cause(
    "RC42",
    lambda: _("A NetworkPolicy does not allow the target"),
    check,
    cells=cells("any ok ok timeout any", namespace="ok"),
    prior=Prior(3, 6, 4, 6),
    rank=8,
    connectivity_tests=("GKE_NETWORK_POLICY",),
)
