"""`networks` methods: reading, and changing peerings."""

from __future__ import annotations

from collections.abc import Callable

from lab.compute import check, peerings
from lab.compute.backend import Backend
from lab.compute.call import Call, Method
from lab.compute.errors import PEERING_BUSY, OperationError, bad_request, invalid, not_found, required
from lab.compute.exchange import of_direction
from lab.compute.links import link, network_link, relative
from lab.compute.operations import Job, now
from lab.compute.overlap import refuse as refuse_overlap
from lab.compute.paging import listing, page
from lab.store import Object, Store

SECONDS = 4.0
SETTABLE = (
    "exportCustomRoutes",
    "importCustomRoutes",
    "exportSubnetRoutesWithPublicIp",
    "importSubnetRoutesWithPublicIp",
)
STACKS = ("IPV4_ONLY", "IPV4_IPV6")
STRATEGIES = ("INDEPENDENT", "CONSENSUS", "UNSPECIFIED")
PEERING_FIELDS = frozenset(
    {
        *SETTABLE,
        "name",
        "network",
        "autoCreateRoutes",
        "exchangeSubnetRoutes",
        "stackType",
        "updateStrategy",
        "state",
        "stateDetails",
        "peerMtu",
        "connectionStatus",
    }
)


def _list(backend: Backend, call: Call) -> Object:
    found = backend.networks(call.project)
    return listing(call.project, "global/networks", "networkList", found, call.query)


def _get(backend: Backend, call: Call) -> Object:
    found = next((item for item in backend.networks(call.project) if item["name"] == call.path["network"]), None)
    if found is None:
        raise not_found(f"projects/{call.project}/global/networks/{call.path['network']}")
    return found


def _list_peering_routes(backend: Backend, call: Call) -> Object:
    network = backend.network(call.project, call.path["network"])
    found, token = page(of_direction(backend, network, call.query), call.query, ordered=False)
    answer: Object = {"kind": "compute#exchangedPeeringRoutesList", "id": relative(network["selfLink"])}
    if found:
        answer["items"] = found
    if token is not None:
        answer["nextPageToken"] = token
    return {**answer, "selfLink": f"{network['selfLink']}/listPeeringRoutes"}


def _update_peering(backend: Backend, call: Call) -> Object:
    network = backend.network(call.project, call.path["network"])
    change = _requested(check.body(call.body, ("networkPeering",)).get("networkPeering"))
    name = change.pop("name", None)
    if name is None:
        raise required("networkPeering.name")
    mine = peerings.side(network, name)
    if mine is None:
        raise invalid("networkPeering.name", name, f"There is no peering '{name}' on network '{network['name']}'.")
    if "network" in change and relative(network_link(call.project, change["network"])) != relative(mine["network"]):
        raise invalid("networkPeering.network", change["network"], "The peer network cannot be changed.")
    strategy = change.get("updateStrategy")
    if strategy == "INDEPENDENT" and mine.get("connectionStatus", {}).get("updateStrategy") == "CONSENSUS":
        raise invalid(
            "networkPeering.updateStrategy", strategy, "A CONSENSUS connection cannot be changed to INDEPENDENT."
        )
    change.pop("network", None)
    store = backend.store

    def work() -> None:
        _change(store, call.project, network["name"], lambda found: _update(store, found, name, change))

    return _start(backend, call, "updatePeering", network, mine["network"], work)


def _add_peering(backend: Backend, call: Call) -> Object:
    network = backend.network(call.project, call.path["network"])
    body = check.body(call.body, ("name", "peerNetwork", "autoCreateRoutes", "networkPeering"))
    given = _requested(body.get("networkPeering") or {})
    name = check.name(given.get("name") or body.get("name"))
    url = given.get("network") or body.get("peerNetwork")
    if not isinstance(url, str) or not url:
        raise required("networkPeering.network")
    peer = link(relative(network_link(call.project, url)))
    if "IPv4Range" in network:
        raise bad_request("Legacy networks cannot be peered.")
    if relative(peer) == relative(network["selfLink"]):
        raise invalid("networkPeering.network", url, "A network cannot be peered with itself.")
    for mine in network.get("peerings", ()):
        if mine["name"] == name or relative(mine["network"]) == relative(peer):
            raise invalid("networkPeering", name, f"Peering '{mine['name']}' has that name or that peer.")
    if len(network.get("peerings", ())) >= 25:
        raise bad_request("Quota 'PEERINGS_PER_NETWORK' exceeded. Limit: 25.0")
    if given.get("exchangeSubnetRoutes", body.get("autoCreateRoutes", True)) is not True:
        raise invalid("networkPeering.exchangeSubnetRoutes", "false", "It must be true.")
    made: Object = {
        "name": name,
        "network": peer,
        "autoCreateRoutes": True,
        "exchangeSubnetRoutes": True,
        **{word: given.get(word, word == "exportSubnetRoutesWithPublicIp") for word in SETTABLE},
        "stackType": given.get("stackType", "IPV4_ONLY"),
        "updateStrategy": given.get("updateStrategy", "INDEPENDENT"),
    }
    store = backend.store

    def add(found: Object) -> None:
        found.setdefault("peerings", []).append(made)
        refuse_overlap(store, found, made)

    return _start(
        backend, call, "addPeering", network, peer, lambda: _change(store, call.project, network["name"], add)
    )


def _remove_peering(backend: Backend, call: Call) -> Object:
    network, mine = _named(backend, call)
    status = mine.get("connectionStatus", {})
    agreed = status.get("consensusState", {}).get("deleteStatus") == "DELETE_ACKNOWLEDGED"
    if status.get("updateStrategy") == "CONSENSUS" and not agreed:
        raise bad_request(
            f"Peering '{mine['name']}' is a CONSENSUS connection: it can be deleted when both networks have requested"
            " its deletion."
        )

    def remove(found: Object) -> None:
        found["peerings"] = [item for item in found["peerings"] if item["name"] != mine["name"]]
        if not found["peerings"]:
            del found["peerings"]

    def work() -> None:
        _change(backend.store, call.project, network["name"], remove)

    return _start(backend, call, "removePeering", network, mine["network"], work)


def _request_remove(backend: Backend, call: Call) -> Object:
    return _deletion(backend, call, "requestRemovePeering", "LOCAL_DELETE_REQUESTED")


def _cancel_remove(backend: Backend, call: Call) -> Object:
    return _deletion(backend, call, "cancelRequestRemovePeering", None)


def _deletion(backend: Backend, call: Call, type: str, status: str | None) -> Object:
    network, mine = _named(backend, call)
    if mine.get("connectionStatus", {}).get("updateStrategy") != "CONSENSUS":
        raise bad_request(f"Peering '{mine['name']}' is not a CONSENSUS connection.")

    def work() -> None:
        store = backend.store
        found = peerings.other(store, network["selfLink"], mine)
        theirs = found[1] if found else {}
        other = theirs.get("connectionStatus", {}).get("consensusState", {}).get("deleteStatus")
        if status is None:
            here = "LOCAL_CANCEL_REQUESTED" if other == "DELETE_ACKNOWLEDGED" else None
            here = None if other == "LOCAL_CANCEL_REQUESTED" else here
        else:
            here = "DELETE_ACKNOWLEDGED" if other in ("LOCAL_DELETE_REQUESTED", "DELETE_ACKNOWLEDGED") else status
        _mark(store, network["selfLink"], mine["name"], "deleteStatus", here)
        if found is not None:
            there = peerings.DELETE_PAIRS.get(here or "")
            _mark(store, found[0]["selfLink"], theirs["name"], "deleteStatus", there)
        peerings.settle(store, now())

    return _start(backend, call, type, network, mine["network"], work)


def _named(backend: Backend, call: Call) -> tuple[Object, Object]:
    network = backend.network(call.project, call.path["network"])
    name = check.body(call.body, ("name",)).get("name")
    if name is None:
        raise required("name")
    mine = peerings.side(network, str(name))
    if mine is None:
        raise invalid("name", name, f"There is no peering '{name}' on network '{network['name']}'.")
    return network, mine


def _requested(given: object) -> Object:
    """The settable part of a NetworkPeering in a request, checked."""
    if not isinstance(given, dict):
        raise required("networkPeering")
    found = dict(check.body(given, PEERING_FIELDS, "network_peering"))
    for word in ("state", "stateDetails", "peerMtu", "connectionStatus", "autoCreateRoutes"):
        found.pop(word, None)
    for word in SETTABLE:
        if word in found:
            check.flag(found[word], f"network_peering.{word}")
    if found.pop("exchangeSubnetRoutes", True) is not True:
        raise invalid("networkPeering.exchangeSubnetRoutes", "false", "It must be true.")
    if "stackType" in found:
        check.choice(found["stackType"], "networkPeering.stackType", STACKS)
    if "updateStrategy" in found:
        strategy = check.choice(found["updateStrategy"], "networkPeering.updateStrategy", STRATEGIES)
        found["updateStrategy"] = "INDEPENDENT" if strategy == "UNSPECIFIED" else strategy
    return found


def _start(backend: Backend, call: Call, type: str, network: Object, peer: str, work: Callable[[], None]) -> Object:
    locks = frozenset(f"peering {relative(url)}" for url in (network["selfLink"], peer))
    if not call.request_id and backend.operations.busy(locks):
        raise bad_request(PEERING_BUSY)
    job = Job(call.project, type, network["selfLink"], SECONDS, work, locks, call.request_id)
    return backend.operations.start(job)


def _change(store: Store, project: str, name: str, edit: Callable[[Object], None]) -> None:
    table = store.table(f"compute/{project}/networks")
    found = table.find(name)
    if found is None:
        raise OperationError("RESOURCE_NOT_FOUND", f"The resource '{project}/{name}' was not found")
    edit(found)
    table.replace(name, found)
    peerings.settle(store, now())


def _update(store: Store, network: Object, name: str, change: Object) -> None:
    mine = peerings.side(network, name)
    if mine is None:
        raise OperationError("RESOURCE_NOT_FOUND", f"There is no peering '{name}' on network '{network['name']}'.")
    mine.update(change)
    refuse_overlap(store, network, mine)
    found = peerings.other(store, network["selfLink"], mine)
    if found is None or not (peerings.consensus(mine) and peerings.consensus(found[1])):
        return
    if not peerings.complementary(mine, found[1]):
        mine.setdefault("connectionStatus", {}).setdefault("consensusState", {})["updateStatus"] = peerings.PEER_PENDING
        _mark(store, found[0]["selfLink"], found[1]["name"], "updateStatus", peerings.LOCAL_PENDING)


def _mark(store: Store, self_link: str, name: str, word: str, value: str | None) -> None:
    """Set or take away one word of a peering's consensus state."""
    project, network_name = peerings.names(self_link)
    table = store.table(f"compute/{project}/networks")
    network = table.get(network_name)
    mine = peerings.side(network, name)
    if mine is not None:
        state = mine.setdefault("connectionStatus", {}).setdefault("consensusState", {})
        state.pop(word, None)
        if value is not None:
            state[word] = value
        table.replace(network_name, network)


ONE = "projects/{project}/global/networks/{network}"
METHODS = (
    Method("networks.list", "GET", "projects/{project}/global/networks", _list),
    Method("networks.get", "GET", ONE, _get),
    Method("networks.listPeeringRoutes", "GET", f"{ONE}/listPeeringRoutes", _list_peering_routes),
    Method("networks.updatePeering", "PATCH", f"{ONE}/updatePeering", _update_peering),
    Method("networks.addPeering", "POST", f"{ONE}/addPeering", _add_peering),
    Method("networks.removePeering", "POST", f"{ONE}/removePeering", _remove_peering),
    Method(
        "networks.requestRemovePeering",
        "POST",
        f"{ONE}/requestRemovePeering",
        _request_remove,
        "compute.networks.removePeering",
    ),
    Method(
        "networks.cancelRequestRemovePeering",
        "POST",
        f"{ONE}/cancelRequestRemovePeering",
        _cancel_remove,
        "compute.networks.removePeering",
    ),
)
