"""What a scenario becomes: objects that the Kubernetes API accepts, the same every time, nothing hidden lost."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from lab import truth
from lab.build import populate
from lab.kube import kinds, schema, validate
from lab.nat import boot_rules
from lab.scenario import load, names
from lab.store import Store
from rules.build import build
from rules.snapshot import dumps, loads
from rules.world import AgentState

NOW = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)


def built(name: str) -> Store:
    """A populated store at a fixed moment."""
    store = Store()
    populate(store, load(name), NOW)
    return store


@pytest.mark.parametrize("name", names())
def test_kubernetes_would_accept_every_object(name: str) -> None:
    store = built(name)
    for kind in kinds.STORED:
        for key, item in store.table(kind.table).items():
            decoded = schema.read(kind, item)
            assert decoded.unknown == [], key
            assert validate.problems(kind, decoded.value) == [], key
            assert item["kind"] == kind.kind
            assert item["apiVersion"] == kind.api_version
            assert key == kind.key(item["metadata"].get("namespace", ""), item["metadata"]["name"])


@pytest.mark.parametrize("name", names())
def test_uids_are_their_own_and_references_hold(name: str) -> None:
    store = built(name)
    objects = [item for kind in kinds.STORED for item in store.table(kind.table).values()]
    uids = [item["metadata"]["uid"] for item in objects]
    assert len(set(uids)) == len(uids)
    for item in objects:
        for owner in item["metadata"].get("ownerReferences", ()):
            assert owner["uid"] in uids


def test_the_same_world_is_built_twice_the_same() -> None:
    first, second = built("article"), built("article")
    for name in first.names():
        assert first.table(name).items() == second.table(name).items(), name


def test_the_articles_objects() -> None:
    store = built("article")
    node = store.table("kube/nodes").get("gke-node-01")
    assert node["spec"]["providerID"] == "gce://project-a/asia-northeast1-a/gke-node-01"
    assert node["spec"]["podCIDR"] == "172.16.1.0/24"
    pods = store.table("kube/pods").values()
    agents = [pod for pod in pods if pod["metadata"]["namespace"] == "kube-system"]
    assert sorted(pod["spec"]["nodeName"] for pod in agents) == ["gke-node-01", "gke-node-02"]
    daemonset = store.table("kube/daemonsets").get("kube-system/ip-masq-agent")
    container = daemonset["spec"]["template"]["spec"]["containers"][0]
    assert {"--masq-chain=IP-MASQ", "--nomasq-all-reserved-ranges"} <= set(container["args"])
    volume = daemonset["spec"]["template"]["spec"]["volumes"][0]["configMap"]
    assert (volume["name"], volume["optional"]) == ("ip-masq-agent", True)
    assert volume["items"] == [{"key": "config", "path": "ip-masq-agent"}]
    assert "kube-system/ip-masq-agent" not in store.table("kube/configmaps")
    assert store.table("node/nat").get("gke-node-02")["text"] == boot_rules()
    assert store.table("kube/services").get("default/kubernetes")["spec"]["clusterIP"] == "10.96.0.1"
    routes = [route for route in store.table("compute/project-a/routes").values() if route["destRange"] != "0.0.0.0/0"]
    assert sorted(route["destRange"] for route in routes) == ["172.16.1.0/24", "172.16.2.0/24"]
    assert {route["description"] for route in routes} == {"k8s-node-route"}
    assert all(route["name"].endswith(store.table("kube/nodes").get(route["nextHopInstance"].rsplit("/", 1)[1])
               ["metadata"]["uid"]) for route in routes)  # fmt: skip
    sides = [store.table(f"compute/project-{side}/networks").get(f"vpc-{side}")["peerings"][0] for side in "ab"]
    assert [(side["name"], side["state"]) for side in sides] == [("a-to-b", "ACTIVE"), ("b-to-a", "ACTIVE")]
    cluster = store.table("container/project-a").get("asia-northeast1-a/cluster-1")
    assert cluster["ipAllocationPolicy"]["useRoutes"] is True


def test_vpc_native_objects() -> None:
    store = built("healthy-vpc-native")
    vm = store.table("compute/project-a/instances").get("asia-northeast1-a/gke-node-01")
    aliases = vm["networkInterfaces"][0]["aliasIpRanges"]
    assert aliases == [{"ipCidrRange": "172.16.1.0/24", "subnetworkRangeName": "pods"}]
    routes = store.table("compute/project-a/routes").values()
    assert [route["destRange"] for route in routes] == ["0.0.0.0/0"]


@pytest.mark.parametrize("name", names())
def test_the_truth_is_a_snapshot_from_which_nothing_is_missing(name: str) -> None:
    store = built(name)
    found = truth.snapshot(store)
    assert loads(dumps(found)) == found
    assert found.gaps == ()
    assert found.question == load(name).question
    assert "peeringRoutes" not in found.compute["project-a"], "the exchange is to be computed"
    world = build(found)
    assert world.agent.state is (AgentState.PRESENT if load(name).agent.installed else AgentState.ABSENT)
    for network in world.networks.values():
        assert network.routes is not None
        assert network.subnets is not None
        assert network.firewall is not None
        assert network.peerings is not None
    assert set(world.node_nat) == {node.name for node in load(name).nodes}


def test_policies_and_agents_left_out(world: Callable[[Any], Any], tmp_path: Any) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(
        "base: healthy-routes-based\nagent: {not on nodes: [gke-node-02]}\ncluster: {network policy: yes}\n"
        "network policies:\n  only-near: {pods: {app: my-pod}, allow to: [10.1.0.0/16]}\n",
        encoding="utf-8",
    )
    made = world(path)
    assert made.nat("gke-node-02") == boot_rules()
    assert made.nat("gke-node-01") != boot_rules()
    assert made.reach("10.1.0.21").value == "ok"
    assert made.reach("10.2.0.10").value == "timeout"
    assert made.store.table("kube/daemonsets").get("kube-system/ip-masq-agent")["status"]["desiredNumberScheduled"] == 1
