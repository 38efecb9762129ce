"""What is there: frozen dataclasses that rules.build makes from a Snapshot.

Three rules hold everywhere. A tuple or mapping that is `None` could not be read (a gap says why); an empty one
was read and is empty. A single value that is `None` is not known, unless its docstring gives None a meaning.
Nothing here is guessed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network

from rules.snapshot import Gap, Json, PodRef, Vpc


class RouteKind(StrEnum):
    """Where a route comes from, in Connectivity Tests' words (RouteInfo.RouteType), lower case."""

    SUBNET = "subnet"
    STATIC = "static"
    DYNAMIC = "dynamic"
    PEERING_SUBNET = "peering-subnet"
    PEERING_STATIC = "peering-static"
    PEERING_DYNAMIC = "peering-dynamic"


class HopKind(StrEnum):
    """The kind of a next hop, in Connectivity Tests' words (RouteInfo.NextHopType), lower case."""

    NETWORK = "network"
    INSTANCE = "instance"
    IP = "ip"
    ILB = "ilb"
    INTERNET_GATEWAY = "internet-gateway"
    PEERING = "peering"
    VPN_TUNNEL = "vpn-tunnel"
    BGP_PEER = "bgp-peer"
    INTERCONNECT = "interconnect"
    HUB = "ncc-hub"
    BLACKHOLE = "blackhole"


@dataclass(frozen=True)
class NextHop:
    """A next hop: its kind and the short name of what it is (instance, peering, address …)."""

    kind: HopKind
    name: str = ""
    zone: str = ""
    project: str = ""


@dataclass(frozen=True)
class Route:
    """One route of one VPC. `priority` 0..65535, lower wins; empty `tags` means every VM; `region` is set for
    dynamic routes that hold in one region; `origin` is the VPC it was imported from, or None for a local route;
    `warnings` are the API's own codes; `object` names the raw object it was read from."""

    vpc: Vpc
    name: str
    dest: IPv4Network
    kind: RouteKind
    next_hop: NextHop
    priority: int = 1000
    tags: frozenset[str] = frozenset()
    region: str = ""
    status: str = "ACTIVE"
    warnings: tuple[str, ...] = ()
    description: str = ""
    origin: Vpc | None = None
    object: str = ""


@dataclass(frozen=True)
class PolicyRoute:
    """A policy-based route: it is chosen before any other, by source, destination and protocol."""

    vpc: Vpc
    name: str
    source: IPv4Network
    dest: IPv4Network
    protocol: str
    priority: int
    next_hop: NextHop
    tags: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Subnet:
    """A subnetwork: primary `range`, and `secondary` ranges by name."""

    vpc: Vpc
    name: str
    region: str
    range: IPv4Network
    secondary: Mapping[str, IPv4Network] = field(default_factory=dict)
    purpose: str = "PRIVATE"

    @property
    def ranges(self) -> tuple[IPv4Network, ...]:
        return (self.range, *self.secondary.values())


@dataclass(frozen=True)
class ExchangedRoute:
    """One row of networks.listPeeringRoutes; `imported` as the API says it."""

    dest: IPv4Network
    kind: RouteKind
    priority: int
    region: str
    imported: bool


@dataclass(frozen=True)
class Peering:
    """One side of a VPC peering, as that side's network shows it.

    `effective_*` are connectionStatus.trafficConfiguration (None where the API did not say);
    `incoming` and `outgoing` are listPeeringRoutes rows (None where not read).
    """

    vpc: Vpc
    name: str
    peer: Vpc
    active: bool
    state_details: str = ""
    export_custom: bool = False
    import_custom: bool = False
    export_public: bool = True
    import_public: bool = False
    dual_stack: bool = False
    consensus: bool = False
    update_status: str = ""
    effective_export: bool | None = None
    effective_import: bool | None = None
    peer_mtu: int | None = None
    incoming: tuple[ExchangedRoute, ...] | None = None
    outgoing: tuple[ExchangedRoute, ...] | None = None


class Action(StrEnum):
    """What a firewall rule does when it matches."""

    ALLOW = "allow"
    DENY = "deny"
    GOTO_NEXT = "goto_next"


@dataclass(frozen=True)
class FirewallRule:
    """One rule of a VPC firewall or a firewall policy.

    `protocols` maps a protocol name (tcp, udp, icmp, all …) to its port ranges ((first, last) pairs; empty: every
    port). `undecidable` names matchers whose truth the Snapshot cannot tell (srcFqdns, srcSecureTags …).
    `stage` is hierarchical, system, vpc, network-policy or regional-policy; `policy` the policy's name, or empty.
    """

    name: str
    stage: str
    direction: str
    action: Action
    priority: int
    protocols: Mapping[str, tuple[tuple[int, int], ...]]
    source_ranges: tuple[IPv4Network, ...] = ()
    dest_ranges: tuple[IPv4Network, ...] = ()
    source_tags: frozenset[str] = frozenset()
    source_accounts: frozenset[str] = frozenset()
    target_tags: frozenset[str] = frozenset()
    target_accounts: frozenset[str] = frozenset()
    undecidable: tuple[str, ...] = ()
    policy: str = ""
    policy_order: int = 0
    object: str = ""


@dataclass(frozen=True)
class Interface:
    """A VM's network interface: primary address and alias ranges."""

    vpc: Vpc
    subnet: str
    address: IPv4Address
    aliases: tuple[IPv4Network, ...] = ()


@dataclass(frozen=True)
class Instance:
    """A VM. `status` is RUNNING, TERMINATED, …; `firewall` are the effective rules read for this VM, or None."""

    project: str
    name: str
    zone: str
    status: str
    interfaces: tuple[Interface, ...]
    tags: frozenset[str] = frozenset()
    accounts: frozenset[str] = frozenset()
    can_ip_forward: bool = False
    firewall: tuple[FirewallRule, ...] | None = None

    @property
    def region(self) -> str:
        return self.zone.rsplit("-", 1)[0]


@dataclass(frozen=True)
class ForwardingRule:
    """An internal load balancer's or PSC endpoint's address."""

    project: str
    name: str
    region: str
    address: IPv4Address
    vpc: Vpc | None
    scheme: str
    global_access: bool
    psc: bool


@dataclass(frozen=True)
class Router:
    """A Cloud Router. `custom`, `groups` and `ranges` are its own advertiseMode, advertisedGroups and ranges; `told` is
    what its BGP peers are told of this side by its status (None where that was not read); `nats` names its Cloud NAT
    gateways."""

    project: str
    name: str
    region: str
    vpc: Vpc
    custom: bool = False
    groups: tuple[str, ...] = ()
    ranges: tuple[IPv4Network, ...] = ()
    told: tuple[IPv4Network, ...] | None = None
    nats: tuple[str, ...] = ()


@dataclass(frozen=True)
class Network:
    """One VPC network and what was read of it. Collections are None where the read failed."""

    vpc: Vpc
    mtu: int | None = None
    regional_routing: bool = False
    policies_first: bool = False
    legacy: bool = False
    peerings: tuple[Peering, ...] | None = None
    subnets: tuple[Subnet, ...] | None = None
    routes: tuple[Route, ...] | None = None
    policy_routes: tuple[PolicyRoute, ...] | None = None
    firewall: tuple[FirewallRule, ...] | None = None

    def peering_to(self, peer: Vpc) -> Peering | None:
        """This network's peering with `peer`, or None."""
        return next((peering for peering in self.peerings or () if peering.peer == peer), None)


@dataclass(frozen=True)
class Cluster:
    """The GKE cluster. `routes_based` and the rest are None where neither the GKE API nor other evidence said."""

    project: str
    location: str
    name: str
    routes_based: bool | None = None
    autopilot: bool | None = None
    dataplane_v2: bool | None = None
    default_snat_disabled: bool | None = None
    network_policy_enforced: bool | None = None
    fqdn_policies: bool = False
    cilium_policies: bool = False
    pod_ranges: tuple[IPv4Network, ...] = ()
    service_range: IPv4Network | None = None
    version: str = ""


@dataclass(frozen=True)
class Node:
    """A Kubernetes node. `instance` is the name of its VM (from providerID), `created` RFC 3339."""

    name: str
    address: IPv4Address | None
    pod_ranges: tuple[IPv4Network, ...]
    project: str = ""
    zone: str = ""
    instance: str = ""
    version: str = ""
    os: str = "linux"
    created: str = ""
    ready: bool = True
    network_unavailable: bool = False
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Pod:
    """A pod. `address` is None until it has one; `image_names` are the containers' images by container name,
    `ports` its named ports as (protocol, number), `default_interface` that by which a multi-network pod leaves."""

    ref: PodRef
    node: str
    address: IPv4Address | None
    host_network: bool
    phase: str
    ready: bool
    labels: Mapping[str, str] = field(default_factory=dict)
    image_names: Mapping[str, str] = field(default_factory=dict)
    deleting: bool = False
    ports: Mapping[str, tuple[str, int]] = field(default_factory=dict)
    default_interface: str = ""
    dual_stack: bool = False


class AgentState(StrEnum):
    """Whether the ip-masq-agent DaemonSet exists."""

    PRESENT = "present"
    ABSENT = "absent"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Agent:
    """The ip-masq-agent: its flags, and for each node the pod that runs there and since when (RFC 3339).

    `config_map`, `config_key` and `config_path` are what its volume mounts, so that a wrong name is seen as wrong.
    """

    state: AgentState
    chain: str = "IP-MASQ-AGENT"
    all_reserved: bool = False
    ipv6: bool = False
    image: str = ""
    config_map: str = "ip-masq-agent"
    config_key: str = "config"
    config_path: str = "ip-masq-agent"
    pods: Mapping[str, str] = field(default_factory=dict)
    not_ready: frozenset[str] = frozenset()


@dataclass(frozen=True)
class ConfigMap:
    """A ConfigMap that is, or looks meant to be, the agent's. `changed` is the newest RFC 3339 time known, or ''."""

    namespace: str
    name: str
    data: Mapping[str, str]
    changed: str = ""
    resource_version: str = ""


@dataclass(frozen=True)
class World:
    """Everything that is known, in one place.

    `instances` and `forwarding_rules` hold those of all projects that were read; `unread` names, as (project,
    instances | forwardingRules | routers), what could not be. `route_failures` is what the route controller says of
    nodes whose route it cannot make; None when its events were not read.
    """

    networks: Mapping[Vpc, Network]
    instances: tuple[Instance, ...] | None
    forwarding_rules: tuple[ForwardingRule, ...] | None
    cluster: Cluster | None
    nodes: Mapping[str, Node]
    pods: Mapping[PodRef, Pod] | None
    agent: Agent
    config_maps: tuple[ConfigMap, ...] | None
    network_policies: tuple[Json, ...] | None
    services: tuple[Json, ...] | None
    egress_nat_policies: tuple[Json, ...] | None
    node_nat: Mapping[str, str]
    namespaces: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    gaps: tuple[Gap, ...] = ()
    taken_at: str = ""
    unread: frozenset[tuple[str, str]] = frozenset()
    route_failures: Mapping[str, str] | None = None
    routers: tuple[Router, ...] | None = None

    def instance_at(self, address: IPv4Address, vpc: Vpc) -> Instance | None:
        """The VM that owns `address` (primary or alias) in `vpc`, or None."""
        for instance in self.instances or ():
            for nic in instance.interfaces:
                if nic.vpc == vpc and (nic.address == address or any(address in alias for alias in nic.aliases)):
                    return instance
        return None

    def instance_named(self, project: str, name: str) -> Instance | None:
        """The VM called `name` in `project`, or None."""
        return next((vm for vm in self.instances or () if vm.project == project and vm.name == name), None)
