"""VPC Network Peering: what both sides' configurations make of a connection, and how they may change.

A connection is ACTIVE when each network has a peering that names the other. What it carries is what both sides want:
one exports what the other imports. With update strategy CONSENSUS a change holds only when the other side has made the
complementary one; until then the last agreed settings stay in force (Compute API, NetworkPeeringConnectionStatus).
"""

from __future__ import annotations

from typing import Any

from lab.compute.derived import objects
from lab.compute.links import CREATED, last, part, relative
from lab.store import Object, Store

LOCAL_PENDING = "PENDING_LOCAL_ACKNOWLEDMENT"
PEER_PENDING = "PENDING_PEER_ACKNOWLEDGEMENT"
CONNECTED = "Connected."
WAITING = "Waiting for peer network to connect."
DIFFERENT = "Waiting for a matching peering: the two sides name different update strategies."
DELETE_PAIRS = {
    "LOCAL_DELETE_REQUESTED": "PEER_DELETE_REQUESTED",
    "PEER_DELETE_REQUESTED": "LOCAL_DELETE_REQUESTED",
    "DELETE_ACKNOWLEDGED": "DELETE_ACKNOWLEDGED",
    "LOCAL_CANCEL_REQUESTED": "PEER_CANCEL_REQUESTED",
    "PEER_CANCEL_REQUESTED": "LOCAL_CANCEL_REQUESTED",
}
_FLAGS = (
    ("exportCustomRoutes", "importCustomRoutes", "exportCustomRoutesToPeer"),
    ("importCustomRoutes", "exportCustomRoutes", "importCustomRoutesFromPeer"),
    ("exportSubnetRoutesWithPublicIp", "importSubnetRoutesWithPublicIp", "exportSubnetRoutesWithPublicIpToPeer"),
    ("importSubnetRoutesWithPublicIp", "exportSubnetRoutesWithPublicIp", "importSubnetRoutesWithPublicIpFromPeer"),
)


def side(network: Object, name: str) -> Object | None:
    """The peering called `name` of a network, itself and not a copy."""
    return next((peering for peering in network.get("peerings", ()) if peering["name"] == name), None)


def names(url: str) -> tuple[str, str]:
    """Project and name in a network's URL."""
    return part(url, "projects"), last(url)


def other(store: Store, self_link: str, peering: Object) -> tuple[Object, Object] | None:
    """The peer network and the peering in it that names the network at `self_link`; None while there is none."""
    project, name = names(peering["network"])
    network = next((item for item in objects(store, project, "networks") if item["name"] == name), None)
    if network is None:
        return None
    for found in network.get("peerings", ()):
        if relative(found["network"]) == relative(self_link):
            return network, found
    return None


def wanted(mine: Object, theirs: Object) -> Object:
    """The traffic configuration that both sides together ask for, seen from `mine`."""
    both = all(item.get("stackType") == "IPV4_IPV6" for item in (mine, theirs))
    return {
        **{word: bool(mine.get(here)) and bool(theirs.get(there)) for here, there, word in _FLAGS},
        "stackType": "IPV4_IPV6" if both else "IPV4_ONLY",
    }


def complementary(mine: Object, theirs: Object) -> bool:
    """Whether the two sides' settings answer each other. Exporting public subnet ranges is every peering's default, so
    it asks for nothing; importing them does."""
    return mine.get("stackType") == theirs.get("stackType") and all(
        bool(one.get("importCustomRoutes")) == bool(two.get("exportCustomRoutes"))
        and bool(one.get("importSubnetRoutesWithPublicIp")) <= bool(two.get("exportSubnetRoutesWithPublicIp"))
        for one, two in ((mine, theirs), (theirs, mine))
    )


def mirrored(traffic: Object) -> Object:
    """A traffic configuration as the other side sees it."""
    pairs = {
        "exportCustomRoutesToPeer": "importCustomRoutesFromPeer",
        "exportSubnetRoutesWithPublicIpToPeer": "importSubnetRoutesWithPublicIpFromPeer",
    }
    names = pairs | {there: here for here, there in pairs.items()}
    return {names.get(word, word): value for word, value in traffic.items()}


def settle(store: Store, when: str = CREATED) -> None:
    """Write into every peering what follows from both sides: `state`, `stateDetails`, `peerMtu`, `connectionStatus`.

    Call it after networks were put into the store, and after every change; it changes only what is not so yet.
    """
    for table_name in store.names("compute/"):
        if not table_name.endswith("/networks"):
            continue
        table = store.table(table_name)
        for key, network in table.items():
            for peering in network.get("peerings", ()):
                _settle(store, network, peering, when)
            table.replace(key, network)


def _settle(store: Store, network: Object, mine: Object, when: str) -> None:
    found = other(store, network["selfLink"], mine)
    if found is None or consensus(mine) != consensus(found[1]):
        proposes = found is not None and "ACTIVE" in (mine.get("state"), found[1].get("state"))
        if not proposes:
            _state(mine, "INACTIVE", WAITING if found is None else DIFFERENT, when)
            mine.pop("connectionStatus", None)
            mine.pop("peerMtu", None)
            return
    if found is None:
        return
    peer_network, theirs = found
    _state(mine, "ACTIVE", CONNECTED, when)
    if "mtu" in peer_network:
        mine["peerMtu"] = peer_network["mtu"]
    mine["connectionStatus"] = _status(mine, theirs)


def _state(peering: Object, state: str, details: str, when: str) -> None:
    given = peering.get("stateDetails") if "state" not in peering else None
    if peering.get("state") != state:
        peering |= {"state": state, "stateDetails": given or f"[{when}]: {details}"}


def consensus(peering: Object) -> bool:
    """Whether this side's update strategy is CONSENSUS."""
    return bool(peering.get("updateStrategy") == "CONSENSUS")


def _status(mine: Object, theirs: Object) -> Object:
    traffic = wanted(mine, theirs)
    if not (consensus(mine) and consensus(theirs)):
        status: Object = {"updateStrategy": "INDEPENDENT", "trafficConfiguration": traffic}
        if consensus(mine) or consensus(theirs):
            status["consensusState"] = {"updateStatus": PEER_PENDING if consensus(mine) else LOCAL_PENDING}
        return status
    here, there = _stored(mine), _stored(theirs)
    state: dict[str, Any] = {"updateStatus": "IN_SYNC"}
    if not complementary(mine, theirs):
        agreed = here.get("trafficConfiguration")
        if agreed is None and "trafficConfiguration" in there:
            agreed = mirrored(there["trafficConfiguration"])
        traffic = agreed or traffic
        state["updateStatus"] = _pending(here, there, mine, theirs)
    deletion = here.get("consensusState", {}).get("deleteStatus")
    if deletion is None:
        deletion = DELETE_PAIRS.get(there.get("consensusState", {}).get("deleteStatus", ""))
    if deletion is not None:
        state["deleteStatus"] = deletion
    return {"updateStrategy": "CONSENSUS", "trafficConfiguration": traffic, "consensusState": state}


def _stored(peering: Object) -> Object:
    found: Object = peering.get("connectionStatus", {})
    return found


def _pending(here: Object, there: Object, mine: Object, theirs: Object) -> str:
    pending = {LOCAL_PENDING: PEER_PENDING, PEER_PENDING: LOCAL_PENDING}
    mine_says = here.get("consensusState", {}).get("updateStatus")
    if mine_says in pending:
        return str(mine_says)
    theirs_says = there.get("consensusState", {}).get("updateStatus")
    if theirs_says in pending:
        return pending[theirs_says]
    asks = sum(bool(mine.get(flag)) for flag, _, _ in _FLAGS)
    return PEER_PENDING if asks > sum(bool(theirs.get(flag)) for flag, _, _ in _FLAGS) else LOCAL_PENDING
