"""The Network Connectivity API v1, as far as a diagnosis reads it: policy-based routes. Written by `lab.build` into
`networkconnectivity/PROJECT`, key the route's name; served beside the Kubernetes Engine API."""

from __future__ import annotations

from collections.abc import Iterable

from lab.compute.links import CREATED, network_link, relative
from lab.store import Object, Store


def table(project: str) -> str:
    """The store's table of a project's policy-based routes."""
    return f"networkconnectivity/{project}"


def policy_route(
    project: str, name: str, network: str, source: str, dest: str, hop: str, *, priority: int, tags: Iterable[str] = ()
) -> Object:
    """A policy-based route that sends packets from `source` to `dest` to the internal load balancer at `hop`."""
    path = f"projects/{project}/locations/global/policyBasedRoutes/{name}"
    return {
        "name": path,
        "createTime": CREATED,
        "updateTime": CREATED,
        "network": relative(network_link(project, network)),
        "filter": {"ipProtocol": "ALL", "srcRange": source, "destRange": dest, "protocolVersion": "IPV4"},
        "priority": priority,
        "nextHopIlbIp": hop,
        "selfLink": path,
        "kind": "networkconnectivity#policyBasedRoute",
        **({"virtualMachine": {"tags": list(tags)}} if tags else {}),
    }


def listed(store: Store, project: str) -> list[Object]:
    """A project's policy-based routes, without making its table."""
    name = table(project)
    return store.table(name).values() if name in store.names(name) else []
