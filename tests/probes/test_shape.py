"""What the check of shapes lets through, the program can read: objects with any field taken out or made another."""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from lab.store import Store
from probes import derive, images, shape, standin, starting, tables
from probes.errors import CallError, CancelledError
from probes.place import names, place, proxy_user
from rules.snapshot import PodRef

Object = dict[str, Any]
GONE = object()
ODD = (GONE, None, "", "text", 7, True, [], {}, [None], ["text"], [{}])

POD: Object = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {
        "name": "my-pod",
        "namespace": "default",
        "uid": "u",
        "labels": {"app": "web"},
        "annotations": {"kubectl.kubernetes.io/default-container": "main"},
        "ownerReferences": [{"kind": "ReplicaSet", "name": "web", "controller": True}],
    },
    "spec": {
        "nodeName": "gke-node-01",
        "containers": [{"name": "main", "image": "registry.local/tools:1"}],
        "initContainers": [{"name": "istio-proxy", "image": "proxy", "restartPolicy": "Always"}],
        "ephemeralContainers": [{"name": "wayhome-probe-1", "image": "busybox"}],
        "imagePullSecrets": [{"name": "pull"}],
    },
    "status": {
        "phase": "Running",
        "podIP": "172.16.1.2",
        "podIPs": [{"ip": "172.16.1.2"}],
        "conditions": [{"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "no room"}],
        "containerStatuses": [{"name": "main", "state": {"running": {"startedAt": "2026-11-23T00:00:00Z"}}}],
        "initContainerStatuses": [{"name": "istio-proxy", "state": {"terminated": {"exitCode": 1, "reason": "Error"}}}],
        "ephemeralContainerStatuses": [{"name": "wayhome-probe-1", "state": {"waiting": {"reason": "Pulling"}}}],
    },
}


def damages(whole: Object) -> Iterator[tuple[str, Object]]:
    """`whole` with each of its fields taken out or made each other thing, and which."""
    for path in places(whole):
        for odd in ODD:
            made = copy.deepcopy(whole)
            at: Any = made
            for key in path[:-1]:
                at = at[key]
            if odd is GONE:
                del at[path[-1]]
            else:
                at[path[-1]] = copy.deepcopy(odd)
            yield f"{path} is {'gone' if odd is GONE else odd!r}", made


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    keys = value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in keys:
        yield (*path, key)
        yield from places(value[key], (*path, key))


def let_through(item: Object) -> bool:
    try:
        shape.kubernetes(item)
        shape.named(item)
    except CallError:
        return False
    return True


def read_pod(pod: Object) -> None:
    place(pod)
    place({**pod, "status": {**(pod.get("status") or {}), "phase": "Pending"}})
    names(pod)
    proxy_user(pod)
    images.choices(pod, [pod], None)
    standin.possible(pod)
    standin.manifest(PodRef("default", "made"), pod, standin.labels(pod, None), "busybox", root=False)
    tables.by_node([pod])
    tables.agent_pods([], [pod])

    class Client:
        def get(self, *_args: Any, **_more: Any) -> Object:
            return pod

    def pause(_seconds: float) -> None:
        raise CancelledError("stopped")

    for container in ("", "wayhome-probe-1"):
        with contextlib.suppress(CancelledError):
            starting.until_running(Client(), PodRef("default", "my-pod"), pause, container)  # type: ignore[arg-type]
    standin._earlier(Client(), PodRef("default", "my-pod"))  # type: ignore[arg-type]


def read_node(node: Object) -> None:
    derive.vm(node)
    derive.internal_address(node)
    derive.cluster(node, None, derive.Vm("p", "asia-northeast1-a", "n"), "it")
    images.choices(POD, [], node)


def read_daemonset(item: Object) -> None:
    tables.agent_pods([item], [POD])


def read_service(item: Object) -> None:
    class Client:
        def list(self, *_args: Any, **_more: Any) -> Object:
            return {"items": [item]}

    with contextlib.suppress(standin.ProbePodError):
        standin.unpublished(Client(), PodRef("default", "my-pod"), {"app": "web"})  # type: ignore[arg-type]


def read_policy(item: Object) -> None:
    standin.labels(POD, [item])


SERVICE: Object = {
    "kind": "Service",
    "metadata": {"name": "web", "namespace": "default"},
    "spec": {"selector": {"app": "web"}, "publishNotReadyAddresses": True},
}
POLICY: Object = {
    "kind": "NetworkPolicy",
    "metadata": {"name": "one", "namespace": "default"},
    "spec": {
        "podSelector": {"matchLabels": {"app": "web"}, "matchExpressions": [{"key": "app", "operator": "Exists"}]}
    },
}


def stored(article: Store, plural: str) -> Object:
    found: Object = article.table(f"kube/{plural}").values()[0]
    return found


@pytest.mark.parametrize(
    ("item", "read"),
    [(POD, read_pod), (SERVICE, read_service), (POLICY, read_policy)],
    ids=["pod", "service", "policy"],
)
def test_what_the_check_lets_through_can_be_read(item: Object, read: Callable[[Object], None]) -> None:
    held_up(item, read)


@pytest.mark.parametrize(("plural", "read"), [("nodes", read_node), ("daemonsets", read_daemonset)])
def test_what_the_check_lets_through_of_the_lab_can_be_read(
    article: Store, plural: str, read: Callable[[Object], None]
) -> None:
    held_up(stored(article, plural), read)


def held_up(whole: Object, read: Callable[[Object], None]) -> None:
    assert let_through(whole)
    read(whole)
    bad = []
    for what, item in damages(whole):
        if let_through(item):
            try:
                read(item)
            except Exception as error:  # every one is a defect to be listed
                bad.append(f"{what}: {error!r}")
    assert bad == []
