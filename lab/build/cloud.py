"""The Compute and GKE objects of a scenario."""

from __future__ import annotations

from ipaddress import IPv4Network
from typing import Any

from lab import connectivity
from lab.build import edges
from lab.build.times import Times, compute_time, uid
from lab.compute import objects
from lab.compute.gke import cluster as gke_cluster
from lab.compute.peerings import settle
from lab.scenario.model import (
    ClusterPlan,
    FirewallPlan,
    NetworkPlan,
    NicPlan,
    PeeringPlan,
    RoutePlan,
    Scenario,
    VmPlan,
)
from lab.store import Object, Store


def populate(store: Store, scenario: Scenario, times: Times) -> None:
    """Write every Compute object and the GKE cluster."""
    for network in scenario.networks:
        _network(store, scenario, network)
    for vm in scenario.vms:
        put(store, vm.project, "instances", _instance(vm, times))
    _cluster(store, scenario, times)
    edges.populate(store, scenario)
    settle(store)


def _instance(vm: VmPlan, times: Times) -> Object:
    nics = [NicPlan(vm.vpc, vm.subnet, vm.address)]
    nics = nics if vm.first is None else [vm.first, *nics]
    region = vm.zone.rsplit("-", 1)[0]
    wires = [
        (f"projects/{nic.vpc.project}/global/networks/{nic.vpc.name}", _subnet(nic.vpc.project, region, nic.subnet))
        for nic in nics
    ]
    more = [
        objects.interface(vm.project, *wire, str(nic.address), region=region, index=number)
        for number, (nic, wire) in enumerate(zip(nics, wires, strict=True))
        if number
    ]
    return objects.instance(
        vm.project,
        vm.zone,
        vm.name,
        *wires[0],
        str(nics[0].address),
        more_interfaces=more,
        tags=vm.tags,
        can_ip_forward=vm.ip_forwarding,
        status="RUNNING" if vm.running else "TERMINATED",
        created=compute_time(times.cluster),
    )


def put(store: Store, project: str, collection: str, item: Object) -> None:
    """Create one Compute object under its key."""
    store.table(f"compute/{project}/{collection}").create(objects.key(item), item)


def prefix(cluster: ClusterPlan) -> str:
    """GKE's own name of the cluster, which node tags, firewall rules and node routes begin with."""
    return objects.cluster_prefix(cluster.project, cluster.zone, cluster.name)


def _subnet(project: str, region: str, name: str) -> str:
    return f"projects/{project}/regions/{region}/subnetworks/{name}"


def _network(store: Store, scenario: Scenario, network: NetworkPlan) -> None:
    project, name = network.vpc.project, network.vpc.name
    item = objects.network(
        project,
        name,
        peerings=[_peering(peering) for peering in network.peerings],
        mtu=network.mtu,
        routing_mode="GLOBAL" if network.global_routing else "REGIONAL",
        policies_first=network.policies_first,
    )
    put(store, project, "networks", item)
    for subnet in network.subnets:
        secondary = {key: str(found) for key, found in subnet.secondary.items()}
        made = objects.subnetwork(project, subnet.region, subnet.name, name, str(subnet.range), secondary=secondary)
        put(store, project, "subnetworks", made)
    if network.default_route:
        put(store, project, "routes", objects.default_route(project, name))
    for route in network.routes:
        put(store, project, "routes", _route(scenario, network, route))
    for rule in network.firewalls:
        put(store, project, "firewalls", _firewall(network, rule))
    for policy in network.policy_routes:
        made = connectivity.policy_route(
            project,
            policy.name,
            name,
            str(policy.source),
            str(policy.dest),
            str(policy.hop),
            priority=policy.priority,
            tags=policy.tags,
        )
        store.table(connectivity.table(project)).create(policy.name, made)


def _peering(plan: PeeringPlan) -> Object:
    return objects.peering(
        plan.name,
        plan.peer.project,
        plan.peer.name,
        export_custom=plan.export_custom,
        import_custom=plan.import_custom,
        export_public=plan.export_public,
        import_public=plan.import_public,
        strategy="CONSENSUS" if plan.consensus else "INDEPENDENT",
        stack="IPV4_IPV6" if plan.dual_stack else "IPV4_ONLY",
    )


def _route(scenario: Scenario, network: NetworkPlan, plan: RoutePlan) -> Object:
    hop: dict[str, Any] = {}
    if plan.via == "internet":
        hop = {"gateway": True}
    elif plan.via == "address":
        hop = {"ip": plan.hop}
    else:
        vm = next((vm for vm in scenario.vms if vm.name == plan.hop and vm.vpc == network.vpc), None)
        zone, project = (vm.zone, vm.project) if vm else (scenario.cluster.zone, scenario.cluster.project)
        hop = {"instance": f"projects/{project}/zones/{zone}/instances/{plan.hop}"}
    return objects.route(
        network.vpc.project,
        plan.name,
        network.vpc.name,
        str(plan.dest),
        priority=plan.priority,
        tags=plan.tags,
        **hop,
    )


def _firewall(network: NetworkPlan, plan: FirewallPlan) -> Object:
    protocols = [_ports(text) for text in plan.protocols]
    return objects.firewall(
        network.vpc.project,
        plan.name,
        network.vpc.name,
        allowed=protocols if plan.allow else (),
        denied=() if plan.allow else protocols,
        direction="INGRESS" if plan.ingress else "EGRESS",
        priority=plan.priority,
        source_ranges=map(str, plan.sources),
        destination_ranges=map(str, plan.dests),
        source_tags=plan.source_tags,
        target_tags=plan.target_tags,
        disabled=plan.disabled,
    )


def _ports(text: str) -> dict[str, Any]:
    name, colon, ports = text.partition(":")
    return {"IPProtocol": name, "ports": [ports]} if colon else {"IPProtocol": name}


def _cluster(store: Store, scenario: Scenario, times: Times) -> None:
    cluster, tag = scenario.cluster, f"{prefix(scenario.cluster)}-node"
    network = f"projects/{cluster.vpc.project}/global/networks/{cluster.vpc.name}"
    subnet = _subnet(cluster.vpc.project, cluster.region, cluster.subnet)
    made = gke_cluster(
        cluster.project,
        cluster.zone,
        cluster.name,
        network=network,
        subnetwork=subnet,
        pod_range=str(cluster.pod_range),
        service_range=str(cluster.service_range),
        routes_based=cluster.routes_based,
        zones=[cluster.zone],
        node_count=len(scenario.nodes),
        version=cluster.version,
        node_range_size=scenario.nodes[0].pod_range.prefixlen,
        pod_range_name=cluster.pods_range_name or None,
        network_policy=cluster.network_policy,
        dataplane_v2=cluster.dataplane_v2,
        autopilot=cluster.autopilot,
        multi_network=cluster.multi_network,
        default_snat_disabled=not cluster.default_snat,
        fqdn_policies=cluster.fqdn_policies,
        cilium_policies=cluster.cilium_policies,
        node_tags=[tag],
        created=times.cluster,
    )
    store.table(f"container/{cluster.project}").create(f"{cluster.zone}/{cluster.name}", made)
    for node in scenario.nodes:
        alias = {} if cluster.routes_based else {str(node.pod_range): cluster.pods_range_name}
        item = objects.instance(
            cluster.project,
            cluster.zone,
            node.name,
            network,
            _subnet(cluster.vpc.project, cluster.region, node.subnet or cluster.subnet),
            str(node.address),
            tags=[tag],
            aliases=alias,
            can_ip_forward=node.ip_forwarding,
            labels={"goog-k8s-cluster-name": cluster.name, "goog-k8s-node-pool-name": node.pool},
            created=compute_time(times.node(node)),
        )
        put(store, cluster.project, "instances", item)
        if cluster.routes_based and node.route:
            route = objects.node_route(
                cluster.vpc.project,
                cluster.vpc.name,
                prefix(cluster),
                uid(cluster, "Node", node.name),
                cluster.zone,
                node.name,
                str(node.pod_range),
                created=compute_time(times.node(node)),
            )
            put(store, cluster.vpc.project, "routes", route)
    for rule in _cluster_firewalls(scenario, tag):
        put(store, cluster.vpc.project, "firewalls", rule)


def _cluster_firewalls(scenario: Scenario, tag: str) -> list[Object]:
    """The rules that GKE makes for a cluster. They open its nodes, never other VMs."""
    cluster = scenario.cluster
    network = scenario.network(cluster.vpc)
    subnet = network.subnet(cluster.subnet) if network else None
    nodes = str(subnet.range if subnet else IPv4Network("10.128.0.0/9"))
    everything = [{"IPProtocol": name} for name in ("tcp", "udp", "icmp", "esp", "ah", "sctp")]
    inside = [{"IPProtocol": "icmp"}, *({"IPProtocol": name, "ports": ["1-65535"]} for name in ("tcp", "udp"))]
    kubelet = [{"IPProtocol": "tcp", "ports": ["10255"]}]
    rules: list[tuple[str, dict[str, Any]]] = [
        ("all", {"allowed": everything, "source_ranges": [str(cluster.pod_range)]}),
        ("vms", {"allowed": inside, "source_ranges": [nodes]}),
        (
            "inkubelet",
            {"allowed": kubelet, "source_ranges": [str(cluster.pod_range)], "source_tags": [tag], "priority": 999},
        ),
        ("exkubelet", {"denied": kubelet, "source_ranges": ["0.0.0.0/0"]}),
    ]
    return [
        objects.firewall(
            cluster.vpc.project, f"{prefix(cluster)}-{name}", cluster.vpc.name, target_tags=[tag], **settings
        )
        for name, settings in rules
    ]
