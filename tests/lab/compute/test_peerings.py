"""Peerings: what both sides make of a connection (VPC Network Peering documentation), and how they change."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from lab.compute import objects as make
from lab.compute.peerings import settle
from lab.store import Store

A = {"project": "project-a", "network": "vpc-a"}
B = {"project": "project-b", "network": "vpc-b"}


def side(cloud: Any, at: dict[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = cloud.call("networks.get", path=at)["peerings"][0]
    return found


def update(cloud: Any, at: dict[str, str], **change: Any) -> dict[str, Any]:
    name = side(cloud, at)["name"]
    found: dict[str, Any] = cloud.done(
        cloud.call("networks.updatePeering", {"networkPeering": {"name": name, **change}}, path=at)
    )
    return found


def rows(cloud: Any, at: dict[str, str], direction: str) -> list[tuple[str, str, bool]]:
    found = cloud.call("networks.listPeeringRoutes", path=at, direction=direction, region="asia-northeast1")
    return [(row["destRange"], row["type"].split("_")[0], row["imported"]) for row in found.get("items", ())]


SUBNET_A, SUBNET_B = ("10.1.0.0/16", "SUBNET", True), ("10.2.0.0/16", "SUBNET", True)
NODE_1, NODE_2 = "172.16.1.0/24", "172.16.2.0/24"


def test_flags_on_one_side_then_on_both(cloud: Any) -> None:
    assert rows(cloud, A, "OUTGOING") == [SUBNET_A]
    assert rows(cloud, B, "INCOMING") == [SUBNET_A]
    assert rows(cloud, A, "INCOMING") == rows(cloud, B, "OUTGOING") == [SUBNET_B]

    operation = update(cloud, A, exportCustomRoutes=True)
    assert "error" not in operation
    refused = [SUBNET_A, (NODE_1, "STATIC", False), (NODE_2, "STATIC", False)]
    assert rows(cloud, A, "OUTGOING") == refused, "exported, and rejected by peer config"
    assert rows(cloud, B, "INCOMING") == refused
    assert side(cloud, A)["connectionStatus"]["trafficConfiguration"]["exportCustomRoutesToPeer"] is False

    update(cloud, B, importCustomRoutes=True)
    accepted = [SUBNET_A, (NODE_1, "STATIC", True), (NODE_2, "STATIC", True)]
    assert rows(cloud, A, "OUTGOING") == rows(cloud, B, "INCOMING") == accepted
    assert side(cloud, A)["connectionStatus"]["trafficConfiguration"]["exportCustomRoutesToPeer"] is True
    assert side(cloud, B)["connectionStatus"]["trafficConfiguration"]["importCustomRoutesFromPeer"] is True

    update(cloud, A, exportCustomRoutes=False)
    assert rows(cloud, B, "INCOMING") == [SUBNET_A]
    assert side(cloud, A)["exportCustomRoutes"] is False
    assert side(cloud, B)["importCustomRoutes"] is True


def test_an_update_changes_what_it_names_alone(cloud: Any) -> None:
    before = side(cloud, A)
    update(cloud, A, importSubnetRoutesWithPublicIp=True, stackType="IPV4_IPV6")
    after = side(cloud, A)
    assert {key for key in before if before[key] != after[key]} <= {
        "importSubnetRoutesWithPublicIp",
        "stackType",
        "connectionStatus",
    }
    assert after["connectionStatus"]["trafficConfiguration"]["importSubnetRoutesWithPublicIpFromPeer"] is True
    assert after["connectionStatus"]["trafficConfiguration"]["stackType"] == "IPV4_ONLY", "the other side is IPv4 only"


def test_one_peering_operation_at_a_time_on_both_networks(cloud_of: Callable[..., Any]) -> None:
    cloud = cloud_of("article", speed=1.0)
    body = {"networkPeering": {"name": "a-to-b", "exportCustomRoutes": True}}
    first = cloud.call("networks.updatePeering", body, path=A, requestId="r-1")
    other = {"networkPeering": {"name": "b-to-a", "importCustomRoutes": True}}
    for at, wanted in ((A, body), (B, other)):
        answer = cloud.raw("PATCH", f"projects/{at['project']}/global/networks/{at['network']}/updatePeering", wanted)
        error = answer.json()["error"]
        assert (answer.status_code, error["errors"][0]["reason"]) == (400, "badRequest")
        assert (
            error["message"]
            == "There is a peering operation in progress on the local or peer network. Try again later."
        )
    again = cloud.call("networks.updatePeering", body, path=A, requestId="r-1")
    assert again["name"] == first["name"], "the same requestId is the same request"


@pytest.mark.parametrize(
    ("network_peering", "status", "message"),
    [
        ({"exportCustomRoutes": True}, 400, "Required field 'networkPeering.name' not specified"),
        ({"name": "x"}, 400, "Invalid value for field 'networkPeering.name': 'x'."),
        (
            {"name": "a-to-b", "exportCustomRoute": True},
            400,
            'Invalid JSON payload received. Unknown name "exportCustomRoute"',
        ),
        ({"name": "a-to-b", "exportCustomRoutes": "yes"}, 400, "Invalid value at 'network_peering.exportCustomRoutes'"),
        ({"name": "a-to-b", "stackType": "IPV5"}, 400, "Invalid value for field 'networkPeering.stackType'"),
        ({"name": "a-to-b", "exchangeSubnetRoutes": False}, 400, "Invalid value for field 'networkPeering.exchange"),
        (
            {"name": "a-to-b", "network": "projects/q/global/networks/z"},
            400,
            "Invalid value for field 'networkPeering.net",
        ),
        (None, 400, "Required field 'networkPeering' not specified"),
        ([], 400, "Required field 'networkPeering' not specified"),
    ],
)
def test_updates_that_are_refused(network_peering: Any, status: int, message: str, cloud: Any) -> None:
    path = "projects/project-a/global/networks/vpc-a/updatePeering"
    answer = cloud.raw("PATCH", path, {"networkPeering": network_peering})
    assert answer.status_code == status
    assert answer.json()["error"]["message"].startswith(message)
    assert "items" not in cloud.call("globalOperations.list", path={"project": "project-a"})


def test_importing_is_refused_while_a_static_route_of_the_peer_lies_inside_a_local_subnet(cloud: Any) -> None:
    subnet = make.subnetwork("project-b", "asia-northeast1", "wide", "vpc-b", "172.16.0.0/22")
    cloud.put("project-b", "subnetworks", subnet)
    assert "error" not in update(cloud, A, exportCustomRoutes=True)
    operation = update(cloud, B, importCustomRoutes=True)
    message = operation["error"]["errors"][0]["message"]
    assert message == (
        "An IP range in the peer network (172.16.1.0/24) overlaps with an IP range in the local network (172.16.0.0/22)"
        " allocated by resource (projects/project-b/regions/asia-northeast1/subnetworks/wide)."
    )
    assert (operation["httpErrorStatusCode"], operation["httpErrorMessage"]) == (400, "BAD REQUEST")
    assert side(cloud, B)["importCustomRoutes"] is False, "nothing was changed"


def test_exporting_is_refused_too_when_the_peer_imports_already(cloud: Any) -> None:
    subnet = make.subnetwork("project-b", "asia-northeast1", "same", "vpc-b", "172.16.2.0/24")
    cloud.put("project-b", "subnetworks", subnet)
    assert "error" not in update(cloud, B, importCustomRoutes=True)
    assert "172.16.2.0/24" in update(cloud, A, exportCustomRoutes=True)["error"]["errors"][0]["message"]
    assert side(cloud, A)["exportCustomRoutes"] is False


def test_a_narrower_subnet_does_not_stand_in_the_way(cloud: Any) -> None:
    subnet = make.subnetwork("project-b", "asia-northeast1", "narrow", "vpc-b", "172.16.1.128/25")
    cloud.put("project-b", "subnetworks", subnet)
    assert "error" not in update(cloud, A, exportCustomRoutes=True)
    assert "error" not in update(cloud, B, importCustomRoutes=True)


def test_removing_one_side_leaves_the_other_waiting_and_adding_it_again_connects(cloud: Any) -> None:
    cloud.done(cloud.call("networks.removePeering", {"name": "a-to-b"}, path=A))
    assert "peerings" not in cloud.call("networks.get", path=A)
    left = side(cloud, B)
    assert left["state"] == "INACTIVE"
    assert left["stateDetails"].endswith("]: Waiting for peer network to connect.")
    assert "connectionStatus" not in left
    assert rows(cloud, B, "INCOMING") == []
    routes = cloud.call("routes.list", path={"project": "project-b"})["items"]
    assert not any("nextHopPeering" in route for route in routes)

    peer = "https://compute.googleapis.com/compute/v1/projects/project-b/global/networks/vpc-b"
    body = {"networkPeering": {"name": "again", "network": peer, "exchangeSubnetRoutes": True}}
    assert "error" not in cloud.done(cloud.call("networks.addPeering", body, path=A))
    assert (side(cloud, A)["state"], side(cloud, B)["state"]) == ("ACTIVE", "ACTIVE")
    assert side(cloud, B)["stateDetails"].endswith("]: Connected.")
    assert rows(cloud, A, "INCOMING") == [SUBNET_B]


def test_networks_whose_subnets_overlap_cannot_be_peered(cloud: Any) -> None:
    cloud.put("project-b", "networks", make.network("project-b", "twin"))
    cloud.put("project-b", "subnetworks", make.subnetwork("project-b", "asia-northeast1", "t", "twin", "10.1.128.0/17"))
    mine = {"networkPeering": {"name": "to-twin", "network": "projects/project-b/global/networks/twin"}}
    theirs = {"networkPeering": {"name": "to-a", "network": "projects/project-a/global/networks/vpc-a"}}
    assert "error" not in cloud.done(cloud.call("networks.addPeering", mine, path=A)), "nobody answers yet"
    operation = cloud.done(cloud.call("networks.addPeering", theirs, path={"project": "project-b", "network": "twin"}))
    assert (
        "overlaps with an IP range in the local network (10.1.128.0/17)" in operation["error"]["errors"][0]["message"]
    )
    assert "peerings" not in cloud.call("networks.get", path={"project": "project-b", "network": "twin"})


def consensus_world(**mine: Any) -> Store:
    store = Store()
    for project, network, peer, cidr in (
        ("project-a", "vpc-a", ("project-b", "vpc-b"), "10.1.0.0/16"),
        ("project-b", "vpc-b", ("project-a", "vpc-a"), "10.2.0.0/16"),
    ):
        flags = mine if project == "project-a" else {}
        peering = make.peering("p", *peer, strategy="CONSENSUS", **flags)
        store.table(f"compute/{project}/networks").create(network, make.network(project, network, peerings=[peering]))
        subnet = make.subnetwork(project, "asia-northeast1", "s", network, cidr)
        store.table(f"compute/{project}/subnetworks").create(make.key(subnet), subnet)
    route = make.route("project-a", "r", "vpc-a", "172.16.1.0/24", ip="10.1.0.9")
    store.table("compute/project-a/routes").create("r", route)
    return store


def consensus(cloud: Any, at: dict[str, str]) -> tuple[str, bool]:
    status = side(cloud, at)["connectionStatus"]
    traffic = status["trafficConfiguration"]
    flag = "exportCustomRoutesToPeer" if at is A else "importCustomRoutesFromPeer"
    return status["consensusState"]["updateStatus"], traffic[flag]


PEER, LOCAL = "PENDING_PEER_ACKNOWLEDGEMENT", "PENDING_LOCAL_ACKNOWLEDMENT"


def test_with_consensus_a_change_holds_when_the_other_side_has_answered_it(cloud_of: Callable[..., Any]) -> None:
    cloud = cloud_of(consensus_world())
    assert (consensus(cloud, A), consensus(cloud, B)) == (("IN_SYNC", False), ("IN_SYNC", False))
    update(cloud, A, exportCustomRoutes=True)
    assert (consensus(cloud, A), consensus(cloud, B)) == ((PEER, False), (LOCAL, False))
    assert side(cloud, A)["exportCustomRoutes"] is True, "the local configuration shows the wish"
    assert rows(cloud, B, "INCOMING") == [SUBNET_A]
    update(cloud, B, importCustomRoutes=True)
    assert (consensus(cloud, A), consensus(cloud, B)) == (("IN_SYNC", True), ("IN_SYNC", True))
    assert rows(cloud, B, "INCOMING") == [SUBNET_A, (NODE_1, "STATIC", True)]

    update(cloud, B, importCustomRoutes=False)
    assert (consensus(cloud, A), consensus(cloud, B)) == ((LOCAL, True), (PEER, True)), "what was agreed stays in force"
    update(cloud, B, importCustomRoutes=True)
    assert (consensus(cloud, A), consensus(cloud, B)) == (("IN_SYNC", True), ("IN_SYNC", True)), (
        "the wish is taken back"
    )


def test_a_scenario_may_begin_with_a_change_that_is_pending(cloud_of: Callable[..., Any]) -> None:
    cloud = cloud_of(consensus_world(export_custom=True))
    assert (consensus(cloud, A), consensus(cloud, B)) == ((PEER, False), (LOCAL, False))


def test_consensus_is_not_left_and_is_deleted_by_both(cloud_of: Callable[..., Any]) -> None:
    cloud = cloud_of(consensus_world())
    answer = cloud.raw(
        "PATCH",
        "projects/project-a/global/networks/vpc-a/updatePeering",
        {"networkPeering": {"name": "p", "updateStrategy": "INDEPENDENT"}},
    )
    assert (answer.status_code, "cannot be changed" in answer.text) == (400, True)
    remove = "projects/project-a/global/networks/vpc-a/removePeering"
    assert cloud.raw("POST", remove, {"name": "p"}).status_code == 400

    def deletion(at: dict[str, str]) -> str | None:
        return side(cloud, at)["connectionStatus"]["consensusState"].get("deleteStatus")

    body = {"name": "p"}
    cloud.done(cloud.call("networks.requestRemovePeering", body, path=A))
    assert (deletion(A), deletion(B)) == ("LOCAL_DELETE_REQUESTED", "PEER_DELETE_REQUESTED")
    cloud.done(cloud.call("networks.cancelRequestRemovePeering", body, path=A))
    assert (deletion(A), deletion(B)) == (None, None)
    cloud.done(cloud.call("networks.requestRemovePeering", body, path=A))
    cloud.done(cloud.call("networks.requestRemovePeering", body, path=B))
    assert (deletion(A), deletion(B)) == ("DELETE_ACKNOWLEDGED", "DELETE_ACKNOWLEDGED")
    cloud.done(cloud.call("networks.removePeering", body, path=A))
    assert side(cloud, B)["state"] == "INACTIVE"


def test_proposing_consensus_keeps_the_connection(cloud: Any) -> None:
    update(cloud, A, updateStrategy="CONSENSUS")
    mine, theirs = side(cloud, A), side(cloud, B)
    assert (mine["state"], theirs["state"]) == ("ACTIVE", "ACTIVE")
    assert mine["connectionStatus"]["updateStrategy"] == "INDEPENDENT"
    assert mine["connectionStatus"]["consensusState"]["updateStatus"] == PEER
    assert theirs["connectionStatus"]["consensusState"]["updateStatus"] == LOCAL
    update(cloud, B, updateStrategy="CONSENSUS")
    for at in (A, B):
        status = side(cloud, at)["connectionStatus"]
        assert (status["updateStrategy"], status["consensusState"]) == ("CONSENSUS", {"updateStatus": "IN_SYNC"})


def test_settling_twice_changes_nothing() -> None:
    store = consensus_world(export_custom=True)
    settle(store)
    version = store.version
    settle(store)
    assert store.version == version
