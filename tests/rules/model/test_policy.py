"""NetworkPolicy (networking.k8s.io/v1 and its API reference)."""

from __future__ import annotations

from ipaddress import IPv4Address
from typing import Any

import pytest

from rules import policy
from rules.firewall import Answer
from rules.snapshot import PodRef

TARGET = "10.2.0.10"


@pytest.fixture
def enforced(draft: Any) -> Any:
    """The article's system with Calico switched on."""
    draft.clusters[0]["networkPolicy"] = {"enabled": True, "provider": "CALICO"}
    draft.items("pods")[0]["metadata"]["labels"] = {"app": "client", "tier": "front"}
    return draft


def add(draft: Any, spec: dict[str, Any], namespace: str = "default") -> None:
    draft.items("networkpolicies").append(
        {"metadata": {"name": f"p{len(draft.items('networkpolicies'))}", "namespace": namespace}, "spec": spec}
    )


def out(draft: Any, dest: str = TARGET, protocol: str = "tcp", port: int | None = 80) -> Answer:
    world = draft.world()
    pod = (world.pods or {})[PodRef("default", "my-pod")]
    found = policy.egress(world, pod, IPv4Address(dest), protocol, port)
    assert found.sentence
    return found.answer


def into(draft: Any, source: str, protocol: str = "tcp", port: int | None = 80) -> Answer:
    world = draft.world()
    pod = (world.pods or {})[PodRef("default", "my-pod")]
    return policy.ingress(world, pod, IPv4Address(source), protocol, port).answer


def test_no_policy_allows_everything(enforced: Any) -> None:
    assert out(enforced) is Answer.ALLOW


def test_a_policy_of_the_other_direction_does_not_select(enforced: Any) -> None:
    add(enforced, {"podSelector": {}, "policyTypes": ["Ingress"]})
    assert out(enforced) is Answer.ALLOW
    assert into(enforced, "10.1.0.21") is Answer.DENY


@pytest.mark.parametrize(
    ("spec", "isolated"),
    [
        ({"podSelector": {}}, False),
        ({"podSelector": {}, "egress": []}, False),
        ({"podSelector": {}, "policyTypes": ["Egress"]}, True),
        ({"podSelector": {}, "egress": [{"to": [{"ipBlock": {"cidr": "10.9.0.0/16"}}]}]}, True),
        ({"podSelector": {}, "policyTypes": ["Ingress"], "egress": []}, False),
    ],
)
def test_policy_types_and_their_default(enforced: Any, spec: dict[str, Any], isolated: bool) -> None:
    add(enforced, spec)
    assert out(enforced) is (Answer.DENY if isolated else Answer.ALLOW)


@pytest.mark.parametrize(
    ("selector", "selected"),
    [
        ({}, True),
        ({"matchLabels": {"app": "client"}}, True),
        ({"matchLabels": {"app": "server"}}, False),
        ({"matchLabels": {"app": "client", "tier": "back"}}, False),
        ({"matchExpressions": [{"key": "app", "operator": "In", "values": ["client", "x"]}]}, True),
        ({"matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["client"]}]}, False),
        ({"matchExpressions": [{"key": "none", "operator": "NotIn", "values": ["client"]}]}, True),
        ({"matchExpressions": [{"key": "tier", "operator": "Exists"}]}, True),
        ({"matchExpressions": [{"key": "tier", "operator": "DoesNotExist"}]}, False),
        ({"matchExpressions": [{"key": "none", "operator": "DoesNotExist"}]}, True),
        ({"matchLabels": {"app": "client"}, "matchExpressions": [{"key": "none", "operator": "Exists"}]}, False),
    ],
)
def test_pod_selectors(enforced: Any, selector: dict[str, Any], selected: bool) -> None:
    add(enforced, {"podSelector": selector, "policyTypes": ["Egress"]})
    assert out(enforced) is (Answer.DENY if selected else Answer.ALLOW)


def test_policies_of_other_namespaces_do_not_count(enforced: Any) -> None:
    add(enforced, {"podSelector": {}, "policyTypes": ["Egress"]}, namespace="other")
    assert out(enforced) is Answer.ALLOW


@pytest.mark.parametrize(
    ("to", "answer"),
    [
        ([{"ipBlock": {"cidr": "10.2.0.0/16"}}], Answer.ALLOW),
        ([{"ipBlock": {"cidr": "10.2.0.0/16", "except": ["10.2.0.0/24"]}}], Answer.DENY),
        ([{"ipBlock": {"cidr": "10.2.0.0/16", "except": ["10.2.1.0/24"]}}], Answer.ALLOW),
        ([{"ipBlock": {"cidr": "10.3.0.0/16"}}], Answer.DENY),
        ([{"ipBlock": {"cidr": "10.3.0.0/16"}}, {"ipBlock": {"cidr": "10.2.0.10/32"}}], Answer.ALLOW),
        ([{"podSelector": {}}], Answer.DENY),
        ([{"namespaceSelector": {}}], Answer.DENY),
        ([], Answer.ALLOW),
        ([{"ipBlock": {"cidr": "fd00::/8"}}], Answer.DENY),
    ],
)
def test_peers_outside_the_cluster(enforced: Any, to: list[Any], answer: Answer) -> None:
    add(enforced, {"podSelector": {}, "policyTypes": ["Egress"], "egress": [{"to": to}]})
    assert out(enforced) is answer


@pytest.mark.parametrize(
    ("ports", "protocol", "port", "answer"),
    [
        ([], "tcp", 80, Answer.ALLOW),
        ([{"port": 80}], "tcp", 80, Answer.ALLOW),
        ([{"port": 80}], "udp", 80, Answer.DENY),
        ([{"port": 80, "protocol": "UDP"}], "udp", 80, Answer.ALLOW),
        ([{"port": 79, "endPort": 81}], "tcp", 80, Answer.ALLOW),
        ([{"port": 79, "endPort": 81}], "tcp", 82, Answer.DENY),
        ([{"port": 443}, {"protocol": "TCP"}], "tcp", 80, Answer.ALLOW),
        ([{"port": "http"}], "tcp", 80, Answer.DENY),
        ([{"port": 80}], "icmp", None, Answer.DENY),
        ([], "icmp", None, Answer.ALLOW),
    ],
)
def test_ports(enforced: Any, ports: list[Any], protocol: str, port: int | None, answer: Answer) -> None:
    block = {"to": [{"ipBlock": {"cidr": "10.2.0.0/16"}}], "ports": ports}
    add(enforced, {"podSelector": {}, "policyTypes": ["Egress"], "egress": [block]})
    assert out(enforced, protocol=protocol, port=port) is answer


def test_several_policies_add_up(enforced: Any) -> None:
    add(enforced, {"podSelector": {}, "policyTypes": ["Egress"]})
    add(enforced, {"podSelector": {}, "policyTypes": ["Egress"], "egress": [{}]})
    assert out(enforced) is Answer.ALLOW


@pytest.mark.parametrize(
    ("peer", "answer"),
    [
        ({"podSelector": {"matchLabels": {"app": "server"}}}, Answer.ALLOW),
        ({"podSelector": {"matchLabels": {"app": "x"}}}, Answer.DENY),
        ({"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "default"}}}, Answer.ALLOW),
        ({"namespaceSelector": {"matchLabels": {"team": "a"}}}, Answer.UNKNOWN),
        (
            {"namespaceSelector": {"matchLabels": {"team": "a"}}, "podSelector": {"matchLabels": {"app": "x"}}},
            Answer.DENY,
        ),
        ({"namespaceSelector": {}}, Answer.ALLOW),
        ({"ipBlock": {"cidr": "172.16.0.0/16"}}, Answer.ALLOW),
    ],
)
def test_peers_that_are_pods(enforced: Any, peer: dict[str, Any], answer: Answer) -> None:
    enforced.items("pods")[1]["metadata"]["labels"] = {"app": "server"}
    add(enforced, {"podSelector": {}, "policyTypes": ["Egress"], "egress": [{"to": [peer]}]})
    assert out(enforced, "172.16.2.7") is answer


def test_namespace_labels_that_were_read(enforced: Any) -> None:
    enforced.kubernetes["namespaces"] = {"items": [{"metadata": {"name": "default", "labels": {"team": "a"}}}]}
    peer = {"namespaceSelector": {"matchExpressions": [{"key": "team", "operator": "In", "values": ["a"]}]}}
    add(enforced, {"podSelector": {}, "policyTypes": ["Egress"], "egress": [{"to": [peer]}]})
    assert out(enforced, "172.16.2.7") is Answer.ALLOW
    peer["namespaceSelector"]["matchExpressions"][0]["values"] = ["b"]
    assert out(enforced, "172.16.2.7") is Answer.DENY


def test_pods_of_another_namespace_need_a_namespace_selector(enforced: Any) -> None:
    enforced.pod("far", "gke-node-02", "172.16.2.9", "other")
    add(enforced, {"podSelector": {}, "policyTypes": ["Egress"], "egress": [{"to": [{"podSelector": {}}]}]})
    assert out(enforced, "172.16.2.9") is Answer.DENY


def test_named_ports_are_the_receivers(enforced: Any) -> None:
    enforced.items("pods")[1]["spec"]["containers"][0]["ports"] = [{"name": "http", "containerPort": 8080}]
    rule = {"to": [{"podSelector": {}}], "ports": [{"port": "http"}]}
    add(enforced, {"podSelector": {}, "policyTypes": ["Egress"], "egress": [rule]})
    assert out(enforced, "172.16.2.7", port=8080) is Answer.ALLOW
    assert out(enforced, "172.16.2.7", port=80) is Answer.DENY


def test_ingress_named_port_and_block(enforced: Any) -> None:
    enforced.items("pods")[0]["spec"]["containers"][0]["ports"] = [{"name": "http", "containerPort": 80}]
    rule = {"from": [{"ipBlock": {"cidr": "10.1.0.0/16"}}], "ports": [{"port": "http"}]}
    add(enforced, {"podSelector": {}, "ingress": [rule]})
    assert into(enforced, "10.1.0.21") is Answer.ALLOW
    assert into(enforced, "10.2.0.10") is Answer.DENY
    assert into(enforced, "10.1.0.21", port=81) is Answer.DENY


def test_blocks_and_pods_on_dataplane_v2(enforced: Any) -> None:
    """Cilium's ipBlock does not mean pods."""
    enforced.clusters[0]["networkConfig"]["datapathProvider"] = "ADVANCED_DATAPATH"
    peer = {"ipBlock": {"cidr": "0.0.0.0/0"}}
    add(enforced, {"podSelector": {}, "policyTypes": ["Egress"], "egress": [{"to": [peer]}]})
    assert out(enforced, "172.16.2.7") is Answer.DENY
    assert out(enforced) is Answer.ALLOW


def test_enforcement(enforced: Any) -> None:
    add(enforced, {"podSelector": {}, "policyTypes": ["Egress"]})
    assert out(enforced) is Answer.DENY
    enforced.clusters[0]["networkPolicy"] = {}
    assert out(enforced) is Answer.ALLOW
    enforced.clusters[0]["networkConfig"]["datapathProvider"] = "ADVANCED_DATAPATH"
    assert out(enforced) is Answer.DENY
    enforced.clusters.clear()
    assert out(enforced) is Answer.UNKNOWN


def test_unread_policies(enforced: Any) -> None:
    enforced.kubernetes.pop("networkpolicies")
    assert out(enforced) is Answer.UNKNOWN
    enforced.clusters[0]["networkPolicy"] = {}
    assert out(enforced) is Answer.ALLOW


def test_pods_on_the_nodes_network_are_exempt(enforced: Any) -> None:
    add(enforced, {"podSelector": {}, "policyTypes": ["Egress"]})
    enforced.items("pods")[0]["spec"]["hostNetwork"] = True
    assert out(enforced) is Answer.ALLOW


def test_a_pod_and_its_own_node_always_reach_each_other(enforced: Any) -> None:
    """Kubernetes documentation, Network Policies: whatever the addresses."""
    add(enforced, {"podSelector": {}, "policyTypes": ["Egress", "Ingress"]})
    assert out(enforced, "10.1.0.11") is Answer.ALLOW
    assert into(enforced, "10.1.0.11") is Answer.ALLOW
    assert into(enforced, "172.16.1.5") is Answer.ALLOW
    assert out(enforced, "10.1.0.12") is Answer.DENY
    assert enforced.walk("node gke-node-01", "172.16.1.5").breaks == ()


@pytest.mark.parametrize("spec", [None, [], "x", {"podSelector": 3, "egress": {"to": 1}, "policyTypes": "Egress"}])
def test_odd_policies_do_not_crash(enforced: Any, spec: Any) -> None:
    add(enforced, spec)
    assert out(enforced) in Answer


def test_a_node_always_reaches_its_own_pods_and_no_other_nodes(enforced: Any) -> None:
    """Connectivity Tests: INGRESS_SOURCE_ON_SAME_NODE."""
    add(enforced, {"podSelector": {}, "policyTypes": ["Ingress"]})
    world = enforced.world()
    pod = (world.pods or {})[PodRef("default", "my-pod")]
    own = world.nodes[pod.node].address
    other = next(node.address for name, node in world.nodes.items() if name != pod.node)
    assert into(enforced, str(own)) is Answer.ALLOW
    assert into(enforced, str(other)) is Answer.DENY
