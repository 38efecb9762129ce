"""RC60: the target is behind the peer's VPN or interconnect, and that route does not cross the peering."""

from __future__ import annotations

from rules.case import Case
from rules.causes.cause import Cause, Finding, Prior, cells, probes_say, some
from rules.causes.reach import hybrid, list_routes, nowhere, offered, peerings
from rules.path import WhyNot
from rules.report.model import Status
from rules.words import _

_FLAGS = (WhyNot.NOT_EXPORTED, WhyNot.NOT_IMPORTED, WhyNot.PENDING_CONSENSUS)


def check(case: Case) -> Finding | None:
    hop = nowhere(case)
    found = [each for each in offered(case) if hybrid(each) and each.imported is False and each.why_not in _FLAGS]
    if hop is None or not found:
        return None
    each = found[0]
    mine = next(peering for peering in peerings(case) if peering.peer == each.exporter)
    out = each.exporting
    owner = each.exporter.project if out is not None and not out.export_custom else mine.vpc.project
    return Finding(
        status=Status.CONFIRMED,
        blocks=True,
        sentence=_("{target} is behind {route} of {b}, and {a} does not have that route.").format(
            target=case.dest, route=each.route.name, b=each.exporter, a=case.a
        ),
        evidence=some(
            _("{b} has {dest} by {route} ({kind})").format(
                b=each.exporter, dest=each.route.dest, route=each.route.name, kind=each.route.kind.value
            ),
            each.sentence,
            hop.sentence,
            probes_say(case),
        ),
        decides=_("exportCustomRoutes of {b} and importCustomRoutes of {a} both true, and the route in {a}").format(
            b=each.exporter, a=case.a
        ),
        next=list_routes(case, mine),
        at=case.a,
        owner=owner,
    )


CAUSE = Cause(
    "RC60",
    lambda: _("The route beyond the peer is not exchanged"),
    check,
    cells=cells("ok ok timeout timeout timeout"),
    prior=Prior(4, 4, 4, 4),
    rank=20,
    connectivity_tests=("NO_ROUTE", "PRIVATE_TRAFFIC_TO_INTERNET"),
)
