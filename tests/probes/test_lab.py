"""A Session on the lab, over TLS and in another process: what the scenarios are made of is what is collected."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from lab import control
from probes import kube
from probes.ask import Ask
from probes.session import Session
from rules.snapshot import Outcome, PodRef, Snapshot, Target, Vpc

pytestmark = pytest.mark.lab

OK, TIMEOUT = Outcome.OK, Outcome.TIMEOUT


@pytest.fixture
def start(warm: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[object]:
    monkeypatch.setenv("WAYHOME_STATE_DIR", str(tmp_path))

    def begin(scenario: str) -> None:
        for name, value in control.environment(control.start(scenario, speed=50)).items():
            monkeypatch.setenv(name, value)

    yield begin
    control.stop()


def collect(ask: Ask) -> Snapshot:
    session = Session(ask)
    try:
        return session.collect()
    finally:
        session.close()
        assert session.access.context.startswith("gke_project-a_")


@pytest.mark.parametrize(
    ("scenario", "pod_local", "node_peer", "pod_peer"),
    [
        ("article", OK, OK, TIMEOUT),
        ("healthy-vpc-native", OK, OK, OK),
        ("rc48-node-route-missing", TIMEOUT, OK, TIMEOUT),
        ("rc57-peering-inactive", OK, TIMEOUT, TIMEOUT),
    ],
)
def test_a_scenario_is_collected_without_gaps(
    scenario: str, pod_local: Outcome, node_peer: Outcome, pod_peer: Outcome, start, ask: Ask
) -> None:
    start(scenario)
    snapshot = collect(ask)
    assert [(gap.read, gap.of, gap.why, gap.detail) for gap in snapshot.gaps] == []
    assert (snapshot.question.network, snapshot.question.peer) == (Vpc("project-a", "vpc-a"), Vpc("project-b", "vpc-b"))
    outcomes = {probe.id: probe.outcome for probe in snapshot.probes}
    assert outcomes["pod-local"] is pod_local
    assert outcomes["node-local"] is OK
    assert outcomes["node-peer"] is node_peer
    assert outcomes["pod-peer"] is pod_peer
    assert list(snapshot.node_nat) == ["gke-node-01"]
    assert snapshot.container["clusters"]


def test_nothing_is_left_behind_and_exit_codes_come_through(start, ask: Ask) -> None:
    start("article")
    session = Session(ask)
    probe = session.probe("pod-peer")
    assert (probe.exit_code, probe.outcome) == (28, TIMEOUT)
    assert session.probe("node-peer").stdout == "OK\n"
    client = session.kube
    assert len(client.list(kube.path("v1", "pods", "default"))["items"]) == 2
    session.close()
    other = Session(Ask(PodRef("default", "my-pod"), Target("10.2.0.10", 80)))
    assert other.strays() == ()
    names = [one["metadata"]["name"] for one in other.kube.list(kube.path("v1", "pods", "default"))["items"]]
    other.close()
    assert names == ["my-pod"]


def test_the_same_is_asked_from_elsewhere_and_in_another_manner(start, ask: Ask) -> None:
    start("healthy-routes-based")
    manners = ("gke-node-02", "namespace=kube-public", "try=2", "size=8000", "protocol=icmp", "port=81")
    session = Session(ask)
    try:
        session.connect()
        session.read()
        probes = session.probe_many([f"pod-peer@{manner}" for manner in manners])
        made = session.strays()
    finally:
        session.close()
    outcomes = {probe.id.partition("@")[2]: probe.outcome for probe in probes}
    assert outcomes == {
        "gke-node-02": OK,
        "namespace=kube-public": OK,
        "try=2": OK,
        "size=8000": OK,
        "protocol=icmp": OK,
        "port=81": Outcome.REFUSED,
    }, [probe.why for probe in probes]
    assert made == ()


def test_nothing_is_asked_from_elsewhere_where_nothing_may_be_made(start, ask: Ask) -> None:
    start("healthy-routes-based")
    session = Session(replace(ask, read_only=True))
    try:
        probe = session.probe("pod-peer@gke-node-02")
    finally:
        session.close()
    assert probe.outcome is Outcome.NOT_RUN
    assert "read-only" in probe.why
