"""Routes as the APIs list them: compute.routes, routers.getRouterStatus, listPeeringRoutes, policy-based routes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from rules.build import read
from rules.ranges import ANYWHERE, LINK_LOCAL
from rules.snapshot import Json, Vpc
from rules.world import ExchangedRoute, HopKind, NextHop, Peering, PolicyRoute, Route, RouteKind

_ROW_KINDS = {
    "SUBNET_PEERING_ROUTE": RouteKind.PEERING_SUBNET,
    "STATIC_PEERING_ROUTE": RouteKind.PEERING_STATIC,
    "DYNAMIC_PEERING_ROUTE": RouteKind.PEERING_DYNAMIC,
}


def next_hop(item: Json, project: str) -> NextHop:
    """The next hop of a Route object; a blackhole where it names none."""
    if gateway := read.text(item, "nextHopGateway"):
        return NextHop(HopKind.INTERNET_GATEWAY, read.short(gateway))
    if instance := read.text(item, "nextHopInstance"):
        return NextHop(
            HopKind.INSTANCE,
            read.short(instance),
            read.part(instance, "zones"),
            read.part(instance, "projects") or project,
        )
    for key, kind in (
        ("nextHopPeering", HopKind.PEERING),
        ("nextHopNetwork", HopKind.NETWORK),
        ("nextHopIlb", HopKind.ILB),
        ("nextHopVpnTunnel", HopKind.VPN_TUNNEL),
        ("nextHopInterconnectAttachment", HopKind.INTERCONNECT),
        ("nextHopHub", HopKind.HUB),
        ("nextHopIp", HopKind.IP),
    ):
        if value := read.text(item, key):
            return NextHop(kind, read.short(value), project=read.part(value, "projects") or project)
    return NextHop(HopKind.BLACKHOLE)


def static_routes(items: Sequence[Json], vpc: Vpc, peerings: Iterable[Peering]) -> Iterator[Route]:
    """The IPv4 rows of routes.list that belong to `vpc`: subnet, static and peering routes."""
    by_name = {peering.name: peering for peering in peerings}
    for item in items:
        dest = read.network(item.get("destRange"))
        if dest is None or read.vpc(read.text(item, "network"), vpc.project) != vpc:
            continue
        hop = next_hop(item, vpc.project)
        kind, origin = RouteKind.STATIC, None
        priority = read.number(item, "priority", 1000)
        if hop.kind is HopKind.NETWORK:
            kind = RouteKind.SUBNET
        elif read.text(item, "routeType") == "BGP":
            kind = RouteKind.DYNAMIC
        elif hop.kind is HopKind.PEERING:
            kind = RouteKind.PEERING_SUBNET if priority == 0 else RouteKind.PEERING_STATIC
            peering = by_name.get(hop.name)
            origin = peering.peer if peering else None
            if kind is RouteKind.PEERING_SUBNET and peering is not None:
                kind = next((row.kind for row in peering.incoming or () if row.dest == dest and row.imported), kind)
        yield Route(
            vpc=vpc,
            name=read.text(item, "name"),
            dest=dest,
            kind=kind,
            next_hop=hop,
            priority=priority,
            tags=frozenset(read.texts(item, "tags")),
            status=read.text(item, "routeStatus") or "ACTIVE",
            warnings=tuple(read.text(warning, "code") for warning in read.objects(item, "warnings")),
            description=read.text(item, "description"),
            origin=origin,
            object=read.text(item, "selfLink") or read.text(item, "name"),
        )


def dynamic_routes(statuses: Sequence[Json], vpc: Vpc, regional: bool) -> Iterator[Route]:
    """The routes that Cloud Routers of `vpc` learned; `region` is set where the VPC routes regionally."""
    seen = set()
    for status in statuses:
        router = read.short(read.text(status, "router"))
        region = read.short(read.text(status, "region"))
        result = read.child(status, "result")
        belongs = read.text(result, "network")
        if belongs and read.vpc(belongs, vpc.project) != vpc:
            continue
        for item in read.objects(result, "bestRoutes"):
            dest = read.network(item.get("destRange"))
            network = read.text(item, "network") or belongs
            if dest is None or not network or read.vpc(network, vpc.project) != vpc:
                continue
            route = Route(
                vpc=vpc,
                name=read.text(item, "name") or f"{router}:{dest}",
                dest=dest,
                kind=RouteKind.DYNAMIC,
                next_hop=_learned_from(next_hop(item, vpc.project)),
                priority=read.number(item, "priority", 1000),
                region=region if regional else "",
                status=read.text(item, "routeStatus") or "ACTIVE",
                warnings=tuple(read.text(warning, "code") for warning in read.objects(item, "warnings")),
                description=read.text(item, "description"),
                object=f"router {router}",
            )
            if route not in seen:
                seen.add(route)
                yield route


def _learned_from(hop: NextHop) -> NextHop:
    """A link-local next hop is the other end of a VPN tunnel or an interconnect; any other is a router appliance's."""
    address = read.address(hop.name) if hop.kind is HopKind.IP else None
    return replace(hop, kind=HopKind.BGP_PEER) if address is not None and address in LINK_LOCAL else hop


def exchanged_routes(items: Iterable[Json]) -> Iterator[ExchangedRoute]:
    """The IPv4 rows of one listPeeringRoutes answer."""
    for item in items:
        dest = read.network(item.get("destRange"))
        kind = _ROW_KINDS.get(read.text(item, "type"))
        if dest is not None and kind is not None:
            yield ExchangedRoute(
                dest=dest,
                kind=kind,
                priority=read.number(item, "priority", 0),
                region=read.short(read.text(item, "nextHopRegion")),
                imported=read.flag(item, "imported"),
            )


def policy_routes(items: Sequence[Json], vpc: Vpc) -> tuple[PolicyRoute, ...]:
    """The policy-based routes of networkconnectivity v1 that belong to `vpc`."""
    found = []
    for item in items:
        if read.vpc(read.text(item, "network"), vpc.project) != vpc:
            continue
        match = read.child(item, "filter")
        default = read.text(item, "nextHopOtherRoutes") == "DEFAULT_ROUTING"
        hop = NextHop(HopKind.NETWORK) if default else NextHop(HopKind.ILB, read.text(item, "nextHopIlbIp"))
        protocol = read.text(match, "ipProtocol").lower()
        found.append(
            PolicyRoute(
                vpc=vpc,
                name=read.short(read.text(item, "name")),
                source=read.network(match.get("srcRange")) or ANYWHERE,
                dest=read.network(match.get("destRange")) or ANYWHERE,
                protocol=protocol or "all",
                priority=read.number(item, "priority", 100),
                next_hop=hop,
                tags=frozenset(read.texts(item, "virtualMachine", "tags")),
            )
        )
    return tuple(found)
