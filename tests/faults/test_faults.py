"""Every fault on every call: it ends in time as a gap, an outcome or a sentence, and nothing that was read is lost."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import stage as play
import table

from lab.faults import Board, Fault, FaultError
from lab.faults.kinds import kinds
from probes import kube, kubeconfig
from probes.kube import Kube
from rules import snapshot

pytestmark = pytest.mark.lab

PAGE = Path(__file__).parent.parent.parent / "docs" / "faults.md"
SHOWN = table.read(PAGE.read_text("utf-8"))

# What cannot be asked for, once a call has no answer: its own key, and those that follow from it.
LOST = {
    "kubernetes.nodes.list": {"nodes"},
    "kubernetes.daemonsets.list": {"daemonsets"},
    "kubernetes.pods.list": set(),
    "kubernetes.configmaps.list": {"configmaps"},
    "kubernetes.networkpolicies.list": {"networkpolicies"},
    "kubernetes.services.list": {"services"},
    "kubernetes.namespaces.get": {"namespaces"},
    "kubernetes.egressnatpolicies.list": {"egressnatpolicies"},
    "container.clusters.get": {"clusters"},
    "compute.networks.get": {"networks", "peeringRoutes", "vpc-b", "routerStatus"},
    "compute.networks.listPeeringRoutes": {"peeringRoutes"},
    "compute.networks.getEffectiveFirewalls": {"effectiveFirewalls"},
    "compute.instances.getEffectiveFirewalls": {"effectiveFirewalls"},
    "compute.routes.list": {"routes"},
    "compute.subnetworks.aggregatedList": {"subnetworks"},
    "compute.instances.aggregatedList": {"instances", "effectiveFirewalls"},
    "compute.forwardingRules.aggregatedList": {"forwardingRules"},
    "compute.routers.aggregatedList": {"routers", "routerStatus"},
    "compute.routers.getRouterStatus": {"routerStatus"},
}


def held(found: snapshot.Snapshot) -> set[tuple[str, str]]:
    """What a Snapshot holds, as (key, side)."""
    keys = {(kind, "") for kind in (*found.kubernetes, *found.container)}
    sides = {"project-a": "vpc-a", "project-b": "vpc-b"}
    return keys | {(kind, sides[project]) for project, kinds in found.compute.items() for kind in kinds}


@pytest.fixture(scope="session")
def whole(on: Any) -> dict[str, set[tuple[str, str]]]:
    """What is held where nothing fails, for the cluster's half and the cloud's."""
    half = {}
    for call in ("kubernetes.none", "compute.none"):
        half[call.split(".")[0]] = held(play._read(on, "403", call, []))
    return {**half, "container": half["compute"]}


@pytest.mark.parametrize(("fault", "call"), play.cells(), ids=lambda word: word)
def test_what_a_person_sees(fault: str, call: str, on: Any, whole: dict[str, set[tuple[str, str]]]) -> None:
    with play.impatient(fault):
        seen = play.see(on, fault, call)
    assert table.cell(call, seen.sentences) == SHOWN[fault, call], "make faults draws docs/faults.md anew"
    assert snapshot.loads(snapshot.dumps(seen.snapshot)) == seen.snapshot
    for sentence in seen.sentences:
        assert "Traceback" not in sentence
        assert "Errno" not in sentence
    if call in play.READS:
        lost = LOST.get(call, set())
        missing = whole[call.split(".")[0]] - held(seen.snapshot)
        assert {key for key, side in missing if side not in lost} <= lost


def test_the_page_is_drawn_as_it_would_be_now() -> None:
    assert set(play.cells()) == set(SHOWN)
    assert table.draw(SHOWN) == PAGE.read_text("utf-8")
    guide = (PAGE.parent.parent / "CONTRIBUTING.md").read_text("utf-8")
    assert table.summarised(guide, SHOWN) == guide, "make faults draws the summary in CONTRIBUTING.md anew"


@pytest.mark.parametrize("fault", ["429", "503", "500", "reset", "short"])
def test_a_passing_fault_is_not_seen(fault: str, on: Any) -> None:
    client = Kube(kubeconfig.find(None, None))
    try:
        on.board.clear()
        on.board.add(Fault(fault, "kubernetes.nodes.list", 1))
        assert client.list(kube.path("v1", "nodes"))["items"]
        assert on.board.all() == ()
    finally:
        on.board.clear()
        client.close()


def test_a_board_gives_each_fault_as_often_as_it_was_asked_for() -> None:
    board = Board()
    board.add(Fault("403", "compute.*", 2))
    board.add(Fault("hang", "exec"))
    taken = [board.take(call) for call in ("kubernetes.nodes.list", "compute.a.get", "compute.b.get", "compute.c.get")]
    assert taken == [None, "403", "403", None]
    assert board.take("kubernetes.pods.exec") == "hang"
    assert board.all() == (Fault("hang", "exec"),)
    with pytest.raises(FaultError, match="Did you mean redirect"):
        board.add(Fault("redirct"))
    with pytest.raises(FaultError, match="no number of times"):
        board.add(Fault("403", times=0))


def test_faults_fit_the_calls_that_can_have_them() -> None:
    every = kinds()
    assert not every["exec-flood"].befalls("kubernetes.nodes.list")
    assert not every["pages"].befalls("kubernetes.nodes.get")
    assert every["hang"].befalls("kubernetes.pods.exec")
