"""Random worlds: the same number always makes the same world."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Network
from random import Random

from lab.judge.configs import agent, config
from lab.scenario.model import (
    ClusterPlan,
    FirewallPlan,
    NetworkPlan,
    NodePlan,
    PeeringPlan,
    PodPlan,
    PolicyPlan,
    RoutePlan,
    Scenario,
    SubnetPlan,
    VmPlan,
)
from rules.snapshot import PodRef, Question, Target, Vpc

REGION, ZONE = "asia-northeast1", "asia-northeast1-a"
POD_RANGES = (
    "10.64.0.0/16",
    "172.16.0.0/16",
    "172.20.0.0/14",
    "192.168.0.0/17",
    "100.64.0.0/14",
    "198.18.0.0/16",
    "7.7.0.0/16",
)
TAGS = ("red", "blue")
PRIORITIES = (0, 900, 1000, 1000, 1000, 1001, 65534)
TCP_PORT = 80


@dataclass(frozen=True)
class Site:
    """One VPC while it is being drawn."""

    vpc: Vpc
    subnets: tuple[SubnetPlan, ...]
    vms: tuple[VmPlan, ...]


def world(seed: int) -> Scenario:
    """The world with the number `seed`."""
    random = Random(seed)  # noqa: S311  reproducible, not secret
    sites = [_site(random, number) for number in range(random.choice((1, 2, 2, 2, 3, 3)))]
    home = sites[0]
    pods = IPv4Network(random.choice(POD_RANGES))
    native = random.random() < 0.4
    if native:
        first = home.subnets[0]
        subnet = SubnetPlan(first.name, first.region, first.range, {"pods": pods})
        home = sites[0] = Site(home.vpc, (subnet, *home.subnets[1:]), home.vms)
    cluster = ClusterPlan(
        project=home.vpc.project, name="cluster", zone=ZONE, vpc=home.vpc, subnet=home.subnets[0].name,
        routes_based=not native, pod_range=pods, service_range=IPv4Network("10.96.0.0/16"), version="1.29.1-gke.100",
        pods_range_name="pods" if native else "", default_snat=random.random() < 0.85,
        network_policy=random.random() < 0.5, dataplane_v2=native and random.random() < 0.3,
    )  # fmt: skip
    nodes = tuple(_node(random, home, pods, number, native) for number in range(random.randint(1, 3)))
    plans = tuple(pod for node in nodes for pod in _pods(random, node))
    marks = _marks([site.subnets for site in sites], [vm for site in sites for vm in site.vms], pods, nodes)
    networks = tuple(_network(random, site, sites, marks, nodes) for site in sites)
    vms = tuple(vm for site in sites for vm in site.vms)
    target = random.choice([vm for vm in vms if vm.vpc != home.vpc] or list(vms))
    question = Question(plans[0].ref, Target(str(target.address), TCP_PORT), network=home.vpc, peer=target.vpc)
    return Scenario(
        name=f"world-{seed}", title=f"World {seed}", story="", question=question,
        projects=tuple(site.vpc.project for site in sites), networks=networks, vms=vms, cluster=cluster, nodes=nodes,
        pods=plans, agent=agent(random, nodes), config=config(random, marks), policies=_policies(random, plans, marks),
    )  # fmt: skip


def _site(random: Random, number: int) -> Site:
    vpc = Vpc(f"project-{'abc'[number]}", f"vpc-{'abc'[number]}")
    base = random.choice((f"10.{number + 1}.0.0/16", f"10.{number + 1}.0.0/16", f"192.168.{200 + number}.0/24"))
    subnets = [SubnetPlan("main", REGION, IPv4Network(base))]
    if random.random() < 0.25:
        subnets.append(SubnetPlan("public", REGION, IPv4Network(f"8.{number + 1}.0.0/24")))
    if random.random() < 0.25:
        subnets.append(SubnetPlan("second", REGION, IPv4Network(f"172.{28 + number}.0.0/20")))
    vms = []
    for index in range(random.randint(1, 2)):
        subnet = random.choice(subnets)
        vms.append(
            VmPlan(
                project=vpc.project, name=f"vm-{index}", zone=ZONE, vpc=vpc, subnet=subnet.name,
                address=subnet.range.network_address + 20 + index, running=random.random() < 0.93,
                ip_forwarding=random.random() < 0.3, tags=_some(random, TAGS, 0.3),
            )
        )  # fmt: skip
    return Site(vpc, tuple(subnets), tuple(vms))


def _node(random: Random, home: Site, pods: IPv4Network, number: int, native: bool) -> NodePlan:
    return NodePlan(
        name=f"node-{number}",
        address=home.subnets[0].range.network_address + 10 + number,
        pod_range=next(found for index, found in enumerate(pods.subnets(new_prefix=24)) if index == number + 1),
        route=native or random.random() < 0.9,
        ip_forwarding=native or random.random() < 0.93,
    )


def _pods(random: Random, node: NodePlan) -> list[PodPlan]:
    labels = {"app": random.choice(("web", "db"))}
    first = PodPlan(
        PodRef("default", f"pod-on-{node.name}"), node.name, "tools", node.pod_range.network_address + 2, labels=labels
    )
    if random.random() < 0.15:
        return [first, PodPlan(PodRef("default", f"host-on-{node.name}"), node.name, "tools", None, True)]
    if random.random() < 0.3:
        ref = PodRef("default", f"second-on-{node.name}")
        return [first, PodPlan(ref, node.name, "tools", node.pod_range.network_address + 3)]
    return [first]


def ranges(scenario: Scenario) -> list[IPv4Network]:
    """The ranges of a finished world that are worth writing into rules."""
    subnets = [network.subnets for network in scenario.networks]
    return _marks(subnets, list(scenario.vms), scenario.cluster.pod_range, scenario.nodes)


def _marks(
    subnets: list[tuple[SubnetPlan, ...]], vms: list[VmPlan], pods: IPv4Network, nodes: tuple[NodePlan, ...]
) -> list[IPv4Network]:
    """Ranges worth writing into routes, firewalls, policies and configurations."""
    found = [subnet.range for group in subnets for subnet in group]
    found += [pods, *(node.pod_range for node in nodes)]
    found += [IPv4Network(vm.address) for vm in vms]
    found += [IPv4Network(text) for text in ("0.0.0.0/0", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")]
    return found


def _network(
    random: Random, site: Site, sites: list[Site], marks: list[IPv4Network], nodes: tuple[NodePlan, ...]
) -> NetworkPlan:
    peerings = tuple(
        PeeringPlan(
            f"to-{other.vpc.name}", other.vpc, export_custom=random.random() < 0.5, import_custom=random.random() < 0.5,
            export_public=random.random() < 0.8, import_public=random.random() < 0.4, consensus=random.random() < 0.1,
        )
        for other in sites
        if other is not site and random.random() < 0.93
    )  # fmt: skip
    own = [subnet.range for other in sites for subnet in other.subnets]
    routes = []
    for number in range(random.choice((0, 0, 0, 1, 1, 2))):
        dest = random.choice(marks)
        if any(dest.subnet_of(found) for found in own):
            continue  # a route inside a subnet of the network or of a peer cannot be made
        routes.append(_route(random, number, dest, site, nodes if site is sites[0] else ()))
    firewalls = [_OPEN] if random.random() < 0.75 else []
    firewalls += [_firewall(random, number, marks) for number in range(random.choice((0, 1, 2, 3)))]
    return NetworkPlan(
        site.vpc, 1460, True, site.subnets, tuple(routes), peerings, tuple(firewalls), random.random() < 0.8
    )


def _route(random: Random, number: int, dest: IPv4Network, site: Site, nodes: tuple[NodePlan, ...]) -> RoutePlan:
    via = random.choice(("internet", "vm", "vm", "address"))
    vm = random.choice(site.vms)
    hop = {"internet": "", "vm": vm.name, "address": str(vm.address)}[via]
    if via == "vm" and nodes and random.random() < 0.4:
        hop = random.choice(nodes).name
    return RoutePlan(f"route-{number}", dest, via, hop, random.choice(PRIORITIES), _some(random, TAGS, 0.2))


_OPEN = FirewallPlan("open", True, True, ("all",), sources=(IPv4Network("0.0.0.0/0"),), priority=2000)


def _firewall(random: Random, number: int, marks: list[IPv4Network]) -> FirewallPlan:
    ingress = random.random() < 0.7
    ranges = tuple(random.sample(marks, random.randint(1, 2)))
    by_tag = ingress and random.random() < 0.15
    return FirewallPlan(
        f"rule-{number}", ingress, random.random() < 0.5,
        random.choice((("all",), ("tcp",), (f"tcp:{TCP_PORT}",), ("tcp:8000-9000", "udp"), ("icmp",), ("udp",))),
        sources=ranges if ingress and not by_tag else (), source_tags=(random.choice(TAGS),) if by_tag else (),
        dests=() if ingress else ranges, target_tags=_some(random, TAGS, 0.2), priority=random.choice(PRIORITIES),
    )  # fmt: skip


def _policies(random: Random, pods: tuple[PodPlan, ...], marks: list[IPv4Network]) -> tuple[PolicyPlan, ...]:
    if random.random() < 0.7:
        return ()
    selects = random.choice(({}, {"app": "web"}, dict(pods[0].labels)))
    allow = tuple(random.sample(marks, random.randint(0, 2)))
    return (PolicyPlan("default", "egress", selects, allow),)


def _some(random: Random, words: tuple[str, ...], chance: float) -> tuple[str, ...]:
    return tuple(word for word in words if random.random() < chance)
