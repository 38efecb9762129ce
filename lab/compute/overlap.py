"""Ranges that two peered networks must not both have.

VPC Network Peering documentation, "Subnet and peering subnet route interactions" and "Subnet and static route
interactions".
"""

from __future__ import annotations

from ipaddress import IPv4Network

from lab.compute import peerings
from lab.compute.derived import objects, ranges
from lab.compute.errors import OperationError
from lab.compute.links import relative
from lab.store import Object, Store


def refuse(store: Store, network: Object, mine: Object) -> None:
    """OperationError when the peering `mine` of `network` would bring together ranges that exclude each other."""
    found = peerings.other(store, network["selfLink"], mine)
    if found is None:
        return
    peer, theirs = found
    traffic = peerings.wanted(mine, theirs)
    local, remote = _subnets(store, network["selfLink"]), _subnets(store, peer["selfLink"])
    for cidr, _ in remote:
        for mine_cidr, path in local:
            if cidr.overlaps(mine_cidr):
                raise _overlap(cidr, mine_cidr, path)
    if traffic["importCustomRoutesFromPeer"]:
        _refuse_inside(_exportable(store, peer["selfLink"]), local)
    if traffic["exportCustomRoutesToPeer"]:
        _refuse_inside(_exportable(store, network["selfLink"]), remote)


def _refuse_inside(statics: list[IPv4Network], subnets: list[tuple[IPv4Network, str]]) -> None:
    for dest in statics:
        for cidr, path in subnets:
            if dest.subnet_of(cidr):
                raise _overlap(dest, cidr, path)


def _overlap(theirs: IPv4Network, mine: IPv4Network, path: str) -> OperationError:
    return OperationError(
        "INVALID_USAGE",
        f"An IP range in the peer network ({theirs}) overlaps with an IP range in the local network ({mine}) allocated"
        f" by resource ({path}).",
    )


def _subnets(store: Store, self_link: str) -> list[tuple[IPv4Network, str]]:
    project, _ = peerings.names(self_link)
    return [
        (IPv4Network(cidr), relative(subnet["selfLink"]))
        for subnet in objects(store, project, "subnetworks")
        if relative(subnet["network"]) == relative(self_link)
        for cidr in ranges(subnet)
    ]


def _exportable(store: Store, self_link: str) -> list[IPv4Network]:
    project, _ = peerings.names(self_link)
    return [
        IPv4Network(route["destRange"])
        for route in objects(store, project, "routes")
        if relative(route["network"]) == relative(self_link)
        and not route.get("tags")
        and "nextHopGateway" not in route
        and ":" not in route["destRange"]
    ]
