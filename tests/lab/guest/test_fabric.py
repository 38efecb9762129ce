"""What a person measures in each scenario: the probe matrix of the root-cause catalogue."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from lab import truth
from lab.scenario import load, names
from lab.shell.host import Outcome
from rules.build import build

OK, TO, RF = Outcome.OK, Outcome.TIMEOUT, Outcome.REFUSED

# pod to local VM, node to local VM, node to target, pod to target (the catalogue's cells A, B, C, D), by the first word
# of the scenario's name, or by the whole of it; every other world is the article's.
COMMON = "ok ok ok timeout"
MATRIX = {
    "healthy": "ok ok ok ok",
    "rc06": "timeout ok ok timeout",
    "rc07": "timeout ok ok timeout",
    "rc09": "timeout ok ok timeout",
    "rc10": "timeout ok ok timeout",
    "rc25": "ok ok ok ok",
    "rc28": "ok ok ok ok",
    "rc29": "ok ok ok ok",
    "rc32": "ok ok timeout ok",
    "rc33": "ok ok timeout timeout",
    "rc34": "ok ok timeout timeout",
    "rc35": "ok ok timeout timeout",
    "rc36": "ok ok timeout timeout",
    "rc39": "ok ok ok unreachable",
    "rc40": "ok ok ok ok",
    "rc41": "ok ok refused refused",
    "rc43": "timeout ok ok timeout",
    "rc45": "ok ok ok ok",
    "rc46": "ok ok timeout timeout",
    "rc47": "timeout ok ok ok",
    "rc48": "timeout ok ok timeout",
    "rc49": "timeout ok ok timeout",
    "rc50": "timeout ok ok timeout",
    "rc53": "ok ok refused refused",
    "rc54": "ok ok timeout timeout",
    "rc57": "ok ok timeout timeout",
    "rc58": "ok ok timeout timeout",
    "rc59": "ok ok timeout timeout",
    "rc60": "ok ok timeout timeout",
    "rc62": "ok ok timeout timeout",
    "rc63": "ok ok timeout timeout",
    "rc64": "ok ok timeout timeout",
    "rc65": "ok ok timeout timeout",
    "rc66": "ok ok timeout timeout",
    "rc68": "ok ok ok ok",
    "rc69": "ok ok ok ok",
    "rc70": "ok ok ok ok",
    "rc72": "ok ok timeout timeout",
    "rc73-proxy-passes-on-to-nobody": "ok ok ok ok",
    "rc74": "ok ok timeout timeout",
}


@pytest.mark.parametrize("name", names())
def test_probe_matrix(name: str, world: Callable[[str], Any]) -> None:
    made = world(name)
    asked = load(name).question
    node = {"node": made.store.table("kube/pods").get(str(asked.pod))["spec"]["nodeName"]}
    cells = [
        made.reach(where.ip, where.port, **place)
        for where, place in ((asked.local, {}), (asked.local, node), (asked.target, node), (asked.target, {}))
    ]
    expected = MATRIX.get(name) or MATRIX.get(name.partition("-")[0], COMMON)
    assert " ".join(cell.value for cell in cells) == expected


def test_on_the_other_node_the_missing_route_does_not_matter(world: Callable[[str], Any]) -> None:
    made = world("rc48-node-route-missing")
    table = made.store.table("kube/pods")
    pod = table.get("default/my-pod")
    pod["spec"]["nodeName"], pod["status"]["podIP"] = "gke-node-02", "172.16.2.9"
    table.replace("default/my-pod", pod)
    assert made.reach("10.2.0.10") is OK


def test_masquerade_mends_the_article(world: Callable[[str], Any]) -> None:
    made = world("article")
    data = {"config": "nonMasqueradeCIDRs: [172.16.0.0/16, 10.1.0.0/16]\n"}
    made.store.table("kube/configmaps").create(
        "kube-system/ip-masq-agent",
        {"metadata": {"name": "ip-masq-agent", "namespace": "kube-system"}, "data": data},
    )
    assert made.reach("10.2.0.10") is TO, "nothing is in force before the agent has read it"
    made.agents.settle()
    assert made.reach("10.2.0.10") is OK
    made.store.table("kube/configmaps").remove("kube-system/ip-masq-agent")
    made.agents.settle()
    assert made.reach("10.2.0.10") is TO


@pytest.mark.parametrize(("export", "imports", "outcome"), [(True, False, TO), (False, True, TO), (True, True, OK)])
def test_exchange_needs_both_sides(export: bool, imports: bool, outcome: Outcome, world: Callable[[str], Any]) -> None:
    made = world("article")
    for project, network, key, value in (
        ("project-a", "vpc-a", "exportCustomRoutes", export),
        ("project-b", "vpc-b", "importCustomRoutes", imports),
    ):
        table = made.store.table(f"compute/{project}/networks")
        found = table.get(network)
        found["peerings"][0][key] = value
        table.replace(network, found)
    assert made.reach("10.2.0.10") is outcome


def test_refused_where_nothing_listens_and_silent_where_the_answer_is_lost(world: Callable[[str], Any]) -> None:
    made = world("article")
    assert made.reach("10.1.0.21", 81) is RF
    assert made.reach("10.2.0.10", 81, node="gke-node-01") is RF
    assert made.reach("10.2.0.10", 81) is TO, "the RST needs the way back as well"
    assert made.reach("10.1.0.99") is TO, "nobody has that address"
    assert made.reach("10.1.0.21", None, protocol="icmp") is OK
    assert made.reach("10.2.0.10", None, protocol="icmp") is TO


async def test_pods_services_and_names(zoo: Any) -> None:
    web = zoo.store.table("kube/pods").get("default/web")["status"]["podIP"]
    assert (await zoo.type("curl", "-sS", f"http://{web}:8080/health")).out == "from web\n"
    ports = [{"port": 80, "targetPort": 8080, "protocol": "TCP"}]
    zoo.store.table("kube/services").put(
        "default/web",
        {
            "metadata": {"name": "web", "namespace": "default"},
            "spec": {"clusterIP": "10.96.0.80", "selector": {"app": "web"}, "ports": ports},
        },
    )
    for name in ("10.96.0.80", "web", "web.default", "web.default.svc.cluster.local"):
        assert (await zoo.type("curl", "-sS", f"http://{name}/health")).out == "from web\n"
    dns = "test-gce-01.asia-northeast1-a.c.project-a.internal"
    assert (await zoo.type("curl", "-sS", f"http://{dns}/health")).out == "OK\n"
    assert (await zoo.type("curl", "-sS", "http://localhost:8080/health", pod="web")).out == "from web\n"
    assert (await zoo.type("curl", "-sS", "http://nobody/")).code == 6


def test_the_world_is_built_once_for_each_state(world: Callable[[str], Any]) -> None:
    made = world("article")
    first = made.fabric.world
    made.store.table("kube/log").put("x", {"lines": []})
    assert made.fabric.world is first
    made.store.table("compute/project-b/routes").remove(next(iter(made.store.table("compute/project-b/routes"))))
    assert made.fabric.world is not first


def test_pods_that_come_and_go_are_as_in_a_world_built_anew(world: Callable[[str], Any]) -> None:
    made = world("article")
    pods = made.store.table("kube/pods")
    base = pods.get("default/my-pod")
    assert made.reach("10.2.0.10") is TO

    def check() -> None:
        assert made.fabric.world == build(truth.snapshot(made.store))

    other = {**base, "metadata": {**base["metadata"], "name": "other", "uid": "other"}}
    other["status"] = {**base["status"], "podIP": "172.16.1.3"}
    pods.create("default/other", other)
    check()
    assert made.reach("172.16.1.3", None, protocol="icmp") is OK
    pods.replace("default/other", {**other, "status": {**other["status"], "podIP": "172.16.1.4"}})
    pods.remove("default/my-pod")
    check()
    pods.create("default/my-pod", base)
    agent = next(key for key in pods if "ip-masq-agent" in key)
    pods.remove(agent)
    check()
