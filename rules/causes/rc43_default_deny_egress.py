"""RC43: NetworkPolicies select the pod for egress and allow nothing at all."""

from __future__ import annotations

from rules.case import Case
from rules.causes.cause import Cause, Finding, Prior, cells
from rules.causes.held_back import evidence, kept, look, nothing_allowed, policies
from rules.report.model import Status
from rules.words import _


def check(case: Case) -> Finding | None:
    hop = kept(case)
    if hop is None or not nothing_allowed(policies(case, hop)):
        return None
    return Finding(
        status=Status.CONFIRMED,
        blocks=True,
        sentence=_("NetworkPolicy {policy} denies the pod every connection that it opens, DNS included.").format(
            policy=hop.object
        ),
        evidence=evidence(case, hop, _("policyTypes has Egress and there is no egress rule: nothing is allowed")),
        decides=_("an egress rule in a NetworkPolicy that selects the pod"),
        next=look(hop),
        at=case.a,
        owner=hop.owner,
    )


CAUSE = Cause(
    "RC43",
    lambda: _("A NetworkPolicy denies all egress"),
    check,
    cells=cells("timeout ok ok timeout timeout"),
    prior=Prior(2, 3, 2, 3),
    rank=7,
    connectivity_tests=("GKE_NETWORK_POLICY",),
)
