"""`routes` methods: static routes as stored; subnet and peering routes as Google would show them."""

from __future__ import annotations

import re
from ipaddress import IPv4Network

from lab.compute import check
from lab.compute.backend import Backend
from lab.compute.call import Call, Method
from lab.compute.derived import local_routes, ranges, subnet_route
from lab.compute.errors import OperationError, bad_request, exists, invalid, not_found, required
from lab.compute.exchange import rows
from lab.compute.links import head, hexes, last, link, network_link, part, relative
from lab.compute.operations import Job, now
from lab.compute.paging import listing
from lab.store import ExistsError, Object

SECONDS = 3.0
HOPS = ("nextHopInstance", "nextHopIp", "nextHopIlb", "nextHopVpnTunnel", "nextHopGateway")
FIELDS = frozenset(
    {
        *HOPS,
        "kind",
        "id",
        "creationTimestamp",
        "name",
        "description",
        "network",
        "tags",
        "destRange",
        "priority",
        "selfLink",
        "params",
        "routeType",
        "routeStatus",
        "warnings",
        "nextHopNetwork",
        "nextHopPeering",
    }
)


def all_routes(backend: Backend, project: str) -> list[Object]:
    """Everything that `routes.list` shows: static, subnet and peering subnet routes."""

    def make() -> list[Object]:
        found = local_routes(backend.store, project)
        for network in backend.all(project, "networks"):
            for peering in network.get("peerings", ()):
                for row in rows(backend, network, peering, "INCOMING"):
                    if row["type"] == "SUBNET_PEERING_ROUTE" and row["imported"]:
                        found.append(_through(project, network, peering["name"], row["destRange"]))
        return found

    return backend.memo(("routes", project), make)


def _through(project: str, network: Object, peering: str, dest: str) -> Object:
    name = f"peering-route-{hexes(network['selfLink'] + peering + dest)}"
    return subnet_route(project, name, network["selfLink"], dest, network["creationTimestamp"]) | {
        "description": f"Auto generated route via peering [{peering}].",
        "nextHopPeering": peering,
    }


def _list(backend: Backend, call: Call) -> Object:
    return listing(call.project, "global/routes", "routeList", all_routes(backend, call.project), call.query)


def _get(backend: Backend, call: Call) -> Object:
    found = next((item for item in all_routes(backend, call.project) if item["name"] == call.path["route"]), None)
    if found is None:
        raise not_found(f"projects/{call.project}/global/routes/{call.path['route']}")
    return found


def _insert(backend: Backend, call: Call) -> Object:
    made = _made(backend, call)
    name = made["name"]
    path = f"projects/{call.project}/global/routes/{name}"
    if any(item["name"] == name for item in all_routes(backend, call.project)) and not call.request_id:
        raise exists(path)

    def work() -> None:
        try:
            backend.store.table(f"compute/{call.project}/routes").create(name, {**made, "creationTimestamp": now()})
        except ExistsError as error:
            raise OperationError("RESOURCE_ALREADY_EXISTS", f"The resource '{path}' already exists") from error

    job = Job(call.project, "insert", made["selfLink"], SECONDS, work, frozenset({path}), call.request_id)
    return backend.operations.start(job)


def _made(backend: Backend, call: Call) -> Object:
    given = check.body(call.body, FIELDS, "resource")
    name = check.name(given.get("name"))
    network = relative(network_link(call.project, str(given.get("network") or "default")))
    if part(network, "projects") != call.project or backend.find(call.project, "networks", last(network)) is None:
        raise not_found(network)
    if "destRange" not in given:
        raise required("resource.destRange")
    dest = check.cidr(given["destRange"], "resource.destRange")
    if isinstance(dest, IPv4Network):
        _refuse_hidden(backend, call.project, network, dest)
    self_link = call.link(f"global/routes/{name}")
    made: Object = {
        **head("route", self_link, name, now(), str(given.get("description", ""))),
        "network": link(network),
        "destRange": str(dest),
        "priority": check.priority(given.get("priority", 1000)),
        "routeType": "STATIC",
        "routeStatus": "ACTIVE",
    }
    if tags := check.texts(given.get("tags", []), "resource.tags"):
        made["tags"] = tags
    return made | _next_hop(backend, call.project, given)


def _refuse_hidden(backend: Backend, project: str, network: str, dest: IPv4Network) -> None:
    """A static route may not equal or lie inside a subnet's range, the peers' subnets included."""
    for subnet in backend.all(project, "subnetworks"):
        if relative(subnet["network"]) == network and any(dest.subnet_of(IPv4Network(cidr)) for cidr in ranges(subnet)):
            path = relative(subnet["selfLink"])
            raise invalid("resource.destRange", dest, f"The range hides the address space of subnetwork '{path}'.")
    for route in all_routes(backend, project):
        peering = route.get("nextHopPeering")
        if peering and relative(route["network"]) == network and dest.subnet_of(IPv4Network(route["destRange"])):
            raise invalid(
                "resource.destRange",
                dest,
                f"The range hides a subnet of peering '{peering}' ({route['destRange']}).",
            )


def _next_hop(backend: Backend, project: str, given: Object) -> Object:
    hops = [word for word in HOPS if given.get(word)]
    if len(hops) != 1:
        raise bad_request("Exactly one of " + ", ".join(HOPS) + " must be specified.")
    word, value = hops[0], str(given[hops[0]])
    if word == "nextHopIp":
        check.cidr(value, "resource.nextHopIp")
        return {word: value}
    if word == "nextHopIlb" and re.fullmatch(r"[\d.]+", value):
        check.cidr(value, "resource.nextHopIlb")
        return {word: value}
    path = relative(value)
    if not path.startswith("projects/"):
        path = f"projects/{project}/{path}"
    if word == "nextHopGateway" and last(path) != "default-internet-gateway":
        raise invalid("resource.nextHopGateway", value, "Only default-internet-gateway is a gateway.")
    if word == "nextHopInstance":
        zone, vm = part(path, "zones"), last(path)
        if backend.find(part(path, "projects"), "instances", f"{zone}/{vm}") is None:
            raise not_found(path)
    return {word: link(path)}


def _delete(backend: Backend, call: Call) -> Object:
    name = call.path["route"]
    path = f"projects/{call.project}/global/routes/{name}"
    stored = backend.find(call.project, "routes", name)
    if stored is None:
        if any(item["name"] == name for item in all_routes(backend, call.project)):
            raise bad_request(f"The route '{path}' is managed by Google and cannot be deleted.")
        raise not_found(path)

    def work() -> None:
        table = backend.store.table(f"compute/{call.project}/routes")
        if name in table:
            table.remove(name)

    job = Job(call.project, "delete", stored["selfLink"], SECONDS, work, frozenset({path}), call.request_id)
    return backend.operations.start(job)


METHODS = (
    Method("routes.list", "GET", "projects/{project}/global/routes", _list),
    Method("routes.get", "GET", "projects/{project}/global/routes/{route}", _get),
    Method("routes.insert", "POST", "projects/{project}/global/routes", _insert, "compute.routes.create"),
    Method("routes.delete", "DELETE", "projects/{project}/global/routes/{route}", _delete),
)
