"""Worlds to measure on: the article's, and one as large as wayhome promises to bear."""

from __future__ import annotations

import dataclasses
from ipaddress import IPv4Address, IPv4Network
from typing import Any

from lab import scenario, truth
from lab.build import populate
from lab.store import Store
from rules.snapshot import Snapshot

NODES, PODS, ROUTES, PEERINGS = 1_000, 20_000, 5_000, 25
API = "https://www.googleapis.com/compute/v1/projects/project-a"


def article() -> Snapshot:
    """The article's incident, as a reader with every right would see it, without measurements."""
    store = Store()
    populate(store, scenario.load("article"))
    return truth.snapshot(store, "2026-01-01T00:00:00Z")


def large() -> Snapshot:
    """The article's incident in a cluster of 1,000 nodes, 20,000 pods, 5,000 routes and 25 peerings."""
    small = article()
    kubernetes = {key: dict(value) for key, value in small.kubernetes.items()}
    nodes, pods = list(kubernetes["nodes"]["items"]), list(kubernetes["pods"]["items"])
    agent = next(pod for pod in pods if pod["metadata"]["name"].startswith("ip-masq-agent"))
    app = next(pod for pod in pods if pod["metadata"]["name"] == "my-pod")
    ranges = IPv4Network("172.16.0.0/12").subnets(new_prefix=24)
    taken = {node["spec"]["podCIDR"] for node in nodes}
    free = (str(block) for block in ranges if str(block) not in taken)
    for number in range(NODES - len(nodes)):
        node = _node(nodes[0], number, next(free))
        nodes.append(node)
        pods.append(_pod(agent, f"ip-masq-agent-{number}", node, node["status"]["addresses"][0]["address"]))
    first_free = len(pods)
    for number in range(PODS - first_free):
        node = nodes[number % len(nodes)]
        block = IPv4Network(node["spec"]["podCIDR"])
        pods.append(_pod(app, f"pod-{number}", node, str(block[10 + number // len(nodes)])))
    kubernetes["nodes"]["items"], kubernetes["pods"]["items"] = nodes, pods
    project = dict(small.compute["project-a"])
    project["routes"] = _routes(project["routes"], nodes)
    project["networks"] = [_peered(network) for network in project["networks"]]
    return dataclasses.replace(small, kubernetes=kubernetes, compute={**small.compute, "project-a": project})


def _node(like: dict[str, Any], number: int, block: str) -> dict[str, Any]:
    name, address = f"gke-node-x{number:04}", str(IPv4Address("10.1.16.0") + number)
    metadata = {**like["metadata"], "name": name, "labels": {**like["metadata"].get("labels", {})}}
    metadata["labels"]["kubernetes.io/hostname"] = name
    spec = {**like["spec"], "podCIDR": block, "podCIDRs": [block]}
    spec["providerID"] = like["spec"]["providerID"].rpartition("/")[0] + f"/{name}"
    addresses = [
        {**one, "address": address if one["type"] == "InternalIP" else name}
        for one in sorted(like["status"]["addresses"], key=lambda one: one["type"] != "InternalIP")
    ]
    return {**like, "metadata": metadata, "spec": spec, "status": {**like["status"], "addresses": addresses}}


def _pod(like: dict[str, Any], name: str, node: dict[str, Any], address: str) -> dict[str, Any]:
    return {
        **like,
        "metadata": {**like["metadata"], "name": name},
        "spec": {**like["spec"], "nodeName": node["metadata"]["name"]},
        "status": {**like["status"], "podIP": address, "podIPs": [{"ip": address}]},
    }


def _routes(routes: list[dict[str, Any]], nodes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    like = next(route for route in routes if "172.16.1.0/24" in route["destRange"])
    found = list(routes)
    known = {route["destRange"] for route in routes}
    for number, node in enumerate(nodes):
        if node["spec"]["podCIDR"] not in known:
            found.append(_route(like, f"node-{number}", node["spec"]["podCIDR"]))
    blocks = IPv4Network("192.168.0.0/16").subnets(new_prefix=28)
    while len(found) < ROUTES:
        found.append(_route(like, f"static-{len(found)}", str(next(blocks, "198.18.0.0/15"))))
    return found


def _route(like: dict[str, Any], name: str, dest: str) -> dict[str, Any]:
    return {**like, "name": name, "destRange": dest, "selfLink": f"{API}/global/routes/{name}"}


def _peered(network: dict[str, Any]) -> dict[str, Any]:
    if network["name"] != "vpc-a":
        return network
    like = network["peerings"][0]
    more = [
        {**like, "name": f"a-to-x{number}", "network": like["network"].replace("project-b", f"project-x{number}")}
        for number in range(PEERINGS - 1)
    ]
    return {**network, "peerings": [*network["peerings"], *more]}
