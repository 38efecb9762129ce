"""Senders and targets sorted into kinds: what one of a kind meets, all of it meet, so that one of each is asked.

Pods are of a kind when nothing that decides about their packets tells them apart: node pool, agent, VM, routes to
their node, and, where there are NetworkPolicies, namespace and labels.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import cast

from rules.build.kubernetes import Pods
from rules.effective import effective
from rules.memo import per_world
from rules.own_routes import machine_under, vpc_of_node
from rules.path import Source
from rules.snapshot import PodRef, Vpc
from rules.words import _, plural
from rules.world import Instance, Node, World

MOST_SENDERS = 12
MOST_TARGETS = 24
_NOT_LABELS = ("pod-template-hash", "controller-revision-hash", "pod-template-generation", "statefulset.kubernetes.io")


@dataclass(frozen=True)
class Sender:
    """One kind of sender, its `count`, and the one that stands for it."""

    source: Source
    name: str
    count: int


@dataclass(frozen=True)
class Place:
    """One kind of target: the address that stands for it, and its names."""

    address: str
    name: str
    count: int

    @property
    def said(self) -> str:
        text = f"{self.name} ({self.address})"
        if self.count == 1:
            return text
        return text + " " + plural("and {count} more like it", "and {count} more like it", self.count - 1)


@per_world
def pods(world: World, near: frozenset[Vpc]) -> tuple[Sender, ...]:
    """The kinds of pods with an address of their own, the largest first; `near` are the VPCs whose routes count."""
    nodes: dict[str, Hashable] = {}
    firsts: dict[Hashable, PodRef] = {}
    counts: dict[Hashable, int] = {}
    policies = bool(world.network_policies)
    held = world.pods if isinstance(world.pods, Pods) else None
    for sort, (ref, node, count) in (held.alike(labels=policies) if held is not None else {}).items():
        if node not in nodes:
            nodes[node] = _node_kind(world, world.nodes.get(node), near)
        key: Hashable = (nodes[node], _told(sort)) if policies else nodes[node]
        firsts.setdefault(key, ref)
        counts[key] = counts.get(key, 0) + count
    found = [Sender(Source(pod=ref), _pods(ref, counts[key]), counts[key]) for key, ref in firsts.items()]
    return tuple(sorted(found, key=lambda each: -each.count))


def _told(sort: Hashable) -> Hashable:
    """Namespace and labels of a sort, but for labels that tell replicas of one workload apart."""
    _node, namespace, labels = cast("tuple[str, str, frozenset[tuple[str, str]]]", sort)
    return namespace, frozenset(item for item in labels if not item[0].startswith(_NOT_LABELS))


def _pods(ref: PodRef, count: int) -> str:
    if count == 1:
        return _("pod {ref}").format(ref=ref)
    return plural("{count} pod such as {{ref}}", "{count} pods such as {{ref}}", count).format(ref=ref)


def _node_kind(world: World, node: Node | None, near: frozenset[Vpc]) -> Hashable:
    if node is None:
        return None
    agent = world.agent
    known = machine_under(world, node)
    fates = []
    for vpc in sorted(near, key=str):
        for slice_ in node.pod_ranges:
            rows = effective(world, vpc).by_dest.holding(slice_.network_address)
            fates.append(
                tuple(sorted((row.kind.value, row.next_hop.kind.value, row.dest.prefixlen == 0) for row in rows))
            )
    return (
        node.name in agent.pods and node.name not in agent.not_ready,
        world.node_nat.get(node.name),
        node.os,
        node.version,
        vpc_of_node(world, node),
        None if known is None else _machine(known),
        tuple(fates),
    )


@per_world
def machines(world: World, near: frozenset[Vpc]) -> tuple[Sender, ...]:
    """The kinds of VMs in `near` as senders, nodes among them as what they are: VMs."""
    return tuple(Sender(Source(vm=key), name, count) for key, name, count, _address in _vms(world, near, ()))


@per_world
def places(world: World, near: frozenset[Vpc], edges: tuple[IPv4Network, ...]) -> tuple[Place, ...]:
    """The kinds of VMs in `near` as targets. `edges` are ranges whose inside must be told from their outside."""
    return tuple(Place(address, name, count) for _key, name, count, address in _vms(world, near, edges))


def _vms(world: World, near: frozenset[Vpc], edges: Iterable[IPv4Network]) -> list[tuple[str, str, int, str]]:
    found: dict[Hashable, list[tuple[str, str, str]]] = {}
    for vm in world.instances or ():
        for nic in vm.interfaces:
            if nic.vpc not in near:
                continue
            inside = tuple(nic.address in edge for edge in edges)
            key = (_machine(vm), nic.vpc, nic.subnet, inside)
            found.setdefault(key, []).append((f"{vm.project}/{vm.name}", vm.name, str(nic.address)))
    rows = [(held[0][0], held[0][0], len(held), held[0][2]) for held in found.values()]
    return sorted(rows, key=lambda row: -row[2])


def _machine(vm: Instance) -> Hashable:
    """What decides about a VM's packets besides its address."""
    nics = tuple((nic.vpc, nic.subnet, bool(nic.aliases)) for nic in vm.interfaces)
    rules = None if vm.firewall is None else tuple((rule.policy, rule.name) for rule in vm.firewall)
    return vm.project, vm.region, vm.status, vm.tags, vm.accounts, vm.can_ip_forward, nics, rules


def neighbourhood(world: World, vpcs: Iterable[Vpc | None]) -> frozenset[Vpc]:
    """`vpcs` and all that they are peered with."""
    own = [vpc for vpc in vpcs if vpc is not None]
    networks: Mapping[Vpc, object] = world.networks
    peers = [peering.peer for vpc in own if vpc in networks for peering in world.networks[vpc].peerings or ()]
    return frozenset((*own, *peers))
