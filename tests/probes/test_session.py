"""A Session against the article's cluster: what it reads, what it measures, what it leaves behind."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from dataclasses import replace
from ipaddress import IPv4Address
from pathlib import Path

import pytest
import yaml
from aiohttp import web

from probes import guard, kubeconfig, warmup
from probes.ask import Ask
from probes.derive import Rows
from probes.errors import (
    CancelledError,
    ForbiddenError,
    LoginError,
    PodNotFoundError,
    TargetError,
    UsageError,
)
from probes.events import Announced, Probed
from probes.session import Session
from rules.snapshot import Outcome, PodRef, Snapshot, Target, Vpc, dumps, loads


def status(code: int, message: str) -> web.Response:
    """A Kubernetes Status."""
    return web.json_response({"kind": "Status", "code": code, "message": message}, status=code)


def article_says(pod: str, container: str, argv: list[str]) -> tuple[int, str, str]:
    """What the article saw: everything answers but pod to peer."""
    text = " ".join(argv)
    if argv[0] == "iptables-save":
        return 0, "*nat\n:POSTROUTING ACCEPT [0:0]\n-A POSTROUTING -j IP-MASQ\nCOMMIT\n", ""
    if argv[0] != "curl":
        return 127, "", "not found"
    if pod == "my-pod" and "10.2.0.10" in text:
        return 28, "", "curl: (28) Connection timed out after 3001 milliseconds\n"
    return 0, "OK", ""


def test_collects_both_sides_and_measures_everything(cluster, ask: Ask) -> None:
    cluster.execute = article_says
    events = []
    session = Session(ask, events.append)
    try:
        snapshot = session.collect()
    finally:
        session.close()
    assert [(gap.read, gap.of, gap.detail) for gap in snapshot.gaps] == []
    assert snapshot.question.network == Vpc("project-a", "vpc-a")
    assert snapshot.question.peer == Vpc("project-b", "vpc-b")
    assert snapshot.question.local == Target("10.1.0.21", 80)
    outcomes = {probe.id: probe.outcome for probe in snapshot.probes}
    assert outcomes == {
        "pod-local": Outcome.OK,
        "node-local": Outcome.OK,
        "node-peer": Outcome.OK,
        "pod-peer": Outcome.TIMEOUT,
    }
    assert set(snapshot.compute) == {"project-a", "project-b"}
    rows = {
        (row["network"], row["peering"], row["direction"])
        for row in snapshot.compute_list("project-a", "peeringRoutes")
    }
    assert rows == {("vpc-a", "a-to-b", "INCOMING"), ("vpc-a", "a-to-b", "OUTGOING")}
    assert [one["name"] for one in snapshot.container["clusters"]] == ["cluster-1"]
    assert "gke-node-01" in snapshot.node_nat
    assert loads(dumps(snapshot)) == snapshot
    assert sum(isinstance(event, Probed) for event in events) == 4
    assert sum(isinstance(event, Announced) for event in events) == 1
    assert [key for key in cluster.store.table("kube/pods") if "wayhome" in key] == []


def collect(ask: Ask) -> Snapshot:
    session = Session(ask)
    try:
        return session.collect()
    finally:
        session.close()


def forbid(cluster, *permissions: str, project: str) -> None:
    """Take rights away, as the lab's scenarios do."""
    table = cluster.store.table(f"compute/{project}/forbidden")
    for permission in permissions:
        table.create(permission, {})


async def _forbidden(request: web.Request) -> web.Response:
    return status(403, f"may not {request.method} {request.path}")


def gaps(snapshot: Snapshot) -> set[tuple[str, str, str]]:
    return {(gap.read, gap.of, gap.why) for gap in snapshot.gaps}


# --- questions without an answer


@pytest.mark.parametrize(
    ("pod", "words"),
    [
        ("default/my-pd", "did you mean default/my-pod?"),
        ("default/my", "did you mean default/my-pod?"),
        ("web/my-pod", "did you mean default/my-pod?"),
        ("web/else", "no other in that namespace"),
        ("default/zzz", "kubectl get pods -n default"),
    ],
)
def test_a_pod_that_does_not_exist(pod: str, words: str, cluster, ask: Ask) -> None:
    namespace, name = pod.split("/")
    session = Session(replace(ask, pod=PodRef(namespace, name)))
    with pytest.raises(PodNotFoundError) as caught:
        session.connect()
    session.close()
    assert caught.value.exit_code == 2
    assert pod in caught.value.sentence
    assert words in caught.value.sentence


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("10.1.0.21", "the pod's own network (subnet subnet-a)"),
        ("172.16.2.9", "a pod address of this very cluster (node gke-node-02)"),
        ("8.8.8.8", "a public address"),
        ("34.1.2.3", "a public address"),
    ],
)
def test_a_target_that_no_peering_leads_to(target: str, words: str, cluster, ask: Ask) -> None:
    cluster.execute = article_says
    with pytest.raises(TargetError) as caught:
        collect(replace(ask, target=Target(target, 80)))
    assert caught.value.exit_code == 2
    assert words in caught.value.sentence
    assert [request for request in cluster.requests if request.startswith("POST")] == []


def test_a_local_address_behind_the_peering_is_no_comparison(cluster, ask: Ask) -> None:
    cluster.execute = article_says
    with pytest.raises(TargetError) as caught:
        collect(replace(ask, local=Target("10.2.0.10", 80)))
    assert caught.value.exit_code == 2
    assert "10.2.0.10 is behind peering a-to-b, not in project-a/vpc-a" in caught.value.sentence


def test_a_wider_route_of_the_peer_does_not_take_the_own_network_away() -> None:
    own, network = IPv4Address("10.1.0.21"), Vpc("project-a", "vpc-a")
    wide = {"destRange": "10.0.0.0/8", "type": "STATIC_PEERING_ROUTE", "imported": True}
    guard.check_local(own, network, [Rows("a-to-b", [wide]), Rows("a-to-c", None)])
    with pytest.raises(TargetError, match="behind peering a-to-b"):
        guard.check_local(own, network, [Rows("a-to-b", [wide | {"type": "SUBNET_PEERING_ROUTE"}])])


@pytest.mark.parametrize("target", ["100.64.1.1", "198.18.0.1", "192.0.2.1", "240.0.0.1", "172.31.255.255"])
def test_every_range_that_a_subnet_may_have_is_asked_about(target: str) -> None:
    guard.check_offered(Target(target, 80), ())


def test_a_public_address_is_asked_only_where_a_peer_exports_it() -> None:
    target = Target("44.2.0.10", 80)
    row = {"destRange": "44.2.0.0/16", "type": "SUBNET_PEERING_ROUTE", "imported": False}
    guard.check_offered(target, [Rows("a-to-c", None), Rows("a-to-b", [row])])
    for rows in ([], [Rows("a-to-b", None)], [Rows("a-to-b", [row | {"type": "STATIC_PEERING_ROUTE"}])]):
        with pytest.raises(TargetError, match="no peer exports a subnet with it"):
            guard.check_offered(target, rows)


def test_an_expired_login(cluster, ask: Ask, tmp_path: Path) -> None:
    config = kubeconfig.find(None, None)
    path = tmp_path / "expired"
    data = yaml.safe_load(Path(os.environ["KUBECONFIG"]).read_text())
    data["users"][0]["user"]["token"] = "expired"
    path.write_text(yaml.safe_dump(data))
    with pytest.raises(LoginError) as caught:
        Session(replace(ask, kubeconfig=str(path))).connect()
    assert caught.value.exit_code == 3
    assert config.server in caught.value.sentence


def test_no_google_login(cluster, ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    cluster.execute = article_says

    def default(**_: object) -> object:
        raise warmup.google().auth_errors.DefaultCredentialsError("Your default credentials were not found.")

    monkeypatch.delenv("WAYHOME_COMPUTE_ENDPOINT")
    monkeypatch.setattr(warmup.google().auth, "default", default)
    session = Session(ask)
    with pytest.raises(LoginError, match="gcloud auth application-default login"):
        session.collect()
    session.close()
    assert ("google.auth", "project-a", "login") in gaps(session.snapshot())
    assert session.snapshot().items("nodes")
    assert [request for request in cluster.requests if request.startswith("POST")] == []


# --- less than all rights


def test_a_peer_that_is_not_ours_leaves_gaps_and_one_sided_evidence(cluster, ask: Ask) -> None:
    cluster.execute = article_says
    forbid(cluster, "*", project="project-b")
    snapshot = collect(ask)
    assert snapshot.question.peer == Vpc("project-b", "vpc-b")
    assert set(snapshot.compute) == {"project-a"}
    assert {gap.of.split("/")[0] for gap in snapshot.gaps} == {"project-b"}
    assert {gap.why for gap in snapshot.gaps} == {"forbidden"}
    permissions = {gap.read: gap.permission for gap in snapshot.gaps}
    assert permissions["compute.networks.get"] == "compute.networks.get"
    assert permissions["compute.instances.aggregatedList"] == "compute.instances.list"
    rows = snapshot.compute_list("project-a", "peeringRoutes") or ()
    assert {row["direction"] for row in rows} == {"INCOMING", "OUTGOING"}


def test_without_listing_peering_routes_the_only_neighbour_is_taken(cluster, ask: Ask) -> None:
    cluster.execute = article_says
    forbid(cluster, "compute.networks.listPeeringRoutes", project="project-a")
    snapshot = collect(ask)
    assert snapshot.question.peer == Vpc("project-b", "vpc-b")
    assert gaps(snapshot) == {("compute.networks.listPeeringRoutes", "project-a/vpc-a", "forbidden")}


def test_without_the_nodes_vm_its_subnet_names_the_network(cluster, ask: Ask) -> None:
    cluster.execute = article_says
    forbid(cluster, "compute.instances.get", project="project-a")
    snapshot = collect(ask)
    assert snapshot.question.network == Vpc("project-a", "vpc-a")
    assert ("compute.instances.get", "project-a/gke-node-01", "forbidden") in gaps(snapshot)
    assert snapshot.container["clusters"]


def test_without_any_right_at_google_the_cluster_is_still_read(cluster, ask: Ask) -> None:
    cluster.execute = article_says
    for project in ("project-a", "project-b"):
        forbid(cluster, "*", project=project)
    snapshot = collect(ask)
    assert snapshot.question.network is None
    assert snapshot.items("daemonsets")
    assert {probe.id: probe.outcome for probe in snapshot.probes}["pod-peer"] is Outcome.TIMEOUT
    local = snapshot.probe("pod-local")
    assert local is not None
    assert "--local" in local.why


def test_a_node_that_is_not_on_gce_gives_what_kubernetes_knows(cluster, ask: Ask) -> None:
    cluster.execute = article_says
    nodes = cluster.store.table("kube/nodes")
    for name, node in nodes.items():
        nodes.replace(name, {**node, "spec": {**node["spec"], "providerID": "kind://docker/kind/worker"}})
    snapshot = collect(ask)
    assert gaps(snapshot) == {("kubernetes.nodes.providerID", "gke-node-01", "not-found")}
    assert snapshot.compute == {}
    assert {probe.id: probe.outcome for probe in snapshot.probes}["node-peer"] is Outcome.OK


KUBERNETES = {
    "GET /api/v1/nodes": ("kubernetes.nodes.list", ""),
    "GET /api/v1/nodes/gke-node-01": ("kubernetes.nodes.get", "gke-node-01"),
    "GET /apis/apps/v1/namespaces/kube-system/daemonsets": ("kubernetes.daemonsets.list", "kube-system"),
    "GET /api/v1/namespaces/kube-system/pods": ("kubernetes.pods.list", "kube-system"),
    "GET /api/v1/pods": ("kubernetes.pods.list", "gke-node-01"),
    "GET /api/v1/configmaps": ("kubernetes.configmaps.list", ""),
    "GET /apis/networking.k8s.io/v1/namespaces/default/networkpolicies": ("kubernetes.networkpolicies.list", "default"),
    "GET /api/v1/services": ("kubernetes.services.list", ""),
    "GET /api/v1/namespaces/default": ("kubernetes.namespaces.get", "default"),
    "GET /api/v1/namespaces/default/events": ("kubernetes.events.list", ""),
    "GET /apis/networking.gke.io/v1/egressnatpolicies": ("kubernetes.egressnatpolicies.list", ""),
}


@pytest.mark.parametrize("call", KUBERNETES)
def test_a_read_that_is_forbidden_is_one_gap_and_loses_nothing_else(call: str, cluster, ask: Ask) -> None:
    cluster.execute = article_says
    cluster.faults[call] = _forbidden
    snapshot = collect(ask)
    read, of = KUBERNETES[call]
    found = {(gap.read, gap.of): gap for gap in snapshot.gaps}
    assert (read, of) in found
    assert found[read, of].permission.split()[0] in ("get", "list")
    assert set(found) <= {(read, of), ("node_nat", "gke-node-01")}
    assert {probe.id: probe.outcome for probe in snapshot.probes}["pod-peer"] is Outcome.TIMEOUT
    if call != "GET /api/v1/nodes/gke-node-01":
        assert set(snapshot.compute) == {"project-a", "project-b"}


def test_configmaps_are_found_with_fewer_rights_and_others_are_left_out(cluster, ask: Ask) -> None:
    cluster.execute = article_says
    maps = cluster.store.table("kube/configmaps")
    for namespace, name, data in (
        ("kube-system", "ip-masq-agent", {"config": "{}"}),
        ("default", "wrong-place", {"config": "nonMasqueradeCIDRs: []"}),
        ("default", "ip-masq-old", {}),
        ("default", "secretive", {"password": "x"}),
    ):
        maps.create(f"{namespace}/{name}", {"metadata": {"namespace": namespace, "name": name}, "data": data})

    def names() -> set[str]:
        return {item["metadata"]["name"] for item in collect(ask).items("configmaps") or ()}

    assert names() == {"ip-masq-agent", "wrong-place", "ip-masq-old"}
    cluster.faults["GET /api/v1/configmaps"] = _forbidden
    assert names() == {"ip-masq-agent"}
    cluster.faults["GET /api/v1/namespaces/kube-system/configmaps"] = _forbidden
    assert names() == {"ip-masq-agent"}
    maps.remove("kube-system/ip-masq-agent")
    assert collect(ask).items("configmaps") == []


def test_whoever_may_only_list_pods_is_served(cluster, ask: Ask) -> None:
    cluster.execute = article_says
    cluster.faults["GET /api/v1/namespaces/default/pods/my-pod"] = _forbidden
    assert {probe.id for probe in collect(ask).probes} == {"pod-local", "node-local", "node-peer", "pod-peer"}
    cluster.faults["GET /api/v1/namespaces/default/pods"] = _forbidden
    with pytest.raises(ForbiddenError, match="get pods"):
        collect(ask)


def test_secrets_of_machines_stay_where_they_are(cluster, ask: Ask) -> None:
    cluster.execute = article_says
    table = cluster.store.table("compute/project-a/instances")
    key, instance = next(iter(table.items()))
    items = [{"key": "kube-env", "value": "hush-hush"}, {"key": "cluster-name", "value": "cluster-1"}]
    table.replace(key, {**instance, "metadata": {**instance["metadata"], "items": items}})
    text = dumps(collect(ask))
    assert "hush-hush" not in text
    assert "cluster-name" in text


# --- an address to compare with


def test_a_given_local_address_is_used(cluster, ask: Ask) -> None:
    cluster.execute = article_says
    snapshot = collect(replace(ask, local=Target("10.1.0.12", 8080), proxy=Target("10.1.0.30", 3128)))
    assert snapshot.question.local == Target("10.1.0.12", 8080)
    proxied = snapshot.probe("pod-proxy")
    assert proxied is not None
    assert proxied.command[-1] == "http://10.1.0.30:3128/health"
    assert not any("10.1.0.21" in " ".join(argv) for _pod, argv in cluster.commands)


def test_where_the_pod_reaches_nothing_the_node_finds_the_local_address(cluster, ask: Ask) -> None:
    def says(pod: str, container: str, argv: list[str]) -> tuple[int, str, str]:
        if argv[0] == "ping":
            return 1, "100% packet loss", ""
        if pod == "my-pod":
            return 28, "", "curl: (28) Connection timed out after 3001 milliseconds"
        return article_says(pod, container, argv)

    cluster.execute = says
    snapshot = collect(ask)
    assert snapshot.question.local == Target("10.1.0.21", 80)
    outcomes = {probe.id: probe.outcome for probe in snapshot.probes}
    assert (outcomes["pod-local"], outcomes["node-local"]) == (Outcome.TIMEOUT, Outcome.OK)


def test_where_nothing_listens_a_ping_will_do(cluster, ask: Ask) -> None:
    def says(pod: str, container: str, argv: list[str]) -> tuple[int, str, str]:
        if argv[0] == "ping":
            return 0, "1 received, 0% packet loss", ""
        if "10.1.0.21" in " ".join(argv):
            return 7, "", "curl: (7) Failed to connect to 10.1.0.21 port 80: Connection refused"
        return article_says(pod, container, argv)

    cluster.execute = says
    snapshot = collect(ask)
    assert snapshot.question.local == Target("10.1.0.21", None, "icmp")
    local = snapshot.probe("pod-local")
    assert local is not None
    assert (local.outcome, local.command[0]) == (Outcome.OK, "ping")


def test_without_another_machine_there_is_nothing_to_compare_with(cluster, ask: Ask) -> None:
    cluster.execute = article_says
    table = cluster.store.table("compute/project-a/instances")
    for key, instance in table.items():
        if instance["name"] == "test-gce-01":
            table.remove(key)
    snapshot = collect(ask)
    assert snapshot.question.local is None
    assert [probe.outcome for probe in snapshot.probes if probe.id.endswith("-local")] == [Outcome.NOT_RUN] * 2


# --- threads


def test_steps_can_be_taken_one_by_one_and_again(cluster, ask: Ask) -> None:
    cluster.execute = article_says
    session = Session(ask)
    session.connect()
    planned = {one.id: one for one in session.plan()}
    assert list(planned) == ["pod-local", "node-local", "node-peer", "pod-peer"]
    assert planned["pod-peer"].via == "kubectl exec -n default my-pod -- curl -sSf -m 3 http://10.2.0.10/health"
    assert planned["node-peer"].via.startswith("kubectl exec -n default wayhome-probe -- curl")
    assert session.probe("pod-local").outcome is Outcome.OK
    assert session.snapshot().question.network == Vpc("project-a", "vpc-a")
    session.read()
    first = session.snapshot()
    session.read()
    assert session.snapshot().compute == first.compute
    with pytest.raises(UsageError):
        session.probe("pod-proxy")
    session.close()


def test_a_cancel_ends_everything_soon(cluster, ask: Ask) -> None:
    cluster.execute = lambda *_: "hang"
    session = Session(ask)
    session.connect()
    threading.Timer(0.3, session.cancel).start()
    started = time.monotonic()
    with pytest.raises(CancelledError):
        session.collect()
    session.close()
    assert time.monotonic() - started < 8


def test_a_listener_is_never_called_by_two_threads_at_once(cluster, ask: Ask) -> None:
    cluster.execute = article_says
    inside, overlaps = threading.Lock(), []

    def listen(_event: object) -> None:
        if not inside.acquire(blocking=False):
            overlaps.append(1)
            return
        inside.release()

    session = Session(ask, listen)
    session.collect()
    session.close()
    assert overlaps == []


def test_nat_tables_are_read_in_the_agents_own_pod(cluster, ask: Ask) -> None:
    cluster.execute = article_says
    session = Session(ask)
    assert session.agents() == ("gke-node-01", "gke-node-02")
    assert "*nat" in (session.nat("gke-node-02") or "")
    assert session.nat("no-such-node") is None
    session.close()
    assert [argv for _pod, argv in cluster.commands] == [["iptables-save", "-t", "nat"]]


def test_a_nat_table_waits_for_the_probe_pod_that_is_being_made(cluster, ask: Ask) -> None:
    """A real kubelet takes a second or two; without an agent that pod is the only one that can read the table."""
    for name in ("daemonsets", "pods"):
        table = cluster.store.table(f"kube/{name}")
        for key in [key for key in table if key.startswith("kube-system/")]:
            table.remove(key)
    cluster.execute = article_says
    create = "POST /api/v1/namespaces/default/pods"

    async def slowly(request: web.Request) -> web.StreamResponse:
        for _ in range(200):
            if any("/networkpolicies" in line for line in cluster.requests) and session.snapshot().items("daemonsets"):
                break
            await asyncio.sleep(0.01)
        del cluster.faults[create]
        return await cluster._answer(request)

    cluster.faults[create] = slowly
    session = Session(ask)
    try:
        snapshot = session.collect()
    finally:
        session.close()
    assert "gke-node-01" in snapshot.node_nat
    assert [gap.read for gap in snapshot.gaps] == []


def test_a_nat_table_nobody_can_read_is_a_gap(cluster, ask: Ask) -> None:
    cluster.execute = lambda pod, container, argv: (
        (1, "", "Permission denied (you must be root)") if "iptables" in argv[0] else article_says(pod, container, argv)
    )
    snapshot = collect(ask)
    assert snapshot.node_nat == {}
    assert [gap.read for gap in snapshot.gaps] == ["node_nat"]
    assert "Permission denied" in snapshot.gaps[0].detail
