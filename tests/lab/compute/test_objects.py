"""Every constructor's object is what Google's discovery document says it is."""

from __future__ import annotations

from typing import Any

import pytest

from lab.compute import gke, links
from lab.compute import objects as make

P = "project-a"
ZONE = "asia-northeast1-a"
OBJECTS = {
    "network": ("Network", make.network(P, "vpc-a", peerings=[make.peering("a-to-b", "project-b", "vpc-b")])),
    "legacy network": ("Network", make.network(P, "old", legacy_range="10.240.0.0/16")),
    "policies first": ("Network", make.network(P, "n", policies_first=True, routing_mode="GLOBAL", auto=True)),
    "consensus peering": (
        "NetworkPeering",
        make.peering(
            "a",
            "b",
            "c",
            strategy="CONSENSUS",
            update_status="PENDING_PEER_ACKNOWLEDGEMENT",
            delete_status="LOCAL_DELETE_REQUESTED",
            effective={"exportCustomRoutesToPeer": False},
        ),
    ),
    "subnetwork": (
        "Subnetwork",
        make.subnetwork(P, "asia-northeast1", "s", "vpc-a", "10.1.0.0/16", secondary={"pods": "10.4.0.0/14"}),
    ),
    "instance": (
        "Instance",
        make.instance(
            P,
            ZONE,
            "vm",
            "vpc-a",
            "s",
            "10.1.0.2",
            aliases={"10.4.1.0/24": "pods"},
            external="203.0.113.7",
            tags=["web"],
            labels={"a": "b"},
            metadata={"k": "v"},
            more_interfaces=[make.interface(P, "vpc-c", "t", "10.9.0.2", region="asia-northeast1", index=1)],
        ),
    ),
    "route": ("Route", make.route(P, "r", "vpc-a", "192.168.0.0/16", ip="10.1.0.2", warnings=["NEXT_HOP_NOT_RUNNING"])),
    "default route": ("Route", make.default_route(P, "vpc-a")),
    "node route": ("Route", make.node_route(P, "vpc-a", "gke-c-1234", "uid", ZONE, "vm", "172.16.1.0/24")),
    "learned route": ("Route", make.learned_route(P, "vpc-a", "192.168.0.0/16", "169.254.0.2")),
    "firewall": (
        "Firewall",
        make.firewall(P, "f", "vpc-a", denied=[{"IPProtocol": "tcp", "ports": ["80"]}], source_ranges=["0.0.0.0/0"]),
    ),
    "policy": ("FirewallPolicy", make.firewall_policy(P, "p", [make.policy_rule(1, "deny")], networks=["vpc-a"])),
    "hierarchy": ("FirewallPolicy", make.firewall_policy(P, "p", [], organization="organizations/1")),
    "forwarding rule": ("ForwardingRule", make.forwarding_rule(P, "r", "f", "10.1.0.9", network="vpc-a", backend="b")),
    "psc": ("ForwardingRule", make.forwarding_rule(P, "r", "f", "10.1.0.9", target="projects/q/t/u", psc=True)),
    "router": ("Router", make.router(P, "r", "router", "vpc-a", advertised_ranges=["172.16.0.0/16"])),
    "router status": ("RouterStatusResponse", make.router_status(P, "vpc-a")),
}


@pytest.mark.parametrize("name", OBJECTS)
def test_a_compute_object_is_what_the_discovery_document_promises(name: str, discovery: Any) -> None:
    schema, value = OBJECTS[name]
    assert discovery.document("compute.v1").problems(schema, value) == []


@pytest.mark.parametrize("routes_based", [True, False])
def test_a_cluster_is_what_the_discovery_document_promises(routes_based: bool, discovery: Any) -> None:
    value = gke.cluster(
        P,
        ZONE,
        "cluster-1",
        network="vpc-a",
        subnetwork="subnet-a",
        pod_range="172.16.0.0/16",
        service_range="10.96.0.0/16",
        routes_based=routes_based,
        zones=[ZONE],
        node_count=2,
        pod_range_name="pods",
        service_range_name="services",
        network_policy=True,
        dataplane_v2=True,
        autopilot=True,
        default_snat_disabled=True,
    )
    assert discovery.document("container.v1").problems("Cluster", value) == []
    assert ("nodeIpv4CidrSize" in value) is routes_based, "only route mode has nodeIpv4CidrSize"
    assert value["ipAllocationPolicy"].get("useIpAliases", False) is not routes_based


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ("Network", {"nmae": "x"}),
        ("Network", {"id": 12}),
        ("Network", {"id": "-1"}),
        ("Network", {"mtu": "1460"}),
        ("Network", {"networkFirewallPolicyEnforcementOrder": "LATER"}),
        ("Network", {"subnetworks": "one"}),
        ("Network", {"peerings": [{"state": "BUSY"}]}),
        ("Network", {"autoCreateSubnetworks": "true"}),
        ("Network", {"creationTimestamp": "yesterday"}),
        ("Subnetwork", {"fingerprint": "not base64!"}),
        ("Instance", {"labels": {"a": 1}}),
    ],
)
def test_the_judge_sees_what_is_wrong(schema: str, value: Any, discovery: Any) -> None:
    assert len(discovery.document("compute.v1").problems(schema, value)) == 1


def test_keys_are_region_or_zone_and_name() -> None:
    assert make.key(OBJECTS["network"][1]) == "vpc-a"
    assert make.key(OBJECTS["subnetwork"][1]) == "asia-northeast1/s"
    assert make.key(OBJECTS["instance"][1]) == f"{ZONE}/vm"


@pytest.mark.parametrize(
    "given",
    [
        "vpc-a",
        "projects/project-a/global/networks/vpc-a",
        "https://www.googleapis.com/compute/v1/projects/project-a/global/networks/vpc-a",
        "https://compute.googleapis.com/compute/v1/projects/project-a/global/networks/vpc-a",
    ],
)
def test_a_network_has_one_url_however_it_is_named(given: str) -> None:
    url = "https://www.googleapis.com/compute/v1/projects/project-a/global/networks/vpc-a"
    assert links.network_link("project-a", given) == url


def test_the_same_world_is_built_twice_the_same() -> None:
    assert make.network(P, "vpc-a") == make.network(P, "vpc-a")
    assert make.network(P, "vpc-a")["id"] != make.network("project-b", "vpc-a")["id"]


def test_node_routes_are_named_by_the_first_26_letters_of_the_cluster_and_the_uid() -> None:
    prefix = make.cluster_prefix(P, ZONE, "a-cluster-with-a-long-name")
    route = make.node_route(P, "vpc-a", prefix, "0d0159df-3307", ZONE, "vm", "172.16.1.0/24")
    assert route["name"] == f"{prefix[:26]}-0d0159df-3307"
    assert (route["priority"], route["description"]) == (1000, "k8s-node-route")
    assert "tags" not in route, "a tagged route would never cross a peering"
