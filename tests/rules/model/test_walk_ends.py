"""Single rules of the walk: other senders and ends, kinds of cluster, balancers, peers of peers."""

from __future__ import annotations

from typing import Any

from rules.snapshot import Outcome
from tests.rules.model.edits import MASQ, OK, TO, Shape, config, exchange, instance, side, subnet_b

# Other ends -----------------------------------------------------------------------------------------------------


def test_vm_to_vm_and_back(draft: Any, shape: Shape) -> None:
    assert draft.walk("vm project-a/test-gce-01", "10.2.0.10").outcome is OK
    assert draft.walk("vm project-b/target-gce-01", "10.1.0.21").outcome is OK


def test_from_the_target_to_the_pod(draft: Any, shape: Shape) -> None:
    assert shape(draft.walk("vm project-b/target-gce-01", "172.16.1.5")) == [
        "forward route drop PRIVATE_TRAFFIC_TO_INTERNET"
    ]
    exchange(draft)
    assert draft.walk("vm project-b/target-gce-01", "172.16.1.5").outcome is OK


def test_pod_to_pod_on_another_node(draft: Any) -> None:
    found = draft.walk("pod my-pod", "172.16.2.7")
    assert found.outcome is OK
    assert found.hops[-1].at == "node gke-node-01"


def test_pod_to_pod_over_the_masquerade(draft: Any) -> None:
    """A list without the pod range hides pods behind nodes (GKE Network Analyzer's insight)."""
    config("nonMasqueradeCIDRs: [10.1.0.0/16]")(draft)
    found = draft.walk("pod my-pod", "172.16.2.7")
    assert (found.outcome, str(found.source_seen)) == (OK, "10.1.0.11")


def test_on_the_same_node_nothing_leaves(draft: Any, shape: Shape) -> None:
    draft.pod("neighbour", "gke-node-01", "172.16.1.9")
    draft.effective("project-a/vpc-a")["firewalls"].clear()
    assert draft.walk("pod my-pod", "172.16.1.9").outcome is OK
    assert draft.walk("pod my-pod", "10.1.0.11").outcome is OK
    found = draft.walk("pod my-pod", "172.16.1.10")
    assert shape(found) == ["forward deliver drop UNKNOWN_INTERNAL_ADDRESS"]


def test_rc54_the_nodes_own_slice_catches_the_target(draft: Any, shape: Shape) -> None:
    subnet_b("172.16.1.128/25")(draft)
    draft.vm("project-b", "vpc-b", "inside", "172.16.1.200")
    assert shape(draft.walk("pod my-pod", "172.16.1.200")) == ["forward deliver drop UNKNOWN_INTERNAL_ADDRESS"]
    assert draft.walk("node gke-node-02", "172.16.1.200").outcome is OK


def test_pods_on_the_nodes_network(draft: Any) -> None:
    draft.items("pods")[0]["spec"]["hostNetwork"] = True
    draft.items("pods")[0]["status"]["podIP"] = "10.1.0.11"
    found = draft.walk("pod my-pod", "10.2.0.10")
    assert (found.outcome, str(found.source_seen)) == (OK, "10.1.0.11")
    assert found.masquerade is not None
    assert found.masquerade.reason == "POD_USES_NODE_NETWORK_NAMESPACE"


def test_a_pending_pod_sends_nothing(draft: Any, shape: Shape) -> None:
    draft.items("pods")[0]["status"] = {"phase": "Pending"}
    found = draft.walk("pod my-pod", "10.2.0.10")
    assert (found.outcome, shape(found)) == (Outcome.NOT_RUN, ["forward start drop GKE_POD_NOT_RUNNING"])


def test_icmp(draft: Any) -> None:
    exchange(draft)
    assert draft.walk("pod my-pod", "10.2.0.10", port=None, protocol="icmp").outcome is OK
    draft.effective("project-b/vpc-b")["firewalls"][0]["allowed"] = [{"IPProtocol": "tcp"}]
    assert draft.walk("pod my-pod", "10.2.0.10", port=None, protocol="icmp").outcome is TO
    assert draft.walk("pod my-pod", "10.2.0.10").outcome is OK


def vpc_native(draft: Any, alias: str = "172.16.1.0/24") -> None:
    """The same cluster with alias ranges: pods live in a secondary range of the nodes' subnet."""
    draft.compute["project-a"]["routes"] = [
        route for route in draft.compute["project-a"]["routes"] if route["destRange"] == "0.0.0.0/0"
    ]
    draft.compute["project-a"]["subnetworks"][0]["secondaryIpRanges"] = [
        {"rangeName": "pods", "ipCidrRange": "172.16.0.0/16"}
    ]
    draft.clusters[0]["ipAllocationPolicy"] = {"useIpAliases": True}
    instance("gke-node-01", canIpForward=False)(draft)
    for vm in draft.compute["project-a"]["instances"]:
        if vm["name"] == "gke-node-01":
            vm["networkInterfaces"][0]["aliasIpRanges"] = [{"ipCidrRange": alias, "subnetworkRangeName": "pods"}]


def test_vpc_native_needs_no_exchange(draft: Any, shape: Shape) -> None:
    """Secondary ranges are subnet ranges and always cross, so the answer has a route while the peering is up."""
    vpc_native(draft)
    found = draft.walk("pod my-pod", "10.2.0.10")
    assert (found.outcome, str(found.source_seen)) == (OK, "172.16.1.5")
    assert draft.world().cluster.routes_based is False


def test_vpc_native_node_without_its_alias(draft: Any, shape: Shape) -> None:
    vpc_native(draft, alias="172.16.9.0/24")
    found = draft.walk("pod my-pod", "10.2.0.10")
    assert shape(found) == [
        "forward anti-spoofing drop FOREIGN_IP_DISALLOWED",
        "return deliver drop UNKNOWN_INTERNAL_ADDRESS",
    ]


def test_rc11_pods_in_public_space(draft: Any, shape: Shape) -> None:
    vpc_native(draft, alias="34.64.1.0/24")
    draft.compute["project-a"]["subnetworks"][0]["secondaryIpRanges"][0]["ipCidrRange"] = "34.64.0.0/16"
    draft.items("nodes")[0]["spec"] |= {"podCIDR": "34.64.1.0/24", "podCIDRs": ["34.64.1.0/24"]}
    draft.items("pods")[0]["status"]["podIP"] = "34.64.1.5"
    draft.admit("project-b/vpc-b", "34.64.0.0/16")
    found = draft.walk("pod my-pod", "10.2.0.10")
    assert shape(found) == ["return route drop ROUTE_WRONG_NETWORK"]
    assert "pupi-not-imported" in {each.why_not and each.why_not.value for each in found.back[0].candidates}
    side(draft, "b")["importSubnetRoutesWithPublicIp"] = True
    assert draft.walk("pod my-pod", "10.2.0.10").outcome is OK


def test_public_addresses(draft: Any, shape: Shape) -> None:
    """Outside every VPC that was read nothing can be told; inside one the packet is lost to the internet."""
    assert draft.walk("pod my-pod", "8.8.8.8").outcome is None
    draft.items("nodes")[1]["spec"] |= {"podCIDR": "34.64.1.0/24", "podCIDRs": ["34.64.1.0/24"]}
    assert shape(draft.walk("node gke-node-01", "34.64.1.9"))[0] == "forward route drop ROUTE_WRONG_NETWORK"


def forwarding_rule(draft: Any, **keys: Any) -> None:
    draft.compute["project-b"]["forwardingRules"].append(
        {
            "name": "ilb",
            "IPAddress": "10.2.0.77",
            "loadBalancingScheme": "INTERNAL",
            "network": "projects/project-b/global/networks/vpc-b",
            "region": "projects/project-b/regions/asia-northeast1",
            **keys,
        }
    )


def test_rc64_internal_load_balancer(draft: Any, shape: Shape) -> None:
    exchange(draft)
    forwarding_rule(draft)
    assert draft.walk("pod my-pod", "10.2.0.77").outcome is OK
    forwarding_rule_region = draft.compute["project-b"]["forwardingRules"][0]
    forwarding_rule_region["region"] = "projects/project-b/regions/europe-west1"
    assert shape(draft.walk("pod my-pod", "10.2.0.77")) == ["forward deliver drop FORWARDING_RULE_REGION_MISMATCH"]
    forwarding_rule_region["allowGlobalAccess"] = True
    assert draft.walk("pod my-pod", "10.2.0.77").outcome is OK


def test_rc65_private_service_connect(draft: Any, shape: Shape) -> None:
    exchange(draft)
    forwarding_rule(draft, loadBalancingScheme="", target="projects/p/regions/r/serviceAttachments/s")
    assert shape(draft.walk("pod my-pod", "10.2.0.77")) == [
        "forward deliver drop PSC_ENDPOINT_ACCESSED_FROM_PEERED_NETWORK"
    ]
    assert draft.walk("vm project-b/target-gce-01", "10.2.0.77").outcome is OK


def third(draft: Any) -> None:
    draft.network("project-c", "vpc-c")
    draft.subnet("project-c", "vpc-c", "10.3.0.0/16")
    draft.vm("project-c", "vpc-c", "far", "10.3.0.10")
    draft.admit("project-c/vpc-c", "0.0.0.0/0")
    draft.peer("project-b/vpc-b", "project-c/vpc-c")


def test_rc59_peering_is_not_transitive(draft: Any, shape: Shape) -> None:
    third(draft)
    found = draft.walk("pod my-pod", "10.3.0.10")
    assert shape(found)[0] == "forward route drop PRIVATE_TRAFFIC_TO_INTERNET"
    route = next(hop for hop in found.forward if hop.kind == "route")
    assert "not-transitive" in {each.why_not and each.why_not.value for each in route.candidates}
    assert draft.walk("vm project-b/target-gce-01", "10.3.0.10").outcome is OK


def test_the_gateway_address_answers_nothing(draft: Any) -> None:
    found = draft.walk("node gke-node-01", "10.2.0.1")
    broken = found.breaks[0]
    assert (found.outcome, broken.reason) == (TO, "UNKNOWN_INTERNAL_ADDRESS")
    assert "reserved by Google" in broken.sentence


def test_rc53_a_service_has_the_targets_address(draft: Any) -> None:
    draft.items("services").append(
        {"metadata": {"name": "s", "namespace": "default"}, "spec": {"clusterIP": "10.2.0.10"}}
    )
    found = draft.walk("pod my-pod", "10.2.0.10")
    assert (found.outcome, found.forward[-1].kind) == (None, "service")


def test_rc51_a_policy_based_route_diverts_pods_alone(draft: Any) -> None:
    exchange(draft)
    draft.compute["project-a"]["policyBasedRoutes"] = [
        {
            "name": "nva",
            "network": "vpc-a",
            "filter": {"srcRange": "172.16.0.0/16"},
            "priority": 1,
            "nextHopIlbIp": "10.1.0.99",
        }
    ]
    assert draft.walk("node gke-node-01", "10.2.0.10").outcome is OK
    assert draft.walk("pod my-pod", "10.2.0.10").outcome is None
    MASQ(draft)
    assert draft.walk("pod my-pod", "10.2.0.10").outcome is OK


def test_equal_routes_that_do_not_all_lead_home(draft: Any, shape: Shape) -> None:
    exchange(draft)
    good = next(route for route in draft.compute["project-a"]["routes"] if route["destRange"] == "172.16.1.0/24")
    draft.route("project-a", "vpc-a", "172.16.1.0/24", nextHopInstance=good["nextHopInstance"].replace("-01", "-02"))
    found = draft.walk("pod my-pod", "10.2.0.10")
    assert (found.outcome, shape(found)) == (None, ["return deliver unknown"])
