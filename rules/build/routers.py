"""Cloud Routers from compute.routers and getRouterStatus: what they tell the other side, and their NAT gateways."""

from __future__ import annotations

from ipaddress import IPv4Network

from rules.build import read
from rules.snapshot import Json, Snapshot
from rules.world import Router


def routers(snapshot: Snapshot) -> tuple[Router, ...] | None:
    """Every router of every project that was read; None when none was."""
    lists = [(project, snapshot.compute_list(project, "routers")) for project in snapshot.compute]
    if all(found is None for _project, found in lists):
        return None
    return tuple(
        _router(item, project, snapshot)
        for project, found in lists
        for item in read.objects(found)
        if read.text(item, "network")
    )


def _router(item: Json, project: str, snapshot: Snapshot) -> Router:
    name = read.text(item, "name")
    region = read.short(read.text(item, "region")) or read.part(read.text(item, "selfLink"), "regions")
    status = next(
        (
            read.child(each, "result")
            for each in read.objects(snapshot.compute_list(project, "routerStatus"))
            if read.short(read.text(each, "router")) == name and read.short(read.text(each, "region")) == region
        ),
        None,
    )
    bgp = read.child(item, "bgp")
    return Router(
        project=project,
        name=name,
        region=region,
        vpc=read.vpc(read.text(item, "network"), project),
        custom=read.text(bgp, "advertiseMode") == "CUSTOM",
        groups=read.texts(bgp, "advertisedGroups"),
        ranges=read.networks([read.text(each, "range") for each in read.objects(bgp, "advertisedIpRanges")]),
        told=None if status is None else _told(status),
        nats=tuple(read.text(nat, "name") for nat in read.objects(item, "nats")),
    )


def _told(status: Json) -> tuple[IPv4Network, ...] | None:
    """What all its BGP peers together are told; None where the status does not say."""
    peers = list(read.objects(status, "bgpPeerStatus"))
    if not any("advertisedRoutes" in peer for peer in peers):
        return None
    found = (read.network(route.get("destRange")) for peer in peers for route in read.objects(peer, "advertisedRoutes"))
    return tuple(dict.fromkeys(each for each in found if each is not None))
