"""The world as a networkx graph: what connects to what, where one cut separates two ends, and all ways between them.

networkx is imported when a graph is first asked for, because most runs never ask.
"""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address
from itertools import groupby, islice
from typing import TYPE_CHECKING

from rules.ends import expected
from rules.memo import per_world
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
    can be handed over: `kind` is interface, host, pod or peering; peering edges carry `name` and `active`.
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
        found.add_node(key, kind="vm", running=vm.status in ("RUNNING", ""), forwards=vm.can_ip_forward)
        for nic in vm.interfaces:
            _both(found, vpc_key(nic.vpc), key, "interface")
    for node in world.nodes.values():
        key = f"node {node.name}"
        found.add_node(key, kind="node")
        machine = f"vm {node.project}/{node.instance or node.name}"
        home = vpc_of_node(world, node)
        if machine in found:
            _both(found, machine, key, "host")
        elif home is not None:
            _both(found, vpc_key(home), key, "interface")
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

    Ends are the graph's names. A way crosses one peering at most before it comes to a VM, since peering is not
    transitive, and goes on through a VM only where that may forward. There is none where an end is not in the graph.
    """
    import networkx

    usable = _usable(world)
    begin, end = (source, OUT), (target, IN)
    if begin not in usable or end not in usable or source == target:
        return
    seen = set()
    try:
        for way in islice(networkx.shortest_simple_paths(usable, begin, end), most):
            names = tuple(key for key, _group in groupby(name for name, _side in way))
            if names not in seen and len(set(names)) == len(names):
                seen.add(names)
                yield names
    except networkx.NetworkXNoPath:
        return


def cuts(world: World, source: str, target: str) -> tuple[str, ...]:
    """The things on every way between two ends, in order: lose any one of them and the ends are apart."""
    import networkx

    usable = _usable(world)
    way = next(paths(world, source, target), ())
    found = []
    for key in way[1:-1]:
        without = usable.copy()
        without.remove_nodes_from([(key, OUT), (key, IN)])
        if not networkx.has_path(without, (source, OUT), (target, IN)):
            found.append(key)
    return tuple(found)


OUT, IN = "out", "in"


@per_world
def _usable(world: World) -> DiGraph:
    """The graph in two layers: on its way out a packet climbs from pod to VPC, on its way in it comes down again."""
    import networkx

    whole = graph(world)
    found = networkx.DiGraph()
    up = {key for key, data in whole.nodes(data=True) if data.get("running") is not False}
    for key in up:
        kind = whole.nodes[key]["kind"]
        found.add_nodes_from([(key, OUT), (key, IN)])
        if kind in ("vpc", "node"):
            found.add_edge((key, OUT), (key, IN))
        if whole.nodes[key].get("forwards"):
            found.add_edge((key, IN), (key, OUT))
    order = {"pod": 0, "node": 1, "vm": 2, "vpc": 3}
    for one, other, data in whole.edges(data=True):
        if one not in up or other not in up or data.get("active") is False:
            continue
        rise = order[whole.nodes[other]["kind"]] - order[whole.nodes[one]["kind"]]
        if rise > 0:
            found.add_edge((one, OUT), (other, OUT))
        elif rise < 0:
            found.add_edge((one, IN), (other, IN))
        else:
            found.add_edge((one, OUT), (other, IN))
    return found
