"""Room for static routes in a peering group: how many there are is counted, how many there may be no API here tells.

The limit belongs to the project and may have been raised; the quotas that the Compute API lists for projects and
regions do not hold it (VPC quota documentation: STATIC_ROUTES_PER_PEERING_GROUP, shown by the console's quota page and
by Cloud Monitoring).
"""

from __future__ import annotations

from rules import exchange
from rules.effective import effective, peers
from rules.own_routes import network_of, own_routes
from rules.report.model import Precondition
from rules.snapshot import Vpc
from rules.words import _
from rules.world import RouteKind, World

NAME = "STATIC_ROUTES_PER_PEERING_GROUP"
METRIC = "compute.googleapis.com/quota/static_routes_per_peering_group"
_STATIC = (RouteKind.STATIC, RouteKind.PEERING_STATIC)


def need(world: World, importer: Vpc, more: int) -> Precondition | None:
    """What has to be so for `more` static routes to arrive at `importer`; None where none would."""
    if not more:
        return None
    words = {"vpc": importer, "project": importer.project, "quota": NAME, "metric": METRIC, "more": more}
    now = held(world, importer)
    room = (
        _("the peering group of {vpc} may hold {more} static routes more than it does").format(**words)
        if now is None
        else _("the peering group of {vpc} may hold {total} static routes ({now} now)").format(
            total=now + more, now=now, **words
        )
    )
    where = _(
        "the limit is {quota} of {project}; the Compute API does not show it, the console's page of quotas does, and "
        "Monitoring as {metric}/limit"
    )
    return Precondition(f"{room}: {where.format(**words)}", None)


def held(world: World, vpc: Vpc) -> int | None:
    """How many static routes `vpc` has of its own and from its peers; None where not all of them could be read.

    The default route is counted too: whoever asks for room is better told too much than too little.
    """
    if own_routes(world, vpc).custom is None or network_of(world, vpc).peerings is None:
        return None
    if not all(exchange.complete(world, peer, vpc) for peer in peers(world, vpc)):
        return None
    return sum(route.kind in _STATIC for route in effective(world, vpc).routes)
