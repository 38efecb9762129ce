"""Snapshot → World: what the APIs really send, and what they never should."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from ipaddress import IPv4Address, IPv4Network
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rules.build import build
from rules.build import read as reading
from rules.path import Source
from rules.routing import choose, table
from rules.snapshot import PodRef, Target, Vpc, from_json
from rules.walk import walk
from rules.world import Action, AgentState, HopKind, RouteKind, World

A, B = Vpc("project-a", "vpc-a"), Vpc("project-b", "vpc-b")


def test_absent_kinds_are_unread_and_empty_ones_are_read(draft: Any) -> None:
    world = draft.world()
    assert world.network_policies == ()
    assert world.networks[A].peerings is not None
    for kind in ("pods", "networkpolicies", "configmaps"):
        draft.kubernetes.pop(kind)
    for kind in ("networks", "subnetworks", "routes", "effectiveFirewalls"):
        draft.compute["project-a"].pop(kind)
    world = draft.world()
    assert (world.pods, world.network_policies, world.config_maps) == (None, None, None)
    assert A not in world.networks


def test_a_network_that_is_only_mentioned(draft: Any) -> None:
    draft.compute["project-a"].pop("networks")
    found = draft.world().networks[A]
    assert (found.peerings, found.subnets is not None, found.routes is not None) == (None, True, True)


def test_projects_that_were_not_read(draft: Any) -> None:
    del draft.compute["project-b"]
    world = draft.world()
    assert ("project-b", "instances") in world.unread
    assert ("project-a", "instances") not in world.unread
    assert ("project-b", "routers") not in world.unread  # not asked for


@pytest.mark.parametrize(
    "url",
    [
        "https://www.googleapis.com/compute/v1/projects/project-b/global/networks/vpc-b",
        "https://compute.googleapis.com/compute/v1/projects/project-b/global/networks/vpc-b",
        "projects/project-b/global/networks/vpc-b",
    ],
)
def test_links_in_every_length(draft: Any, url: str) -> None:
    draft.find_network("project-a/vpc-a")["peerings"][0]["network"] = url
    assert draft.world().networks[A].peering_to(B) is not None


def test_short_names_mean_the_same_project() -> None:
    assert reading.vpc("vpc-a", "project-a") == reading.vpc("global/networks/vpc-a", "project-a") == A


def test_real_rows_of_routes_list(draft: Any) -> None:
    """Names, descriptions and priorities as Google's own API answers show them (gcpdiag's recorded payloads)."""
    url = draft.find_network("project-a/vpc-a")["selfLink"]
    draft.route("project-a", "vpc-a", "10.1.0.0/16", name="default-route-r-0a1b", nextHopNetwork=url, priority=0)
    draft.route(
        "project-a", "vpc-a", "10.2.0.0/16", name="peering-route-7f", nextHopPeering="vpc-a-to-vpc-b", priority=0
    )
    rows = {route.name: route for route in draft.world().networks[A].routes}
    subnet, peering = rows["default-route-r-0a1b"], rows["peering-route-7f"]
    assert (subnet.kind, subnet.next_hop.kind) == (RouteKind.SUBNET, HopKind.NETWORK)
    assert (peering.kind, peering.origin) == (RouteKind.PEERING_SUBNET, B)
    node = next(
        route for route in rows.values() if route.description == "k8s-node-route" and "1.0/24" in str(route.dest)
    )
    assert (node.next_hop.name, node.next_hop.zone) == ("gke-node-01", "asia-northeast1-a")
    gateway = next(route for route in rows.values() if route.dest.prefixlen == 0)
    assert gateway.next_hop.kind is HopKind.INTERNET_GATEWAY
    # A subnet is one row of the table, wherever it was read.
    assert [str(route.dest) for route in table(draft.world(), A) or ()].count("10.1.0.0/16") == 1


def test_ipv6_rows_are_left_out(draft: Any) -> None:
    draft.route("project-a", "vpc-a", "fd20::/48", nextHopIlb="x")
    assert all(isinstance(route.dest, IPv4Network) for route in draft.world().networks[A].routes)


def test_rows_of_several_regions_are_one_list(draft: Any) -> None:
    row = {"destRange": "10.2.0.0/16", "type": "SUBNET_PEERING_ROUTE", "imported": True}
    draft.compute["project-a"]["peeringRoutes"] = [
        {"network": "vpc-a", "peering": "vpc-a-to-vpc-b", "direction": "INCOMING", "region": region, "items": [row]}
        for region in ("asia-northeast1", "europe-west1")
    ]
    peering = draft.world().networks[A].peering_to(B)
    assert len(peering.incoming) == 1
    assert peering.outgoing is None


def test_an_empty_answer_is_an_answer(draft: Any) -> None:
    draft.compute["project-a"]["peeringRoutes"] = [
        {"network": "vpc-a", "peering": "vpc-a-to-vpc-b", "direction": "INCOMING"}
    ]
    assert draft.world().networks[A].peering_to(B).incoming == ()


def test_the_agents_flags_and_pods(draft: Any) -> None:
    agent = draft.world().agent
    assert (agent.state, agent.chain, agent.all_reserved) == (AgentState.PRESENT, "IP-MASQ", True)
    assert (agent.config_map, agent.config_key, agent.config_path) == ("ip-masq-agent", "config", "ip-masq-agent")
    assert set(agent.pods) == {"gke-node-01", "gke-node-02"}
    container = draft.items("daemonsets")[0]["spec"]["template"]["spec"]["containers"][0]
    container |= {
        "command": ["/ip-masq-agent", "-masq-chain", "MINE", "--nomasq-all-reserved-ranges=false"],
        "args": ["--enable-ipv6"],
    }
    agent = draft.world().agent
    assert (agent.chain, agent.all_reserved, agent.ipv6) == ("MINE", False, True)


def test_a_config_map_mounted_without_items(draft: Any) -> None:
    """Then every key is a file, and the agent looks for one called ip-masq-agent."""
    volume = draft.items("daemonsets")[0]["spec"]["template"]["spec"]["volumes"][0]
    del volume["configMap"]["items"]
    assert draft.world().agent.config_key == "ip-masq-agent"


def test_the_agents_absence(draft: Any) -> None:
    draft.items("daemonsets").clear()
    assert draft.world().agent.state is AgentState.ABSENT
    draft.kubernetes.pop("daemonsets")
    assert draft.world().agent.state is AgentState.UNKNOWN


def test_nodes(draft: Any) -> None:
    node = draft.world().nodes["gke-node-01"]
    assert (node.project, node.zone, node.instance) == ("project-a", "asia-northeast1-a", "gke-node-01")
    assert (node.address, node.pod_ranges) == (IPv4Address("10.1.0.11"), (IPv4Network("172.16.1.0/24"),))
    draft.items("nodes")[0]["status"]["conditions"].append({"type": "NetworkUnavailable", "status": "True"})
    assert draft.world().nodes["gke-node-01"].network_unavailable


def test_the_cluster_without_the_gke_api(draft: Any) -> None:
    draft.clusters.clear()
    cluster = draft.world().cluster
    assert (cluster.routes_based, cluster.autopilot, cluster.default_snat_disabled) == (True, False, None)
    draft.compute.clear()
    assert draft.world().cluster.routes_based is None


def test_the_right_one_of_several_clusters(draft: Any) -> None:
    draft.clusters.insert(0, {"name": "other", "clusterIpv4Cidr": "10.9.0.0/16"})
    for item in draft.items("nodes"):
        item["metadata"]["name"] = "gke-cluster-1-" + item["metadata"]["name"]
    assert draft.world().cluster.name == "cluster-1"


def test_firewall_rules(draft: Any) -> None:
    rule = draft.world().networks[A].firewall[0]
    assert (rule.stage, rule.action, rule.protocols) == ("vpc", Action.ALLOW, {"tcp": (), "icmp": ()})


# Anything at all --------------------------------------------------------------------------------------------------

odd = st.one_of(
    st.none(), st.booleans(), st.integers(-5, 5), st.text(max_size=5), st.floats(allow_nan=False),
    st.just([]), st.just({}), st.just([None, 3, "x"]), st.just({"items": 3}),
)  # fmt: skip


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path of everything inside a JSON value."""
    found = [path] if path else []
    if isinstance(value, dict):
        for key, inner in value.items():
            found += places(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            found += places(inner, (*path, index))
    return found


def damaged(data: dict[str, Any], path: tuple[Any, ...], value: Any) -> None:
    where: Any = data
    for key in path[:-1]:
        try:
            where = where[key]
        except (KeyError, IndexError, TypeError):
            return
    if isinstance(where, dict) and path[-1] in where:
        if value is None:
            del where[path[-1]]
        else:
            where[path[-1]] = value
    elif isinstance(where, list) and isinstance(path[-1], int) and path[-1] < len(where):
        where[path[-1]] = value


@settings(max_examples=400, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_no_damage_makes_it_crash(draft: Any, data: st.DataObject) -> None:
    """Any value anywhere may be missing or of another type: a World comes of it, and a walk that does not raise."""
    whole = json.loads(json.dumps(draft.json()))
    paths = [path for path in places(whole) if path[0] in ("kubernetes", "container", "compute") and len(path) > 2]
    for _time in range(data.draw(st.integers(1, 3))):
        damaged(whole, data.draw(st.sampled_from(paths)), data.draw(odd))
    world = build(from_json(copy.deepcopy(whole)))
    assert isinstance(world, World)
    for vpc in (A, B):
        choose(world, vpc, IPv4Address("172.16.1.5"))
    for source in (
        Source(pod=PodRef("default", "my-pod")),
        Source(node="gke-node-01"),
        Source(vm="project-b/target-gce-01"),
    ):
        assert walk(world, source, Target("10.2.0.10")).hops


def test_the_builder_of_worlds_is_not_changed_by_walking(draft: Any, shape: Callable[..., list[str]]) -> None:
    before = json.dumps(draft.json())
    shape(draft.walk("pod my-pod", "10.2.0.10"))
    assert json.dumps(draft.json()) == before
