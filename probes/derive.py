"""From a pod to everything around it: node, VM, network, cluster, the peering that leads to the target. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from typing import Any

from rules.snapshot import Vpc

Json = Mapping[str, Any]

_PROVIDER = re.compile(r"gce://([^/]+)/([^/]+)/([^/]+)")
_NETWORK = re.compile(r"projects/([^/]+)/global/networks/([^/?]+)")
_CONTEXT = re.compile(r"gke_(.+)_([a-z]+-[a-z]+[0-9](?:-[a-z])?)_([^_]+)")


@dataclass(frozen=True)
class Vm:
    """The VM under a node, as its providerID says."""

    project: str
    zone: str
    name: str

    @property
    def region(self) -> str:
        return self.zone.rsplit("-", 1)[0]


@dataclass(frozen=True)
class ClusterRef:
    """A GKE cluster; several `locations` where only one of them can be right."""

    project: str
    name: str
    locations: tuple[str, ...]


@dataclass(frozen=True)
class Rows:
    """listPeeringRoutes of one peering of one network; None where it could not be read."""

    peering: str
    incoming: Sequence[Json] | None


def vm(node: Json) -> Vm | None:
    """The VM of a Node object, or None when the node is not one of GCE's."""
    found = _PROVIDER.fullmatch(str(_get(node, "spec", "providerID") or ""))
    return Vm(*found.groups()) if found else None


def vm_by_context(context: str, node: str) -> Vm | None:
    """The VM of the node called `node` in the zonal GKE cluster that gcloud's name of a context tells; else None."""
    found = _CONTEXT.fullmatch(context)
    zonal = found is not None and found.group(2).count("-") == 2
    return Vm(found.group(1), found.group(2), node) if found is not None and zonal else None


def network(instance: Json, address: str | None) -> Vpc | None:
    """The network of the interface that has `address`, or of the first one."""
    interfaces = [one for one in instance.get("networkInterfaces") or [] if isinstance(one, Mapping)]
    named = [one for one in interfaces if address and one.get("networkIP") == address]
    return next((vpc(str(one.get("network", ""))) for one in named or interfaces), None)


def vpc(link: str) -> Vpc | None:
    """The network that a URL or partial URL names, or None."""
    found = _NETWORK.search(link)
    return Vpc(*found.groups()) if found else None


def internal_address(node: Json) -> str | None:
    """The Node's InternalIP (IPv4)."""
    for one in _get(node, "status", "addresses") or []:
        address = one.get("address") if isinstance(one, Mapping) and one.get("type") == "InternalIP" else None
        if address and ":" not in str(address):
            return str(address)
    return None


def cluster(node: Json, instance: Json | None, found: Vm, context: str) -> ClusterRef | None:
    """The cluster's name and where it may be, from the VM's metadata and labels, the node, or the context's name."""
    metadata = {
        one.get("key"): one.get("value")
        for one in _get(instance or {}, "metadata", "items") or []
        if isinstance(one, Mapping)
    }
    labels = (instance or {}).get("labels") or {}
    applied = str(_get(node, "metadata", "annotations", "node.gke.io/last-applied-node-labels") or "")
    named = dict(part.split("=", 1) for part in applied.split(",") if "=" in part)
    name = metadata.get("cluster-name") or labels.get("goog-k8s-cluster-name") or named.get("goog-k8s-cluster-name")
    location = metadata.get("cluster-location") or labels.get("goog-k8s-cluster-location")
    matched = _CONTEXT.fullmatch(context)
    if matched and matched.group(1) == found.project:
        name, location = name or matched.group(3), location or matched.group(2)
    if not name:
        return None
    places = (str(location),) if location else (found.zone, found.region)
    return ClusterRef(found.project, str(name), places)


def peerings(network_object: Json) -> list[Json]:
    """The peerings of a Network object that name their peer."""
    listed = network_object.get("peerings")
    return [one for one in listed or [] if isinstance(one, Mapping) and vpc(str(one.get("network", "")))]


def managed(peering: Json) -> bool:
    """Whether a peering belongs to a service of Google's rather than to a neighbour."""
    name = str(peering.get("name", ""))
    return name == "servicenetworking-googleapis-com" or re.fullmatch(r"gke-n?[0-9a-f-]+-peer", name) is not None


def peering_to(target: IPv4Address, found: Iterable[Json], rows: Iterable[Rows]) -> Json | None:
    """The peering that leads to `target`.

    Evidence first: the longest INCOMING row that holds the target, imported ones before others. Without any, the only
    neighbour there is; else None.
    """
    by_name = {str(one.get("name")): one for one in found}
    best: tuple[tuple[bool, int], str] | None = None
    for one in rows:
        for row in one.incoming or ():
            range_ = block(str(row.get("destRange", "")))
            if one.peering in by_name and range_ is not None and range_.prefixlen and target in range_:
                rank = (bool(row.get("imported")), range_.prefixlen)
                if best is None or rank > best[0]:
                    best = (rank, one.peering)
    if best is not None:
        return by_name[best[1]]
    neighbours = [one for one in by_name.values() if not managed(one)]
    return neighbours[0] if len(neighbours) == 1 else None


def rows_hold(rows: Iterable[Rows], target: IPv4Address) -> bool:
    """Whether any peering brings, or would bring, a route narrower than the default to `target`."""
    ranges = (block(str(row.get("destRange", ""))) for one in rows for row in one.incoming or ())
    return any(range_ is not None and range_.prefixlen > 0 and target in range_ for range_ in ranges)


def holds(subnetworks: Iterable[Json], target: IPv4Address) -> Json | None:
    """The subnetwork whose primary or secondary range holds `target`, or None."""
    for one in subnetworks:
        secondary = [part for part in one.get("secondaryIpRanges") or [] if isinstance(part, Mapping)]
        for text in (one.get("ipCidrRange"), *(part.get("ipCidrRange") for part in secondary)):
            range_ = block(str(text))
            if range_ is not None and target in range_:
                return one
    return None


def owner(instances: Iterable[Json], address: str, at: Vpc) -> Json | None:
    """The instance that has `address` on an interface in `at`, or None."""
    for one in instances:
        for nic in one.get("networkInterfaces") or []:
            if isinstance(nic, Mapping) and nic.get("networkIP") == address and vpc(str(nic.get("network", ""))) == at:
                return one
    return None


def in_network(item: Json, at: Vpc) -> bool:
    """Whether a route, subnetwork, forwarding rule, router or instance belongs to `at`."""
    links = [item.get("network")]
    links += [nic.get("network") for nic in item.get("networkInterfaces") or [] if isinstance(nic, Mapping)]
    return any(vpc(str(link)) == at for link in links if link)


def last(link: object) -> str:
    """The last part of a URL: a zone's, region's or instance's name."""
    return str(link or "").rstrip("/").rsplit("/", 1)[-1]


def block(text: str) -> IPv4Network | None:
    """An IPv4 range, or None for anything else."""
    try:
        return IPv4Network(text, strict=False)
    except ValueError:
        return None


def _get(value: Any, *keys: str) -> Any:
    for key in keys:
        if not isinstance(value, Mapping):
            return None
        value = value.get(key)
    return value
