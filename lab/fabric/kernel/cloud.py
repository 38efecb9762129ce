"""The lab's store, read for the wires: what exists, in the kernel fabric's own words.

Nothing of rules is used here, so that a mistake there cannot repeat itself in the kernel.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network
from typing import Any

from lab.fabric.kernel.names import Net
from lab.fabric.kernel.names import network as _net
from lab.fabric.kernel.policyrules import VPC_STAGE, Rule, policy_rules
from lab.store import Object, Store


@dataclass(frozen=True)
class Vm:
    """One interface of a VM or node: `key` is PROJECT/NAME, `nic` the interface's number, `aliases` its alias ranges,
    `forwards` the API's canIpForward."""

    key: str
    net: Net
    address: IPv4Address
    aliases: tuple[IPv4Network, ...]
    tags: frozenset[str]
    accounts: frozenset[str]
    forwards: bool
    running: bool
    region: str
    nic: int = 0


@dataclass(frozen=True)
class PolicyRoute:
    """A policy-based route: what comes from a VM of the network with one of `tags` (none: any) goes to `hop`."""

    net: Net
    name: str
    source: IPv4Network
    dest: IPv4Network
    hop: IPv4Address | None
    priority: int
    tags: frozenset[str]


@dataclass(frozen=True)
class Static:
    """A static route, or one that a Cloud Router learned. `hop` is instance, ip, internet, beyond (the other side of a
    router's tunnel) or other, with its value; a route with a `region` holds for senders there."""

    net: Net
    name: str
    dest: IPv4Network
    priority: int
    tags: frozenset[str]
    hop: str
    value: str
    region: str = ""


@dataclass(frozen=True)
class Side:
    """The other side of a tunnel: the ranges that it was told of, and its machines."""

    net: Net
    key: str
    told: tuple[IPv4Network, ...]
    machines: tuple[Object, ...]


@dataclass(frozen=True)
class Balancer:
    """An internal load balancer's address, the VM behind it, and the region that alone may use it ('': any)."""

    net: Net
    address: IPv4Address
    vm: str
    region: str


@dataclass(frozen=True)
class Link:
    """One half of a peering, with the four flags."""

    net: Net
    name: str
    peer: Net
    active: bool
    export_custom: bool
    import_custom: bool
    export_public: bool
    import_public: bool


@dataclass(frozen=True)
class Cloud:
    """Everything with an address or a say in the packet's way. `narrow`: the largest packet, in bytes, of a network
    that loses larger ones."""

    nets: tuple[Net, ...]
    subnets: tuple[tuple[Net, IPv4Network], ...]
    vms: tuple[Vm, ...]
    statics: tuple[Static, ...]
    links: tuple[Link, ...]
    rules: tuple[Rule, ...]
    policies: tuple[PolicyRoute, ...] = ()
    guests: dict[str, Object] = field(default_factory=dict)
    sides: tuple[Side, ...] = ()
    balancers: tuple[Balancer, ...] = ()
    narrow: dict[Net, int] = field(default_factory=dict)


def read(store: Store) -> Cloud:
    """The store's Compute side."""
    projects = sorted({name.split("/")[1] for name in store.names("compute/")})
    nets: list[Net] = []
    links: list[Link] = []
    subnets: list[tuple[Net, IPv4Network]] = []
    vms: list[Vm] = []
    statics: list[Static] = []
    rules: list[Rule] = []
    policies: list[PolicyRoute] = []
    guests: dict[str, Object] = {}
    sides: list[Side] = []
    balancers: list[Balancer] = []
    narrow: dict[Net, int] = {}
    for project in projects:
        for item in _all(store, project, "networks"):
            net = (project, item["name"])
            nets.append(net)
            links += [_link(net, peering) for peering in item.get("peerings", [])]
        for item in _all(store, project, "subnetworks"):
            ranges = [item["ipCidrRange"], *(each["ipCidrRange"] for each in item.get("secondaryIpRanges", []))]
            subnets += [(_net(item["network"]), IPv4Network(text)) for text in ranges]
        vms += [vm for item in _all(store, project, "instances") for vm in _vms(project, item)]
        policies += [_policy(item) for item in store.table(f"networkconnectivity/{project}").values()]
        statics += [_static(item) for item in _all(store, project, "routes")]
        rules += [_rule(item) for item in _all(store, project, "firewalls") if not item.get("disabled")]
        rules += policy_rules(store, project)
        sides += [_side(project, name, item) for name, item in store.table(f"beyond/{project}").items()]
        statics += _learned(store, project)
        balancers += _balancers(store, project)
        narrow |= {(project, name): item["largest"] for name, item in store.table(f"narrow/{project}").items()}
        for name, guest in store.table(f"guest/{project}").items():
            guests[f"{project}/{name}"] = guest
    found = (tuple(nets), tuple(subnets), tuple(vms), tuple(statics), tuple(links), tuple(rules), tuple(policies))
    return Cloud(*found, guests, tuple(sides), tuple(balancers), narrow)


def _all(store: Store, project: str, collection: str) -> list[Object]:
    return store.table(f"compute/{project}/{collection}").values()


def _link(net: Net, item: dict[str, Any]) -> Link:
    return Link(
        net,
        item["name"],
        _net(item["network"]),
        item.get("state") == "ACTIVE",
        _effective(item, "exportCustomRoutesToPeer", "exportCustomRoutes"),
        _effective(item, "importCustomRoutesFromPeer", "importCustomRoutes"),
        item.get("exportSubnetRoutesWithPublicIp", True),
        item.get("importSubnetRoutesWithPublicIp", False),
    )


def _effective(item: dict[str, Any], traffic: str, flag: str) -> bool:
    """A consensus peering works by what both sides have acknowledged, not by what one side has asked for."""
    if item.get("updateStrategy") == "CONSENSUS":
        agreed = item.get("connectionStatus", {}).get("trafficConfiguration", {})
        return bool(agreed.get(traffic, False))
    return bool(item.get(flag, False))


def _vms(project: str, item: Object) -> list[Vm]:
    return [_vm(project, item, number) for number in range(len(item["networkInterfaces"]))]


def _policy(item: Object) -> PolicyRoute:
    match = item.get("filter", {})
    return PolicyRoute(
        _net(item["network"]),
        item["name"],
        IPv4Network(match.get("srcRange", "0.0.0.0/0")),
        IPv4Network(match.get("destRange", "0.0.0.0/0")),
        IPv4Address(item["nextHopIlbIp"]) if "nextHopIlbIp" in item else None,
        item.get("priority", 100),
        frozenset(item.get("virtualMachine", {}).get("tags", [])),
    )


def _vm(project: str, item: Object, number: int) -> Vm:
    nic = item["networkInterfaces"][number]
    return Vm(
        f"{project}/{item['name']}",
        _net(nic["network"]),
        IPv4Address(nic["networkIP"]),
        tuple(IPv4Network(alias["ipCidrRange"]) for alias in nic.get("aliasIpRanges", [])),
        frozenset(item.get("tags", {}).get("items", [])),
        frozenset(account["email"] for account in item.get("serviceAccounts", [])),
        bool(item.get("canIpForward", False)),
        item.get("status") == "RUNNING",
        item["zone"].rsplit("/", 1)[-1].rsplit("-", 1)[0],
        number,
    )


def _static(item: Object) -> Static:
    if "nextHopInstance" in item:
        words = item["nextHopInstance"].split("/")
        hop, value = "instance", f"{words[words.index('projects') + 1]}/{words[-1]}"
    elif "nextHopIp" in item:
        hop, value = "ip", item["nextHopIp"]
    elif "nextHopGateway" in item:
        hop, value = "internet", ""
    else:
        hop, value = "other", ""
    tags = frozenset(item.get("tags", []))
    return Static(
        _net(item["network"]),
        item["name"],
        IPv4Network(item["destRange"]),
        item.get("priority", 1000),
        tags,
        hop,
        value,
    )


def _side(project: str, name: str, item: Object) -> Side:
    told = tuple(IPv4Network(text) for text in item["told"])
    return Side((project, item["network"]), f"{project}/{name}", told, tuple(item["machines"]))


def _learned(store: Store, project: str) -> list[Static]:
    """What the project's Cloud Routers have learned, as routes of their networks."""
    found = []
    regional = {
        item["name"]
        for item in _all(store, project, "networks")
        if item.get("routingConfig", {}).get("routingMode") == "REGIONAL"
    }
    for key, status in store.table(f"compute/{project}/routerStatus").items():
        region, _slash, router = key.partition("/")
        for item in status.get("result", {}).get("bestRoutes", []):
            net = _net(item["network"])
            held = region if net[1] in regional else ""
            dest, priority = IPv4Network(item["destRange"]), item.get("priority", 1000)
            name = f"{router}:{dest}"
            found.append(Static(net, name, dest, priority, frozenset(), "beyond", f"{project}/{router}", held))
    return found


def _balancers(store: Store, project: str) -> list[Balancer]:
    behind = store.table(f"behind/{project}")
    found = []
    for item in _all(store, project, "forwardingRules"):
        if (vm := behind.find(item["name"])) is not None:
            region = "" if item.get("allowGlobalAccess") else item["region"].rsplit("/", 1)[-1]
            address = IPv4Address(item["IPAddress"])
            found.append(Balancer(_net(item["network"]), address, f"{project}/{vm['vm']}", region))
    return found


def _rule(item: Object) -> Rule:
    ingress = item.get("direction", "INGRESS") == "INGRESS"
    allow = "allowed" in item
    protocols = tuple(
        (each["IPProtocol"], tuple(each.get("ports", ()))) for each in item["allowed" if allow else "denied"]
    )
    texts = item.get("sourceRanges" if ingress else "destinationRanges", [])
    tags, accounts = frozenset(item.get("sourceTags", [])), frozenset(item.get("sourceServiceAccounts", []))
    if not texts and not tags and not accounts:
        texts = ["0.0.0.0/0"]
    return Rule(
        _net(item["network"]),
        VPC_STAGE,
        item["name"],
        ingress,
        "allow" if allow else "deny",
        item.get("priority", 1000),
        protocols,
        tuple(IPv4Network(text) for text in texts if ":" not in text),
        tags,
        accounts,
        frozenset(item.get("targetTags", [])),
        frozenset(item.get("targetServiceAccounts", [])),
        others=tuple(IPv4Network(text) for text in item.get("destinationRanges" if ingress else "sourceRanges", [])),
    )
