"""Which route wins (VPC "Routes" documentation, "Routing order"), and why each of the others lost."""

from __future__ import annotations

import random
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.path import Verdict, WhyNot
from rules.routing import Choice, choose
from rules.snapshot import Vpc
from rules.world import Agent, AgentState, HopKind, Network, NextHop, Route, RouteKind, World

A, B = Vpc("project-a", "vpc-a"), Vpc("project-b", "vpc-b")
VPN = "projects/project-b/regions/asia-northeast1/vpnTunnels"


def chosen(draft: Any, dest: str, vpc: Vpc = B, **keys: Any) -> Choice:
    return choose(draft.world(), vpc, IPv4Address(dest), **keys)


def fates(choice: Choice) -> dict[str, str]:
    """Each candidate's name with its fate, ghosts in brackets."""
    return {
        f"[{each.route.dest}]" if each.ghost else each.route.name: each.why_not.value if each.why_not else "used"
        for each in choice.candidates
    }


def test_a_private_address_dies_at_the_internet_gateway(draft: Any) -> None:
    found = chosen(draft, "172.16.1.5", answering=True)
    assert (found.verdict, found.reason) == (Verdict.DROP, "PRIVATE_TRAFFIC_TO_INTERNET")
    assert found.sentence == (
        "vpc-b has no route to 172.16.1.5: the answer matches only 0.0.0.0/0 to default-internet-gateway, "
        "which drops private addresses."
    )
    assert fates(found) == {"route-0": "used", "[172.16.1.0/24]": "not-exported"}


def test_without_a_default_route_there_is_none(draft: Any) -> None:
    draft.compute["project-b"]["routes"].clear()
    found = chosen(draft, "172.16.1.5")
    assert (found.verdict, found.reason, found.sentence) == (
        Verdict.DROP,
        "NO_ROUTE",
        "vpc-b has no route to 172.16.1.5.",
    )


def test_a_public_address_leaves_by_the_gateway(draft: Any) -> None:
    assert chosen(draft, "8.8.8.8").verdict is Verdict.OK


def test_subnet_routes_win_outright(draft: Any) -> None:
    """Even a more specific custom route does not get a subnet's packets, and nothing falls through."""
    draft.route("project-b", "vpc-b", "10.2.0.0/24", nextHopIp="10.2.0.99", name="narrow", priority=0)
    found = chosen(draft, "10.2.0.77")
    assert [route.kind for route in found.routes] == [RouteKind.SUBNET]
    assert fates(found)["narrow"] == "shadowed-by-subnet"


def test_peering_subnets_win_over_custom_routes_too(draft: Any) -> None:
    draft.route("project-b", "vpc-b", "10.1.0.0/24", nextHopIp="10.2.0.10", name="narrow")
    found = chosen(draft, "10.1.0.11")
    assert found.routes[0].origin == A


def test_the_most_specific_custom_route_wins(draft: Any) -> None:
    draft.route("project-b", "vpc-b", "172.16.0.0/12", nextHopIp="10.2.0.10", name="wide", priority=0)
    draft.route("project-b", "vpc-b", "172.16.0.0/16", nextHopIp="10.2.0.10", name="narrow", priority=9000)
    found = chosen(draft, "172.16.1.5")
    assert fates(found) == {
        "narrow": "used",
        "wide": "less-specific",
        "route-0": "less-specific",
        "[172.16.1.0/24]": "not-exported",
    }


def test_then_the_lowest_priority_number(draft: Any) -> None:
    draft.route("project-b", "vpc-b", "172.16.0.0/16", nextHopIp="10.2.0.10", name="late", priority=200)
    draft.route("project-b", "vpc-b", "172.16.0.0/16", nextHopIp="10.2.0.10", name="early", priority=100)
    found = fates(chosen(draft, "172.16.1.5"))
    assert (found["early"], found["late"]) == ("used", "lower-priority")


def test_equal_routes_share(draft: Any) -> None:
    for name in ("one", "other"):
        draft.route("project-b", "vpc-b", "172.16.0.0/16", nextHopIp="10.2.0.10", name=name)
    assert len(chosen(draft, "172.16.1.5").routes) == 2


def test_tags(draft: Any) -> None:
    draft.route("project-b", "vpc-b", "172.16.0.0/16", nextHopIp="10.2.0.10", name="tagged", tags=["nat"])
    assert fates(chosen(draft, "172.16.1.5"))["tagged"] == "tagged"
    assert fates(chosen(draft, "172.16.1.5", tags=frozenset({"nat"})))["tagged"] == "used"
    assert chosen(draft, "172.16.1.5", tags=None).verdict is Verdict.UNKNOWN


def crossing(draft: Any) -> None:
    draft.find_network("project-a/vpc-a")["peerings"][0]["exportCustomRoutes"] = True
    draft.find_network("project-b/vpc-b")["peerings"][0]["importCustomRoutes"] = True


def test_own_routes_come_before_a_peers(draft: Any) -> None:
    crossing(draft)
    draft.route("project-b", "vpc-b", "172.16.1.0/24", nextHopIp="10.2.0.10", name="own", priority=9000)
    found = chosen(draft, "172.16.1.5")
    assert fates(found) == {"own": "used", "route-0": "less-specific", "[172.16.1.0/24]": "local-preferred"}


def test_a_tagged_own_route_does_not_come_before_a_peers_for_others(draft: Any) -> None:
    crossing(draft)
    draft.route("project-b", "vpc-b", "172.16.1.0/24", nextHopIp="10.2.0.10", name="own", tags=["nat"])
    assert chosen(draft, "172.16.1.5").routes[0].origin == A
    assert fates(chosen(draft, "172.16.1.5", tags=frozenset({"nat"})))["own"] == "used"


def test_two_peers_with_one_prefix_cannot_be_told_apart(draft: Any) -> None:
    crossing(draft)
    draft.network("project-c", "vpc-c")
    draft.subnet("project-c", "vpc-c", "10.3.0.0/16")
    draft.vm("project-c", "vpc-c", "nva", "10.3.0.9", canIpForward=True)
    draft.route("project-c", "vpc-c", "172.16.1.0/24", nextHopIp="10.3.0.9", name="theirs")
    draft.peer("project-b/vpc-b", "project-c/vpc-c", a_importCustomRoutes=True, b_exportCustomRoutes=True)
    found = chosen(draft, "172.16.1.5")
    assert found.verdict is Verdict.UNKNOWN
    assert "project-a/vpc-a / project-c/vpc-c" in found.sentence


@pytest.mark.parametrize(
    ("keys", "reason"),
    [
        ({"nextHopInstance": "zones/asia-northeast1-a/instances/gone"}, "ROUTE_NEXT_HOP_RESOURCE_NOT_FOUND"),
        ({"nextHopInstance": "zones/asia-northeast1-b/instances/target-gce-01"}, "ROUTE_NEXT_HOP_RESOURCE_NOT_FOUND"),
        ({"nextHopInstance": "zones/asia-northeast1-a/instances/stopped"}, "INSTANCE_NOT_RUNNING"),
        ({"nextHopIp": "10.2.0.123"}, "ROUTE_NEXT_HOP_IP_ADDRESS_NOT_RESOLVED"),
        ({}, "ROUTE_BLACKHOLE"),
    ],
)
def test_next_hops_that_are_down(draft: Any, keys: dict[str, str], reason: str) -> None:
    """A dead next hop drops the packet; it does not fall through to the default route."""
    draft.vm("project-b", "vpc-b", "stopped", "10.2.0.50", status="TERMINATED")
    draft.route("project-b", "vpc-b", "172.16.0.0/16", name="dead", **keys)
    found = chosen(draft, "172.16.1.5")
    assert (found.verdict, found.reason, found.routes) == (Verdict.DROP, reason, ())
    assert fates(found)["dead"] == "next-hop-down"


def test_a_dead_next_hop_leaves_its_twin_alone(draft: Any) -> None:
    draft.route("project-b", "vpc-b", "172.16.0.0/16", name="dead", nextHopIp="10.2.0.123", priority=1)
    draft.route("project-b", "vpc-b", "172.16.0.0/16", name="alive", nextHopIp="10.2.0.10", priority=9)
    found = fates(chosen(draft, "172.16.1.5"))
    assert (found["alive"], found["dead"]) == ("used", "next-hop-down")


def test_warnings_speak_where_vms_are_unread(draft: Any) -> None:
    del draft.compute["project-b"]["instances"]
    warning = [{"code": "NEXT_HOP_INSTANCE_NOT_FOUND"}]
    draft.route(
        "project-b", "vpc-b", "172.16.0.0/16", name="dead", nextHopInstance="zones/z/instances/x", warnings=warning
    )
    assert fates(chosen(draft, "172.16.1.5"))["dead"] == "next-hop-down"


@pytest.mark.parametrize("status", ["DROPPED", "INACTIVE", "PENDING"])
def test_routes_that_are_not_active(draft: Any, status: str) -> None:
    draft.route("project-b", "vpc-b", "172.16.0.0/16", name="off", nextHopIp="10.2.0.10", routeStatus=status)
    found = chosen(draft, "172.16.1.5")
    assert fates(found)["off"] == "next-hop-down"
    assert found.reason == "PRIVATE_TRAFFIC_TO_INTERNET"


def router(draft: Any, project: str, network: str, *dests: str, region: str = "asia-northeast1") -> None:
    url = draft.find_network(f"{project}/{network}")["selfLink"]
    tunnel = f"projects/{project}/regions/{region}/vpnTunnels/tunnel-1"
    best = [{"destRange": dest, "network": url, "nextHopVpnTunnel": tunnel, "priority": 100} for dest in dests]
    draft.compute[project].setdefault("routerStatus", []).append(
        {"router": "r1", "region": region, "result": {"network": url, "bestRoutes": best}}
    )


def test_dynamic_routes_are_regional_where_the_network_says_so(draft: Any) -> None:
    router(draft, "project-b", "vpc-b", "172.16.0.0/16")
    assert chosen(draft, "172.16.1.5", region="europe-west1").routes[0].kind is RouteKind.DYNAMIC
    draft.find_network("project-b/vpc-b")["routingConfig"] = {"routingMode": "REGIONAL"}
    found = chosen(draft, "172.16.1.5", region="europe-west1")
    assert "other-region" in fates(found).values()
    assert chosen(draft, "172.16.1.5", region="asia-northeast1").verdict is Verdict.OK


def test_static_before_dynamic_at_equal_priority(draft: Any) -> None:
    router(draft, "project-b", "vpc-b", "172.16.0.0/16")
    draft.route("project-b", "vpc-b", "172.16.0.0/16", name="static", nextHopIp="10.2.0.10", priority=100)
    assert fates(chosen(draft, "172.16.1.5"))["static"] == "used"


def test_policy_based_routes_come_first(draft: Any) -> None:
    draft.compute["project-a"]["policyBasedRoutes"] = [
        {
            "name": "projects/project-a/locations/global/policyBasedRoutes/inspect",
            "network": "projects/project-a/global/networks/vpc-a",
            "filter": {"srcRange": "172.16.0.0/16", "destRange": "10.2.0.0/16", "ipProtocol": "TCP"},
            "priority": 100,
            "nextHopIlbIp": "10.1.0.200",
        }
    ]
    pod, node = IPv4Address("172.16.1.5"), IPv4Address("10.1.0.11")
    found = chosen(draft, "10.2.0.10", A, source=pod)
    assert found.verdict is Verdict.UNKNOWN
    assert found.policy is not None
    assert found.policy.name == "inspect"
    assert chosen(draft, "10.2.0.10", A, source=node).policy is None
    assert chosen(draft, "10.2.0.10", A, source=pod, protocol="icmp").policy is None
    draft.compute["project-a"]["policyBasedRoutes"].append(
        {
            "name": "skip",
            "network": "vpc-a",
            "filter": {"srcRange": "172.16.1.0/24"},
            "priority": 1,
            "nextHopOtherRoutes": "DEFAULT_ROUTING",
        }
    )
    assert chosen(draft, "10.2.0.10", A, source=pod).verdict is Verdict.OK


def test_ghosts_of_a_third_vpc(draft: Any) -> None:
    draft.network("project-c", "vpc-c")
    draft.subnet("project-c", "vpc-c", "10.3.0.0/16")
    draft.peer("project-b/vpc-b", "project-c/vpc-c")
    found = chosen(draft, "10.3.0.5", A)
    assert fates(found) == {"route-0": "used", "[10.3.0.0/16]": "not-transitive"}
    assert found.verdict is Verdict.DROP


def test_ghost_of_a_missing_node_route(draft: Any) -> None:
    draft.compute["project-a"]["routes"] = [
        r for r in draft.compute["project-a"]["routes"] if r["destRange"] != "172.16.1.0/24"
    ]
    found = chosen(draft, "172.16.1.5", A)
    assert fates(found) == {"route-0": "used", "[172.16.1.0/24]": "no-match"}
    assert "node gke-node-01 has podCIDR 172.16.1.0/24" in found.candidates[-1].sentence


def test_what_is_unread_is_unknown(draft: Any) -> None:
    del draft.compute["project-b"]["routes"]
    assert chosen(draft, "10.1.0.11").verdict is Verdict.OK
    draft.find_network("project-a/vpc-a")["peerings"][0]["exportCustomRoutes"] = True
    draft.find_network("project-b/vpc-b")["peerings"][0]["importCustomRoutes"] = True
    found = chosen(draft, "172.16.1.5")
    assert found.verdict is Verdict.UNKNOWN
    assert "could not be read" in found.sentence


def test_unread_routers_make_a_missing_route_doubtful(draft: Any) -> None:
    draft.compute["project-a"].pop("routers")
    draft.gaps.append({"read": "compute.routers.aggregatedList", "of": "project-a", "why": "forbidden"})
    assert chosen(draft, "192.168.9.9", A).verdict is Verdict.UNKNOWN
    assert chosen(draft, "10.2.0.10", A).verdict is Verdict.OK


# Properties -----------------------------------------------------------------------------------------------------

dests = st.sampled_from(
    [IPv4Network(t) for t in ("0.0.0.0/0", "172.16.0.0/12", "172.16.0.0/16", "172.16.1.0/24", "10.9.0.0/16")]
)
routes = st.lists(
    st.builds(
        lambda dest, kind, priority, tag, number: Route(
            B, f"r{number}", dest, kind,
            NextHop(HopKind.NETWORK) if kind is RouteKind.SUBNET else NextHop(HopKind.VPN_TUNNEL, f"t{number}"),
            0 if kind is RouteKind.SUBNET else priority,
            frozenset({tag} if tag and kind is RouteKind.STATIC else ()),
        ),
        dests, st.sampled_from([RouteKind.STATIC, RouteKind.STATIC, RouteKind.DYNAMIC, RouteKind.SUBNET]),
        st.integers(0, 2), st.sampled_from(["", "t"]), st.integers(0, 10**6),
    ),
    max_size=8,
    unique_by=lambda route: route.name,
)  # fmt: skip


def world_of(rows: tuple[Route, ...]) -> World:
    network = Network(B, peerings=(), subnets=(), routes=rows)
    return World(
        networks={B: network}, instances=(), forwarding_rules=(), cluster=None, nodes={}, pods={},
        agent=Agent(AgentState.ABSENT), config_maps=(), network_policies=(), services=(),
        egress_nat_policies=(), node_nat={},
    )  # fmt: skip


@settings(max_examples=300)
@given(routes, st.randoms(use_true_random=False), st.sampled_from([frozenset(), frozenset({"t"})]))
def test_the_order_of_the_table_does_not_matter(
    rows: list[Route], shuffle: random.Random, tags: frozenset[str]
) -> None:
    dest = IPv4Address("172.16.1.5")
    turned = list(rows)
    shuffle.shuffle(turned)
    one = choose(world_of(tuple(rows)), B, dest, tags=tags)
    other = choose(world_of(tuple(turned)), B, dest, tags=tags)
    same = {route.dest for route in rows if route.kind is RouteKind.SUBNET}
    names = [{route.name for route in found.routes if route.dest not in same} for found in (one, other)]
    assert names[0] == names[1]
    assert (one.verdict, one.reason) == (other.verdict, other.reason)


@settings(max_examples=300)
@given(routes, st.sampled_from([frozenset(), frozenset({"t"})]))
def test_every_candidate_has_one_fate(rows: list[Route], tags: frozenset[str]) -> None:
    dest = IPv4Address("172.16.1.5")
    found = choose(world_of(tuple(rows)), B, dest, tags=tags)
    used = [each.route for each in found.candidates if each.why_not is None]
    assert tuple(used) == found.routes
    assert all(dest in each.route.dest for each in found.candidates)
    matching = {route.dest for route in rows if dest in route.dest}
    assert {each.route.dest for each in found.candidates} == matching
    if any(route.kind is RouteKind.SUBNET and dest in route.dest for route in rows):
        assert [route.kind for route in found.routes] == [RouteKind.SUBNET]


@given(routes)
def test_a_losing_route_can_go_without_notice(rows: list[Route]) -> None:
    dest = IPv4Address("172.16.1.5")
    found = choose(world_of(tuple(rows)), B, dest)
    losers = {each.route for each in found.candidates if each.why_not is not None}
    kept = tuple(row for row in rows if row not in losers)
    again = choose(world_of(kept), B, dest)
    assert set(again.routes) == set(found.routes)
    assert replace(again, candidates=(), sentence="") == replace(found, candidates=(), sentence="", routes=again.routes)


def test_reasons_are_known_words(draft: Any) -> None:
    for dest in ("172.16.1.5", "10.1.0.1", "10.2.0.1", "8.8.8.8"):
        for each in chosen(draft, dest).candidates:
            assert each.why_not is None or isinstance(each.why_not, WhyNot)
