"""Pods that have nothing to measure with, or do not run: what stands in for them, or the sentence that says why not."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from lab import control
from probes import images, nodepod, standin
from probes.ask import Ask
from probes.errors import UsageError
from probes.events import Announced
from probes.place import Place, place
from probes.session import Session
from rules.snapshot import Outcome, PodRef, Probe, Target

ZOO = Path(__file__).parent / "zoo.yaml"
ADDED = "PATCH /api/v1/namespaces/default/pods/my-pod/ephemeralcontainers"
HTTP = Target("10.2.0.10", 80, "tcp", "/health")


@pytest.fixture(scope="module")
def zoo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Session]]:
    """Sessions on a lab with pods of every kind."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WAYHOME_STATE_DIR", str(tmp_path_factory.mktemp("zoo")))
        for name, value in control.environment(control.start(str(ZOO), speed=50)).items():
            patch.setenv(name, value)
        opened: list[Session] = []

        def about(pod: str, listener: Callable[[object], None] = lambda _: None, **more: Any) -> Session:
            opened.append(Session(Ask(PodRef("default", pod), HTTP, Target("10.1.0.21", 80), **more), listener))
            return opened[-1]

        yield about
        for session in opened:
            session.close()
        control.stop()


def announced(events: list[Any]) -> list[str]:
    return [event.sentence for event in events if isinstance(event, Announced)]


def the_pod(session: Session) -> dict[str, Any]:
    ref = session.ask.pod
    return session.kube.get(f"/api/v1/namespaces/{ref.namespace}/pods/{ref.name}")


@pytest.mark.lab
def test_a_container_is_added_to_a_pod_without_tools_and_used_again(zoo) -> None:
    events: list[Any] = []
    session = zoo("bare", events.append)
    probes = [session.probe(name) for name in ("pod-peer", "pod-local")]
    assert [probe.outcome for probe in probes] == [Outcome.TIMEOUT, Outcome.OK]
    session.close()
    added = the_pod(session)["spec"]["ephemeralContainers"]
    assert len(added) == 1
    assert f"-c {added[0]['name']} -- " in probes[0].via
    assert added[0]["command"] == ["sleep", str(nodepod.LIFETIME)]
    assert [added[0]["name"] in sentence for sentence in announced(events)] == [True]
    again: list[Any] = []
    other = zoo("bare", again.append)
    assert other.probe("pod-peer").outcome is Outcome.TIMEOUT
    assert announced(again) == []
    assert len(the_pod(other)["spec"]["ephemeralContainers"]) == 1


@pytest.mark.lab
@pytest.mark.parametrize(
    ("leave", "words"), [({"read_only": True}, "read-only"), ({"stand_in": False}, "--no-stand-in")]
)
def test_without_leave_nothing_is_added(leave: dict[str, bool], words: str, zoo) -> None:
    session = zoo("on-host", **leave)
    probe = session.probe("pod-peer")
    assert probe.outcome is Outcome.NOT_RUN
    assert "none of curl" in probe.why
    assert words in probe.why
    assert "ephemeralContainers" not in the_pod(session)["spec"]


@pytest.mark.lab
def test_the_container_that_has_tools_is_found(zoo) -> None:
    session = zoo("two")
    assert "-c helper -- wget" in session.probe("pod-peer").via
    named = zoo("two", container="main", read_only=True).probe("pod-peer")
    assert (named.outcome, "none of curl" in named.why) == (Outcome.NOT_RUN, True)
    with pytest.raises(UsageError, match="it has main, helper"):
        zoo("two", container="nobody").connect()


@pytest.mark.lab
def test_behind_a_mesh_the_proxys_own_user_measures(zoo) -> None:
    """What the application sees is the proxy's answer; packets of user 1337 are the network's."""
    session = zoo("meshed")
    probe = session.probe("pod-peer")
    assert probe.outcome is Outcome.TIMEOUT
    added = the_pod(session)["spec"]["ephemeralContainers"]
    assert added[0]["securityContext"]["runAsUser"] == 1337
    assert added[0]["name"] in probe.via


@pytest.mark.lab
def test_a_pod_that_crashes_is_measured_all_the_same(zoo) -> None:
    session = zoo("loops")
    assert session.probe("pod-peer").outcome is Outcome.TIMEOUT
    assert session.probe("pod-local").outcome is Outcome.OK


@pytest.mark.lab
def test_a_pod_without_tools_on_the_nodes_network(zoo) -> None:
    session = zoo("on-host")
    assert [session.probe(name).outcome for name in ("node-peer", "pod-peer")] == [Outcome.OK, Outcome.OK]


@pytest.mark.lab
@pytest.mark.parametrize(
    ("pod", "words"),
    [
        ("waits", "is on no node yet (0/1 nodes are available"),
        ("starts", "is not running (ContainerCreating)"),
        ("done", "has ended (Completed)"),
        ("failed", "has ended (Error)"),
        ("leaves", "is being deleted"),
    ],
)
def test_a_pod_that_cannot_be_measured_says_why(pod: str, words: str, zoo) -> None:
    session = zoo(pod)
    probe = session.probe("pod-peer")
    assert (probe.outcome, words.split("0/1")[0] in probe.why) == (Outcome.NOT_RUN, True), probe.why
    assert "ephemeralContainers" not in the_pod(session)["spec"]


def no_tools(pod: str, _container: str, argv: list[str]) -> Any:
    return (28, "", "") if pod.startswith(nodepod.PLANNED) and argv[0] == "curl" else (127, "", "")


def answer(status: int, message: str) -> Callable[[web.Request], Any]:
    async def say(_request: web.Request) -> web.Response:
        return web.json_response({"message": message}, status=status)

    return say


@pytest.mark.parametrize(
    ("status", "message", "words"),
    [
        (404, "the server could not find the requested resource", "older than 1.23"),
        (403, 'pods "my-pod" is forbidden', "patch pods/ephemeralcontainers"),
        (422, "static pods do not support ephemeral containers", "static pods"),
    ],
)
def test_else_a_pod_like_it_stands_in_and_goes(status: int, message: str, words: str, cluster, ask: Ask) -> None:
    cluster.execute = no_tools
    cluster.faults[ADDED] = answer(status, message)
    events: list[Any] = []
    session = Session(ask, events.append)
    session.connect()
    probe = session.probe("pod-peer")
    assert probe.outcome is Outcome.TIMEOUT
    made = [key for key in cluster.store.table("kube/pods") if nodepod.PLANNED in key]
    assert len(made) == 1
    said = announced(events)[-1]
    assert words in said
    assert "no controller adopts it" in said
    session.close()
    assert [key for key in cluster.store.table("kube/pods") if nodepod.PLANNED in key] == []


def test_no_pod_stands_in_where_probe_pods_are_not_wanted(cluster, ask: Ask) -> None:
    cluster.execute = no_tools
    cluster.faults[ADDED] = answer(403, "no")
    session = Session(dataclasses.replace(ask, node_probe=False))
    session.connect()
    probe = session.probe("pod-peer")
    session.close()
    assert probe.outcome is Outcome.NOT_RUN
    assert "pods/ephemeralcontainers" in probe.why
    assert "--no-node-probe" in probe.why
    assert not [request for request in cluster.requests if request.startswith("POST")]


POD: dict[str, Any] = {
    "metadata": {
        "namespace": "default",
        "name": "web-1",
        "uid": "u",
        "labels": {"app": "web", "tier": "front", "pod-template-hash": "abc", "job-name": "j"},
    },
    "spec": {"nodeName": "n", "containers": [{"name": "app", "image": "app:1"}]},
    "status": {"phase": "Running", "podIP": "172.16.1.9"},
}


def policy(**selector: Any) -> dict[str, Any]:
    return {"spec": {"podSelector": selector}}


@pytest.mark.parametrize(
    ("policies", "expected"),
    [
        ([], {}),
        ([policy()], {}),
        ([policy(matchLabels={"app": "other"})], {"app": "web"}),
        ([policy(matchExpressions=[{"key": "tier", "operator": "NotIn", "values": ["x"]}])], {"tier": "front"}),
        ([policy(matchLabels={"absent": "x"})], {}),
        (None, {"app": "web", "tier": "front"}),
    ],
)
def test_labels_are_those_that_policies_select_by(policies: Any, expected: dict[str, str]) -> None:
    assert standin.labels(POD, policies) == expected


def test_a_sibling_is_adopted_by_nobody_and_served_by_nobody() -> None:
    """A pod with a controller is adopted by no other; a readiness gate that nobody opens keeps it out of Services."""
    made = standin.manifest(PodRef("default", "p"), POD, {"app": "web"}, "busybox", root=False)
    assert [one["controller"] for one in made["metadata"]["ownerReferences"]] == [True]
    assert made["metadata"]["ownerReferences"][0]["uid"] == "u"
    assert made["metadata"]["labels"]["app"] == "web"
    assert made["metadata"]["labels"]["app.kubernetes.io/managed-by"] == "wayhome"
    assert made["spec"]["readinessGates"] == [{"conditionType": standin.GATE}]
    assert made["spec"]["nodeName"] == "n"
    assert made["spec"]["activeDeadlineSeconds"] == nodepod.LIFETIME
    security = made["spec"]["containers"][0]["securityContext"]
    assert (security["runAsNonRoot"], security["capabilities"]) == (True, {"drop": ["ALL"]})


def test_a_service_that_publishes_pods_that_are_not_ready_forbids_a_sibling(cluster, ask: Ask) -> None:
    cluster.execute = no_tools
    cluster.faults[ADDED] = answer(403, "no")
    spec = {"selector": {"app": "my-pod"}, "publishNotReadyAddresses": True}
    cluster.store.table("kube/services").create(
        "default/peers", {"metadata": {"namespace": "default", "name": "peers"}, "spec": spec}
    )
    rule = {"metadata": {"namespace": "default", "name": "p"}, **policy(matchLabels={"app": "my-pod"})}
    cluster.store.table("kube/networkpolicies").create("default/p", rule)
    session = Session(ask)
    session.connect()
    probe = session.probe("pod-peer")
    session.close()
    assert probe.outcome is Outcome.NOT_RUN
    assert "Service peers" in probe.why


def test_images_for_a_stand_in_are_not_the_pods_own() -> None:
    others = [{"spec": {"containers": [{"image": "app:1"}, {"image": "curlimages/curl:8"}]}}]
    assert images.choices(POD, others, None, own=False) == ["curlimages/curl:8", images.DEFAULT]
    bare = {"spec": {"containers": [{"image": "gcr.io/distroless/static"}]}}
    assert images.choices(bare, [], None) == [images.DEFAULT]


MESHED: dict[str, Any] = {
    "metadata": {"namespace": "default", "name": "web-1"},
    "spec": {
        "containers": [{"name": "app"}],
        "initContainers": [{"name": "init"}, {"name": "istio-proxy", "restartPolicy": "Always"}],
    },
    "status": {
        "phase": "Running",
        "containerStatuses": [{"name": "app", "state": {"running": {}}}],
        "initContainerStatuses": [
            {"name": "init", "state": {"terminated": {"exitCode": 0}}},
            {"name": "istio-proxy", "state": {"running": {}}},
        ],
    },
}


def test_what_a_meshs_proxy_may_have_answered_is_not_believed() -> None:
    found = place(MESHED)
    assert isinstance(found, Place)
    proxy, app = found.containers
    assert (proxy["name"], app["name"]) == ("istio-proxy", "app")
    port = dataclasses.replace(HTTP, path=None)
    assert found.vouches(proxy, Outcome.OK, port)
    assert found.vouches(app, Outcome.OK, HTTP)
    for outcome, target in ((Outcome.OK, port), (Outcome.APP_ERROR, HTTP), (Outcome.STALLED, HTTP)):
        assert not found.vouches(app, outcome, target)
    assert found.vouches(app, Outcome.TIMEOUT, Target("10.2.0.10", None, "icmp"))


@pytest.mark.parametrize("name", ["istio-proxy", "linkerd-proxy"])
def test_a_measurement_through_a_mesh_is_no_outcome(name: str, cluster, ask: Ask) -> None:
    pod = cluster.store.table("kube/pods").get("default/my-pod")
    pod["spec"]["containers"].append({"name": name, "image": "gcr.io/distroless/proxy"})
    pod["status"]["containerStatuses"].append({"name": name, "state": {"running": {}}})
    cluster.store.table("kube/pods").replace("default/my-pod", pod)
    cluster.execute = lambda _pod, container, argv: (
        (22, "", "error: 503") if (container, argv[0]) == ("my-pod", "curl") else (127, "", "")
    )
    session = Session(dataclasses.replace(ask, read_only=True))
    session.connect()
    probe: Probe = session.probe("pod-peer")
    session.close()
    assert probe.outcome is Outcome.NOT_RUN
    assert f"service mesh's {name}" in probe.why


def test_a_container_that_restarts_leaves_the_others(cluster, ask: Ask) -> None:
    pod = cluster.store.table("kube/pods").get("default/my-pod")
    pod["spec"]["containers"].append({"name": "other", "image": "curl"})
    pod["status"]["containerStatuses"].append({"name": "other", "state": {"running": {}}})
    cluster.store.table("kube/pods").replace("default/my-pod", pod)

    def execute(_pod: str, container: str, argv: list[str]) -> Any:
        return (0, "OK", "") if (container, argv[0]) == ("other", "curl") else (127, "", "")

    async def gone(request: web.Request) -> web.StreamResponse:
        if request.query.get("container") == "my-pod":
            message = 'unable to upgrade connection: container not found ("my-pod")'
            return web.json_response({"message": message}, status=400)
        found: web.StreamResponse = await cluster._exec(request, "default", "my-pod")
        return found

    cluster.execute = execute
    cluster.faults["GET /api/v1/namespaces/default/pods/my-pod/exec"] = gone
    session = Session(ask)
    session.connect()
    probe = session.probe("pod-peer")
    session.close()
    assert (probe.outcome, "-c other" in probe.via) == (Outcome.OK, True)


def test_an_init_container_that_keeps_failing_is_named() -> None:
    made = {
        "metadata": {"namespace": "default", "name": "web-1"},
        "spec": {"nodeName": "n", "containers": [{"name": "app"}], "initContainers": [{"name": "migrate"}]},
        "status": {
            "phase": "Pending",
            "containerStatuses": [{"name": "app", "state": {"waiting": {"reason": "PodInitializing"}}}],
            "initContainerStatuses": [{"name": "migrate", "state": {"waiting": {"reason": "CrashLoopBackOff"}}}],
        },
    }
    found = str(place(made))
    assert "init container migrate" in found
    assert "CrashLoopBackOff" in found
    assert "kubectl logs -n default web-1 -c migrate" in found
