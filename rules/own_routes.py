"""The routes that a VPC has of its own, and which machine a static route leads to."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address

from rules.memo import per_landscape
from rules.snapshot import Vpc
from rules.world import HopKind, Instance, Network, NextHop, Node, Route, RouteKind, World


@dataclass(frozen=True)
class OwnRoutes:
    """Subnet routes, and static and dynamic ones (`custom`); None where they could not be read."""

    subnets: tuple[Route, ...] | None
    custom: tuple[Route, ...] | None


def network_of(world: World, vpc: Vpc) -> Network:
    """The network, or one of which nothing is known."""
    return world.networks.get(vpc) or Network(vpc)


@per_landscape
def own_routes(world: World, vpc: Vpc) -> OwnRoutes:
    """Routes of `vpc` that no peering brought."""
    network = network_of(world, vpc)
    listed = [route for route in network.routes or () if route.origin is None]
    by_dest = {route.dest: route for route in listed if route.kind is RouteKind.SUBNET}
    for subnet in network.subnets or ():
        for name, dest in (("", subnet.range), *subnet.secondary.items()):
            if dest not in by_dest:
                what = f"{subnet.name}/{name}" if name else subnet.name
                hop = NextHop(HopKind.NETWORK, vpc.name, project=vpc.project)
                by_dest[dest] = Route(vpc, what, dest, RouteKind.SUBNET, hop, 0, object=what)
    custom = tuple(route for route in listed if route.kind in (RouteKind.STATIC, RouteKind.DYNAMIC))
    # routes.list shows every subnet route; a list without any was filtered, or the VPC has none.
    return OwnRoutes(
        subnets=tuple(by_dest.values()) if network.subnets is not None or by_dest else None,
        custom=custom if network.routes is not None else None,
    )


@per_landscape
def machines(world: World) -> dict[tuple[str, str, str], Instance]:
    """VMs by project, zone and name."""
    return {(vm.project, vm.zone, vm.name): vm for vm in world.instances or ()}


@per_landscape
def _addresses(world: World) -> dict[tuple[Vpc, IPv4Address], Instance]:
    return {(nic.vpc, nic.address): vm for vm in world.instances or () for nic in vm.interfaces}


@per_landscape
def _aliased(world: World) -> list[tuple[Vpc, int, int, Instance]]:
    return [
        (nic.vpc, int(alias.network_address), int(alias.broadcast_address), vm)
        for vm in world.instances or ()
        for nic in vm.interfaces
        for alias in nic.aliases
    ]


def owner_of(world: World, vpc: Vpc, address: IPv4Address) -> Instance | None:
    """The VM with `address` as an interface's own or alias address in `vpc`."""
    found = _addresses(world).get((vpc, address))
    if found is not None:
        return found
    number = int(address)
    return next((vm for at, first, last, vm in _aliased(world) if at == vpc and first <= number <= last), None)


def sees(world: World, project: str, kind: str) -> bool:
    """Whether `kind` (instances, forwardingRules, routers) of `project` was read."""
    if kind == "instances" and world.instances is None:
        return False
    if kind == "forwardingRules" and world.forwarding_rules is None:
        return False
    return (project, kind) not in world.unread


def machine_of(world: World, route: Route) -> Instance | None:
    """The VM that an instance or address next hop means; None when there is none or it could not be read."""
    hop = route.next_hop
    if hop.kind is HopKind.IP:
        try:
            return owner_of(world, route.vpc, IPv4Address(hop.name))
        except AddressValueError:
            return None
    if hop.kind is not HopKind.INSTANCE:
        return None
    project = hop.project or route.vpc.project
    if hop.zone:
        return machines(world).get((project, hop.zone, hop.name))
    return next((vm for vm in machines(world).values() if (vm.project, vm.name) == (project, hop.name)), None)


@per_landscape
def nodes_by_machine(world: World) -> dict[tuple[str, str], Node]:
    """Nodes by their VM's project and name."""
    return {(node.project, node.instance or node.name): node for node in world.nodes.values()}


def node_on(world: World, vm: Instance | None) -> Node | None:
    """The Kubernetes node that runs on `vm`, or None."""
    return None if vm is None else nodes_by_machine(world).get((vm.project, vm.name))


def machine_under(world: World, node: Node) -> Instance | None:
    """The VM that `node` runs on; None when it could not be read."""
    name = node.instance or node.name
    if node.zone and (found := machines(world).get((node.project, node.zone, name))):
        return found
    return next((vm for vm in machines(world).values() if (vm.project, vm.name) == (node.project, name)), None)


def vpc_of_node(world: World, node: Node) -> Vpc | None:
    """The VPC of the node's first interface; by its address where the VM could not be read."""
    vm = machine_under(world, node)
    if vm is not None and vm.interfaces:
        own = [nic.vpc for nic in vm.interfaces if nic.address == node.address]
        return own[0] if own else vm.interfaces[0].vpc
    if vm is not None or node.address is None:
        return None
    holding = {
        vpc
        for vpc, network in world.networks.items()
        for subnet in network.subnets or ()
        if node.address in subnet.range and vpc.project == node.project
    }
    return holding.pop() if len(holding) == 1 else None
