"""A pod's network as it looks from inside: interface, routes, name, environment."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import IPv4Address, IPv4Network
from typing import Any

from lab.shell.host import Link, Machine
from lab.store import Object, Store

DEFAULT_INTERFACE = "networking.gke.io/default-interface"
LOOPBACK = Link("lo", IPv4Address("127.0.0.1"), 8, "00:00:00:00:00:00", 65536)
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def machine(store: Store, pod: Object, container: str) -> Machine:
    """The machine that `container` of `pod` sees."""
    spec, meta = pod.get("spec") or {}, pod["metadata"]
    node = store.table("kube/nodes").find(spec.get("nodeName", "")) or {}
    host = bool(spec.get("hostNetwork"))
    found = _container(spec, container)
    address = IPv4Address((pod.get("status") or {}).get("podIP") or "127.0.0.1")
    hostname = str(node["metadata"]["name"]) if host and node else str(meta["name"])
    links, gateway, routes, near = _node(address) if host else _pod(address, node)
    leaves_by = str((meta.get("annotations") or {}).get(DEFAULT_INTERFACE, "eth0"))
    inside = _ranges(store, node) if leaves_by != "eth0" else ()
    if inside:
        routes = (f"default dev {leaves_by} ", *(f"{each} via {gateway} dev eth0 " for each in inside), *routes[2:])
    return Machine(
        hostname=hostname,
        image=str(found.get("image", "")),
        links=links,
        gateway=gateway,
        routes=routes,
        environment=_environment(store, hostname, found),
        on_link=near,
        privileged=host and _privileged(found),
        node_network=host,
        leaves_by=leaves_by if inside else "",
        by_eth0=inside,
    )


def _ranges(store: Store, node: Mapping[str, Any]) -> tuple[IPv4Network, ...]:
    """The ranges of the node's own project, which a multi-network pod keeps on its first interface."""
    words = str((node.get("spec") or {}).get("providerID", "")).removeprefix("gce://").split("/")
    subnets = store.table(f"compute/{words[0]}/subnetworks").values() if words[0] else []
    pods = [IPv4Network(cidr) for name in store.names("container/") for cidr in _pod_ranges(store, name)]
    return (*(IPv4Network(each["ipCidrRange"]) for each in subnets), *pods)


def _pod_ranges(store: Store, name: str) -> list[str]:
    return [str(each["clusterIpv4Cidr"]) for each in store.table(name).values()]


def _container(spec: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    for group in ("containers", "initContainers", "ephemeralContainers"):
        for item in spec.get(group) or ():
            if item.get("name") == name:
                found: Mapping[str, Any] = item
                return found
    return {}


def _privileged(container: Mapping[str, Any]) -> bool:
    security = container.get("securityContext") or {}
    added = [str(word).removeprefix("CAP_") for word in (security.get("capabilities") or {}).get("add") or ()]
    return bool(security.get("privileged")) or "NET_ADMIN" in added or "ALL" in added


def _mac(address: IPv4Address) -> str:
    return "42:01:" + ":".join(f"{byte:02x}" for byte in address.packed)


_Net = tuple[tuple[Link, ...], IPv4Address, tuple[str, ...], tuple[IPv4Network, ...]]


def _node(address: IPv4Address) -> _Net:
    """A GKE node: its address is a /32, everything else is behind the gateway."""
    gateway = IPv4Network((address, 24), strict=False)[1]
    routes = (
        f"default via {gateway} dev eth0 proto dhcp src {address} metric 1024 ",
        f"{gateway} dev eth0 proto dhcp scope link src {address} metric 1024 ",
    )
    return (LOOPBACK, Link("eth0", address, 32, _mac(address))), gateway, routes, ()


def _pod(address: IPv4Address, node: Mapping[str, Any]) -> _Net:
    """A GKE pod: a point-to-point link to its node, which has the first address of the slice."""
    cidr = (node.get("spec") or {}).get("podCIDR") or f"{address}/24"
    network = IPv4Network(cidr, strict=False)
    gateway = network[1]
    routes = (
        f"default via {gateway} dev eth0 ",
        f"{network} via {gateway} dev eth0 src {address} ",
        f"{gateway} dev eth0 scope link src {address} ",
    )
    link = Link("eth0", address, network.prefixlen, _mac(address))
    return (LOOPBACK, link), gateway, routes, (IPv4Network((gateway, 32)),)


def _environment(store: Store, hostname: str, container: Mapping[str, Any]) -> dict[str, str]:
    kubernetes = store.table("kube/services").find("default/kubernetes") or {}
    found = {"PATH": PATH, "HOSTNAME": hostname, "HOME": "/"}
    for item in container.get("env") or ():
        if isinstance(item, dict) and "value" in item:
            found[str(item.get("name", ""))] = str(item["value"])
        elif isinstance(item, dict) and "valueFrom" not in item:
            found[str(item.get("name", ""))] = ""
    address = (kubernetes.get("spec") or {}).get("clusterIP")
    if address:
        found |= {"KUBERNETES_SERVICE_HOST": str(address), "KUBERNETES_SERVICE_PORT": "443"}
    return found
