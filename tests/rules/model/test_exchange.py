"""Which routes cross a peering (VPC Network Peering documentation, "Route exchange options")."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Network
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.exchange import Exchanged, exchanged
from rules.path import WhyNot
from rules.routing import table
from rules.snapshot import Vpc
from rules.world import (
    Agent,
    AgentState,
    HopKind,
    Network,
    NextHop,
    Peering,
    Route,
    RouteKind,
    Subnet,
    World,
)

A, B = Vpc("project-a", "vpc-a"), Vpc("project-b", "vpc-b")
SLICE = "172.16.1.0/24"


def crossing(draft: Any, dest: str = SLICE) -> Exchanged:
    found = exchanged(draft.world(), A, B)
    assert found is not None
    return next(each for each in found if str(each.route.dest) == dest)


def flags(draft: Any, export: bool, take: bool, **keys: Any) -> None:
    draft.find_network("project-a/vpc-a")["peerings"][0] |= {"exportCustomRoutes": export, **keys}
    draft.find_network("project-b/vpc-b")["peerings"][0] |= {"importCustomRoutes": take, **keys}


@pytest.mark.parametrize(
    ("export", "take", "why"),
    [
        (True, True, None),
        (True, False, WhyNot.NOT_IMPORTED),
        (False, True, WhyNot.NOT_EXPORTED),
        (False, False, WhyNot.NOT_EXPORTED),
    ],
)
def test_custom_routes_need_both_flags(draft: Any, export: bool, take: bool, why: WhyNot | None) -> None:
    flags(draft, export, take)
    found = crossing(draft)
    assert (found.imported, found.why_not) == (why is None, why)
    assert found.listed == (why in (None, WhyNot.NOT_IMPORTED))
    seen = found.seen
    assert (seen.vpc, seen.origin, seen.kind) == (B, A, RouteKind.PEERING_STATIC)
    assert (seen.next_hop.kind, seen.next_hop.name) == (HopKind.PEERING, "vpc-b-to-vpc-a")


def test_the_flags_of_the_other_direction_do_nothing(draft: Any) -> None:
    draft.find_network("project-a/vpc-a")["peerings"][0]["importCustomRoutes"] = True
    draft.find_network("project-b/vpc-b")["peerings"][0]["exportCustomRoutes"] = True
    assert crossing(draft).why_not is WhyNot.NOT_EXPORTED


def test_private_subnets_always_cross(draft: Any) -> None:
    assert crossing(draft, "10.1.0.0/16").imported is True


@pytest.mark.parametrize("dest", ["100.64.0.0/20", "198.18.0.0/24", "240.1.0.0/16", "192.0.2.0/26"])
def test_special_use_ranges_count_as_private(draft: Any, dest: str) -> None:
    draft.subnet("project-a", "vpc-a", dest)
    assert crossing(draft, dest).imported is True


def test_public_ranges_used_privately(draft: Any) -> None:
    draft.subnet("project-a", "vpc-a", "10.8.0.0/16", pods="34.64.0.0/20")
    found = crossing(draft, "34.64.0.0/20")
    assert (found.imported, found.why_not) == (False, WhyNot.PUPI_NOT_IMPORTED)
    draft.find_network("project-b/vpc-b")["peerings"][0]["importSubnetRoutesWithPublicIp"] = True
    assert crossing(draft, "34.64.0.0/20").imported is True
    draft.find_network("project-a/vpc-a")["peerings"][0]["exportSubnetRoutesWithPublicIp"] = False
    assert crossing(draft, "34.64.0.0/20").why_not is WhyNot.NOT_EXPORTED


def test_what_never_crosses(draft: Any) -> None:
    flags(draft, True, True)
    draft.route("project-a", "vpc-a", "192.168.0.0/24", tags=["nat"], nextHopIp="10.1.0.21")
    assert crossing(draft, "192.168.0.0/24").why_not is WhyNot.TAGGED
    assert crossing(draft, "0.0.0.0/0").why_not is WhyNot.INTERNET_GATEWAY


def test_overlap_both_ways(draft: Any) -> None:
    """A range equal to or inside the importer's subnet is refused; one that contains it crosses."""
    flags(draft, True, True)
    subnet = draft.subnet("project-b", "vpc-b", "172.16.0.0/20")
    found = crossing(draft)
    assert (found.why_not, found.obstacle) == (WhyNot.SHADOWED_BY_SUBNET, "172.16.0.0/20")
    subnet["ipCidrRange"] = "172.16.1.128/25"
    assert crossing(draft).imported is True


def test_an_own_route_to_the_same_destination_wins_a_narrower_one_does_not_forbid(draft: Any) -> None:
    flags(draft, True, True)
    own = draft.route("project-b", "vpc-b", SLICE, nextHopIp="10.2.0.10")
    assert crossing(draft).why_not is WhyNot.LOCAL_PREFERRED
    own["destRange"] = "172.16.1.0/25"
    assert crossing(draft).imported is True


@pytest.mark.parametrize("side", ["project-a/vpc-a", "project-b/vpc-b"])
def test_inactive_peerings_carry_nothing(draft: Any, side: str) -> None:
    flags(draft, True, True)
    draft.find_network(side)["peerings"][0]["state"] = "INACTIVE"
    for dest in (SLICE, "10.1.0.0/16"):
        assert crossing(draft, dest).why_not is WhyNot.PEERING_INACTIVE


def test_a_peering_without_its_other_half_carries_nothing(draft: Any) -> None:
    flags(draft, True, True)
    draft.find_network("project-b/vpc-b")["peerings"].clear()
    assert crossing(draft, "10.1.0.0/16").why_not is WhyNot.PEERING_INACTIVE


def test_no_peering_is_nothing_and_unread_is_not_known(draft: Any) -> None:
    for vpc in ("project-a/vpc-a", "project-b/vpc-b"):
        draft.find_network(vpc)["peerings"].clear()
    assert exchanged(draft.world(), A, B) == ()
    for project in ("project-a", "project-b"):
        draft.compute[project].pop("networks")
    assert exchanged(draft.world(), A, B) is None


@pytest.mark.parametrize(
    ("export", "take", "effective", "status", "why"),
    [
        (True, False, None, "PENDING_PEER_ACKNOWLEDGEMENT", WhyNot.PENDING_CONSENSUS),
        (False, True, None, "PENDING_LOCAL_ACKNOWLEDMENT", WhyNot.PENDING_CONSENSUS),
        (True, True, False, "PENDING_PEER_ACKNOWLEDGEMENT", WhyNot.PENDING_CONSENSUS),
        (True, True, True, "IN_SYNC", None),
        (True, True, None, "IN_SYNC", None),
        (False, False, None, "IN_SYNC", WhyNot.NOT_EXPORTED),
    ],
)
def test_consensus(
    draft: Any, export: bool, take: bool, effective: bool | None, status: str, why: WhyNot | None
) -> None:
    connection: dict[str, Any] = {"consensusState": {"updateStatus": status}}
    if effective is not None:
        connection["trafficConfiguration"] = {"exportCustomRoutesToPeer": effective}
    flags(draft, export, take, updateStrategy="CONSENSUS", connectionStatus=connection)
    assert crossing(draft).why_not is why


def rows(draft: Any, project: str, direction: str, *items: tuple[str, str, bool]) -> None:
    network, peering = ("vpc-a", "vpc-a-to-vpc-b") if project == "project-a" else ("vpc-b", "vpc-b-to-vpc-a")
    draft.compute[project].setdefault("peeringRoutes", []).append(
        {
            "network": network,
            "peering": peering,
            "direction": direction,
            "region": "asia-northeast1",
            "items": [
                {"destRange": dest, "type": f"{kind}_PEERING_ROUTE", "priority": 1000, "imported": imported}
                for dest, kind, imported in items
            ],
        }
    )


def test_rows_that_were_read_are_the_evidence(draft: Any) -> None:
    flags(draft, True, True)
    rows(draft, "project-b", "INCOMING", ("10.1.0.0/16", "SUBNET", True), (SLICE, "STATIC", False))
    assert (crossing(draft).imported, crossing(draft).why_not) == (False, WhyNot.NOT_IMPORTED)
    # A row that is not there at all was not exported.
    assert crossing(draft, "172.16.2.0/24").why_not is WhyNot.NOT_EXPORTED


def test_one_side_alone_tells_what_the_other_took(draft: Any) -> None:
    """With rights on A only: OUTGOING rows say what B imported."""
    flags(draft, True, False)
    del draft.compute["project-b"]
    assert crossing(draft).imported is None
    rows(
        draft,
        "project-a",
        "OUTGOING",
        ("10.1.0.0/16", "SUBNET", True),
        (SLICE, "STATIC", False),
        ("172.16.2.0/24", "STATIC", True),
    )
    assert (crossing(draft).imported, crossing(draft).why_not) == (False, WhyNot.NOT_IMPORTED)
    assert crossing(draft, "172.16.2.0/24").imported is True
    assert crossing(draft, "10.1.0.0/16").imported is True


def test_one_side_alone_knows_that_it_does_not_export(draft: Any) -> None:
    flags(draft, False, False)
    del draft.compute["project-b"]
    assert (crossing(draft).imported, crossing(draft).why_not) == (False, WhyNot.NOT_EXPORTED)


def test_the_importer_alone_sees_what_it_took(draft: Any) -> None:
    rows(draft, "project-b", "INCOMING", ("10.1.0.0/16", "SUBNET", True), (SLICE, "STATIC", False))
    del draft.compute["project-a"]
    found = {str(each.route.dest): each.imported for each in exchanged(draft.world(), A, B) or ()}
    assert found == {"10.1.0.0/16": True, SLICE: False}


def test_nothing_crosses_twice(draft: Any) -> None:
    draft.network("project-c", "vpc-c")
    draft.subnet("project-c", "vpc-c", "10.3.0.0/16")
    draft.peer("project-b/vpc-b", "project-c/vpc-c", a_exportCustomRoutes=True, b_importCustomRoutes=True)
    found = {str(route.dest) for route in table(draft.world(), Vpc("project-c", "vpc-c")) or ()}
    assert "10.2.0.0/16" in found
    assert "10.1.0.0/16" not in found


def test_dynamic_routes_cross_with_the_exporters_region(draft: Any) -> None:
    flags(draft, True, True)
    url = draft.find_network("project-a/vpc-a")["selfLink"]
    best = {"destRange": "192.168.8.0/24", "network": url, "nextHopVpnTunnel": "tunnel-1", "priority": 100}
    status = {"router": "r1", "region": "asia-northeast1", "result": {"network": url, "bestRoutes": [best]}}
    draft.compute["project-a"]["routerStatus"] = [status]
    assert crossing(draft, "192.168.8.0/24").seen.region == ""
    draft.find_network("project-a/vpc-a")["routingConfig"] = {"routingMode": "REGIONAL"}
    found = crossing(draft, "192.168.8.0/24")
    assert (found.imported, found.seen.kind, found.seen.region) == (True, RouteKind.PEERING_DYNAMIC, "asia-northeast1")


# Properties -----------------------------------------------------------------------------------------------------

dests = st.builds(
    lambda number, bits: IPv4Network((number >> (32 - bits) << (32 - bits), bits)),
    st.integers(0, 2**32 - 1),
    st.integers(8, 28),
)
hops = st.sampled_from([NextHop(HopKind.IP, "10.1.0.9"), NextHop(HopKind.INTERNET_GATEWAY, "default-internet-gateway")])


@st.composite
def sides(draw: st.DrawFn, vpc: Vpc, peer: Vpc) -> Network:
    subnets = [Subnet(vpc, f"s{i}", "r", dest) for i, dest in enumerate(draw(st.lists(dests, max_size=3, unique=True)))]
    routes = tuple(
        Route(
            vpc,
            f"{vpc.name}-{i}",
            dest,
            RouteKind.STATIC,
            draw(hops),
            draw(st.integers(0, 3)),
            frozenset(draw(st.sets(st.just("t"), max_size=1))),
        )
        for i, dest in enumerate(draw(st.lists(dests, max_size=6)))
    )
    peering = Peering(
        vpc,
        f"to-{peer.name}",
        peer,
        draw(st.booleans()),
        export_custom=draw(st.booleans()),
        import_custom=draw(st.booleans()),
        export_public=draw(st.booleans()),
        import_public=draw(st.booleans()),
    )
    return Network(vpc, peerings=(peering,), subnets=tuple(subnets), routes=routes)


def world_of(*networks: Network) -> World:
    return World(
        networks={network.vpc: network for network in networks},
        instances=(), forwarding_rules=(), cluster=None, nodes={}, pods={}, agent=Agent(AgentState.ABSENT),
        config_maps=(), network_policies=(), services=(), egress_nat_policies=(), node_nat={},
    )  # fmt: skip


@given(sides(A, B), sides(B, A))
def test_both_sides_together_are_always_judged(a: Network, b: Network) -> None:
    world = world_of(a, b)
    for exporter, importer in ((A, B), (B, A)):
        found = exchanged(world, exporter, importer)
        assert found is not None
        for each in found:
            assert each.imported is not None
            assert (each.why_not is None) == each.imported
            assert each.sentence
            if each.imported:
                assert each.seen in (table(world, importer) or ())
            assert not (each.imported and each.route.tags)


@given(sides(A, B), sides(B, A))
def test_neither_the_order_of_networks_nor_of_routes_matters(a: Network, b: Network) -> None:
    turned = replace(a, routes=tuple(reversed(a.routes or ())), subnets=tuple(reversed(a.subnets or ())))
    one = exchanged(world_of(a, b), A, B) or ()
    other = exchanged(world_of(b, turned), A, B) or ()
    assert {(each.route, each.imported, each.why_not) for each in one} == {
        (each.route, each.imported, each.why_not) for each in other
    }


@given(sides(A, B), sides(B, A))
def test_what_one_side_claims_alone_the_other_never_contradicts(a: Network, b: Network) -> None:
    """Whatever is certain without B's side stays so once B is read, but for what B's own routes stand in the way of."""
    alone = {each.route: each for each in exchanged(world_of(a), A, B) or ()}
    both = {each.route: each for each in exchanged(world_of(a, b), A, B) or ()}
    for route, each in alone.items():
        if each.imported is False:
            assert both[route].imported is False
