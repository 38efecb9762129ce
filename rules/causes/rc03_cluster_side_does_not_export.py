"""RC03: the target's side imports custom routes, the cluster's side does not export them."""

from __future__ import annotations

from rules.case import Case
from rules.causes.cause import Cause, Finding, Prior
from rules.causes.returning import answer_lost, describe_peer, evidence, exportable, flag, missing_in_a, producer
from rules.path import Verdict
from rules.report.model import Status
from rules.words import _


def check(case: Case) -> Finding | None:
    hop, ours, theirs = answer_lost(case), case.a_to_b, case.b_to_a
    if hop is None or ours is None or not ours.active or producer(ours) or ours.export_custom:
        return None
    if not (exportable(case) or missing_in_a(case)) or (theirs is None and case.b_peerings_known):
        return None
    if theirs is not None and (not theirs.import_custom or hop.verdict is not Verdict.DROP):
        return None
    pod = case.pod.address if case.pod else ""
    flags = [flag(ours, "exportCustomRoutes", False)]
    if theirs is not None:
        flags.insert(0, flag(theirs, "importCustomRoutes", True))
    return Finding(
        status=Status.CONFIRMED if theirs else Status.POSSIBLE,
        blocks=theirs is not None,
        sentence=_("{b} imports custom routes, {a} does not export them: {b} has no route back to {pod}.").format(
            a=case.a, b=case.b, pod=pod
        )
        if theirs
        else _("Perhaps {b} imports custom routes already; then {a}'s export alone is missing.").format(
            a=case.a, b=case.b
        ),
        evidence=evidence(case, hop, *flags),
        remedies=("export-routes", "masquerade-minimal", "masquerade-article"),
        decides=_("importCustomRoutes of {b}'s side of the peering").format(b=case.b),
        next=None if theirs else describe_peer(case),
        owner=ours.vpc.project,
    )


CAUSE = Cause(
    "RC03",
    lambda: _("The cluster's side does not export custom routes"),
    check,
    prior=Prior(routes_based=8, vpc_native=0, public_pods=0, autopilot=0),
    connectivity_tests=("NO_ROUTE", "PRIVATE_TRAFFIC_TO_INTERNET"),
)
