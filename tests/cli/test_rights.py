"""With every set of rights: the verdict that the evidence allows, each gap by name, and never more than is known."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from lab.rights import SETS
from tests.cli.conftest import Done, Wayhome

pytestmark = pytest.mark.lab

QUESTION = ("my-pod", "http://10.2.0.10/health")

# Exit code, confirmed causes, what pod-peer and node-peer saw, and permissions that are named as missing.
EXPECTED: dict[str, tuple[int, set[str], tuple[str | None, str | None], set[str]]] = {
    "everything": (1, {"RC01"}, ("timeout", "ok"), set()),
    "list-pods": (4, set(), (None, None), {"get pods/exec", "create pods", "list nodes", "list daemonsets.apps"}),
    "exec": (1, {"RC01"}, ("timeout", None), {"create pods"}),
    "own-project": (1, set(), ("timeout", "ok"), {"compute.networks.get", "compute.routes.list"}),
    "kubernetes": (4, set(), ("timeout", "ok"), {"compute.instances.get", "container.clusters.get"}),
}


def test_every_set_is_expected_here() -> None:
    assert set(EXPECTED) | {"nothing"} == set(SETS)


def test_verdicts_and_gaps_under_every_set(started: Callable[..., Wayhome]) -> None:
    wayhome = started("article")
    for name, (code, confirmed, seen, permissions) in EXPECTED.items():
        assert wayhome("lab", "rights", name).code == 0
        done = wayhome("diagnose", *QUESTION, "--json")
        assert done.code == code, (name, done.err)
        report: dict[str, Any] = json.loads(done.out)
        outcomes = {row["probe"]: row["observed"] for row in report["matrix"]}
        assert (outcomes["pod-peer"], outcomes["node-peer"]) == seen, name
        assert {cause["id"] for cause in report["causes"] if cause["status"] == "confirmed"} == confirmed, name
        missing = {fact["permission"] for fact in report["unknowns"] if fact["grant"]}
        assert permissions <= missing, (name, missing)
        if name == "everything":
            assert report["unknowns"] == []
        if name == "kubernetes":
            assert {"RC01", "RC02", "RC03", "RC30"} <= {cause["id"] for cause in report["remaining"]}
            assert report["masquerade"]["masqueraded"] is False
        if name in ("exec", "list-pods"):
            assert "Creating the pod" not in done.err, name
    assert wayhome("lab", "rights", "nothing").code == 0
    done = wayhome("diagnose", *QUESTION)
    assert (done.code, done.out) == (3, "")
    assert "kubectl create role" in done.sentence
    assert "nothing" in wayhome("lab", "status").out
    unknown = wayhome("lab", "rights", "omnipotence")
    assert (unknown.code, "own-project" in unknown.sentence) == (2, True)


def test_check_names_rights_costs_and_grants_and_creates_nothing(started: Callable[..., Wayhome]) -> None:
    wayhome = started("article")
    assert wayhome("check", *QUESTION).code == 0

    def lines(rights: str) -> Iterator[str]:
        assert wayhome("lab", "rights", rights).code == 0
        done: Done = wayhome("check", *QUESTION)
        assert done.code == 1
        assert "Creating" not in done.err
        return iter([line.strip() for line in done.out.splitlines()])

    found = list(lines("exec"))
    assert any(line.startswith("MISSING  create pods -n default: ") for line in found)
    assert any(line.startswith("MISSING  update configmaps -n kube-system: ") for line in found)
    assert any("kubectl create rolebinding wayhome-create-pods" in line for line in found)
    for right in ("create daemonsets.apps -n kube-system", "delete daemonsets.apps -n kube-system"):
        assert any(line.startswith(f"MISSING  {right}: ") for line in found), right
    assert any(line.startswith("MISSING  update egressnatpolicies.networking.gke.io: ") for line in found)
    found = list(lines("kubernetes"))
    (said,) = (line for line in found if "policyBasedRoutes.list (project-a)" in line)
    assert said.endswith(": whether a policy-based route takes its packets elsewhere")
    assert any("roles create wayhome.networkconnectivity_policyBasedRoutes_list" in line for line in found)
    found = list(lines("own-project"))
    assert "ok       project-a: all 12 permissions" in found
    assert any(line.startswith("MISSING  project-b: compute.networks.updatePeering: ") for line in found)
    grants = [line for line in found if "add-iam-policy-binding project-b" in line and "networkViewer" in line]
    assert len(grants) == 2  # once for the diagnosis, once for the remedy
