"""Autopilot's policies become the nodes' rules: in the beginning, when they change, and when they go."""

from __future__ import annotations

from typing import Any

from lab.agent.policies import POLICIES, Policies
from lab.build import populate
from lab.scenario import load
from lab.store import Store

SCENARIO = "rc27-egress-nat-policy-keeps-pods"


def kept(store: Store) -> list[set[str]]:
    """The ranges towards which pods keep their address, node by node."""
    found = []
    for table in store.table("node/nat").values():
        lines = [line.split() for line in table["text"].splitlines() if line.endswith("-j RETURN")]
        found.append({line[line.index("-d") + 1] for line in lines if line[1] == "IP-MASQ" and "-d" in line})
    return found


def with_list(store: Store, *ranges: str) -> None:
    policy: dict[str, Any] = store.table(POLICIES).get("default")
    spec = {**policy["spec"], "destinations": [{"cidr": each} for each in ranges]}
    store.table(POLICIES).put("default", {**policy, "spec": spec})


def world(name: str = SCENARIO) -> Store:
    store = Store()
    populate(store, load(name))
    return store


def test_a_policy_that_changes_is_in_every_nodes_rules_and_back_again() -> None:
    store = world()
    before = [table["text"] for table in store.table("node/nat").values()]
    policies = Policies(store)
    assert [table["text"] for table in store.table("node/nat").values()] == before
    with_list(store, "172.16.0.0/12")
    assert len(kept(store)) > 1
    for ranges in kept(store):
        assert "172.16.0.0/12" in ranges
        assert not {"10.0.0.0/8", "192.168.0.0/16"} & ranges
    with_list(store, "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")
    assert kept(store) == kept(world())
    policies.stop()
    with_list(store, "172.16.0.0/12")
    assert kept(store) == kept(world())


def test_what_nodes_keep_by_themselves_stays_without_any_policy() -> None:
    store = world()
    by_themselves = [ranges - {"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"} for ranges in kept(store)]
    policies = Policies(store)
    store.table(POLICIES).remove("default")
    assert kept(store) == by_themselves
    policies.stop()


def test_a_cluster_without_policies_is_left_to_its_agent() -> None:
    store = world("article")
    before = [table["text"] for table in store.table("node/nat").values()]
    policies = Policies(store)
    store.table(POLICIES).put("default", {"metadata": {"name": "default"}, "spec": {"destinations": []}})
    assert [table["text"] for table in store.table("node/nat").values()] == before
    policies.stop()
