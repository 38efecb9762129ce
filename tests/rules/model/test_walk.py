"""The way there and back, fault by fault, for the probes A pod→local, C node→target, D pod→target.

Each row is one cause of the catalogue, made in the article's system: what the three probes see, and every hop of
pod→target that does not go well.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations
from typing import Any

import pytest

from rules.path import Hop, Leg, Source, Verdict, Walk
from rules.snapshot import Outcome, PodRef, Target, Vpc
from rules.walk import local_vpc, walk

Edit = Callable[[Any], None]
Shape = Callable[[Walk], list[str]]
OK, TO, UN = Outcome.OK, Outcome.TIMEOUT, None
HOME = "return route drop PRIVATE_TRAFFIC_TO_INTERNET"


def side(draft: Any, project: str) -> dict[str, Any]:
    found: dict[str, Any] = draft.find_network(f"project-{project}/vpc-{project}")["peerings"][0]
    return found


def exchange(draft: Any) -> None:
    side(draft, "a")["exportCustomRoutes"] = True
    side(draft, "b")["importCustomRoutes"] = True


def export_only(draft: Any) -> None:
    side(draft, "a")["exportCustomRoutes"] = True


def config(text: str) -> Edit:
    return lambda draft: draft.config_map(text)


def admit_b(*ranges: str) -> Edit:
    def edit(draft: Any) -> None:
        draft.effective("project-b/vpc-b")["firewalls"].clear()
        draft.admit("project-b/vpc-b", *ranges)

    return edit


def inactive(draft: Any) -> None:
    for name in "ab":
        side(draft, name).update(state="INACTIVE", stateDetails="[2026-01-01]: The peer network is gone.")


def no_peering(draft: Any) -> None:
    for name in "ab":
        draft.find_network(f"project-{name}/vpc-{name}")["peerings"].clear()


def instance(name: str, **keys: Any) -> Edit:
    def edit(draft: Any) -> None:
        for project in draft.compute.values():
            for item in project["instances"]:
                if item["name"] == name:
                    item |= keys

    return edit


def without_instance(name: str) -> Edit:
    def edit(draft: Any) -> None:
        for project in draft.compute.values():
            project["instances"] = [item for item in project["instances"] if item["name"] != name]

    return edit


def without_node_route(draft: Any) -> None:
    routes = draft.compute["project-a"]["routes"]
    routes[:] = [route for route in routes if route["destRange"] != "172.16.1.0/24"]


def stale_node_route(draft: Any) -> None:
    route = next(route for route in draft.compute["project-a"]["routes"] if route["destRange"] == "172.16.1.0/24")
    route["nextHopInstance"] = route["nextHopInstance"].replace("gke-node-01", "gke-node-02")


def tagged_node_routes(draft: Any) -> None:
    for route in draft.compute["project-a"]["routes"]:
        if route.get("description") == "k8s-node-route":
            route["tags"] = ["gke"]


def network_policy(draft: Any) -> None:
    draft.clusters[0]["networkPolicy"] = {"enabled": True}
    block = {"to": [{"ipBlock": {"cidr": "10.1.0.0/16"}}]}
    spec = {"podSelector": {}, "policyTypes": ["Egress"], "egress": [block]}
    draft.items("networkpolicies").append({"metadata": {"name": "own", "namespace": "default"}, "spec": spec})


def egress_deny(*ranges: str, **keys: Any) -> Edit:
    def edit(draft: Any) -> None:
        deny = {
            "allowed": [],
            "denied": [{"IPProtocol": "all"}],
            "direction": "EGRESS",
            "destinationRanges": list(ranges),
        }
        draft.admit("project-a/vpc-a", **{**deny, **keys})

    return edit


def subnet_b(cidr: str) -> Edit:
    return lambda draft: draft.subnet("project-b", "vpc-b", cidr)


def route_b(dest: str, **keys: Any) -> Edit:
    return lambda draft: draft.route("project-b", "vpc-b", dest, **keys)


def no_default_b(draft: Any) -> None:
    draft.compute["project-b"]["routes"].clear()


def both(*edits: Edit) -> Edit:
    def edit(draft: Any) -> None:
        for each in edits:
            each(draft)

    return edit


def nothing(draft: Any) -> None:
    pass


MASQ = config("nonMasqueradeCIDRs: [172.16.0.0/16, 10.1.0.0/16]\nresyncInterval: 60s\n")
TUNNEL = "projects/project-b/regions/asia-northeast1/vpnTunnels/to-site"

TABLE: list[tuple[str, Edit, tuple[Outcome | None, Outcome | None, Outcome | None], list[str]]] = [
    ("RC01 the article", nothing, (OK, OK, TO), [HOME]),
    ("RC01 without a default route", no_default_b, (OK, OK, TO), ["return route drop NO_ROUTE"]),
    ("RC01 cured by masquerading", MASQ, (OK, OK, OK), []),
    ("RC01 cured by exchange", exchange, (OK, OK, OK), []),
    ("RC02 exported, not imported", export_only, (OK, OK, TO), [HOME]),
    (
        "RC08 tagged node routes",
        both(exchange, tagged_node_routes),
        (TO, OK, TO),
        [HOME, "return deliver drop NO_ROUTE"],
    ),
    (
        "RC06 narrower subnet in B",
        both(exchange, subnet_b("172.16.1.0/28")),
        (TO, OK, TO),
        ["return deliver drop ROUTE_WRONG_NETWORK"],
    ),
    ("RC06 narrower subnet in B beside the pod", both(exchange, subnet_b("172.16.1.128/25")), (OK, OK, OK), []),
    (
        "RC05 own route in B into a tunnel",
        both(exchange, route_b("172.16.1.0/24", nextHopVpnTunnel=TUNNEL)),
        (OK, OK, TO),
        ["return route drop ROUTE_WRONG_NETWORK"],
    ),
    (
        "RC05 own route in B to an appliance that cannot forward",
        both(exchange, route_b("172.16.1.0/24", nextHopIp="10.2.0.10")),
        (OK, OK, TO),
        ["return deliver drop ROUTE_WRONG_NETWORK"],
    ),
    ("RC22 list still holds the target", config("nonMasqueradeCIDRs: [10.0.0.0/8]"), (OK, OK, TO), [HOME]),
    (
        "RC20 refused list",
        config("nonMasqueradeCIDRs: 10.1.0.0/16"),
        (OK, OK, UN),
        ["forward masquerade unknown UNKNOWN", "return route unknown"],
    ),
    (
        "RC20 refused list, but the routes cross",
        both(exchange, config("nonMasqueradeCIDRs: 10.1.0.0/16")),
        (OK, OK, OK),
        ["forward masquerade unknown UNKNOWN"],
    ),
    (
        "RC30 B admits nodes only",
        both(exchange, admit_b("10.1.0.0/16")),
        (OK, OK, TO),
        ["forward ingress-firewall drop FIREWALL_RULE"],
    ),
    (
        "RC31 neither routes nor firewall",
        admit_b("10.1.0.0/16"),
        (OK, OK, TO),
        ["forward ingress-firewall drop FIREWALL_RULE", HOME],
    ),
    ("RC31 cured by masquerading", both(admit_b("10.1.0.0/16"), MASQ), (OK, OK, OK), []),
    ("RC32 B admits pods only", both(exchange, admit_b("172.16.0.0/16")), (OK, TO, OK), []),
    (
        "RC33 B admits pods only, masqueraded",
        both(exchange, admit_b("172.16.0.0/16"), MASQ),
        (OK, TO, TO),
        ["forward ingress-firewall drop FIREWALL_RULE"],
    ),
    (
        "RC36 egress deny on the nodes",
        both(exchange, egress_deny("10.2.0.0/16")),
        (OK, TO, TO),
        ["forward egress-firewall drop FIREWALL_RULE"],
    ),
    (
        "RC37 egress deny for pods' addresses",
        both(exchange, egress_deny("10.0.0.0/8", sourceRanges=["172.16.0.0/16"])),
        (TO, OK, TO),
        ["forward egress-firewall drop FIREWALL_RULE"],
    ),
    ("RC42 NetworkPolicy", both(exchange, network_policy), (OK, OK, TO), ["forward policy drop GKE_NETWORK_POLICY"]),
    (
        "RC42 NetworkPolicy acts before masquerading",
        both(MASQ, network_policy),
        (OK, OK, TO),
        ["forward policy drop GKE_NETWORK_POLICY"],
    ),
    (
        "RC48 node route missing",
        both(exchange, without_node_route),
        (TO, OK, TO),
        [HOME, "return deliver drop NO_ROUTE"],
    ),
    ("RC48 node route missing, masqueraded", both(without_node_route, MASQ), (TO, OK, OK), []),
    (
        "RC48 node route to the wrong node",
        both(exchange, stale_node_route),
        (TO, OK, TO),
        ["return deliver drop ROUTING_LOOP"],
    ),
    (
        "RC49 node without canIpForward",
        both(exchange, instance("gke-node-01", canIpForward=False)),
        (TO, OK, TO),
        ["forward anti-spoofing drop FOREIGN_IP_DISALLOWED", "return deliver drop FOREIGN_IP_DISALLOWED"],
    ),
    ("RC49 masqueraded", both(instance("gke-node-01", canIpForward=False), MASQ), (TO, OK, OK), []),
    (
        "RC57 peering inactive",
        inactive,
        (OK, TO, TO),
        [
            "forward route drop PRIVATE_TRAFFIC_TO_INTERNET",
            "forward peering drop NO_ROUTE",
            HOME,
            "return peering drop NO_ROUTE",
        ],
    ),
    ("RC58 no peering", no_peering, (OK, TO, TO), ["forward route drop PRIVATE_TRAFFIC_TO_INTERNET", HOME]),
    (
        "RC66 target stopped",
        both(exchange, instance("target-gce-01", status="TERMINATED")),
        (OK, TO, TO),
        ["forward deliver drop INSTANCE_NOT_RUNNING"],
    ),
    (
        "RC66 nobody has the address",
        both(exchange, without_instance("target-gce-01")),
        (OK, TO, TO),
        ["forward deliver drop UNKNOWN_INTERNAL_ADDRESS"],
    ),
    (
        "RC66 and RC01",
        without_instance("target-gce-01"),
        (OK, TO, TO),
        ["forward deliver drop UNKNOWN_INTERNAL_ADDRESS", HOME],
    ),
    (
        "everything at once",
        both(
            network_policy,
            admit_b("192.0.2.0/24"),
            instance("gke-node-01", canIpForward=False),
            instance("target-gce-01", status="STOPPED"),
        ),
        (TO, TO, TO),
        [
            "forward policy drop GKE_NETWORK_POLICY",
            "forward anti-spoofing drop FOREIGN_IP_DISALLOWED",
            "forward ingress-firewall drop FIREWALL_RULE",
            "forward deliver drop INSTANCE_NOT_RUNNING",
            HOME,
            "return deliver drop FOREIGN_IP_DISALLOWED",
        ],
    ),
]


@pytest.mark.parametrize(("edit", "outcomes", "troubles"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
def test_catalogue(
    draft: Any,
    shape: Shape,
    edit: Edit,
    outcomes: tuple[Outcome | None, Outcome | None, Outcome | None],
    troubles: list[str],
) -> None:
    edit(draft)
    ways = [
        draft.walk("pod my-pod", "10.1.0.21"),
        draft.walk("node gke-node-01", "10.2.0.10"),
        draft.walk("pod my-pod", "10.2.0.10"),
    ]
    assert tuple(way.outcome for way in ways) == outcomes
    assert shape(ways[2]) == troubles
    for way in ways:
        for hop in way.hops:
            assert hop.sentence
            assert "{" not in hop.sentence
            assert hop.verdict is not Verdict.DROP or (hop.reason and hop.owner)


def test_who_owns_the_break(draft: Any) -> None:
    broken = draft.walk("pod my-pod", "10.2.0.10").breaks[0]
    assert (broken.leg, broken.at, broken.owner, broken.vpc) == (
        Leg.RETURN,
        "project-b/vpc-b",
        "project-b",
        Vpc("project-b", "vpc-b"),
    )
    assert broken.sentence == (
        "vpc-b has no route to 172.16.1.5: the answer matches only 0.0.0.0/0 to default-internet-gateway, "
        "which drops private addresses."
    )


def test_what_the_target_sees(draft: Any) -> None:
    assert str(draft.walk("pod my-pod", "10.2.0.10").source_seen) == "172.16.1.5"
    MASQ(draft)
    found = draft.walk("pod my-pod", "10.2.0.10")
    assert str(found.source_seen) == "10.1.0.11"
    assert [hop.kind for hop in found.back] == ["route", "peering", "deliver", "unmasquerade"]


def test_hops_in_order(draft: Any) -> None:
    found = draft.walk("pod my-pod", "10.2.0.10")
    assert [hop.kind for hop in found.forward] == [
        "policy",
        "masquerade",
        "egress-firewall",
        "anti-spoofing",
        "route",
        "peering",
        "ingress-firewall",
        "deliver",
    ]
    assert [hop.kind for hop in found.back] == ["route", "peering", "deliver"]


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


# What cannot be read ----------------------------------------------------------------------------------------------


def forbid_b(draft: Any) -> None:
    """No rights in project-b; A's own routes.list still shows what came through the peering."""
    del draft.compute["project-b"]
    draft.route(
        "project-a", "vpc-a", "10.2.0.0/16", nextHopPeering="vpc-a-to-vpc-b", priority=0, name="peering-route-1"
    )


def test_rights_on_one_side_that_does_not_export(draft: Any, shape: Shape) -> None:
    """Unreadable firewalls and VMs leave doubts, yet the answer has certainly no way home."""
    forbid_b(draft)
    found = draft.walk("pod my-pod", "10.2.0.10")
    assert found.outcome is TO
    assert "return route drop NO_ROUTE" in shape(found)
    assert "exportCustomRoutes=false" in found.breaks[0].sentence
    assert draft.walk("node gke-node-01", "10.2.0.10").outcome is None


def outgoing(imported: bool) -> Edit:
    def edit(draft: Any) -> None:
        items = [
            {"destRange": "172.16.1.0/24", "type": "STATIC_PEERING_ROUTE", "priority": 1000, "imported": imported},
            {"destRange": "10.1.0.0/16", "type": "SUBNET_PEERING_ROUTE", "priority": 0, "imported": True},
        ]
        draft.compute["project-a"]["peeringRoutes"] = [
            {"network": "vpc-a", "peering": "vpc-a-to-vpc-b", "direction": "OUTGOING", "items": items}
        ]

    return edit


def test_rights_on_one_side_that_exports(draft: Any, shape: Shape) -> None:
    export_only(draft)
    forbid_b(draft)
    assert "return route unknown" in shape(draft.walk("pod my-pod", "10.2.0.10"))
    outgoing(False)(draft)
    found = draft.walk("pod my-pod", "10.2.0.10")
    assert found.outcome is TO
    assert "return route drop NO_ROUTE" in shape(found)
    outgoing(True)(draft)
    assert not any(line.startswith("return") for line in shape(draft.walk("pod my-pod", "10.2.0.10")))


def test_nothing_but_kubernetes(draft: Any) -> None:
    draft.compute.clear()
    found = draft.walk("pod my-pod", "10.2.0.10")
    assert found.outcome is None
    assert found.doubts
    assert local_vpc(draft.world(), Source(pod=PodRef("default", "my-pod"))) is None


def test_vms_unread_the_nodes_vpc_is_found_by_its_subnet(draft: Any) -> None:
    del draft.compute["project-a"]["instances"]
    assert local_vpc(draft.world(), Source(node="gke-node-01")) == Vpc("project-a", "vpc-a")


def test_nobody_of_that_name(draft: Any) -> None:
    for source in (Source(pod=PodRef("default", "gone")), Source(node="gone"), Source(vm="project-a/gone"), Source()):
        found = walk(draft.world(), source, Target("10.2.0.10"))
        assert (found.outcome, found.hops[0].verdict) == (None, Verdict.UNKNOWN)


REMOVALS = ["networks", "subnetworks", "routes", "instances", "forwardingRules", "effectiveFirewalls"]
KINDS = ["pods", "daemonsets", "configmaps", "networkpolicies", "services"]


@pytest.mark.parametrize("edit", [row[1] for row in TABLE], ids=[row[0] for row in TABLE])
def test_reading_less_never_turns_an_answer_into_its_opposite(draft: Any, edit: Edit) -> None:
    """Whatever one or two reads fail: the same outcome, or none."""
    edit(draft)
    sources = ("pod my-pod", "node gke-node-01")
    full = {source: draft.walk(source, "10.2.0.10").outcome for source in sources}
    reads = [(draft.compute[project], kind) for project in ("project-a", "project-b") for kind in REMOVALS]
    reads += [(draft.kubernetes, kind) for kind in KINDS]
    together = combinations(reads, 2) if edit in (nothing, exchange, MASQ) else ()
    for failed in (*combinations(reads, 1), *together):
        kept = [where.pop(kind) for where, kind in failed]
        for source in sources:
            found = draft.walk(source, "10.2.0.10")
            assert found.outcome in (full[source], None, Outcome.NOT_RUN), [kind for _where, kind in failed]
        for (where, kind), value in zip(failed, kept, strict=True):
            where[kind] = value


def test_reading_everything_leaves_no_doubt(draft: Any) -> None:
    for edit in (nothing, exchange, MASQ):
        edit(draft)
        for source in ("pod my-pod", "node gke-node-01", "vm project-b/target-gce-01"):
            for dest in ("10.2.0.10", "10.1.0.21", "172.16.1.5", "172.16.2.7", "10.1.0.11", "10.2.0.99"):
                assert draft.walk(source, dest).doubts == ()


def test_a_hop_is_hashable_data(draft: Any) -> None:
    for hop in draft.walk("pod my-pod", "10.2.0.10").hops:
        assert isinstance(hop, Hop)
        assert hash(hop) == hash(hop)


def test_a_policy_at_the_pod_comes_behind_what_loses_the_packet_before(draft: Any) -> None:
    """A node that may not take the packet (canIpForward=false) loses it on the way to the pod's NetworkPolicy."""
    draft.clusters[0]["networkPolicy"] = {"enabled": True, "provider": "CALICO"}
    draft.items("networkpolicies").append(
        {
            "metadata": {"name": "closed", "namespace": "default"},
            "spec": {"podSelector": {}, "policyTypes": ["Ingress"]},
        }
    )
    pod = next(iter((draft.world().pods or {}).values()))
    source, target = Source(vm="project-a/test-gce-01"), Target(str(pod.address), 80)
    assert [hop.kind for hop in walk(draft.world(), source, target).breaks] == ["policy"]
    instance(pod.node, canIpForward=False)(draft)
    assert [hop.kind for hop in walk(draft.world(), source, target).breaks][:2] == ["deliver", "policy"]


def test_the_firewall_at_the_end_is_that_of_the_vm_to_which_the_route_leads(draft: Any) -> None:
    """The next hop of a static route has the interface that the packet comes to, whoever owns the address."""
    draft.vm("project-a", "vpc-a", "nva", "10.1.0.77", canIpForward=True, tags={"items": ["nva"]})
    draft.route(
        "project-a",
        "vpc-a",
        "192.168.9.0/24",
        nextHopInstance="projects/project-a/zones/asia-northeast1-a/instances/nva",
    )
    draft.effective("project-a/vpc-a")["firewalls"].clear()
    draft.admit("project-a/vpc-a", "0.0.0.0/0", targetTags=["nva"])
    found = draft.walk("vm project-a/test-gce-01", "192.168.9.9")
    door = next(hop for hop in found.forward if hop.kind == "ingress-firewall")
    assert (door.at, door.verdict) == ("vm project-a/nva", Verdict.OK)
