"""The world as a graph: what connects, where it can be cut, and that peering is not transitive."""

from __future__ import annotations

import subprocess
import sys
from ipaddress import IPv4Address
from typing import Any

from rules import graph

WAY = (
    "pod default/my-pod",
    "node gke-node-01",
    "vm project-a/gke-node-01",
    "vpc project-a/vpc-a",
    "vpc project-b/vpc-b",
    "vm project-b/target-gce-01",
)


def test_the_only_way_and_its_cuts(draft: Any) -> None:
    world = draft.world()
    assert list(graph.paths(world, WAY[0], WAY[-1])) == [WAY]
    assert graph.cuts(world, WAY[0], WAY[-1]) == WAY[1:-1]


def test_what_is_down_is_not_on_the_way(draft: Any) -> None:
    draft.find_network("project-b/vpc-b")["peerings"][0]["state"] = "INACTIVE"
    assert list(graph.paths(draft.world(), WAY[0], WAY[-1])) == []
    assert graph.cuts(draft.world(), WAY[0], WAY[-1]) == ()


def test_a_stopped_vm_is_not_on_the_way(draft: Any) -> None:
    draft.compute["project-b"]["instances"][0]["status"] = "TERMINATED"
    assert list(graph.paths(draft.world(), WAY[0], WAY[-1])) == []


def third(draft: Any) -> None:
    draft.network("project-c", "vpc-c")
    draft.subnet("project-c", "vpc-c", "10.3.0.0/16")
    draft.vm("project-c", "vpc-c", "far", "10.3.0.10")
    draft.peer("project-b/vpc-b", "project-c/vpc-c")


def test_peering_is_not_transitive(draft: Any) -> None:
    third(draft)
    assert list(graph.paths(draft.world(), WAY[0], "vm project-c/far")) == []
    assert len(list(graph.paths(draft.world(), WAY[-1], "vm project-c/far"))) == 1


def test_a_vm_that_may_forward_carries_on(draft: Any) -> None:
    third(draft)
    middle = draft.vm("project-b", "vpc-b", "router", "10.2.0.40", canIpForward=True)
    found = list(graph.paths(draft.world(), WAY[0], "vm project-c/far"))
    assert found == []  # it would have to come back through the VPC it came from
    url = draft.find_network("project-c/vpc-c")["selfLink"]
    middle["networkInterfaces"].append({"network": url, "networkIP": "10.3.0.40"})
    found = list(graph.paths(draft.world(), WAY[0], "vm project-c/far"))
    assert found[0][-3:] == ("vm project-b/router", "vpc project-c/vpc-c", "vm project-c/far")


def test_carrying_shows_who_hands_on_to_whom(draft: Any) -> None:
    found = graph.carrying(draft.world(), IPv4Address("172.16.1.5"))
    assert found.nodes["vpc project-b/vpc-b"] == {"verdict": "drop", "ends": False}
    assert found.nodes["vpc project-a/vpc-a"] == {"verdict": "ok", "ends": True}
    assert not found.edges
    forth = graph.carrying(draft.world(), IPv4Address("10.2.0.10"))
    assert list(forth.edges) == [("vpc project-a/vpc-a", "vpc project-b/vpc-b")]


def test_ends_that_are_not_there(draft: Any) -> None:
    assert list(graph.paths(draft.world(), "pod default/gone", WAY[-1])) == []
    assert graph.cuts(draft.world(), WAY[0], "vm project-b/gone") == ()


def test_networkx_is_imported_only_when_a_graph_is_asked_for() -> None:
    code = "import sys, rules.graph, rules.walk; sys.exit('networkx' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
