"""RC01: a routes-based cluster's pod routes are static routes, and neither side of the peering exchanges those."""

from __future__ import annotations

from rules.case import Case
from rules.causes.cause import Cause, Finding, Prior
from rules.causes.returning import (
    REMEDIES,
    answer_lost,
    describe_peer,
    evidence,
    exportable,
    flag,
    missing_in_a,
    producer,
)
from rules.path import Verdict
from rules.report.model import Status
from rules.words import _


def check(case: Case) -> Finding | None:
    hop, ours, theirs = answer_lost(case), case.a_to_b, case.b_to_a
    if hop is None or ours is None or not ours.active or producer(ours) or ours.export_custom:
        return None
    if not exportable(case) and not missing_in_a(case):
        return None
    if theirs is None and case.b_peerings_known:
        return None
    if theirs is not None and (theirs.import_custom or hop.verdict is not Verdict.DROP):
        return None
    both = _("{b} has no route back to {pod}: {a} does not export its custom routes and {b} does not import them.")
    ours_alone = _("{b} cannot have learned a route back to {pod}: {a} does not export its custom routes.")
    pod = case.pod.address if case.pod else ""
    flags = [flag(ours, "exportCustomRoutes", False)]
    if theirs is not None:
        flags.append(flag(theirs, "importCustomRoutes", False))
    return Finding(
        status=Status.CONFIRMED if theirs else Status.LIKELY,
        blocks=True,
        sentence=(both if theirs else ours_alone).format(a=case.a, b=case.b, pod=pod),
        evidence=evidence(case, hop, *flags),
        remedies=REMEDIES,
        decides=_("a route to {pod} in the effective routes of {b}, or an answer to a probe from the pod").format(
            pod=pod, b=case.b
        ),
        next=None if theirs else describe_peer(case),
    )


CAUSE = Cause(
    "RC01",
    lambda: _("Custom routes are not exchanged over the peering"),
    check,
    prior=Prior(routes_based=9, vpc_native=0, public_pods=0, autopilot=0),
    connectivity_tests=("NO_ROUTE", "PRIVATE_TRAFFIC_TO_INTERNET"),
)
