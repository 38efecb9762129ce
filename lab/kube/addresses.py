"""Addresses that the cluster gives out itself: Services' cluster addresses and node ports, pods' from node slices."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network
from typing import Any

from lab.kube import kinds
from lab.kube.cache import Cache
from lab.kube.status import invalid
from lab.kube.validate import wrong
from lab.store import Store

Object = dict[str, Any]

_USUAL_SERVICES = IPv4Network("10.96.0.0/16")
_NODE_PORTS = range(30000, 32768)


def service_range(store: Store, cache: Cache) -> IPv4Network:
    """The cluster's range of Service addresses: as its GKE object says, else around the `kubernetes` Service."""
    for name in store.names("container/"):
        for cluster in store.table(name).values():
            if text := cluster.get("servicesIpv4Cidr"):
                return IPv4Network(text)
    entry = cache.find(kinds.SERVICES, "default/kubernetes")
    address = ((entry.view.get("spec") or {}).get("clusterIP") if entry else None) or ""
    return IPv4Network(f"{address}/16", strict=False) if address else _USUAL_SERVICES


def allocate_service(store: Store, cache: Cache, service: Object) -> None:
    """Give a new Service its cluster address and node ports; 422 when the one it wants cannot be had."""
    spec = service.setdefault("spec", {})
    held = [entry.view.get("spec") or {} for entry in cache.entries(kinds.SERVICES)]
    if spec["type"] != "ExternalName" and spec.get("clusterIP") != "None":
        whole = service_range(store, cache)
        taken = {each["clusterIP"] for each in held if each.get("clusterIP")}
        wanted = spec.get("clusterIP")
        if wanted and (wanted in taken or IPv4Address(wanted) not in whole):
            why = "provided IP is already allocated" if wanted in taken else f"not in the valid range {whole}"
            name = service["metadata"].get("name", "")
            raise invalid(
                kinds.SERVICES, name, [wrong("spec.clusterIPs", [wanted], f"failed to allocate IP {wanted}: {why}")]
            )
        spec["clusterIP"] = wanted or free(whole, taken, skip=10)
    if spec.get("clusterIP"):
        spec["clusterIPs"] = [spec["clusterIP"]]
    if spec["type"] in ("NodePort", "LoadBalancer"):
        used = {port.get("nodePort") for each in held for port in each.get("ports") or ()}
        for port in spec.get("ports") or ():
            if not port.get("nodePort"):
                port["nodePort"] = next(each for each in _NODE_PORTS if each not in used)
            used.add(port["nodePort"])


def free(whole: IPv4Network, taken: Iterable[str], *, skip: int = 2, after: str | None = None) -> str | None:
    """The first address of `whole` from its `skip`th on that is not in `taken`, going round from behind `after`.

    None when none is left. The last address, the broadcast one, is not given out.
    """
    used = set(taken)
    first, last = int(whole.network_address) + skip, int(whole.broadcast_address) - 1
    count = last - first + 1
    if count < 1:
        return None
    start = int(IPv4Address(after)) + 1 - first if after else 0
    for number in range(count):
        address = str(IPv4Address(first + (start + number) % count))
        if address not in used:
            return address
    return None
