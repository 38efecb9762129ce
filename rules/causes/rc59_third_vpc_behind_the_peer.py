"""RC59: the target is in a third VPC behind the peer, and peering is not transitive."""

from __future__ import annotations

from rules.case import Case
from rules.causes.cause import Cause, Finding, Prior, cells, probes_say, some
from rules.causes.reach import beyond_peer, list_routes, nowhere, peerings
from rules.report.model import Status
from rules.words import _


def check(case: Case) -> Finding | None:
    hop, found = nowhere(case), beyond_peer(case)
    if hop is None or found is None:
        return None
    middle, third = found
    mine = next(each for each in peerings(case) if each.peer == middle)
    return Finding(
        status=Status.CONFIRMED,
        blocks=True,
        sentence=_(
            "{target} is in {third}, a peer of {middle}; {middle} does not pass on what it has from a peer."
        ).format(target=case.dest, third=third, middle=middle),
        evidence=some(
            _("{middle} is peered with {third}, whose subnet ranges hold {target}").format(
                middle=middle, third=third, target=case.dest
            ),
            _("{a} is peered with {middle} (peering {name}) and not with {third}").format(
                a=case.a, middle=middle, name=mine.name, third=third
            ),
            hop.sentence,
            probes_say(case),
        ),
        decides=_("a peering between {a} and {third}, or a proxy in {middle}").format(
            a=case.a, third=third, middle=middle
        ),
        next=list_routes(case, mine),
        at=case.a,
        owner=third.project,
    )


CAUSE = Cause(
    "RC59",
    lambda: _("The target is in a third network behind the peer"),
    check,
    cells=cells("ok ok timeout timeout any"),
    prior=Prior(4, 4, 4, 4),
    rank=20,
    connectivity_tests=("NO_KNOWN_ROUTE_FROM_PEERED_NETWORK_TO_DESTINATION",),
)
