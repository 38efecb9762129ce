"""A folder of kubectl's and gcloud's JSON becomes a Snapshot; what is not understood is named."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from probes import folder
from probes.parse import ParseError
from rules import snapshot
from rules.snapshot import PodRef, Question, Target

QUESTION = Question(PodRef("default", "my-pod"), Target("10.2.0.10"))
API = "https://www.googleapis.com/compute/v1/projects"


def save(where: Path, name: str, value: Any) -> None:
    (where / name).write_text(value if isinstance(value, str) else json.dumps(value))


def pod(name: str, **status: str) -> dict[str, Any]:
    return {"kind": "Pod", "apiVersion": "v1", "metadata": {"namespace": "default", "name": name}, "status": status}


def test_everything_is_sorted_by_what_it_says_it_is(tmp_path: Path) -> None:
    save(tmp_path, "pods.json", {"kind": "List", "apiVersion": "v1", "items": [pod("a"), pod("my-pod")]})
    save(tmp_path, "my-pod.json", pod("my-pod", podIP="172.16.1.2"))
    os.utime(tmp_path / "pods.json", (1, 1))
    save(tmp_path, "nodes.json", {"kind": "NodeList", "items": [{"metadata": {"name": "n1"}}]})
    save(tmp_path, "policies.json", {"kind": "NetworkPolicyList", "items": []})
    network = {"kind": "compute#network", "name": "vpc-a", "selfLink": f"{API}/project-a/global/networks/vpc-a"}
    save(tmp_path, "vpc-a.json", network)
    route = {"kind": "compute#route", "name": "r", "selfLink": f"{API}/project-a/global/routes/r"}
    save(tmp_path, "routes.json", [route])
    save(tmp_path, "cluster.json", {"name": "cluster-1", "location": "asia-northeast1-a", "nodePools": []})
    rows = [{"destRange": "10.2.0.0/16", "imported": True}]
    save(tmp_path, "peering-routes_project-a_vpc-a_a-to-b_incoming_asia-northeast1.json", rows)
    save(tmp_path, "effective-firewalls_project-b_vpc-b.json", {"firewalls": [{"name": "f"}]})
    save(tmp_path, "router-status_project-a_asia-northeast1_r1.json", {"result": {"network": "x"}})
    save(tmp_path, "nat_gke-node-01.txt", "*nat\n-P POSTROUTING ACCEPT\nCOMMIT\n")
    save(tmp_path, "notes.txt", "call the peer's admin")

    found = folder.read(tmp_path)
    made = folder.snapshot(found, QUESTION)

    assert found.skipped == ["notes.txt"]
    assert [item["metadata"]["name"] for item in made.items("pods") or []] == ["a", "my-pod"]
    assert (made.items("pods") or [])[1]["status"] == {"podIP": "172.16.1.2"}
    assert [item["kind"] for item in made.items("nodes") or []] == ["Node"]
    assert made.items("networkpolicies") == []
    assert made.items("services") is None
    assert made.compute["project-a"]["networks"] == [network]
    assert made.compute["project-a"]["routes"] == [route]
    assert made.compute["project-a"]["peeringRoutes"] == [
        {"network": "vpc-a", "peering": "a-to-b", "direction": "INCOMING", "region": "asia-northeast1", "items": rows}
    ]
    assert made.compute["project-b"]["effectiveFirewalls"] == [
        {"network": "vpc-b", "instance": None, "firewalls": [{"name": "f"}], "firewallPolicys": []}
    ]
    assert made.compute["project-a"]["routerStatus"] == [
        {"router": "r1", "region": "asia-northeast1", "result": {"network": "x"}}
    ]
    assert made.container == {"clusters": [{"name": "cluster-1", "location": "asia-northeast1-a", "nodePools": []}]}
    assert made.node_nat["gke-node-01"].startswith("*nat")
    assert snapshot.loads(snapshot.dumps(made)) == made


@pytest.mark.parametrize("kind", ["configmaps", "networkpolicies", "services"])
def test_an_empty_answer_of_kubectl_is_told_by_its_files_name(tmp_path: Path, kind: str) -> None:
    empty = {"apiVersion": "v1", "items": [], "kind": "List", "metadata": {"resourceVersion": ""}}
    save(tmp_path, f"{kind}.json", empty)
    save(tmp_path, "whatever.json", empty)
    found = folder.read(tmp_path)
    made = folder.snapshot(found, QUESTION)
    assert (made.items(kind), list(made.kubernetes)) == ([], [kind])
    assert found.skipped == ["whatever.json"]


def test_vms_with_metadata_stay_apart(tmp_path: Path) -> None:
    vms = [
        {
            "kind": "compute#instance",
            "name": name,
            "selfLink": f"{API}/project-a/zones/z/instances/{name}",
            "metadata": {"kind": "compute#metadata", "fingerprint": "x"},
        }
        for name in ("gke-node-01", "gke-node-02")
    ]
    save(tmp_path, "instances.json", vms)
    assert folder.snapshot(folder.read(tmp_path), QUESTION).compute["project-a"]["instances"] == vms


def test_files_of_an_editor_that_marks_utf_8(tmp_path: Path) -> None:
    save(tmp_path, "pods.json", "\ufeff" + json.dumps(pod("my-pod")))
    assert folder.snapshot(folder.read(tmp_path), QUESTION).items("pods") == [pod("my-pod")]


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({}, "holds no JSON file"),
        ({"notes.txt": "hello"}, "holds no JSON file"),
        ({"pods.json": '{"kind": "List", "items": ['}, "not complete JSON"),
        ({"other.json": "[1, 2]"}, "holds no JSON file"),
    ],
)
def test_a_folder_that_is_of_no_use(tmp_path: Path, files: dict[str, str], says: str) -> None:
    for name, text in files.items():
        save(tmp_path, name, text)
    with pytest.raises(ParseError) as caught:
        folder.read(tmp_path)
    assert says in caught.value.sentence


def test_no_folder(tmp_path: Path) -> None:
    with pytest.raises(ParseError, match="not a folder"):
        folder.read(tmp_path / "nix")


def test_policy_based_routes_and_refused_routes_are_known(tmp_path: Path) -> None:
    name = "projects/project-a/locations/global/policyBasedRoutes/inspect"
    save(tmp_path, "pbr.json", [{"name": name, "nextHopIlbIp": "10.1.0.50"}])
    said = {"kind": "Event", "metadata": {"name": "e"}, "reason": "FailedToCreateRoute"}
    save(tmp_path, "events.json", {"kind": "List", "items": [said]})
    found = folder.read(tmp_path)
    assert found.compute["project-a"]["policyBasedRoutes"][0]["name"] == name
    assert found.kubernetes["events"]["items"] == [said]
    assert found.skipped == []
