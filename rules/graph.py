"""The world as a networkx graph: what connects to what, where one cut separates two ends, and all ways between them.

networkx is imported when a graph is first asked for, because most runs never ask.
"""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address
from itertools import islice
from typing import TYPE_CHECKING

from rules.ends import expected
from rules.own_routes import vpc_of_node
from rules.path import Verdict
from rules.routing import choose
from rules.snapshot import Vpc
from rules.world import World

if TYPE_CHECKING:
    from networkx import DiGraph

MOST_PATHS = 1000


def vpc_key(vpc: Vpc) -> str:
    """The graph's name for a VPC."""
    return f"vpc {vpc}"


def graph(world: World) -> DiGraph:
    """Everything that can pass a packet on, as a directed graph.

    Nodes are `vpc P/N`, `vm P/NAME`, `node NAME` and `pod NS/NAME`, with attribute `kind`. An edge says that packets
    can be handed over: `kind` is interface, host, pod or peering; peering edges carry `name`, `active` and, where
    known, whether the sender's routes are `imported` at the other side.
    """
    import networkx

    found = networkx.DiGraph()
    for vpc, network in world.networks.items():
        found.add_node(vpc_key(vpc), kind="vpc")
        for peering in network.peerings or ():
            found.add_node(vpc_key(peering.peer), kind="vpc")
            back = world.networks[peering.peer].peering_to(vpc) if peering.peer in world.networks else None
            active = peering.active and (back is None or back.active)
            found.add_edge(vpc_key(vpc), vpc_key(peering.peer), kind="peering", name=peering.name, active=active)
    for vm in world.instances or ():
        key = f"vm {vm.project}/{vm.name}"
        found.add_node(key, kind="vm", running=vm.status == "RUNNING")
        for nic in vm.interfaces:
            _both(found, vpc_key(nic.vpc), key, "interface")
    for node in world.nodes.values():
        key = f"node {node.name}"
        found.add_node(key, kind="node")
        machine = f"vm {node.project}/{node.instance or node.name}"
        vpc = vpc_of_node(world, node)
        if machine in found:
            _both(found, machine, key, "host")
        elif vpc is not None:
            _both(found, vpc_key(vpc), key, "interface")
    for pod in (world.pods or {}).values():
        if f"node {pod.node}" in found:
            found.add_node(f"pod {pod.ref}", kind="pod")
            _both(found, f"node {pod.node}", f"pod {pod.ref}", "pod")
    return found


def _both(found: DiGraph, one: str, other: str, kind: str) -> None:
    found.add_edge(one, other, kind=kind)
    found.add_edge(other, one, kind=kind)


def carrying(world: World, address: IPv4Address) -> DiGraph:
    """Which VPC hands a packet for `address` to which, by the route each of them chooses.

    Every VPC is a node with `verdict` (ok, drop, unknown) and `ends` (whether the address lies in it); where all is
    well every way through the graph ends at that VPC.
    """
    import networkx

    found = networkx.DiGraph()
    for vpc in world.networks:
        choice = choose(world, vpc, address)
        found.add_node(vpc_key(vpc), verdict=choice.verdict.value, ends=expected(world, vpc, address) == vpc)
        if choice.verdict is Verdict.OK:
            for origin in {route.origin for route in choice.routes if route.origin is not None}:
                found.add_edge(vpc_key(vpc), vpc_key(origin))
    return found


def paths(world: World, source: str, target: str, *, most: int = MOST_PATHS) -> Iterator[tuple[str, ...]]:
    """All ways from one end to another over what is connected and up, shortest first, at most `most`.

    Ends are the graph's names. There are none where an end is not in the graph.
    """
    import networkx

    usable = _usable(world)
    if source not in usable or target not in usable or source == target:
        return
    try:
        for way in islice(networkx.shortest_simple_paths(usable, source, target), most):
            yield tuple(way)
    except networkx.NetworkXNoPath:
        return


def cuts(world: World, source: str, target: str) -> tuple[str, ...]:
    """The things on every way between two ends, in order: lose any one of them and the ends are apart."""
    import networkx

    usable = _usable(world)
    if source not in usable or target not in usable or not networkx.has_path(usable, source, target):
        return ()
    way = networkx.shortest_path(usable, source, target)
    found = []
    for key in way[1:-1]:
        without = usable.copy()
        without.remove_node(key)
        if not networkx.has_path(without, source, target):
            found.append(key)
    return tuple(found)


def _usable(world: World) -> DiGraph:
    found = graph(world)
    down = [(one, other) for one, other, data in found.edges(data=True) if data.get("active") is False]
    found.remove_edges_from(down)
    found.remove_nodes_from([key for key, data in found.nodes(data=True) if data.get("running") is False])
    return found
