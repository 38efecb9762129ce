"""Which routes cross a VPC peering, and why not the others.

Subnet ranges of private space always cross; public ones by both sides' public-IP flags; static and dynamic routes
when the one side exports and the other imports custom routes. Tagged routes and the default internet gateway's never
cross; nothing crosses twice (VPC Network Peering documentation, "Route exchange options").
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from ipaddress import IPv4Network

from rules.memo import per_landscape
from rules.own_routes import network_of, own_routes
from rules.path import WhyNot
from rules.ranges import Prefixes, privately_used_public
from rules.snapshot import Vpc
from rules.words import _
from rules.world import ExchangedRoute, HopKind, NextHop, Peering, Route, RouteKind, World

_SEEN_AS = {
    RouteKind.SUBNET: RouteKind.PEERING_SUBNET,
    RouteKind.STATIC: RouteKind.PEERING_STATIC,
    RouteKind.DYNAMIC: RouteKind.PEERING_DYNAMIC,
}
_OWN_KIND = {seen: own for own, seen in _SEEN_AS.items()}
_NEVER = (HopKind.INTERNET_GATEWAY, HopKind.HUB)


@dataclass(frozen=True)
class Exchanged:
    """One of the exporter's routes and what became of it at the importer.

    `imported` is None when it cannot be known; `why_not` is set when it is False. `obstacle` is the importer's range
    or route that stands in the way. `exporting` and `importing` are the two sides of the peering, None where unread.
    """

    route: Route
    importer: Vpc
    imported: bool | None
    why_not: WhyNot | None
    exporting: Peering | None
    importing: Peering | None
    obstacle: str = ""

    @property
    def exporter(self) -> Vpc:
        return self.route.vpc

    @cached_property
    def seen(self) -> Route:
        """The route as the importer has it, or would have it."""
        hop = NextHop(HopKind.PEERING, self.importing.name if self.importing else str(self.exporter))
        return replace(
            self.route,
            vpc=self.importer,
            kind=_SEEN_AS[self.route.kind],
            next_hop=hop,
            tags=frozenset(),
            warnings=(),
            status="ACTIVE",
            origin=self.exporter,
        )

    @property
    def listed(self) -> bool:
        """Whether listPeeringRoutes shows the row: what is exported is shown, with `imported` false if refused."""
        return self.imported is True or self.why_not in (
            WhyNot.NOT_IMPORTED,
            WhyNot.PUPI_NOT_IMPORTED,
            WhyNot.SHADOWED_BY_SUBNET,
            WhyNot.LOCAL_PREFERRED,
        )

    @property
    def sentence(self) -> str:
        """What happened to the route, with the fields that decided."""
        return _sentence(self)


@per_landscape
def exchanged(world: World, exporter: Vpc, importer: Vpc) -> tuple[Exchanged, ...] | None:
    """What became at `importer` of each route that `exporter` has of its own.

    Empty when the two are not peered. None when too little of both sides could be read. Where listPeeringRoutes rows
    were read they are the evidence; without them the flags of both sides decide.
    """
    exporting, importing = _sides(world, exporter, importer)
    if exporting is None and importing is None:
        known = [network_of(world, vpc).peerings for vpc in (exporter, importer)]
        return None if all(peerings is None for peerings in known) else ()
    rows = _rows(exporting, importing)
    judge = _Judge(world, exporter, importer, exporting, importing, rows)
    own = own_routes(world, exporter)
    if own.subnets is None and own.custom is None and rows is None:
        return None
    found = [judge.route(route) for route in (*(own.subnets or ()), *(own.custom or ()))]
    if own.subnets is None or own.custom is None:
        have = {(each.route.dest, each.route.kind) for each in found}
        found += [each for each in judge.from_rows() if (each.route.dest, each.route.kind) not in have]
    return tuple(found)


def complete(world: World, exporter: Vpc, importer: Vpc) -> bool:
    """Whether `exchanged` tells all that the importer got: nothing unread could add a route."""
    found = exchanged(world, exporter, importer)
    if found is None or any(each.imported is None for each in found):
        return False
    exporting, importing = _sides(world, exporter, importer)
    own = own_routes(world, exporter)
    if (
        (own.subnets is not None and own.custom is not None)
        or _rows(exporting, importing) is not None
        or not _active(world, exporter, importer, exporting, importing)
    ):
        return True
    refused = _custom_refused(exporting, importing) is not None
    return own.subnets is not None and refused


def _sides(world: World, exporter: Vpc, importer: Vpc) -> tuple[Peering | None, Peering | None]:
    return network_of(world, exporter).peering_to(importer), network_of(world, importer).peering_to(exporter)


def _active(world: World, exporter: Vpc, importer: Vpc, out: Peering | None, into: Peering | None) -> bool:
    for vpc, side in ((exporter, out), (importer, into)):
        if side is None and network_of(world, vpc).peerings is not None:
            return False
        if side is not None and not side.active:
            return False
    return True


def _rows(out: Peering | None, into: Peering | None) -> tuple[ExchangedRoute, ...] | None:
    if into is not None and into.incoming is not None:
        return into.incoming
    return out.outgoing if out is not None else None


@per_landscape
def _held(world: World, vpc: Vpc) -> tuple[Prefixes[Route], Prefixes[Route]]:
    """The subnet routes and the untagged custom routes of `vpc` itself, by destination."""
    own = own_routes(world, vpc)
    subnets = Prefixes((route.dest, route) for route in own.subnets or ())
    return subnets, Prefixes((route.dest, route) for route in own.custom or () if not route.tags)


class _Judge:
    """Decides for one direction of one peering, route by route."""

    def __init__(
        self,
        world: World,
        exporter: Vpc,
        importer: Vpc,
        out: Peering | None,
        into: Peering | None,
        rows: tuple[ExchangedRoute, ...] | None,
    ) -> None:
        self.exporter, self.importer, self.out, self.into, self.rows = exporter, importer, out, into, rows
        self.active = _active(world, exporter, importer, out, into)
        self.by_row: dict[tuple[IPv4Network, RouteKind], deque[ExchangedRoute]] = {}
        for row in rows or ():
            self.by_row.setdefault((row.dest, row.kind), deque()).append(row)
        theirs = own_routes(world, importer)
        self.subnets, self.custom = _held(world, importer)
        self.importer_known = theirs.subnets is not None and theirs.custom is not None
        self.refused = _custom_refused(out, into)

    def route(self, route: Route) -> Exchanged:
        """Judge one of the exporter's own routes."""
        why, obstacle, certain = self._computed(route)
        row = self._row(route)
        if row is not None and why not in (WhyNot.TAGGED, WhyNot.INTERNET_GATEWAY):
            if row.imported:
                return self._exchanged(route, True, None)
            return self._exchanged(route, False, why or WhyNot.NOT_IMPORTED, obstacle)
        if why is not None:
            return self._exchanged(route, False, why, obstacle)
        if self.rows is not None and route.kind is RouteKind.STATIC:
            return self._exchanged(route, False, WhyNot.NOT_EXPORTED)
        return self._exchanged(route, True if certain else None, None)

    def from_rows(self) -> Iterator[Exchanged]:
        """What listPeeringRoutes alone tells, where the exporter's own routes could not be read."""
        for row in self.rows or ():
            hop = NextHop(HopKind.NETWORK) if row.kind is RouteKind.PEERING_SUBNET else NextHop(HopKind.BLACKHOLE)
            name = f"{row.dest} of {self.exporter}"
            route = Route(self.exporter, name, row.dest, _OWN_KIND[row.kind], hop, row.priority)
            yield self._exchanged(route, row.imported, None if row.imported else WhyNot.NOT_IMPORTED)

    def _exchanged(self, route: Route, imported: bool | None, why: WhyNot | None, obstacle: str = "") -> Exchanged:
        return Exchanged(route, self.importer, imported, why, self.out, self.into, obstacle)

    def _row(self, route: Route) -> ExchangedRoute | None:
        if not self.by_row:
            return None
        rows = self.by_row.get((route.dest, _SEEN_AS[route.kind]))
        if not rows:
            return None
        return next((row for row in rows if row.priority == route.priority), rows[0])

    def _computed(self, route: Route) -> tuple[WhyNot | None, str, bool]:
        """Why not, by the flags; what stands in the way; and, if nothing does, whether all flags were known."""
        if not self.active:
            return WhyNot.PEERING_INACTIVE, "", True
        if route.kind is RouteKind.SUBNET:
            return self._subnet(route)
        if route.tags:
            return WhyNot.TAGGED, ",".join(sorted(route.tags)), True
        if route.next_hop.kind in _NEVER:
            return WhyNot.INTERNET_GATEWAY, route.next_hop.name, True
        if self.refused is not None:
            return self.refused, "", True
        for subnet in self.subnets.covering(route.dest):
            return WhyNot.SHADOWED_BY_SUBNET, str(subnet.dest), True
        for local in self.custom.equal(route.dest):
            return WhyNot.LOCAL_PREFERRED, local.name, True
        certain = self.out is not None and self.into is not None and self.importer_known
        return None, "", certain

    def _subnet(self, route: Route) -> tuple[WhyNot | None, str, bool]:
        if not privately_used_public(route.dest):
            return None, "", True
        if self.out is not None and not self.out.export_public:
            return WhyNot.NOT_EXPORTED, "", True
        if self.into is not None and not self.into.import_public:
            return WhyNot.PUPI_NOT_IMPORTED, "", True
        return None, "", self.out is not None and self.into is not None


def _custom_refused(out: Peering | None, into: Peering | None) -> WhyNot | None:
    """Why no custom route crosses at all; None when they do, or when a side is unread."""
    exports = None if out is None else out.export_custom
    imports = None if into is None else into.import_custom
    effective = [
        side
        for side in (out.effective_export if out else None, into.effective_import if into else None)
        if side is not None
    ]
    consensus = (out is not None and out.consensus) or (into is not None and into.consensus)
    if consensus:
        wanted = exports or imports
        pending = any(side is not None and side.update_status.startswith("PENDING") for side in (out, into))
        held = False in effective or (not effective and pending) or exports is False or imports is False
        if wanted and held:
            return WhyNot.PENDING_CONSENSUS
    if exports is False:
        return WhyNot.NOT_EXPORTED
    if imports is False:
        return WhyNot.NOT_IMPORTED
    if exports is None and into is not None and into.effective_import is False:
        return WhyNot.NOT_EXPORTED
    if imports is None and out is not None and out.effective_export is False:
        return WhyNot.NOT_IMPORTED
    return None


def _side(peering: Peering | None, vpc: Vpc) -> str:
    if peering is None:
        return str(vpc)
    return _("{peering} of {vpc}").format(peering=peering.name, vpc=vpc)


def _sentence(each: Exchanged) -> str:
    route, dest = each.route, each.route.dest
    out, into = _side(each.exporting, each.exporter), _side(each.importing, each.importer)
    if each.imported:
        return _("{importer} has {dest} from {exporter}.").format(
            importer=each.importer, dest=dest, exporter=each.exporter
        )
    if each.imported is None:
        return _("Whether {importer} imports {dest} from {exporter} could not be read.").format(
            importer=each.importer, dest=dest, exporter=each.exporter
        )
    match each.why_not:
        case WhyNot.PEERING_INACTIVE:
            text = _("{dest} does not cross: the peering between {exporter} and {importer} is not ACTIVE.")
        case WhyNot.TAGGED:
            text = _("{dest} is never exported: route {name} applies to the network tags {obstacle} only.")
        case WhyNot.INTERNET_GATEWAY:
            text = _("{dest} is never exported: its next hop is {obstacle}.")
        case WhyNot.NOT_EXPORTED if route.kind is RouteKind.SUBNET:
            text = _("{dest} is public space and is not exported: {out} has exportSubnetRoutesWithPublicIp=false.")
        case WhyNot.NOT_EXPORTED if each.exporting is not None and each.exporting.export_custom:
            text = _("{dest} is not among the routes that {out} gives, although it has exportCustomRoutes=true.")
        case WhyNot.NOT_EXPORTED if each.importing is not None and not each.importing.import_custom:
            text = _(
                "{dest} does not cross: {out} has exportCustomRoutes=false and {into} has importCustomRoutes=false."
            )
        case WhyNot.NOT_EXPORTED:
            text = _("{dest} is not exported: {out} has exportCustomRoutes=false.")
        case WhyNot.PUPI_NOT_IMPORTED:
            text = _("{dest} is public space and is not imported: {into} has importSubnetRoutesWithPublicIp=false.")
        case WhyNot.PENDING_CONSENSUS:
            text = _("{dest} does not cross yet: the peering needs consensus, and the other side has not agreed.")
        case WhyNot.SHADOWED_BY_SUBNET:
            text = _("{dest} is refused: it equals or lies in {obstacle}, a subnet range of {importer}.")
        case WhyNot.LOCAL_PREFERRED:
            text = _("{dest} is ignored: {importer} has a route of its own to it, {obstacle}.")
        case _ if each.importing is not None and not each.importing.import_custom:
            text = _("{dest} is exported but not imported: {into} has importCustomRoutes=false.")
        case _:
            text = _("{dest} is exported, but {importer} did not import it (imported=false).")
    return text.format(
        dest=dest,
        exporter=each.exporter,
        importer=each.importer,
        name=route.name,
        obstacle=each.obstacle,
        out=out,
        into=into,
    )
