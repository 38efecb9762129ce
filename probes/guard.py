"""Turns back questions that have no answer: a pod that is not there, a target that no peering leads to."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from ipaddress import IPv4Address, IPv4Network
from typing import Any

from probes import derive, kube
from probes.errors import CallError, PodNotFoundError, TargetError, UsageError
from probes.kube import Kube
from probes.place import names
from probes.refusal import refusal
from rules.snapshot import PodRef, Target, Vpc
from rules.words import _

Object = dict[str, Any]

# What a VPC subnet may be made of besides privately used public ranges (VPC documentation, "Valid IPv4 ranges").
PRIVATE = tuple(
    IPv4Network(text)
    for text in (
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "100.64.0.0/10",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "192.88.99.0/24",
        "198.18.0.0/15",
        "240.0.0.0/4",
    )
)


def private(target: Target) -> bool:
    """Whether the address is one that no stranger on the internet has."""
    return any(IPv4Address(target.ip) in range_ for range_ in PRIVATE)


def check_offered(target: Target, rows: Iterable[derive.Rows]) -> None:
    """Raise TargetError for a public address that no peer uses privately, in a subnet that it exports (imported or
    not): it is reached over the internet rather than over a peering."""
    ranges = (
        derive.block(str(row.get("destRange", "")))
        for one in rows
        for row in one.incoming or ()
        if row.get("type") == "SUBNET_PEERING_ROUTE"
    )
    if private(target) or any(range_ is not None and IPv4Address(target.ip) in range_ for range_ in ranges):
        return
    raise TargetError(
        _(
            "{ip} is a public address, and no peer exports a subnet with it: pods reach it over the internet, not over "
            "a VPC peering; name the target's private address."
        ).format(ip=target.ip)
    )


def check_target(
    target: IPv4Address, network: Vpc, subnetworks: Iterable[Mapping[str, Any]], nodes: Iterable[Mapping[str, Any]]
) -> None:
    """Raise TargetError when `target`, to which no peering leads, is an address of the pod's own network."""
    subnet = derive.holds(subnetworks, target)
    if subnet is not None:
        raise TargetError(
            _(
                "{ip} is in {network}, the pod's own network (subnet {subnet}): that is pod → local, and no peering is "
                "crossed; name an address behind the peering, and give this one with --local."
            ).format(ip=target, network=network, subnet=subnet.get("name"))
        )
    for node in nodes:
        spec = node.get("spec") or {}
        for text in (spec.get("podCIDR"), *(spec.get("podCIDRs") or [])):
            range_ = derive.block(str(text))
            if range_ is not None and target in range_:
                raise TargetError(
                    _(
                        "{ip} is a pod address of this very cluster (node {node}): no peering is crossed; name an "
                        "address behind the peering."
                    ).format(ip=target, node=(node.get("metadata") or {}).get("name"))
                )


def check_local(local: IPv4Address, network: Vpc, peerings: Iterable[derive.Rows]) -> None:
    """Raise TargetError when `local` is in a subnet of a neighbour. Subnets of peered networks never overlap."""
    for one in peerings:
        for row in one.incoming or ():
            range_ = derive.block(str(row.get("destRange", "")))
            if row.get("type") == "SUBNET_PEERING_ROUTE" and range_ is not None and local in range_:
                raise TargetError(
                    _(
                        "{ip} is behind peering {peering}, not in {network}, the pod's own network; name with --local "
                        "an address of the own network, or leave it out."
                    ).format(ip=local, peering=one.peering, network=network)
                )


def find_pod(client: Kube, ref: PodRef) -> Object:
    """The pod, or a ProbeError that says what to do. Whoever may only list pods is served as well."""
    doing, permission = _("read the pod {pod}").format(pod=ref), "get pods"
    try:
        return client.get(kube.path("v1", "pods", ref.namespace, ref.name))
    except CallError as error:
        if error.why == "not-found":
            raise PodNotFoundError(_absent(client, ref)) from error
        if error.why != "forbidden":
            raise refusal(error, client.access, doing, permission) from error
        forbidden = error
    try:
        listed = client.list(kube.path("v1", "pods", ref.namespace), {"fieldSelector": f"metadata.name={ref.name}"})
    except CallError as error:
        raise refusal(forbidden, client.access, doing, permission) from error
    if not listed["items"]:
        raise PodNotFoundError(_absent(client, ref))
    return {"apiVersion": "v1", "kind": "Pod", **listed["items"][0]}


def check_container(pod: Mapping[str, Any], container: str) -> None:
    """Raise UsageError when `pod` has no such container; '' stands for any."""
    known = names(pod)
    if container and container not in known:
        raise UsageError(
            _("The pod has no container {container!r}; it has {names}.").format(
                container=container, names=", ".join(known)
            )
        )


def _absent(client: Kube, ref: PodRef) -> str:
    """The sentence for a pod that does not exist, with the names that come near."""
    here = _names(client, ref.namespace, {})
    if ref in here:
        return _("The server says that there is no pod {pod}, and lists it; try again.").format(pod=ref)
    near = difflib.get_close_matches(ref.name, [pod.name for pod in here], n=3, cutoff=0.6)
    near += [pod.name for pod in here if pod.name.startswith(ref.name) and pod.name not in near][: 3 - len(near)]
    if near:
        names = _(" or ").join(str(PodRef(ref.namespace, name)) for name in near)
        return _("There is no pod {pod}; did you mean {names}?").format(pod=ref, names=names)
    elsewhere = [
        pod for pod in _names(client, "", {"fieldSelector": f"metadata.name={ref.name}"}) if pod.name == ref.name
    ]
    if elsewhere:
        names = _(" or ").join(str(pod) for pod in elsewhere[:3])
        return _("There is no pod {pod}; did you mean {names}?").format(pod=ref, names=names)
    if not here:
        return _(
            "There is no pod {pod}, and no other in that namespace; `kubectl get pods -A` shows where pods are."
        ).format(pod=ref)
    return _("There is no pod {pod}; `kubectl get pods -n {namespace}` shows those that are there.").format(
        pod=ref, namespace=ref.namespace
    )


def _names(client: Kube, namespace: str, query: Mapping[str, Any]) -> list[PodRef]:
    try:
        found = client.get(kube.path("v1", "pods", namespace), {"limit": kube.PAGE, **query}, 5.0)
    except CallError:
        return []
    metadata = [one.get("metadata") or {} for one in found.get("items") or [] if isinstance(one, dict)]
    return [PodRef(str(one.get("namespace")), str(one.get("name"))) for one in metadata]
