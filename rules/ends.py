"""The two ends of a way: who sends, and who owns an address."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address

from rules.memo import per_landscape
from rules.own_routes import machine_under, network_of, node_on, own_routes, owner_of, sees, vpc_of_node
from rules.path import Source
from rules.policy import pod_at
from rules.ranges import Prefixes
from rules.routing import slice_of
from rules.snapshot import Vpc
from rules.world import ForwardingRule, Instance, Node, Pod, Subnet, World


@dataclass(frozen=True)
class End:
    """One end: its address and VPC, and whatever of VM, node, pod and forwarding rule stands behind the address."""

    address: IPv4Address | None
    vpc: Vpc | None
    vm: Instance | None = None
    node: Node | None = None
    pod: Pod | None = None
    rule: ForwardingRule | None = None
    subnet: Subnet | None = None

    @property
    def tags(self) -> frozenset[str] | None:
        """The VM's network tags; None when no VM was read."""
        return self.vm.tags if self.vm else None

    @property
    def region(self) -> str:
        if self.vm is not None:
            return self.vm.region
        if self.rule is not None:
            return self.rule.region
        if self.subnet is not None:
            return self.subnet.region
        return self.node.zone.rsplit("-", 1)[0] if self.node else ""

    @property
    def place(self) -> str:
        """The end as hops name it."""
        if self.pod is not None and not self.pod.host_network:
            return f"pod {self.pod.ref}"
        if self.node is not None:
            return f"node {self.node.name}"
        if self.vm is not None:
            return f"vm {self.vm.project}/{self.vm.name}"
        return str(self.vpc) if self.vpc else str(self.address)


def start(world: World, source: Source) -> End | None:
    """The end that `source` names; None when nothing of that name was read."""
    if source.vm:
        project, _slash, name = source.vm.rpartition("/")
        vm = world.instance_named(project, name)
        if vm is None or not vm.interfaces:
            return None
        return End(vm.interfaces[0].address, vm.interfaces[0].vpc, vm, node_on(world, vm))
    pod = (world.pods or {}).get(source.pod) if source.pod else None
    if source.pod and pod is None:
        return None
    node = world.nodes.get(pod.node if pod else source.node)
    if node is None:
        return End(pod.address, None, pod=pod) if pod else None
    host = pod is None or pod.host_network
    address = node.address if host or pod is None else pod.address
    return End(address, vpc_of_node(world, node), machine_under(world, node), node, pod)


def at(world: World, vpc: Vpc, address: IPv4Address) -> End:
    """Who has `address` in `vpc`: a pod, a VM, a forwarding rule, or nobody that was read."""
    vm = owner_of(world, vpc, address)
    node = node_on(world, vm)
    subnet = next(iter(subnets_holding(world, vpc, address)), None)
    rule = (
        None
        if vm is not None
        else next(
            (
                each
                for each in world.forwarding_rules or ()
                if each.address == address and (each.vpc == vpc or (each.vpc is None and each.project == vpc.project))
            ),
            None,
        )
    )
    owner, _range = slice_of(world, address)
    if vm is None and owner is not None and vpc_of_node(world, owner) == vpc:
        node, vm = owner, machine_under(world, owner)
    pod = pod_at(world, address) if node is not None and address != node.address else None
    if pod is not None and node is not None and pod.node != node.name:
        pod = None
    return End(address, vpc, vm, node, pod, rule, subnet)


@per_landscape
def _subnet_ranges(world: World, vpc: Vpc) -> Prefixes[Subnet]:
    subnets = network_of(world, vpc).subnets or ()
    return Prefixes((network, subnet) for subnet in subnets for network in subnet.ranges)


def subnets_holding(world: World, vpc: Vpc, address: IPv4Address) -> list[Subnet]:
    """The subnets of `vpc` with a range that holds `address`."""
    return list(_subnet_ranges(world, vpc).holding(address))


def reserved(subnet: Subnet | None, address: IPv4Address) -> bool:
    """Whether Google keeps `address` for itself: four of each primary range (Subnets documentation)."""
    if subnet is None or address not in subnet.range or subnet.range.prefixlen > 29:
        return False
    first, last = subnet.range.network_address, subnet.range.broadcast_address
    return address in (first, first + 1, last - 1, last)


def owners_seen(world: World, vpc: Vpc) -> bool:
    """Whether everything that may own an address in `vpc` was read."""
    return sees(world, vpc.project, "instances") and sees(world, vpc.project, "forwardingRules")


def expected(world: World, here: Vpc | None, address: IPv4Address) -> Vpc | None:
    """The VPC in whose ranges `address` lies: `here` first, then its peers, then any other that was read."""
    peers = [peering.peer for peering in network_of(world, here).peerings or ()] if here else []
    others = [here] if here else []
    for vpc in dict.fromkeys([*others, *peers, *world.networks]):
        if any(address in route.dest for route in own_routes(world, vpc).subnets or ()):
            return vpc
    owner, _range = slice_of(world, address)
    return vpc_of_node(world, owner) if owner is not None else None
