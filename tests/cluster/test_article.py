"""The three steps and the verdict on real pods of every kind."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.cluster

TARGET = "http://10.2.0.10/health"
LOST = ("return", "NO_ROUTE", "project-b")


def outcomes(report: dict[str, Any]) -> dict[str, str]:
    return {row["probe"]: row["observed"] for row in report["matrix"]}


def named(report: dict[str, Any], status: str = "confirmed") -> list[str]:
    return [cause["id"] for cause in report["causes"] if cause["status"] == status]


@pytest.mark.parametrize("pod", ["my-pod", "busybox", "distroless", "two", "far"])
def test_the_answer_to_a_pod_is_lost_at_the_peer(
    article: Any, wayhome: Callable[..., Any], record_property: Callable[..., None], tmp_path: Path, pod: str
) -> None:
    kept = tmp_path / "case.json"
    done = wayhome("diagnose", pod, TARGET, "--json", "--save", str(kept))
    assert done.code == 1, done.err
    slowest = max(probe["seconds"] for probe in json.loads(kept.read_text("utf-8"))["probes"])
    record_property("took", f"diagnose {pod}: {done.seconds:.1f} s, of which its slowest probe {slowest:.1f} s")
    report = done.report
    broken = report["broken"]
    assert (broken["direction"], broken["reason"], broken["owner"]) == LOST
    assert named(report)[0] == "RC01"
    seen = outcomes(report)
    assert {seen[name] for name in ("pod-local", "node-local", "node-peer")} == {"ok"}
    assert seen["pod-peer"] == "timeout"
    assert [row["probe"] for row in report["matrix"] if row["agrees"] is False] == []
    assert [gap["what"] for gap in report["unknowns"]] == []
    left = "labelSelector=app.kubernetes.io%2Fmanaged-by%3Dwayhome"
    assert article.api.items(f"{article.pods}?{left}") == []


def test_a_pod_that_does_not_run_yet(article: Any, wayhome: Callable[..., Any]) -> None:
    """Its image cannot be had; what is asked of the cloud is answered all the same."""
    article.start_pod("waiting", image="registry.local/absent:1")
    done = wayhome("diagnose", "waiting", TARGET, "--json")
    assert done.code == 1, done.err
    assert done.report["broken"]["reason"] == "NO_ROUTE"
    article.api.remove(f"{article.pods}/waiting")


def test_a_pod_that_is_not_there(article: Any, wayhome: Callable[..., Any]) -> None:
    done = wayhome("diagnose", "no-such-pod", TARGET)
    assert (done.code, done.out) == (2, "")
    assert "no-such-pod" in done.err


def test_a_pod_on_the_nodes_network_reaches_the_peer(article: Any, wayhome: Callable[..., Any]) -> None:
    done = wayhome("diagnose", "on-host", TARGET, "--json")
    assert done.code == 0, done.err
    assert done.report["verdict"] == "reachable"


def test_a_policy_object_that_nobody_enforces_is_not_blamed(article: Any, wayhome: Callable[..., Any]) -> None:
    path = "/apis/networking.k8s.io/v1/namespaces/default/networkpolicies"
    deny = {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": "nothing-leaves", "labels": {"test.wayhome/ours": "yes"}},
        "spec": {"podSelector": {}, "policyTypes": ["Egress"], "egress": []},
    }
    article.api.call("POST", path, deny)
    done = wayhome("diagnose", "my-pod", TARGET, "--json", "--no-node-probe")
    assert done.code == 1, done.err
    assert done.report["broken"]["reason"] == "NO_ROUTE"
    assert named(done.report)[0] == "RC01"
    policy = next(hop for hop in done.report["forward"] if hop["kind"] == "policy")
    assert policy["verdict"] == "ok"
    article.set_flags(exchange=True)
    assert wayhome("diagnose", "my-pod", TARGET, "--no-node-probe").code == 0


def test_a_configuration_under_another_key(article: Any, wayhome: Callable[..., Any]) -> None:
    article.configure("config.yaml", "nonMasqueradeCIDRs: [172.16.0.0/16, 10.1.0.0/16]\n")
    done = wayhome("diagnose", "my-pod", TARGET, "--json", "--no-node-probe")
    assert done.code == 1, done.err
    assert "RC16" in named(done.report)


def test_a_cluster_without_the_agent(article: Any, wayhome: Callable[..., Any]) -> None:
    from lab.nat import boot_rules

    article.configure("config", "nonMasqueradeCIDRs: [172.16.0.0/16, 10.1.0.0/16]\n")
    article.api.remove("/apis/apps/v1/namespaces/kube-system/daemonsets/ip-masq-agent")
    article.boot("gke-node-01", boot_rules())
    done = wayhome("diagnose", "my-pod", TARGET, "--json")
    assert done.code == 1, done.err
    assert "RC18" in named(done.report)
    assert done.report["masquerade"]["masqueraded"] is False
    assert [gap["what"] for gap in done.report["unknowns"]] == []
