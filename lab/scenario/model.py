"""What a scenario says, checked and typed: frozen values, nothing computed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from ipaddress import IPv4Address, IPv4Network

from rules.snapshot import PodRef, Question, Vpc

FABRICS = ("simulated", "kernel")
"""What can carry the lab's packets."""
STATES = ("running", "pending", "starting", "crash looping", "completed", "failed", "being deleted")


@dataclass(frozen=True)
class Server:
    """Something that listens: `paths` maps an HTTP path to the body it answers; None when it is not HTTP. A proxy
    passes requests on `to` another address and port, and answers 502 when that fails."""

    protocol: str
    port: int
    paths: Mapping[str, str] | None = None
    to: tuple[str, int] | None = None


@dataclass(frozen=True)
class SubnetPlan:
    """A subnet with its primary range and its secondary ranges by name."""

    name: str
    region: str
    range: IPv4Network
    secondary: Mapping[str, IPv4Network] = field(default_factory=dict)


@dataclass(frozen=True)
class RoutePlan:
    """A static route. `via` is internet, vm or address; `hop` the VM's name or the address."""

    name: str
    dest: IPv4Network
    via: str
    hop: str = ""
    priority: int = 1000
    tags: tuple[str, ...] = ()


@dataclass(frozen=True)
class PolicyRoutePlan:
    """A policy-based route: packets from `source` to `dest` go to the address `hop`; no other route is asked."""

    name: str
    source: IPv4Network
    dest: IPv4Network
    hop: IPv4Address
    priority: int = 100
    tags: tuple[str, ...] = ()


@dataclass(frozen=True)
class PeeringPlan:
    """This network's half of a peering. It is active when the other network has a half that points back."""

    name: str
    peer: Vpc
    export_custom: bool = False
    import_custom: bool = False
    export_public: bool = True
    import_public: bool = False
    consensus: bool = False
    dual_stack: bool = False


@dataclass(frozen=True)
class FirewallPlan:
    """A VPC firewall rule. `protocols` are tcp, tcp:80, tcp:8000-8080, udp…, icmp, all."""

    name: str
    ingress: bool
    allow: bool
    protocols: tuple[str, ...]
    sources: tuple[IPv4Network, ...] = ()
    source_tags: tuple[str, ...] = ()
    dests: tuple[IPv4Network, ...] = ()
    target_tags: tuple[str, ...] = ()
    priority: int = 1000
    disabled: bool = False


@dataclass(frozen=True)
class FarMachine:
    """A machine on the other side of a tunnel, and what listens in it."""

    name: str
    address: IPv4Address
    serves: tuple[Server, ...] = ()
    answers_ping: bool = True


@dataclass(frozen=True)
class RouterPlan:
    """A Cloud Router with a tunnel: what it `learns`, what it tells the other side (`advertises`, and its network's
    own subnets), the `machines` there. `nat` gives it a Cloud NAT gateway."""

    name: str
    region: str
    learns: tuple[IPv4Network, ...] = ()
    advertises: tuple[IPv4Network, ...] = ()
    own_subnets: bool = True
    nat: bool = False
    machines: tuple[FarMachine, ...] = ()


@dataclass(frozen=True)
class BalancerPlan:
    """An internal passthrough load balancer in front of one VM, or, with `psc`, a Private Service Connect endpoint."""

    project: str
    name: str
    region: str
    vpc: Vpc
    subnet: str
    address: IPv4Address
    global_access: bool = False
    backend: str = ""
    psc: bool = False


@dataclass(frozen=True)
class PolicyRulePlan:
    """A rule of a firewall policy, on ingress: `action` is allow, deny or goto_next."""

    priority: int
    action: str
    protocols: tuple[str, ...]
    sources: tuple[IPv4Network, ...]


@dataclass(frozen=True)
class FirewallPolicyPlan:
    """A firewall policy over a project's networks: of the `organization` above it, or of one network."""

    project: str
    name: str
    organization: bool
    network: str
    rules: tuple[PolicyRulePlan, ...]


@dataclass(frozen=True)
class NetworkPlan:
    """A VPC network and everything that belongs to it."""

    vpc: Vpc
    mtu: int
    global_routing: bool
    subnets: tuple[SubnetPlan, ...]
    routes: tuple[RoutePlan, ...]
    peerings: tuple[PeeringPlan, ...]
    firewalls: tuple[FirewallPlan, ...]
    default_route: bool = True
    policy_routes: tuple[PolicyRoutePlan, ...] = ()
    routers: tuple[RouterPlan, ...] = ()
    policies_first: bool = False
    names: Mapping[str, IPv4Address] = field(default_factory=dict)
    loses_larger: bool = False
    """Whether packets larger than `mtu` are lost in silence: machines that were not restarted still send them."""

    def subnet(self, name: str) -> SubnetPlan | None:
        """The subnet called `name`, or None."""
        return next((subnet for subnet in self.subnets if subnet.name == name), None)


@dataclass(frozen=True)
class NicPlan:
    """Another interface of a VM."""

    vpc: Vpc
    subnet: str
    address: IPv4Address


@dataclass(frozen=True)
class VmPlan:
    """A VM, and what listens inside it.

    `first` is an interface that it has before the one described here: all leaves through it but for `guest_routes` and
    the other's own subnet. `bridges` are networks inside the guest, such as docker0's, which keep what is sent there.
    `drops`, `rejects` and `refuses` are source ranges: the guest's own firewall drops them or rejects them, its web
    servers answer them with 403.
    """

    project: str
    name: str
    zone: str
    vpc: Vpc
    subnet: str
    address: IPv4Address
    running: bool = True
    ip_forwarding: bool = False
    tags: tuple[str, ...] = ()
    serves: tuple[Server, ...] = ()
    answers_ping: bool = True
    first: NicPlan | None = None
    guest_routes: tuple[IPv4Network, ...] = ()
    bridges: Mapping[str, IPv4Network] = field(default_factory=dict)
    drops: tuple[IPv4Network, ...] = ()
    rejects: tuple[IPv4Network, ...] = ()
    refuses: tuple[IPv4Network, ...] = ()


@dataclass(frozen=True)
class ClusterPlan:
    """A zonal GKE Standard cluster. `pods_range_name` is the secondary range of a VPC-native cluster's pods."""

    project: str
    name: str
    zone: str
    vpc: Vpc
    subnet: str
    routes_based: bool
    pod_range: IPv4Network
    service_range: IPv4Network
    version: str
    pods_range_name: str = ""
    default_snat: bool = True
    network_policy: bool = False
    dataplane_v2: bool = False
    autopilot: bool = False
    multi_network: bool = False
    fqdn_policies: bool = False
    cilium_policies: bool = False

    @property
    def region(self) -> str:
        return self.zone.rsplit("-", 1)[0]


@dataclass(frozen=True)
class NodePlan:
    """A node and its VM.

    `route` is False for a node whose pods no route leads to (routes-based clusters), `route_refused` what the route
    controller says of it. `made` tells how long ago the node was made (None: with the others). `left_over` is a list
    that an agent wrote there before it was removed. `forwards` is the guest's own ip_forward; `busy_to` are
    destinations towards which its ports for masquerading are used up, so that connections fail and succeed in turns.
    `subnet` is the cluster's when empty.
    """

    name: str
    address: IPv4Address
    pod_range: IPv4Network
    route: bool = True
    ip_forwarding: bool = True
    labels: Mapping[str, str] = field(default_factory=dict)
    version: str = ""
    made: timedelta | None = None
    route_refused: str = ""
    left_over: tuple[IPv4Network, ...] = ()
    forwards: bool = True
    busy_to: tuple[IPv4Network, ...] = ()
    subnet: str = ""
    pool: str = "default-pool"
    windows: bool = False

    @property
    def heals(self) -> bool:
        """Whether its route is on its way: the node is minutes old, and nothing was refused."""
        young = self.made is not None and self.made < timedelta(minutes=5)
        return young and not self.route and not self.route_refused


@dataclass(frozen=True)
class PodPlan:
    """A pod. `address` is None for hostNetwork pods.

    `containers` and `sidecars` (init containers that run on) map names to images; without the former there is one
    container of `image`, called as the pod. `state` is one of STATES. `default_network` is the cluster's network by
    which the pod leaves, where that is not the nodes' own (multi-network pods). `address6` is an IPv6 address
    beside the other. `held_back` are destinations that a policy which no NetworkPolicy shows keeps it from;
    `mesh_refuses` those for which its mesh's proxy answers 502 itself.
    """

    ref: PodRef
    node: str
    image: str
    address: IPv4Address | None
    host_network: bool = False
    labels: Mapping[str, str] = field(default_factory=dict)
    serves: tuple[Server, ...] = ()
    containers: Mapping[str, str] = field(default_factory=dict)
    sidecars: Mapping[str, str] = field(default_factory=dict)
    state: str = "running"
    default_network: str = ""
    address6: str = ""
    held_back: tuple[IPv4Network, ...] = ()
    mesh_refuses: tuple[IPv4Network, ...] = ()


@dataclass(frozen=True)
class AgentPlan:
    """The ip-masq-agent DaemonSet: its flags, and the nodes it does not run on."""

    installed: bool
    image: str
    flags: tuple[str, ...]
    not_on: tuple[str, ...] = ()


@dataclass(frozen=True)
class ConfigPlan:
    """The ConfigMap somebody made for the agent, under the names they gave it."""

    namespace: str
    name: str
    key: str
    text: str
    made: timedelta | None = None


@dataclass(frozen=True)
class PolicyPlan:
    """A NetworkPolicy on egress: the pods it selects, and where they may go (empty: nowhere)."""

    namespace: str
    name: str
    pods: Mapping[str, str]
    allow_to: tuple[IPv4Network, ...]


@dataclass(frozen=True)
class ServicePlan:
    """A Service with one TCP port; `pods` are the labels of those behind it."""

    ref: PodRef
    address: IPv4Address
    port: int
    pods: Mapping[str, str]


@dataclass(frozen=True)
class Scenario:
    """A whole world to build, and the question that is asked in it.

    `answer` holds the ids of the causes that are true in it, the first to name in front: for tests and marks alone,
    nothing serves it. `fabrics` are those that can carry its packets truly.
    """

    name: str
    title: str
    story: str
    question: Question
    projects: tuple[str, ...]
    networks: tuple[NetworkPlan, ...]
    vms: tuple[VmPlan, ...]
    cluster: ClusterPlan
    nodes: tuple[NodePlan, ...]
    pods: tuple[PodPlan, ...]
    agent: AgentPlan
    config: ConfigPlan | None
    policies: tuple[PolicyPlan, ...] = ()
    services: tuple[ServicePlan, ...] = ()
    egress_nat: Mapping[str, tuple[IPv4Network, ...]] = field(default_factory=dict)
    balancers: tuple[BalancerPlan, ...] = ()
    firewall_policies: tuple[FirewallPolicyPlan, ...] = ()
    fabrics: tuple[str, ...] = FABRICS
    answer: tuple[str, ...] = ()

    @property
    def heals(self) -> bool:
        """Whether time alone mends it: a ConfigMap that is on its way, a young node's route."""
        young = any(node.heals for node in self.nodes)
        return young or (self.config is not None and self.config.made is not None)

    def network(self, vpc: Vpc) -> NetworkPlan | None:
        """The network `vpc`, or None."""
        return next((network for network in self.networks if network.vpc == vpc), None)
