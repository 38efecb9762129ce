"""The lab knows what people have changed, puts it back, and turns into another world while its servers run."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from lab.build import populate
from lab.compute.node_routes import NodeRoutes
from lab.scenario import load
from lab.stage import Stage
from lab.store import Store

NOW = datetime(2026, 11, 23, tzinfo=UTC)
CONFIG = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x", "namespace": "default"}, "data": {}}


def staged(name: str) -> tuple[Store, Stage]:
    store = Store()
    populate(store, load(name), NOW)
    return store, Stage(store, load(name), NOW, 1000.0)


def same(store: Store, name: str) -> bool:
    other = staged(name)[0]
    tables = {*store.names(), *other.names()} - {"kube/log", "kube/events"}
    return all(dict(store.table(table).items()) == dict(other.table(table).items()) for table in tables)


async def test_nothing_has_changed_in_the_beginning() -> None:
    _store, stage = staged("article")
    assert (stage.changed().writes, stage.changed().differs) == (0, ())


async def test_a_change_is_counted_and_named_and_its_way_back_is_clean() -> None:
    store, stage = staged("article")
    store.table("kube/configmaps").create("default/x", CONFIG)
    assert stage.changed().differs == ("kube/configmaps default/x",)
    store.table("kube/configmaps").remove("default/x")
    assert (stage.changed().writes, stage.changed().differs) == (2, ())


async def test_what_servers_write_is_no_change() -> None:
    store, stage = staged("article")
    network = store.table("compute/project-a/networks").get("vpc-a")
    store.table("compute/project-a/networks").put("vpc-a", {**network, "fingerprint": "new"})
    assert (stage.changed().writes, stage.changed().differs) == (0, ())


@pytest.mark.parametrize("name", ["rc20-invalid-config", "rc57-peering-inactive", "healthy-vpc-native"])
async def test_a_world_turns_into_another_and_back(name: str) -> None:
    store, stage = staged("article")
    store.table("kube/configmaps").create("default/x", CONFIG)
    await stage.turn(load(name))
    try:
        assert same(store, name)
        assert (stage.changed().writes, stage.changed().differs) == (0, ())
        await stage.turn(load("article"))
        assert same(store, "article")
    finally:
        await stage.stop()


async def test_it_is_put_back_as_it_was() -> None:
    store, stage = staged("article")
    network = store.table("compute/project-a/networks").get("vpc-a")
    network["peerings"][0]["exportCustomRoutes"] = True
    store.table("compute/project-a/networks").put("vpc-a", network)
    assert stage.changed().differs == ("compute/project-a/networks vpc-a",)
    await stage.turn()
    try:
        assert same(store, "article")
    finally:
        await stage.stop()


@pytest.mark.parametrize("name", ["rc48-node-route-missing", "healthy-vpc-native", "rc10-node-route-not-yet-there"])
async def test_the_route_controller_takes_another_world_for_its_beginning(name: str) -> None:
    """What it knew of the article's nodes would put routes back that the scenario means to be missing."""
    store, stage = staged("article")
    controller = NodeRoutes(store)
    stage.on_turn(controller.start_anew)
    await stage.turn(load(name))
    controller.reconcile()
    assert stage.changed().differs == ()
    controller.close()
    await stage.stop()
