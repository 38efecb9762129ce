"""What Google computes when an object is read: a network's subnets, the subnets' routes, warnings of static routes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lab.compute.links import head, hexes, last, part, project_link, relative
from lab.compute.machines import WARNINGS
from lab.store import Object, Store


def projects(store: Store) -> list[str]:
    """Ids of all projects that have an object, in alphabetical order."""
    names = [name.split("/") for room in ("compute/", "container/", "guest/") for name in store.names(room)]
    return sorted({words[1] for words in names if words[1] != "pods"})


def objects(store: Store, project: str, collection: str) -> list[Object]:
    """Copies of the objects of a collection, without making its table."""
    name = f"compute/{project}/{collection}"
    return store.table(name).values() if name in store.names(name) else []


def networks(store: Store, project: str) -> list[Object]:
    """A project's networks as `networks.list` shows them."""
    below: dict[str, list[str]] = {}
    for subnet in objects(store, project, "subnetworks"):
        below.setdefault(subnet["network"], []).append(subnet["selfLink"])
    found = objects(store, project, "networks")
    for network in found:
        if subnets := below.get(network["selfLink"]):
            network["subnetworks"] = sorted(subnets)
    return found


def regions(store: Store, known: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """Zones by region: the `known` ones and those that objects of this world are in."""
    found = {region: set(zones) for region, zones in known.items()}
    for name in store.names("compute/"):
        project, collection = name.split("/")[1:3]
        if collection not in ("subnetworks", "instances", "forwardingRules", "routers"):
            continue
        for key in store.table(f"compute/{project}/{collection}"):
            place = key.split("/")[0]
            region = place.rsplit("-", 1)[0] if collection == "instances" else place
            found.setdefault(region, {f"{region}-a"}).update({place} if collection == "instances" else set())
    return {region: tuple(sorted(zones)) for region, zones in sorted(found.items())}


def local_routes(store: Store, project: str) -> list[Object]:
    """A project's static routes, with warnings, and its subnets' routes; what comes through peerings is not here."""
    return [*static_routes(store, project), *subnet_routes(store, project)]


def subnet_routes(store: Store, project: str) -> Iterator[Object]:
    """The routes that Google makes for every primary and secondary range."""
    for subnet in objects(store, project, "subnetworks"):
        if subnet.get("purpose") in ("PRIVATE_NAT", "PEER_MIGRATION"):
            continue
        for cidr in ranges(subnet):
            name = f"default-route-r-{hexes(subnet['selfLink'] + cidr)}"
            yield subnet_route(project, name, subnet["network"], cidr, subnet["creationTimestamp"]) | {
                "description": f"Default local route to the subnetwork {cidr}.",
                "nextHopNetwork": subnet["network"],
            }


def subnet_route(project: str, name: str, network: str, cidr: str, created: str) -> Object:
    """What local and peering subnet routes have in common."""
    return {
        **head("route", project_link(project, f"global/routes/{name}"), name, created, ""),
        "network": network,
        "destRange": cidr,
        "priority": 0,
        "routeType": "SUBNET",
        "routeStatus": "ACTIVE",
    }


def ranges(subnet: Mapping[str, Any]) -> list[str]:
    """A subnet's IPv4 ranges, the primary one first."""
    return [subnet["ipCidrRange"], *(item["ipCidrRange"] for item in subnet.get("secondaryIpRanges", ()))]


def static_routes(store: Store, project: str) -> Iterator[Object]:
    """The static routes, each with the warnings that its next hop gives reason for."""
    vms: dict[str, Object] = {}
    for route in objects(store, project, "routes"):
        hop = route.get("nextHopInstance")
        if hop and "warnings" not in route:
            place, name, owner = part(hop, "zones"), last(hop), part(hop, "projects")
            if owner not in vms:
                vms[owner] = {relative(vm["selfLink"]): vm for vm in objects(store, owner, "instances")}
            code = _warning(vms[owner].get(f"projects/{owner}/zones/{place}/instances/{name}"), route["network"])
            if code is not None:
                data = [{"key": "instance", "value": relative(hop)}]
                route["warnings"] = [{"code": code, "message": WARNINGS[code], "data": data}]
        yield route


def _warning(vm: Object | None, network: str) -> str | None:
    if vm is None:
        return "NEXT_HOP_INSTANCE_NOT_FOUND"
    if not any(relative(nic["network"]) == relative(network) for nic in vm.get("networkInterfaces", ())):
        return "NEXT_HOP_INSTANCE_NOT_ON_NETWORK"
    if vm.get("status") != "RUNNING":
        return "NEXT_HOP_NOT_RUNNING"
    return None if vm.get("canIpForward") else "NEXT_HOP_CANNOT_IP_FORWARD"
