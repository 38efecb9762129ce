"""A VPC's effective route table: its own routes and what its peerings bring."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

from rules import exchange
from rules.exchange import exchanged
from rules.memo import per_landscape
from rules.own_routes import network_of, own_routes, sees
from rules.ranges import Prefixes
from rules.snapshot import Vpc
from rules.words import _
from rules.world import Node, Route, RouteKind, World

SUBNETS = (RouteKind.SUBNET, RouteKind.PEERING_SUBNET)
IMPORTED = (RouteKind.PEERING_SUBNET, RouteKind.PEERING_STATIC, RouteKind.PEERING_DYNAMIC)


@dataclass(frozen=True)
class Effective:
    """A VPC's table: the rows, found by destination; the exporter's own route under each imported one; and what
    could not be read of it, in words."""

    routes: tuple[Route, ...]
    by_dest: Prefixes[Route]
    under: dict[tuple[object, ...], Route]
    unread: tuple[str, ...]


def table(world: World, vpc: Vpc) -> tuple[Route, ...] | None:
    """The effective route table of `vpc`: its own routes and the imported ones. None when its own are unread."""
    own = own_routes(world, vpc)
    return None if own.subnets is None and own.custom is None else effective(world, vpc).routes


@per_landscape
def effective(world: World, vpc: Vpc) -> Effective:
    own = own_routes(world, vpc)
    routes: dict[tuple[object, ...], Route] = {}
    for route in (*(own.subnets or ()), *(own.custom or ())):
        routes[identity(route)] = route
    under: dict[tuple[object, ...], Route] = {}
    unread = []
    if own.subnets is None or own.custom is None:
        unread.append(_("the routes of {vpc}").format(vpc=vpc))
    if not sees(world, vpc.project, "routers"):
        unread.append(_("what the Cloud Routers of {project} learned").format(project=vpc.project))
    if network_of(world, vpc).peerings is None:
        unread.append(_("the peerings of {vpc}").format(vpc=vpc))
    for peer in peers(world, vpc):
        for each in exchanged(world, peer, vpc) or ():
            if each.imported:
                routes.setdefault(identity(each.seen), each.seen)
                under.setdefault(identity(each.seen), each.route)
        if not exchange.complete(world, peer, vpc):
            unread.append(_("what {vpc} imports from {peer}").format(vpc=vpc, peer=peer))
    network = network_of(world, vpc)
    active = {peering.peer for peering in network.peerings or () if peering.active}
    for route in network.routes or ():
        imported = route.origin in active if route.origin else network.peerings is None and route.kind in IMPORTED
        if imported:
            routes.setdefault(identity(route), route)
    rows = tuple(routes.values())
    return Effective(
        routes=rows,
        by_dest=Prefixes((route.dest, route) for route in rows),
        under=under,
        unread=tuple(unread),
    )


def identity(route: Route) -> tuple[object, ...]:
    """What makes a row of one table itself."""
    dest = int(route.dest.network_address), route.dest.prefixlen
    if route.kind in SUBNETS:
        return *dest, "subnet", route.origin
    return *dest, route.kind, route.origin, route.priority, route.name


def peers(world: World, vpc: Vpc) -> list[Vpc]:
    """VPCs that one side or the other says are peered with `vpc`."""
    named = [peering.peer for peering in network_of(world, vpc).peerings or ()]
    named += [other for other, network in world.networks.items() if network.peering_to(vpc) is not None]
    return list(dict.fromkeys(named))


def underlying(world: World, route: Route) -> Route | None:
    """The exporter's own route behind an imported one; the route itself when it is local; None when unread."""
    return route if route.origin is None else effective(world, route.vpc).under.get(identity(route))


@per_landscape
def _slices(world: World) -> Prefixes[tuple[Node, IPv4Network]]:
    return Prefixes((network, (node, network)) for node in world.nodes.values() for network in node.pod_ranges)


def slice_of(world: World, address: IPv4Address) -> tuple[Node | None, IPv4Network | None]:
    """The node whose podCIDR holds `address`, and that range."""
    return next(iter(_slices(world).holding(address)), (None, None))
