"""Nodes, pods, the ip-masq-agent and its ConfigMaps, and the cluster they belong to."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from ipaddress import IPv4Address

from rules.build import read
from rules.snapshot import Json, PodRef, Snapshot
from rules.world import ConfigMap, Node, Pod


def nodes(snapshot: Snapshot) -> dict[str, Node]:
    """Every node by name. When they were not read, the asked pod's own, as its VM shows it: GKE calls both alike."""
    listed = snapshot.items("nodes")
    if listed is None:
        return _by_machine(snapshot)
    built = (_node(item) for item in read.objects(listed))
    return {node.name: node for node in built if node.name}


def _by_machine(snapshot: Snapshot) -> dict[str, Node]:
    """The node under the asked pod from the VM of its name; its pods' range from alias ranges or its route."""
    asked, network = snapshot.question.pod, snapshot.question.network
    for item in read.objects(snapshot.items("pods")):
        meta = read.mapping(item, "metadata")
        if (meta.get("namespace"), meta.get("name")) != (asked.namespace, asked.name) or network is None:
            continue
        name = read.text(item, "spec", "nodeName")
        for project in snapshot.compute:
            for vm in read.objects(snapshot.compute_list(project, "instances")):
                if name and read.text(vm, "name") == name:
                    return {name: _node_of(vm, project, read.objects(snapshot.compute_list(network.project, "routes")))}
    return {}


def _node_of(vm: Json, project: str, routes: Iterable[Json]) -> Node:
    name = read.text(vm, "name")
    first = next(iter(read.objects(vm, "networkInterfaces")), {})
    aliases = [read.text(alias, "ipCidrRange") for alias in read.objects(first, "aliasIpRanges")]
    routed = [
        read.text(route, "destRange") for route in routes if read.short(read.text(route, "nextHopInstance")) == name
    ]
    return Node(
        name=name,
        address=read.address(first.get("networkIP")),
        pod_ranges=read.networks(aliases or routed),
        project=project,
        zone=read.short(read.text(vm, "zone")),
        instance=name,
    )


def _node(item: Json) -> Node:
    provider = read.text(item, "spec", "providerID").removeprefix("gce://").split("/")
    project, zone, instance = provider if len(provider) == 3 else ("", "", "")
    labels = read.mapping(item, "metadata", "labels")
    ranges = read.networks(read.texts(item, "spec", "podCIDRs")) or read.networks([read.text(item, "spec", "podCIDR")])
    os = labels.get("kubernetes.io/os") or read.text(item, "status", "nodeInfo", "operatingSystem") or "linux"
    return Node(
        name=read.text(item, "metadata", "name"),
        address=next(
            (
                found
                for entry in read.objects(item, "status", "addresses")
                if read.text(entry, "type") == "InternalIP" and (found := read.address(entry.get("address")))
            ),
            None,
        ),
        pod_ranges=ranges,
        project=project,
        zone=zone or labels.get("topology.kubernetes.io/zone", ""),
        instance=instance,
        version=read.text(item, "status", "nodeInfo", "kubeletVersion"),
        os=os,
        created=read.text(item, "metadata", "creationTimestamp"),
        ready=condition(item, "Ready") is not False,
        network_unavailable=condition(item, "NetworkUnavailable") is True,
        labels=labels,
    )


def condition(item: Json, type: str) -> bool | None:
    """Whether the status condition `type` holds; None when the object does not say."""
    for entry in read.objects(item, "status", "conditions"):
        if read.text(entry, "type") == type:
            return {"True": True, "False": False}.get(read.text(entry, "status"))
    return None


class Pods(Mapping[PodRef, Pod]):
    """Pods by namespace and name, each built when it is first asked for: a cluster has many and a walk needs few."""

    def __init__(self, items: Iterable[Json]) -> None:
        self._items = {ref: item for item in items if (ref := _ref(item)).name}
        self._built: dict[PodRef, Pod] = {}

    def __getitem__(self, ref: PodRef) -> Pod:
        if ref not in self._built:
            self._built[ref] = _pod(self._items[ref])
        return self._built[ref]

    def __iter__(self) -> Iterator[PodRef]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def at(self, address: str) -> Sequence[PodRef]:
        """The pods that show `address`."""
        return self._by_address.get(address, ())

    def alike(self, *, labels: bool) -> Mapping[Hashable, tuple[PodRef, str, int]]:
        """Running pods with an address of their own, sorted by node and, with `labels`, by namespace and labels: of
        each sort the first pod, its node and how many there are. Builds none of them."""
        found: dict[Hashable, tuple[PodRef, str, int]] = {}
        for ref, item in self._items.items():
            spec = read.child(item, "spec")
            if spec.get("hostNetwork") or read.text(item, "status", "phase") not in ("Running", ""):
                continue
            node = read.text(spec, "nodeName")
            told = frozenset(read.mapping(item, "metadata", "labels").items()) if labels else None
            key = (node, ref.namespace, told) if labels else node
            first, _node, count = found.get(key, (ref, node, 0))
            found[key] = first, node, count + 1
        return found

    @cached_property
    def _by_address(self) -> dict[str, list[PodRef]]:
        found: dict[str, list[PodRef]] = {}
        for ref, item in self._items.items():
            if shown := read.text(item, "status", "podIP"):
                found.setdefault(shown, []).append(ref)
        return found


def pods(snapshot: Snapshot) -> Pods | None:
    """Every pod by namespace and name; None when they were not read."""
    items = snapshot.items("pods")
    return None if items is None else Pods(read.objects(items))


def _ref(item: Json) -> PodRef:
    metadata = read.child(item, "metadata")
    return PodRef(read.text(metadata, "namespace") or "default", read.text(metadata, "name"))


def _pod(item: Json) -> Pod:
    containers = [*read.objects(item, "spec", "containers")]
    sidecars = (each for each in read.objects(item, "spec", "initContainers") if each.get("restartPolicy") == "Always")
    return Pod(
        ref=_ref(item),
        node=read.text(item, "spec", "nodeName"),
        address=read.address(read.text(item, "status", "podIP")) or _first_address(item),
        host_network=read.flag(read.child(item, "spec"), "hostNetwork"),
        phase=read.text(item, "status", "phase"),
        ready=condition(item, "Ready") is True,
        labels=read.mapping(item, "metadata", "labels"),
        image_names={read.text(each, "name"): read.text(each, "image") for each in containers},
        dual_stack=any(":" in read.text(each, "ip") for each in read.objects(item, "status", "podIPs")),
        deleting=bool(read.text(item, "metadata", "deletionTimestamp")),
        default_interface=read.text(item, "metadata", "annotations", "networking.gke.io/default-interface"),
        ports={
            read.text(port, "name"): (read.text(port, "protocol") or "TCP", read.number(port, "containerPort", 0))
            for each in (*containers, *sidecars)
            for port in read.objects(each, "ports")
            if read.text(port, "name")
        },
    )


def _first_address(item: Json) -> IPv4Address | None:
    for entry in read.objects(item, "status", "podIPs"):
        if found := read.address(entry.get("ip")):
            return found
    return None


def route_failures(snapshot: Snapshot) -> dict[str, str] | None:
    """What FailedToCreateRoute events say, by node; None when they were not read."""
    items = snapshot.items("events")
    if items is None:
        return None
    return {
        read.text(item, "involvedObject", "name"): read.text(item, "message")
        for item in read.objects(items)
        if read.text(item, "reason") == "FailedToCreateRoute"
    }


def namespaces(snapshot: Snapshot) -> dict[str, dict[str, str]]:
    """The labels of each namespace that was read."""
    return {
        read.text(item, "metadata", "name"): read.mapping(item, "metadata", "labels")
        for item in read.objects(snapshot.items("namespaces"))
    }


def plain(snapshot: Snapshot, kind: str) -> tuple[Json, ...] | None:
    """The objects of `kind` as they are; None when they were not read."""
    items = snapshot.items(kind)
    return None if items is None else tuple(read.objects(items))


_MENTIONS_LIST = re.compile("nonmasquerade", re.IGNORECASE)


def config_maps(snapshot: Snapshot) -> tuple[ConfigMap, ...] | None:
    """ConfigMaps that are, or look meant to be, the agent's; None when they were not read."""
    items = snapshot.items("configmaps")
    if items is None:
        return None
    return tuple(_config_map(item) for item in read.objects(items) if _concerns_agent(item))


def _concerns_agent(item: Json) -> bool:
    if "masq" in read.text(item, "metadata", "name").lower():
        return True
    return any(_MENTIONS_LIST.search(value) for value in read.mapping(item, "data").values())


def _config_map(item: Json) -> ConfigMap:
    times = [read.text(entry, "time") for entry in read.objects(item, "metadata", "managedFields")]
    return ConfigMap(
        namespace=read.text(item, "metadata", "namespace") or "default",
        name=read.text(item, "metadata", "name"),
        data=read.mapping(item, "data"),
        changed=max([*times, read.text(item, "metadata", "creationTimestamp")]),
        resource_version=read.text(item, "metadata", "resourceVersion"),
    )


def containers(item: Json) -> Sequence[Json]:
    """The containers of a DaemonSet's pod template or of a pod."""
    return list(read.objects(read.child(item, "spec", "template") or item, "spec", "containers"))
