"""The controllers by themselves: pods come up, end, and are replaced, as the store shows it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from lab.kube.controllers import Controllers
from lab.store import Store

Object = dict[str, Any]
Test = Callable[[], Any]


@pytest.fixture
async def running(cluster: Store, local_fabric: Any) -> AsyncIterator[Store]:
    controllers = Controllers(cluster, 200.0, fabric=local_fabric)
    await controllers.start()
    yield cluster
    await controllers.stop()


async def until(store: Store, test: Test) -> Any:
    """Wait until `test` is true of the store, and give back what it says."""
    changed = asyncio.Event()
    end = store.listen(lambda _: changed.set())
    try:
        async with asyncio.timeout(20):
            while not (found := test()):
                await changed.wait()
                changed.clear()
    finally:
        end()
    return found


def pod(name: str, **spec: Any) -> Object:
    container = {"name": "c", "image": "busybox"}
    return {
        "kind": "Pod",
        "apiVersion": "v1",
        "metadata": {"name": name, "namespace": "default", "uid": f"uid-{name}"},
        "spec": {"containers": [container], "restartPolicy": "Always", **spec},
        "status": {"phase": "Pending"},
    }


def phase(store: Store, name: str, wanted: str) -> Test:
    def test() -> Object | None:
        found = store.table("kube/pods").find(f"default/{name}")
        return found if found and found["status"].get("phase") == wanted else None

    return test


async def test_what_was_there_before_the_lab_runs_at_once_and_says_nothing(running: Store) -> None:
    pods = running.table("kube/pods").values()
    assert {each["status"]["phase"] for each in pods} == {"Running"}
    assert sorted(each["status"]["podIP"] for each in pods) == ["10.1.0.11", "10.1.0.12", "172.16.1.2"]
    assert running.table("kube/daemonsets").get("kube-system/ip-masq-agent")["status"]["numberReady"] == 2
    assert len(running.table("kube/events")) == 0
    assert running.table("kube/leases").get("kube-node-lease/gke-node-01")["spec"]["holderIdentity"] == "gke-node-01"


async def test_addresses_are_the_node_s_and_each_pod_s_own(running: Store) -> None:
    for number in range(20):
        running.table("kube/pods").create(f"default/p{number}", pod(f"p{number}", nodeName="gke-node-01"))
    await until(running, lambda: all(phase(running, f"p{number}", "Running")() for number in range(20)))
    held = [each["status"]["podIP"] for each in running.table("kube/pods").values()]
    assert len(set(held)) == len(held)
    assert sum(address.startswith("172.16.1.") for address in held) == 21


async def test_a_node_without_room_keeps_pods_waiting(running: Store) -> None:
    node = running.table("kube/nodes").get("gke-node-02")
    node["spec"].update(podCIDR="172.16.2.0/30", podCIDRs=["172.16.2.0/30"])
    running.table("kube/nodes").replace("gke-node-02", node)
    for name in ("a", "b"):
        running.table("kube/pods").create(f"default/{name}", pod(name, nodeName="gke-node-02"))
    events = running.table("kube/events")
    await until(running, lambda: any(each["reason"] == "FailedCreatePodSandBox" for each in events.values()))
    assert [name for name in "ab" if phase(running, name, "Running")()] == ["a"]
    running.table("kube/pods").remove("default/a")
    await until(running, phase(running, "b", "Running"))


async def test_the_deadline_ends_a_pod(running: Store) -> None:
    running.table("kube/pods").create("default/short", pod("short", activeDeadlineSeconds=1, restartPolicy="Never"))
    ended = await until(running, phase(running, "short", "Failed"))
    assert ended["status"]["reason"] == "DeadlineExceeded"
    assert ended["status"]["containerStatuses"][0]["state"]["terminated"]["exitCode"] == 137


async def test_a_pod_waits_for_its_config_map(running: Store) -> None:
    volume = {"name": "v", "configMap": {"name": "needed", "items": [{"key": "config", "path": "x"}]}}
    running.table("kube/pods").create("default/needy", pod("needy", volumes=[volume]))
    events = running.table("kube/events")

    def refused(text: str) -> Test:
        return lambda: any(text in each["message"] for each in events.values())

    await until(running, refused('configmap "needed" not found'))
    config = {"metadata": {"name": "needed", "namespace": "default"}, "data": {"other": ""}}
    running.table("kube/configmaps").create("default/needed", config)
    await until(running, refused("references non-existent config key: config"))
    assert not phase(running, "needy", "Running")()
    running.table("kube/configmaps").replace("default/needed", {**config, "data": {"config": ""}})
    await until(running, phase(running, "needy", "Running"))


async def test_tolerations_and_taints(running: Store) -> None:
    for name in ("gke-node-01", "gke-node-02"):
        node = running.table("kube/nodes").get(name)
        node["spec"]["taints"] = [{"key": "k", "value": "v", "effect": "NoSchedule"}]
        running.table("kube/nodes").replace(name, node)
    toleration = {"key": "k", "operator": "Equal", "value": "v", "effect": "NoSchedule"}
    running.table("kube/pods").create("default/out", pod("out"))
    running.table("kube/pods").create("default/in", pod("in", tolerations=[toleration]))
    await until(running, phase(running, "in", "Running"))
    found = await until(running, lambda: running.table("kube/pods").get("default/out")["status"].get("conditions"))
    assert "untolerated taint {k: v}" in found[0]["message"]


async def test_a_failing_command_is_restarted_with_growing_patience(running: Store) -> None:
    container = {"name": "c", "image": "busybox", "command": ["sh", "-c", "echo try; exit 1"]}
    running.table("kube/pods").create("default/crash", pod("crash", containers=[container], restartPolicy="OnFailure"))

    def waiting() -> Object | None:
        states = running.table("kube/pods").get("default/crash")["status"].get("containerStatuses") or []
        return next((each for each in states if "CrashLoopBackOff" in str(each["state"])), None)

    found = await until(running, waiting)
    assert found["restartCount"] >= 1
    assert found["lastState"]["terminated"]["exitCode"] == 1
    lines = running.table("kube/log").get("default/crash/c")["lines"]
    assert {line for _, line in lines} == {"try"}


async def test_a_daemonset_follows_the_nodes(running: Store) -> None:
    node = running.table("kube/nodes").get("gke-node-01")
    node["metadata"] = {"name": "gke-node-03", "uid": "uid-3", "labels": {}}
    node["spec"].update(podCIDR="172.16.3.0/24", podCIDRs=["172.16.3.0/24"])
    node["status"]["addresses"] = [{"type": "InternalIP", "address": "10.1.0.13"}]
    running.table("kube/nodes").create("gke-node-03", node)
    sets = running.table("kube/daemonsets")

    def ready(count: int) -> Test:
        return lambda: sets.get("kube-system/ip-masq-agent")["status"]["numberReady"] == count

    await until(running, ready(3))
    running.table("kube/nodes").remove("gke-node-03")
    await until(running, ready(2))

    def on_nodes() -> set[str]:
        return {each["spec"]["nodeName"] for each in running.table("kube/pods").values()}

    await until(running, lambda: on_nodes() == {"gke-node-01", "gke-node-02"})


async def test_pods_go_with_their_daemonset(running: Store) -> None:
    running.table("kube/daemonsets").remove("kube-system/ip-masq-agent")
    await until(running, lambda: len(running.table("kube/pods")) == 1)
    assert "default/my-pod" in running.table("kube/pods")
