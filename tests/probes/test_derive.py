"""From a pod to the peer: each step with what may be missing or odd."""

from __future__ import annotations

from ipaddress import IPv4Address

import pytest

from probes import derive
from probes.derive import ClusterRef, Rows, Vm
from rules.snapshot import Vpc

NET = "https://www.googleapis.com/compute/v1/projects/{}/global/networks/{}"
A, B = NET.format("project-a", "vpc-a"), NET.format("project-b", "vpc-b")
NODE_VM = Vm("project-a", "asia-northeast1-a", "gke-node-01")


@pytest.mark.parametrize(
    ("provider", "found"),
    [
        ("gce://project-a/asia-northeast1-a/gke-node-01", NODE_VM),
        ("gce://example.com:project/zone/n", Vm("example.com:project", "zone", "n")),
        ("kind://docker/kind/kind-control-plane", None),
        ("", None),
        (None, None),
    ],
)
def test_the_vm_under_a_node(provider: str | None, found: Vm | None) -> None:
    assert derive.vm({"spec": {"providerID": provider}}) == found
    assert derive.vm({}) is None


def test_of_several_interfaces_the_one_with_the_nodes_address_counts() -> None:
    instance = {"networkInterfaces": [{"network": A, "networkIP": "1"}, {"network": B, "networkIP": "2"}]}
    assert derive.network(instance, "2") == Vpc("project-b", "vpc-b")
    assert derive.network(instance, "3") == Vpc("project-a", "vpc-a")
    assert derive.network({"networkInterfaces": ["odd", {"network": "?"}]}, None) is None


@pytest.mark.parametrize(
    ("node", "instance", "context", "found"),
    [
        (
            {},
            {"metadata": {"items": [{"key": "cluster-name", "value": "c"}, {"key": "cluster-location", "value": "l"}]}},
            "",
            ClusterRef("project-a", "c", ("l",)),
        ),
        (
            {},
            {"labels": {"goog-k8s-cluster-name": "c"}},
            "",
            ClusterRef("project-a", "c", ("asia-northeast1-a", "asia-northeast1")),
        ),
        ({}, None, "gke_project-a_asia-northeast1_c_d", None),
        ({}, None, "gke_project-a_asia-northeast1_c", ClusterRef("project-a", "c", ("asia-northeast1",))),
        ({}, None, "gke_other_asia-northeast1_c", None),
        (
            {"metadata": {"annotations": {"node.gke.io/last-applied-node-labels": "goog-k8s-cluster-name=c,odd"}}},
            None,
            "",
            ClusterRef("project-a", "c", ("asia-northeast1-a", "asia-northeast1")),
        ),
        ({}, None, "", None),
    ],
)
def test_the_cluster_and_where_it_may_be(
    node: dict, instance: dict | None, context: str, found: ClusterRef | None
) -> None:
    assert derive.cluster(node, instance, NODE_VM, context) == found


def row(dest: str, imported: bool = True) -> dict:
    return {"destRange": dest, "imported": imported, "type": "SUBNET_PEERING_ROUTE"}


PEERINGS = [
    {"name": "to-b", "network": B},
    {"name": "to-c", "network": NET.format("project-c", "vpc-c")},
    {"name": "servicenetworking-googleapis-com", "network": NET.format("producer", "servicenetworking")},
]


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        ([Rows("to-b", [row("10.2.0.0/16")]), Rows("to-c", [row("10.3.0.0/16")])], "to-b"),
        ([Rows("to-b", [row("10.0.0.0/8")]), Rows("to-c", [row("10.2.0.0/24")])], "to-c"),
        ([Rows("to-b", [row("10.2.0.0/16")]), Rows("to-c", [row("10.2.0.0/24", imported=False)])], "to-b"),
        ([Rows("to-b", [row("10.2.0.0/16", imported=False)])], "to-b"),
        ([Rows("to-b", [row("0.0.0.0/0")])], None),
        ([Rows("to-b", None), Rows("to-c", [])], None),
        ([Rows("to-b", [{"destRange": "odd"}, {}])], None),
        ([Rows("gone", [row("10.2.0.0/16")])], None),
    ],
)
def test_the_peering_to_the_target_is_found_by_evidence(rows: list[Rows], found: str | None) -> None:
    peering = derive.peering_to(IPv4Address("10.2.0.10"), PEERINGS, rows)
    assert (peering or {}).get("name") == found


def test_an_only_neighbour_is_the_peer_where_nothing_else_is_known() -> None:
    peering = derive.peering_to(IPv4Address("10.2.0.10"), [PEERINGS[0], PEERINGS[2]], [Rows("to-b", None)])
    assert peering == PEERINGS[0]
    assert derive.peering_to(IPv4Address("10.2.0.10"), [PEERINGS[2]], []) is None


@pytest.mark.parametrize("name", ["gke-n1a2b3c-4d5e-6f70-peer", "servicenetworking-googleapis-com"])
def test_peerings_of_googles_own(name: str) -> None:
    assert derive.managed({"name": name})
    assert not derive.managed({"name": "gke-to-b"})


def test_what_holds_and_who_owns() -> None:
    subnets = [{"ipCidrRange": "10.1.0.0/16", "secondaryIpRanges": [{"ipCidrRange": "10.9.0.0/16"}, "odd"]}, {}]
    assert derive.holds(subnets, IPv4Address("10.9.1.1")) is subnets[0]
    assert derive.holds(subnets, IPv4Address("10.8.1.1")) is None
    vms = [{"name": "t", "networkInterfaces": [{"network": B, "networkIP": "10.2.0.10"}]}]
    assert derive.owner(vms, "10.2.0.10", Vpc("project-b", "vpc-b")) is vms[0]
    assert derive.owner(vms, "10.2.0.10", Vpc("project-a", "vpc-a")) is None
    assert derive.rows_hold([Rows("p", [row("10.2.0.0/16")])], IPv4Address("10.2.0.10"))
    assert not derive.rows_hold([Rows("p", [row("0.0.0.0/0")]), Rows("q", None)], IPv4Address("10.2.0.10"))
