"""Everything that is so in the lab, as one Snapshot: what a reader with every right in every project would see.

The simulated fabric carries packets by it. It holds no peeringRoutes, so that the exchange of routes is computed.
"""

from __future__ import annotations

from typing import Any

from lab import connectivity
from lab.compute import derived, effective
from lab.compute.links import last, network_link
from lab.store import Store
from rules.snapshot import PodRef, Question, Snapshot, Target, Vpc
from rules.version import __version__

HIDDEN = frozenset({"events", "leases", "log", "serviceaccounts"})
"""Kubernetes tables that no packet depends on."""

NOBODY = Question(PodRef("default", "nobody"), Target("192.0.2.1"))


def snapshot(store: Store, taken_at: str = "") -> Snapshot:
    """The world of `store` as a Snapshot; its question is the scenario's."""
    return Snapshot(
        taken_at=taken_at,
        version=__version__,
        question=question(store),
        kubernetes=_kubernetes(store),
        container={"clusters": [item for name in store.names("container/") for item in store.table(name).values()]},
        compute=cloud(store),
        node_nat={node: item["text"] for node, item in store.table("node/nat").items()},
    )


def cloud(store: Store) -> dict[str, dict[str, Any]]:
    """The Compute objects of every project alone, as a Snapshot holds them."""
    return {project: _compute(store, project) for project in projects(store)}


def nothing() -> Snapshot:
    """The Snapshot of a world in which there is nothing."""
    return Snapshot(taken_at="", version=__version__, question=NOBODY)


def question(store: Store) -> Question:
    """The question that the scenario asks."""
    about = store.table("lab/scenario").find("scenario")
    if about is None:
        return NOBODY
    asked = about["question"]
    return Question(
        pod=PodRef(**asked["pod"]),
        target=Target(**asked["target"]),
        local=Target(**asked["local"]) if asked["local"] else None,
        proxy=Target(**asked["proxy"]) if asked["proxy"] else None,
        network=Vpc(**asked["network"]) if asked["network"] else None,
        peer=Vpc(**asked["peer"]) if asked["peer"] else None,
        host=asked["host"],
    )


def projects(store: Store) -> tuple[str, ...]:
    """The projects that hold anything."""
    return tuple(derived.projects(store))


def _kubernetes(store: Store) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in store.names("kube/"):
        plural = name.removeprefix("kube/")
        if plural in HIDDEN or "/" in plural:
            continue
        items = store.table(name).shared()
        found[plural] = {"kind": "List", "apiVersion": "v1", "items": items}
    said = [event for event in _events(store) if event.get("reason") == "FailedToCreateRoute"]
    found["events"] = {"kind": "List", "apiVersion": "v1", "items": said}
    for plural in ("nodes", "pods", "daemonsets", "configmaps", "networkpolicies", "services", "egressnatpolicies"):
        found.setdefault(plural, {"kind": "List", "apiVersion": "v1", "items": []})
    return found


def _events(store: Store) -> list[dict[str, Any]]:
    return store.table("kube/events").values() if "kube/events" in store.names("kube/events") else []


def _compute(store: Store, project: str) -> dict[str, Any]:
    networks = derived.networks(store, project)
    return {
        "networks": networks,
        "subnetworks": derived.objects(store, project, "subnetworks"),
        "routes": derived.local_routes(store, project),
        "instances": derived.objects(store, project, "instances"),
        "forwardingRules": [
            *derived.objects(store, project, "forwardingRules"),
            *derived.objects(store, project, "globalForwardingRules"),
        ],
        "routers": derived.objects(store, project, "routers"),
        "routerStatus": _router_status(store, project),
        "effectiveFirewalls": _firewalls(store, project, networks),
        "policyBasedRoutes": connectivity.listed(store, project),
    }


def _router_status(store: Store, project: str) -> list[dict[str, Any]]:
    name = f"compute/{project}/routerStatus"
    if name not in store.names(name):
        return []
    found = []
    for key, item in store.table(name).items():
        region, _, router = key.partition("/")
        found.append({"router": router, "region": region, **item})
    return found


def _firewalls(store: Store, project: str, networks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What getEffectiveFirewalls says of every network; of every VM too where regional policies tell them apart."""

    def every(owner: str, collection: str) -> list[dict[str, Any]]:
        return derived.objects(store, owner, collection)

    found = [
        _answer(network["name"], None, effective.for_network(every, network_link(project, network["name"])))
        for network in networks
    ]
    if any("region" in policy for policy in every(project, "firewallPolicies")):
        for vm in every(project, "instances"):
            url, region = vm["networkInterfaces"][0]["network"], last(vm["zone"]).rsplit("-", 1)[0]
            found.append(_answer(last(url), vm["name"], effective.for_instance(every, vm, url, region)))
    return found


def _answer(network: str, instance: str | None, said: dict[str, Any]) -> dict[str, Any]:
    return {"network": network, "instance": instance, "firewalls": [], "firewallPolicys": [], **said}
