"""What the other side of a VPN or an interconnect is told of this one: without that, its answers have no way back."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network

from rules.own_routes import network_of, sees
from rules.path import Hop, Leg, Verdict
from rules.words import _
from rules.world import Route, RouteKind, Router, World


def speakers(world: World, route: Route) -> tuple[Router, ...]:
    """The Cloud Routers that learned `route`: the one it names, else every one of its VPC in its region."""
    mine = tuple(router for router in world.routers or () if router.vpc == route.vpc)
    named = tuple(router for router in mine if route.object == f"router {router.name}")
    return named or tuple(router for router in mine if not route.region or router.region == route.region)


def told(world: World, route: Route) -> tuple[IPv4Network, ...] | None:
    """The ranges that the other side of a dynamic `route` is told; None where that could not be read.

    The router's status says it; without one its own settings do: the subnets of its VPC (of its region, where the VPC
    routes regionally) in the mode DEFAULT, else the groups and ranges that it names (Cloud Router documentation).
    """
    if route.kind is not RouteKind.DYNAMIC or not sees(world, route.vpc.project, "routers"):
        return None
    routers = speakers(world, route)
    found: list[IPv4Network] = []
    for router in routers:
        ranges = router.told if router.told is not None else _configured(world, router)
        if ranges is None:
            return None
        found += ranges
    return tuple(dict.fromkeys(found)) if routers else None


def _configured(world: World, router: Router) -> tuple[IPv4Network, ...] | None:
    if router.custom and "ALL_SUBNETS" not in router.groups:
        return router.ranges
    network = network_of(world, router.vpc)
    if network.subnets is None:
        return None
    own = [each for each in network.subnets if not network.regional_routing or each.region == router.region]
    return (*(entry for subnet in own for entry in subnet.ranges), *(router.ranges if router.custom else ()))


def advertisement_hop(world: World, route: Route, source: IPv4Address) -> Hop:
    """Whether the other side of `route` knows a way back to `source`."""
    known, vpc = told(world, route), route.vpc
    place, owner = str(vpc), vpc.project
    if known is None:
        text = _("What {vpc} advertises to the other side of {range} could not be read.")
        sentence = text.format(vpc=vpc, range=route.dest)
        return Hop(Leg.RETURN, place, "advertisement", Verdict.UNKNOWN, sentence, "", route.name, owner, vpc)
    holding = next((entry for entry in known if source in entry), None)
    if holding is not None:
        text = _("{vpc} advertises {range} to the other side, so its answers to {source} come back.")
        sentence = text.format(vpc=vpc, range=holding, source=source)
        return Hop(Leg.RETURN, place, "advertisement", Verdict.OK, sentence, "", route.name, owner, vpc)
    ranges = ", ".join(map(str, known)) or _("nothing")
    text = _("{vpc} advertises {ranges} to the other side, and {source} is in none of them: its answers go elsewhere.")
    sentence = text.format(vpc=vpc, ranges=ranges, source=source)
    reason = "NO_ADVERTISED_ROUTE_TO_GCP_DESTINATION"
    return Hop(Leg.RETURN, place, "advertisement", Verdict.DROP, sentence, reason, route.name, owner, vpc)
