"""Routing tables of a VPC's router, as `ip` objects.

Every VM hangs on a device of its own. Its packets look into table SUBNETS first (a subnet route always wins, and an
address of a subnet that nobody has is dropped there), then into the custom routes that its tags admit, then fall into
a hole: Google's network drops in silence what has no route.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network

from lab.fabric.kernel.blueprint import GATEWAY
from lab.fabric.kernel.cloud import Cloud, Link, Side, Static, Vm
from lab.fabric.kernel.names import Net

SUBNETS, FROM_PEERS, CUSTOM, SIDES, POLICIES = 100, 101, 1000, 9000, 50_000
DOWN_METRIC = 190_000  # behind all local routes, before all imported ones
PEER_METRIC = 200_000  # a local custom route beats an imported one to the same destination, whatever their priorities


def device(prefix: str, *names: str) -> str:
    """A stable device name of 11 characters."""
    return prefix + hashlib.sha256("/".join(names).encode()).hexdigest()[:10]


def vm_device(vm: Vm) -> str:
    """The router's end of a VM's wire."""
    return device("v", vm.key, *([f"nic{vm.nic}"] if vm.nic else []))


def peer_device(net: Net, peer: Net) -> str:
    """`net`'s end of the wire to `peer`."""
    return device("p", *net, *peer)


def side_device(side: Side) -> str:
    """The router's end of the wire to the other side of a tunnel."""
    return device("f", side.key)


def owned(cloud: Cloud, vm: Vm) -> list[IPv4Network]:
    """What a VM answers for: its address, its alias ranges, and the load balancers in front of it."""
    fronts = [IPv4Network(each.address) for each in cloud.balancers if each.vm == vm.key and each.net == vm.net]
    return [IPv4Network(vm.address), *vm.aliases, *fronts]


def is_private(found: IPv4Network) -> bool:
    """Whether a subnet range is exchanged over peering without any flag: everything that is not privately used public
    space. Special-use ranges count as private (VPC peering documentation)."""
    return any(found.subnet_of(IPv4Network(text)) for text in PRIVATE)


PRIVATE = (
    "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "192.0.0.0/24", "192.0.2.0/24",
    "198.51.100.0/24", "203.0.113.0/24", "192.88.99.0/24", "198.18.0.0/15", "240.0.0.0/4",
)  # fmt: skip


def connected(cloud: Cloud) -> Iterable[tuple[Link, Link]]:
    """Both halves of every working peering, each way round."""
    for link in cloud.links:
        for other in cloud.links:
            if (other.net, other.peer) == (link.peer, link.net) and link.active and other.active:
                yield link, other


def subnets_of(cloud: Cloud, net: Net) -> list[IPv4Network]:
    """The ranges of a network's own subnets."""
    return [found for owner, found in cloud.subnets if owner == net]


def crossing_subnets(cloud: Cloud, importer: Link, exporter: Link) -> list[IPv4Network]:
    """Subnet ranges that `importer`'s network learns."""
    public = importer.import_public and exporter.export_public
    return [found for found in subnets_of(cloud, exporter.net) if is_private(found) or public]


def crossing_statics(cloud: Cloud, importer: Link, exporter: Link) -> list[Static]:
    """Static routes that `importer`'s network learns: untagged, not to the internet, not inside its own subnets."""
    if not (importer.import_custom and exporter.export_custom):
        return []
    own = subnets_of(cloud, importer.net)
    return [
        route
        for route in cloud.statics
        if route.net == exporter.net
        and not route.tags
        and route.hop != "internet"
        and not any(route.dest.subnet_of(found) for found in own)
    ]


def router_objects(cloud: Cloud, net: Net) -> list[str]:
    """Routes and rules of the router of `net`."""
    lines = _policies(cloud, net)
    lines += _subnet_routes(cloud, net)
    lines += _peer_sides(cloud, net)
    classes = sorted(_classes(cloud, net).items(), key=lambda item: (sorted(item[0][0]), item[0][1]))
    for number, ((tags, region), vms) in enumerate(classes):
        table = CUSTOM + number
        lines += _custom_routes(cloud, net, tags, region, table)
        lines += [f"rule pref 200 iif {vm_device(vm)} lookup {table}" for vm in vms]
    lines += [f"rule pref 100 iif {vm_device(vm)} lookup {SUBNETS}" for vm in _vms(cloud, net)]
    for number, side in enumerate(each for each in cloud.sides if each.net == net):
        lines += _custom_routes(cloud, net, frozenset(), "", SIDES + number)
        lines += [f"rule pref 100 iif {side_device(side)} lookup {SUBNETS}"]
        lines += [f"rule pref 200 iif {side_device(side)} lookup {SIDES + number}"]
    lines.append("rule pref 300 blackhole")
    return lines


def _policies(cloud: Cloud, net: Net) -> list[str]:
    """Policy-based routes: asked first, for what VMs of the network send; the next hop's own packets are let be."""
    lines = []
    known = sorted((each for each in cloud.policies if each.net == net), key=lambda each: (each.priority, each.name))
    for number, policy in enumerate(known):
        if policy.hop is None:
            continue
        hop = next((vm for vm in _vms(cloud, net) if vm.address == policy.hop and vm.running), None)
        table = POLICIES + number
        where = f"default via {GATEWAY} dev {vm_device(hop)} onlink" if hop else "blackhole default"
        lines.append(f"route {where} table {table}")
        match = f"from {policy.source} to {policy.dest}"
        lines += [
            f"rule pref {50 + number} {match} iif {vm_device(vm)} lookup {table}"
            for vm in _vms(cloud, net)
            if vm != hop and (not policy.tags or policy.tags & vm.tags)
        ]
    return lines


def _vms(cloud: Cloud, net: Net) -> list[Vm]:
    return [vm for vm in cloud.vms if vm.net == net]


def _classes(cloud: Cloud, net: Net) -> dict[tuple[frozenset[str], str], list[Vm]]:
    """VMs by those of their tags that some route cares about, and by region where some route holds in one."""
    cared = frozenset().union(*(route.tags for route in cloud.statics if route.net == net))
    regional = any(route.region for route in cloud.statics)
    found: dict[tuple[frozenset[str], str], list[Vm]] = {}
    for vm in _vms(cloud, net):
        found.setdefault((vm.tags & cared, vm.region if regional else ""), []).append(vm)
    return found


def _own_addresses(cloud: Cloud, net: Net, table: int, ranges: Iterable[IPv4Network]) -> list[str]:
    """Routes to the addresses that running VMs own in `ranges`, and holes for those that nobody has."""
    known = sorted(set(ranges))
    lines = []
    for vm in _vms(cloud, net):
        if vm.running:
            behind = f"via {GATEWAY} dev {vm_device(vm)} onlink table {table} metric 1"
            lines += [f"route {each} {behind}" for each in owned(cloud, vm) if any(map(each.subnet_of, known))]
    return lines + [f"route blackhole {found} table {table} metric 50" for found in known]


def _subnet_routes(cloud: Cloud, net: Net) -> list[str]:
    lines = _own_addresses(cloud, net, SUBNETS, subnets_of(cloud, net))
    seen = set(subnets_of(cloud, net))
    for importer, exporter in connected(cloud):
        if importer.net != net:
            continue
        for found in crossing_subnets(cloud, importer, exporter):
            if found not in seen:
                seen.add(found)
                hop = peer_device(net, exporter.net)
                lines.append(f"route {found} via {GATEWAY} dev {hop} onlink table {SUBNETS} metric 10")
    return lines


def _peer_sides(cloud: Cloud, net: Net) -> list[str]:
    """What packets from each peer may reach: the ranges that it has learned, and the next hops of routes it imports."""
    lines = []
    pairs = sorted(connected(cloud), key=lambda pair: pair[0].net)
    for number, (importer, exporter) in enumerate(pair for pair in pairs if pair[1].net == net):
        table = FROM_PEERS + number
        lines += _own_addresses(cloud, net, table, crossing_subnets(cloud, importer, exporter))
        lines += _routes(cloud, crossing_statics(cloud, importer, exporter), table, {})
        lines.append(f"rule pref 150 iif {peer_device(net, importer.net)} lookup {table}")
    return lines


def _custom_routes(cloud: Cloud, net: Net, tags: frozenset[str], region: str, table: int) -> list[str]:
    def holds(route: Static) -> bool:
        return not route.region or not region or route.region == region

    local = [
        route for route in cloud.statics if route.net == net and (not route.tags or route.tags & tags) and holds(route)
    ]
    lines = _routes(cloud, local, table, {})
    taken: dict[IPv4Network, Net] = {}
    for importer, exporter in sorted(connected(cloud), key=lambda pair: pair[0].name):
        if importer.net != net:
            continue
        chosen = [
            route
            for route in crossing_statics(cloud, importer, exporter)
            if holds(route) and taken.setdefault(route.dest, exporter.net) == exporter.net
        ]
        lines += _routes(cloud, chosen, table, {route.name: peer_device(net, exporter.net) for route in chosen})
    return lines


def _routes(cloud: Cloud, routes: Iterable[Static], table: int, peers: dict[str, str]) -> list[str]:
    """`ip route` lines: routes of equal destination and priority share the packets (ECMP).

    At equal priority the internet gateway comes last (VPC "Routes" documentation, "Routing order").
    """
    grouped: dict[tuple[IPv4Network, int], set[str]] = {}
    for route in routes:
        hop = _hop(cloud, route)
        peer = peers.get(route.name)
        metric = 100 + 2 * route.priority + (route.hop == "internet") + (PEER_METRIC if peer else 0)
        if hop is None:  # an unusable next hop leaves the destination in the table: nothing broader takes its place
            down = DOWN_METRIC + (PEER_METRIC if peer else 0)
            grouped.setdefault((route.dest, down), set()).add(peer or "")
        else:
            grouped.setdefault((route.dest, metric), set()).add(peer or hop)
    lines = []
    for (dest, metric), hops in grouped.items():
        if "" in hops:
            lines.append(f"route blackhole {dest} table {table} metric {metric}")
        elif len(hops) == 1:
            lines.append(f"route {dest} via {GATEWAY} dev {min(hops)} onlink table {table} metric {metric}")
        else:
            nexthops = " ".join(f"nexthop via {GATEWAY} dev {hop} onlink" for hop in sorted(hops))
            lines.append(f"route {dest} table {table} metric {metric} {nexthops}")
    return lines


def _hop(cloud: Cloud, route: Static) -> str | None:
    """The device towards the next hop; '' drops (the internet is not for private addresses); None: unusable."""
    if route.hop == "internet":
        return ""
    if route.hop == "beyond":
        return next((side_device(side) for side in cloud.sides if side.key == route.value and side.machines), None)
    for vm in cloud.vms:
        if vm.net != route.net or not vm.running:
            continue
        if (route.hop == "instance" and vm.key == route.value) or (
            route.hop == "ip" and vm.address == IPv4Address(route.value)
        ):
            return vm_device(vm)
    return None
