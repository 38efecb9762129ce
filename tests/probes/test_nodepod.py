"""The probe pod: what it is, when it may be made, and that it never stays."""

from __future__ import annotations

import contextlib
import dataclasses
import threading
from typing import Any

import pytest
from aiohttp import web

from probes import images, nodepod
from probes.ask import Ask
from probes.errors import ProbeError
from probes.events import Announced
from probes.session import Session
from rules.snapshot import Outcome, PodRef

PODS = "POST /api/v1/namespaces/default/pods"


def says_ok(_pod: str, _container: str, argv: list[str]) -> tuple[int, str, str]:
    return (0, "OK", "") if argv[0] == "curl" else (127, "", "")


def pods(cluster) -> list[str]:
    return [key for key in cluster.store.table("kube/pods") if "wayhome" in key]


def test_it_is_small_labelled_bounded_and_on_the_nodes_own_network() -> None:
    made = nodepod.manifest(PodRef("default", "p"), "gke-node-01", "curl:1", [{"name": "s"}], privileged=True)
    spec = made["spec"]
    assert made["metadata"]["labels"]["app.kubernetes.io/managed-by"] == "wayhome"
    assert (spec["hostNetwork"], spec["nodeName"], spec["activeDeadlineSeconds"]) == (True, "gke-node-01", 600)
    assert spec["tolerations"] == [{"operator": "Exists"}]
    assert spec["automountServiceAccountToken"] is False
    container = spec["containers"][0]
    assert set(container["resources"]) == {"requests", "limits"}
    assert container["securityContext"]["capabilities"]["drop"] == ["ALL"]
    plain = nodepod.manifest(PodRef("default", "p"), "n", "curl:1", privileged=False)["spec"]["containers"][0]
    assert "NET_ADMIN" not in plain["securityContext"]["capabilities"]["add"]


def image_pod(*names: str) -> dict[str, Any]:
    return {"spec": {"containers": [{"image": name} for name in names]}}


def test_images_that_the_node_has_are_preferred(monkeypatch: pytest.MonkeyPatch) -> None:
    node = {"status": {"images": [{"names": ["x@sha256:1", "gcr.io/busybox:1"]}, {"names": ["gcr.io/app:1"]}, {}]}}
    found = images.choices(image_pod("app:1"), [image_pod("agent:1", "curlimages/curl:8")], node)
    assert found == ["app:1", "curlimages/curl:8", images.DEFAULT]
    monkeypatch.setenv(images.IMAGE, "mine:1")
    assert images.choices(image_pod("app:1"), [], node) == ["mine:1"]


def test_one_pod_serves_all_node_probes_and_goes_with_the_session(cluster, ask: Ask) -> None:
    cluster.execute = says_ok
    events: list[Any] = []
    session = Session(ask, events.append)
    session.connect()
    session.read()
    assert [session.probe(name).outcome for name in ("node-peer", "node-local")] == [Outcome.OK, Outcome.OK]
    assert len(pods(cluster)) == 1
    assert sum(isinstance(event, Announced) for event in events) == 1
    planned = {one.id: one.via for one in session.plan()}
    assert planned["node-peer"].startswith(f"kubectl exec -n default {pods(cluster)[0].split('/')[1]} -- curl")
    session.close()
    session.close()
    assert pods(cluster) == []


@pytest.mark.parametrize(
    ("change", "words"), [({"read_only": True}, "read-only"), ({"node_probe": False}, "--no-node-probe")]
)
def test_without_leave_none_is_made(change: dict[str, bool], words: str, cluster, ask: Ask) -> None:
    cluster.execute = says_ok
    session = Session(dataclasses.replace(ask, **change))
    snapshot = session.collect()
    session.close()
    probe = snapshot.probe("node-peer")
    assert probe is not None
    assert (probe.outcome, words in probe.why) == (Outcome.NOT_RUN, True)
    assert not [request for request in cluster.requests if not request.startswith("GET")]


def test_without_the_right_to_net_admin_it_is_made_without(cluster, ask: Ask) -> None:
    cluster.execute = says_ok

    async def picky(request: web.Request) -> Any:
        body = await request.json()
        if "NET_ADMIN" in str(body):
            return web.json_response({"message": "violates PodSecurity"}, status=403)
        del cluster.faults[PODS]
        return await cluster._answer(request)

    cluster.faults[PODS] = picky
    session = Session(ask)
    session.connect()
    assert session.probe("node-peer").outcome is Outcome.OK
    session.close()
    assert pods(cluster) == []


def test_a_forbidden_pod_is_a_reason_not_a_crash(cluster, ask: Ask) -> None:
    async def forbidden(_: web.Request) -> Any:
        return web.json_response({"message": 'pods is forbidden: cannot create resource "pods"'}, status=403)

    cluster.faults[PODS] = forbidden
    session = Session(ask)
    session.connect()
    probe = session.probe("node-peer")
    session.close()
    assert (probe.outcome, "create pods" in probe.why) == (Outcome.NOT_RUN, True)


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ({"waiting": {"reason": "ImagePullBackOff", "message": "no such image"}}, "ImagePullBackOff no such image"),
        ({"terminated": {"reason": "StartError", "message": "exec: sleep not found"}}, "StartError"),
    ],
)
def test_a_pod_that_does_not_start_says_why_and_is_removed(state: Any, words: str, cluster, ask: Ask) -> None:
    def broken(status: Any) -> None:
        table = cluster.store.table("kube/pods")
        for key in pods(cluster):
            table.replace(key, {**table.get(key), "status": status})

    async def get(request: web.Request) -> Any:
        broken({"phase": "Pending", "containerStatuses": [{"name": "probe", "state": state}]})
        return await cluster._answer(request)

    async def post(request: web.Request) -> Any:
        name = (await request.json())["metadata"]["name"]
        fault = cluster.faults.pop(PODS)
        answer = await cluster._answer(request)
        cluster.faults[PODS] = fault

        async def once(found: web.Request) -> Any:
            del cluster.faults[f"GET /api/v1/namespaces/default/pods/{name}"]
            return await get(found)

        cluster.faults[f"GET /api/v1/namespaces/default/pods/{name}"] = once
        return answer

    cluster.faults[PODS] = post
    session = Session(ask)
    session.connect()
    probe = session.probe("node-peer")
    assert (probe.outcome, words in probe.why) == (Outcome.NOT_RUN, True)
    session.close()
    assert pods(cluster) == []


def quietly(session: Session) -> None:
    with contextlib.suppress(ProbeError):
        session.probe("node-peer")


def test_a_pod_that_is_being_created_when_everything_ends_does_not_stay(cluster, ask: Ask) -> None:
    arrived, go = threading.Event(), threading.Event()

    async def slow(request: web.Request) -> Any:
        import asyncio

        del cluster.faults[PODS]
        answer = await cluster._answer(request)
        arrived.set()
        await asyncio.to_thread(go.wait, 10)
        return answer

    cluster.faults[PODS] = slow
    session = Session(ask)
    session.connect()
    thread = threading.Thread(target=quietly, args=(session,), daemon=True)
    thread.start()
    assert arrived.wait(10)
    threading.Timer(0.2, go.set).start()
    session.close()
    assert pods(cluster) == []
    thread.join(10)


def test_a_lost_answer_to_the_creation_leaves_no_pod(cluster, ask: Ask) -> None:
    async def lost(request: web.Request) -> Any:
        del cluster.faults[PODS]
        await cluster._answer(request)
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    cluster.faults[PODS] = lost
    session = Session(ask)
    session.connect()
    assert session.probe("node-peer").outcome is Outcome.NOT_RUN
    assert len(pods(cluster)) == 1
    session.close()
    assert pods(cluster) == []


def test_a_pod_that_ended_is_replaced(cluster, ask: Ask) -> None:
    cluster.execute = says_ok
    session = Session(ask)
    session.connect()
    assert session.probe("node-peer").outcome is Outcome.OK
    old = pods(cluster)[0]
    cluster.store.table("kube/pods").remove(old)

    async def gone(_: web.Request) -> Any:
        return web.json_response({"message": "not found"}, status=404)

    name = old.split("/")[1]
    cluster.faults[f"GET /api/v1/namespaces/default/pods/{name}/exec"] = gone
    assert session.probe("node-peer").outcome is Outcome.OK
    assert pods(cluster) != [old]
    session.close()
    assert pods(cluster) == []


def test_strays_of_earlier_runs_are_found(cluster, ask: Ask) -> None:
    manifest = nodepod.manifest(PodRef("web", "wayhome-probe-old"), "gke-node-01", "x", privileged=False)
    cluster.store.table("kube/pods").create("web/wayhome-probe-old", manifest)
    session = Session(ask)
    assert session.strays() == (PodRef("web", "wayhome-probe-old"),)
    session.close()
