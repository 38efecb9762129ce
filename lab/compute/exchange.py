"""`networks.listPeeringRoutes`: what rules.exchange says about the lab's own truth, as ExchangedPeeringRoute rows."""

from __future__ import annotations

from functools import partial
from ipaddress import IPv4Network

from lab import truth
from lab.compute.backend import Backend
from lab.compute.derived import ranges
from lab.compute.errors import invalid
from lab.compute.links import last, part
from lab.compute.peerings import names, side
from lab.store import Object
from rules import build
from rules.exchange import Exchanged, exchanged
from rules.snapshot import Snapshot, Vpc
from rules.world import RouteKind, World

_TYPES = {
    RouteKind.SUBNET: "SUBNET_PEERING_ROUTE",
    RouteKind.STATIC: "STATIC_PEERING_ROUTE",
    RouteKind.DYNAMIC: "DYNAMIC_PEERING_ROUTE",
}


def world(backend: Backend) -> World:
    """The lab's networks as the rules see them, nothing hidden and nothing measured."""

    def make() -> World:
        return build.build(Snapshot("", "", truth.NOBODY, compute=truth.cloud(backend.store)))

    return backend.memo("world", make)


def rows(backend: Backend, network: Object, peering: Object, direction: str, region: str = "") -> list[Object]:
    """The rows of one peering in one direction. Subnet and static rows hold everywhere; with `region`, dynamic rows of
    other regions are left out when the exporting network's routing is regional."""
    if peering.get("state") != "ACTIVE":
        return []
    here = Vpc(*names(network["selfLink"]))
    there = Vpc(*names(peering["network"]))
    exporter, importer = (there, here) if direction == "INCOMING" else (here, there)
    seen = world(backend)
    found = exchanged(seen, exporter, importer) or ()
    regional = seen.networks[exporter].regional_routing if exporter in seen.networks else False
    listed = [
        row
        for row in found
        if row.listed
        and not (regional and region and row.route.kind is RouteKind.DYNAMIC and row.route.region not in ("", region))
    ]
    listed.sort(key=lambda row: (_TYPES[row.route.kind] != "SUBNET_PEERING_ROUTE", _order(row.route.dest)))
    places = _regions(backend, exporter)
    return [_row(row, places) for row in listed]


def of_direction(backend: Backend, network: Object, query: dict[str, str]) -> list[Object]:
    """The rows that a request's `direction`, `peeringName` and `region` ask for."""
    direction = query.get("direction", "INCOMING")
    if direction not in ("INCOMING", "OUTGOING"):
        raise invalid("direction", direction, "It must be INCOMING or OUTGOING.")
    region = query.get("region", "")
    if region and region not in backend.regions():
        raise invalid("region", region, "Unknown region.")
    name = query.get("peeringName")
    if name is not None and side(network, name) is None:
        raise invalid("peeringName", name, f"There is no peering '{name}' on network '{network['name']}'.")
    found: list[Object] = []
    for peering in network.get("peerings", ()):
        if name in (None, peering["name"]):
            key = ("exchange", network["selfLink"], peering["name"], direction, region)
            found += backend.memo(key, partial(rows, backend, network, peering, direction, region))
    return found


def _row(row: Exchanged, places: dict[str, str]) -> Object:
    found: Object = {
        "destRange": str(row.route.dest),
        "type": _TYPES[row.route.kind],
        "priority": row.route.priority,
        "imported": row.imported is True,
    }
    if region := row.route.region or places.get(row.route.name, "") or places.get(str(row.route.dest), ""):
        found["nextHopRegion"] = region
    return found


def _order(dest: IPv4Network) -> tuple[int, int]:
    return int(dest.network_address), dest.prefixlen


def _regions(backend: Backend, vpc: Vpc) -> dict[str, str]:
    """Regions by subnet range, and by name of a static route that leads to a VM."""
    found: dict[str, str] = {}
    for subnet in backend.all(vpc.project, "subnetworks"):
        if last(subnet["network"]) == vpc.name:
            found |= dict.fromkeys(ranges(subnet), last(subnet["region"]))
    for route in backend.all(vpc.project, "routes"):
        if zone := part(route.get("nextHopInstance", ""), "zones"):
            found[route["name"]] = zone.rsplit("-", 1)[0]
    return found
