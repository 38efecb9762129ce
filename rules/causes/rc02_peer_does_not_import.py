"""RC02: the cluster's side exports its custom routes, the target's side does not import them."""

from __future__ import annotations

from rules.case import Case
from rules.causes.cause import Cause, Finding, Prior
from rules.causes.returning import answer_lost, describe_peer, evidence, exportable, flag, look_at_peer, missing_in_a
from rules.path import Verdict
from rules.report.model import Status
from rules.words import _
from rules.world import ExchangedRoute, RouteKind


def refused(case: Case) -> ExchangedRoute | None:
    """The row in which A's own list of outgoing routes says that B rejected the route to the pod."""
    pod, ours = case.pod, case.a_to_b
    if pod is None or pod.address is None or ours is None:
        return None
    static = (RouteKind.STATIC, RouteKind.PEERING_STATIC)
    rows = [row for row in ours.outgoing or () if row.kind in static and pod.address in row.dest]
    return rows[0] if rows and not any(row.imported for row in rows) else None


def check(case: Case) -> Finding | None:
    hop, ours, theirs = answer_lost(case), case.a_to_b, case.b_to_a
    if hop is None or ours is None or not ours.active or not ours.export_custom:
        return None
    if not (exportable(case) or missing_in_a(case)) or (theirs is None and case.b_peerings_known):
        return None
    row = refused(case)
    pod = case.pod.address if case.pod else ""
    flags = [flag(ours, "exportCustomRoutes", True)]
    if row is not None:
        flags.append(
            _("{a} peering {name}, outgoing: {dest} imported = false (rejected by peer config)").format(
                a=case.a, name=ours.name, dest=row.dest
            )
        )
    if theirs is not None:
        if theirs.import_custom or hop.verdict is not Verdict.DROP:
            return None
        status, flags = Status.CONFIRMED, [*flags, flag(theirs, "importCustomRoutes", False)]
    else:
        status = Status.LIKELY if row is not None else Status.POSSIBLE
    return Finding(
        status=status,
        blocks=status is not Status.POSSIBLE,
        sentence=_("{a} exports its custom routes, {b} does not import them: it has no route back to {pod}.").format(
            a=case.a, b=case.b, pod=pod
        )
        if status is not Status.POSSIBLE
        else _("{a} exports its custom routes; whether {b} imports them could not be read.").format(a=case.a, b=case.b),
        evidence=evidence(case, hop, *flags),
        remedies=("import-routes", "masquerade-minimal", "masquerade-article"),
        decides=_("importCustomRoutes of {b}'s side of the peering; or {a}'s outgoing row accepted by the peer").format(
            a=case.a, b=case.b
        ),
        next=None if theirs else look_at_peer(case) if row is None else describe_peer(case),
    )


CAUSE = Cause(
    "RC02",
    lambda: _("The peer does not import custom routes"),
    check,
    prior=Prior(routes_based=8, vpc_native=0, public_pods=0, autopilot=0),
    connectivity_tests=("NO_ROUTE", "PRIVATE_TRAFFIC_TO_INTERNET"),
)
