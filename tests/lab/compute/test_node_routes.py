"""The route controller follows the nodes and leaves a scenario's broken ones alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lab import build, scenario
from lab.compute.node_routes import NodeRoutes
from lab.store import Store


def world(name: str) -> Store:
    store = Store()
    build.populate(store, scenario.load(name))
    return store


def node_routes(store: Store) -> dict[str, str]:
    found = store.table("compute/project-a/routes").values()
    return {
        route["destRange"]: route["nextHopInstance"].rsplit("/", 1)[-1]
        for route in found
        if route["description"] == "k8s-node-route"
    }


BOTH = {"172.16.1.0/24": "gke-node-01", "172.16.2.0/24": "gke-node-02"}


def test_a_whole_world_needs_nothing() -> None:
    store = world("article")
    before = store.version
    NodeRoutes(store).reconcile()
    assert (store.version, node_routes(store)) == (before, BOTH)


def test_a_route_that_is_deleted_comes_back_as_it_was() -> None:
    store = world("article")
    controller = NodeRoutes(store)
    table = store.table("compute/project-a/routes")
    name = next(key for key, route in table.items() if route["destRange"] == "172.16.1.0/24")
    gone = table.remove(name)
    controller.reconcile()
    made = table.get(name)
    assert {key for key in made if made[key] != gone.get(key)} == {"creationTimestamp"}


def conditions(store: Store) -> dict[str, str]:
    found = store.table("kube/nodes").get("gke-node-01")["status"]["conditions"]
    return {each["type"]: each["status"] for each in found}


def test_a_young_nodes_route_arrives_and_a_refused_one_does_not() -> None:
    store = world("rc10-node-route-not-yet-there")
    assert conditions(store)["NetworkUnavailable"] == "True"
    controller = NodeRoutes(store)
    controller.reconcile()
    assert set(node_routes(store)) == {"172.16.2.0/24"}
    controller.arrive()
    assert node_routes(store) == BOTH
    assert conditions(store)["NetworkUnavailable"] == "False"
    refused = world("rc09-route-quota-reached")
    NodeRoutes(refused).arrive()
    assert set(node_routes(refused)) == {"172.16.2.0/24"}
    assert conditions(refused)["NetworkUnavailable"] == "True"


def test_a_node_without_a_route_at_the_start_stays_without() -> None:
    store = world("rc48-node-route-missing")
    controller = NodeRoutes(store)
    assert node_routes(store) == {"172.16.2.0/24": "gke-node-02"}
    controller.reconcile()
    assert node_routes(store) == {"172.16.2.0/24": "gke-node-02"}


def test_a_node_that_leaves_takes_its_route_along_and_a_new_one_gets_one() -> None:
    store = world("article")
    controller = NodeRoutes(store)
    nodes = store.table("kube/nodes")
    old = nodes.remove("gke-node-02")
    new = {
        **old,
        "metadata": {**old["metadata"], "name": "gke-node-03", "uid": "0000-new"},
        "spec": {"podCIDR": "172.16.3.0/24", "providerID": "gce://project-a/asia-northeast1-a/gke-node-03"},
    }
    nodes.create("gke-node-03", new)
    controller.reconcile()
    assert node_routes(store) == {"172.16.1.0/24": "gke-node-01", "172.16.3.0/24": "gke-node-03"}


def test_a_vpc_native_cluster_has_no_node_routes() -> None:
    store = world("healthy-vpc-native")
    controller = NodeRoutes(store)
    store.table("kube/nodes").remove("gke-node-02")
    controller.reconcile()
    assert node_routes(store) == {}


def test_the_server_runs_the_controller(cloud_of: Callable[..., Any]) -> None:
    cloud = cloud_of("article", speed=1000.0)
    routes = cloud.store.table("compute/project-a/routes")
    path = {"project": "project-a"}
    name = next(route["name"] for route in cloud.call("routes.list", path=path)["items"] if "gke-" in route["name"])

    async def back() -> bool:
        import asyncio

        there = asyncio.Event()
        forget = cloud.store.listen(lambda event: there.set() if (event.type, event.key) == ("ADDED", name) else None)
        routes.remove(name)
        await asyncio.wait_for(there.wait(), 20)
        forget()
        return name in routes

    assert cloud.run(back)
