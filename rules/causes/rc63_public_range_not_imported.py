"""RC63: the target is in public space that the peer uses privately, and such ranges are not exchanged."""

from __future__ import annotations

from rules.case import Case
from rules.causes.cause import Cause, Finding, Prior, cells, probes_say, some
from rules.causes.reach import list_routes, nowhere, offered, peerings
from rules.path import WhyNot
from rules.ranges import privately_used_public
from rules.report.model import Status
from rules.words import _
from rules.world import RouteKind


def check(case: Case) -> Finding | None:
    hop = nowhere(case)
    found = [
        each
        for each in offered(case)
        if each.route.kind is RouteKind.SUBNET and privately_used_public(each.route.dest) and each.imported is False
    ]
    if hop is None or not found:
        return None
    each = found[0]
    mine = next(peering for peering in peerings(case) if peering.peer == each.exporter)
    owner = mine.vpc if each.why_not is not WhyNot.NOT_EXPORTED else each.exporter
    return Finding(
        status=Status.CONFIRMED,
        blocks=True,
        sentence=_(
            "{target} is in {dest} of {b}, public space used privately, which {a} does not have: the packets leave for "
            "the real internet."
        ).format(target=case.dest, dest=each.route.dest, b=each.exporter, a=case.a),
        evidence=some(each.sentence, hop.sentence, probes_say(case)),
        decides=_("exportSubnetRoutesWithPublicIp of {b} and importSubnetRoutesWithPublicIp of {a} both true").format(
            b=each.exporter, a=case.a
        ),
        next=list_routes(case, mine),
        at=case.a,
        owner=owner.project,
    )


CAUSE = Cause(
    "RC63",
    lambda: _("The peer's privately used public range is not imported"),
    check,
    cells=cells("ok ok timeout timeout timeout"),
    prior=Prior(2, 2, 2, 2),
    rank=15,
    connectivity_tests=("NO_ROUTE",),
)
