"""Namespaces of VMs, nodes and pods, and the wires that join them to the routers."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from ipaddress import IPv4Address, IPv4Network
from typing import Any

from lab.fabric.kernel.blueprint import GATEWAY, Blueprint, End, Listener, Namespace, Wire
from lab.fabric.kernel.cloud import Side, Vm, read
from lab.fabric.kernel.filters import router_tables
from lab.fabric.kernel.names import Net
from lab.fabric.kernel.policies import node_filter
from lab.fabric.kernel.tables import connected, device, owned, peer_device, router_objects, side_device, vm_device
from lab.nat import dump
from lab.store import Object, Store

QUIET = (
    ("net.ipv4.conf.all.rp_filter", "0"),
    ("net.ipv4.conf.default.rp_filter", "0"),
    ("net.ipv6.conf.all.disable_ipv6", "1"),
    ("net.ipv6.conf.default.disable_ipv6", "1"),
)
ROUTER = (*QUIET, ("net.ipv4.ip_forward", "1"), ("net.ipv4.fib_multipath_hash_policy", "1"))
PING_OFF = ("net.ipv4.icmp_echo_ignore_all", "1")


@dataclass(frozen=True)
class KubePod:
    """A pod with a network of its own."""

    key: str
    node: str
    address: IPv4Address
    guest: Object = field(default_factory=dict)


def router_name(net: Net) -> str:
    """The namespace of a network's router."""
    return f"vpc.{net[0]}.{net[1]}"


def vm_name(key: str) -> str:
    """The namespace of a VM or node (`PROJECT/NAME`)."""
    return "vm." + key.replace("/", ".", 1)


def far_name(key: str) -> str:
    """The namespace of the other side of a router's tunnel (`PROJECT/ROUTER`)."""
    return "far." + key.replace("/", ".", 1)


def pod_name(key: str) -> str:
    """The namespace of a pod (`NAMESPACE/NAME`)."""
    return "pod." + key.replace("/", ".", 1)


def node_key(store: Store, node: str) -> str:
    """The VM behind a Kubernetes node, as PROJECT/NAME."""
    item = store.table("kube/nodes").find(node)
    words = (item or {}).get("spec", {}).get("providerID", "").removeprefix("gce://").split("/")
    return f"{words[0]}/{words[-1]}" if len(words) == 3 else f"/{node}"


def blueprint(store: Store) -> Blueprint:
    """What the kernel shall look like for the world in `store`."""
    cloud = read(store)
    namespaces: dict[str, Namespace] = {}
    wires: list[Wire] = []
    for net in cloud.nets:
        name = router_name(net)
        tables = router_tables(cloud, net)
        namespaces[name] = Namespace(name, tuple(router_objects(cloud, net)), ROUTER, tables)
    for side in cloud.sides:
        if side.machines:
            name = far_name(side.key)
            namespaces[name] = _far(name, side)
            wires.append(Wire(End(router_name(side.net), side_device(side)), End(name, "eth0")))
    for importer, _ in connected(cloud):
        if importer.net < importer.peer:
            left = End(router_name(importer.net), peer_device(importer.net, importer.peer))
            wires.append(Wire(left, End(router_name(importer.peer), peer_device(importer.peer, importer.net))))
    pods = _pods(store)
    nodes = {node_key(store, node): node for node in store.table("kube/nodes")}
    for vm in (each for each in cloud.vms if each.nic == 0):
        name = vm_name(vm.key)
        guest = cloud.guests.get(vm.key, {})
        node = nodes.get(vm.key)
        mine = [pod for pod in pods if node is not None and pod.node == node]
        tables = _node_tables(store, node, [pod.key for pod in mine]) if node is not None else _guest_tables(guest)
        fronts = [each for each in owned(cloud, vm)[1:] if each not in vm.aliases]
        nics = [each for each in cloud.vms if each.key == vm.key]
        namespaces[name] = _machine(name, nics, guest, mine, tables, node is not None, fronts)
        if vm.running:
            wires += [Wire(End(router_name(nic.net), vm_device(nic)), End(name, f"eth{nic.nic}")) for nic in nics]
        for pod in mine:
            inner = pod_name(pod.key)
            namespaces[inner] = _pod(inner, pod)
            wires.append(Wire(End(name, device("c", pod.key)), End(inner, "eth0")))
    return Blueprint(namespaces, tuple(wires))


def _machine(
    name: str,
    nics: list[Vm],
    guest: Object,
    pods: list[KubePod],
    tables: dict[str, str],
    is_node: bool,
    fronts: list[IPv4Network],
) -> Namespace:
    vm, objects = nics[0], []
    if vm.running:
        objects += [
            *(f"addr {nic.address}/32 dev eth{nic.nic}" for nic in nics),
            f"route default via {GATEWAY} dev eth0 onlink src {vm.address}",
            *(f"addr {front} dev eth0" for front in fronts),
        ]
        for nic in nics[1:]:
            behind = f"via {GATEWAY} dev eth{nic.nic} onlink src {nic.address}"
            objects += [f"route {found} {behind}" for found in guest.get("routes", [])]
        objects += [f"route blackhole {found}" for found in guest.get("bridges", {}).values()]
    for pod in pods:
        objects.append(f"route {pod.address}/32 via {GATEWAY} dev {device('c', pod.key)} onlink src {vm.address}")
    forwards = guest.get("forwards", is_node)
    sysctls: tuple[tuple[str, str], ...] = (*QUIET, ("net.ipv4.ip_forward", "1" if forwards else "0"))
    if not guest.get("answersPing", True):
        sysctls += (PING_OFF,)
    return Namespace(name, tuple(objects), sysctls, tables, _listeners(guest) if vm.running else ())


def _far(name: str, side: Side) -> Namespace:
    """The other side of a tunnel as one machine with an address for each machine there. It knows a way back to what
    it has been told of, and to nothing else."""
    objects = [f"addr {machine['address']}/32 dev eth0" for machine in side.machines]
    objects += [f"route {found} via {GATEWAY} dev eth0 onlink" for found in side.told]
    listeners = tuple(
        replace(listener, address=machine["address"]) for machine in side.machines for listener in _listeners(machine)
    )
    return Namespace(name, tuple(objects), QUIET, {}, listeners)


def _guest_tables(guest: Object) -> dict[str, str]:
    """The firewall inside a VM: what it drops, and what it rejects as administratively prohibited."""
    rules = [f"-A INPUT -s {found} -j DROP" for found in guest.get("drops", [])]
    prohibited = "-j REJECT --reject-with icmp-admin-prohibited"
    rules += [f"-A INPUT -s {found} {prohibited}" for found in guest.get("rejects", [])]
    if not rules:
        return {}
    chains = ":INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n"
    return {"filter": "*filter\n" + chains + "\n".join(rules) + "\nCOMMIT\n"}


def _pod(name: str, pod: KubePod) -> Namespace:
    objects = (f"addr {pod.address}/32 dev eth0", f"route default via {GATEWAY} dev eth0 onlink src {pod.address}")
    return Namespace(name, objects, QUIET, {}, _listeners(pod.guest))


def _listeners(guest: Object) -> tuple[Listener, ...]:
    return tuple(
        Listener(
            server["port"],
            server["paths"] or {},
            refuses=tuple(guest.get("refuses", ())),
            to=f"{to['address']}:{to['port']}" if (to := server.get("to")) else "",
        )
        for server in guest.get("servers", [])
        if server["protocol"] == "tcp"
    )


def _node_tables(store: Store, node: str, pods: list[str]) -> dict[str, str]:
    item = store.table("node/nat").find(node)
    return {"nat": item["text"] if item else dump([], {}), "filter": node_filter(store, node, pods)}


def _pods(store: Store) -> list[KubePod]:
    found = []
    guests = store.table("guest/pods")
    for key, item in store.table("kube/pods").items():
        spec: dict[str, Any] = item.get("spec", {})
        status: dict[str, Any] = item.get("status", {})
        if spec.get("hostNetwork") or not status.get("podIP") or status.get("phase") != "Running":
            continue
        found.append(KubePod(key, spec.get("nodeName", ""), IPv4Address(status["podIP"]), guests.find(key) or {}))
    return found
