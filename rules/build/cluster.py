"""The GKE cluster, from the GKE API or, where that was not read, from what nodes and VMs show."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import IPv4Network

from rules.build import read
from rules.snapshot import Json, Snapshot
from rules.world import Cluster, Node


def cluster(snapshot: Snapshot, nodes: Mapping[str, Node]) -> Cluster | None:
    """The cluster that `nodes` belong to; None when nothing is known of it."""
    known = nodes.values()
    items = list(read.objects(snapshot.container, "clusters"))
    item = next((each for each in items if _owns(each, [node.name for node in known])), items[0] if items else None)
    project = next((node.project for node in known if node.project), "")
    if item is None:
        if not known:
            return None
        zone = next((node.zone for node in known if node.zone), "")
        return Cluster(
            project=project,
            location=zone.rsplit("-", 1)[0],
            name="",
            routes_based=_routes_based(snapshot, nodes, {}),
            autopilot=_autopilot(snapshot, nodes, {}),
            pod_ranges=(),
        )
    network = read.child(item, "networkConfig")
    dataplane = read.text(network, "datapathProvider") or read.text(item, "datapathProvider")
    # Absent means the default, the legacy data path; a migration may be on either side of it.
    dataplane_v2 = None if dataplane.startswith("MIGRATE") else dataplane == "ADVANCED_DATAPATH"
    return Cluster(
        project=read.part(read.text(item, "selfLink"), "projects") or project,
        location=read.text(item, "location") or read.text(item, "zone"),
        name=read.text(item, "name"),
        routes_based=_routes_based(snapshot, nodes, item),
        autopilot=_autopilot(snapshot, nodes, item),
        dataplane_v2=dataplane_v2,
        default_snat_disabled=read.flag(read.child(network, "defaultSnatStatus"), "disabled"),
        fqdn_policies=read.flag(network, "enableFqdnNetworkPolicy"),
        cilium_policies=read.flag(network, "enableCiliumClusterwideNetworkPolicy"),
        network_policy_enforced=_enforced(dataplane_v2, item),
        pod_ranges=_pod_ranges(item),
        service_range=read.network(item.get("servicesIpv4Cidr")),
        version=read.text(item, "currentMasterVersion"),
    )


def _enforced(dataplane_v2: bool | None, item: Json) -> bool | None:
    """Dataplane V2 always enforces NetworkPolicies; the legacy data path where Calico was switched on."""
    if dataplane_v2 or read.flag(read.child(item, "networkPolicy"), "enabled"):
        return True
    return None if dataplane_v2 is None else False


def _owns(item: Json, names: list[str]) -> bool:
    prefixes = (f"gke-{read.text(item, 'name')}-", f"gk3-{read.text(item, 'name')}-")
    return any(name.startswith(prefixes) for name in names)


def _autopilot(snapshot: Snapshot, nodes: Mapping[str, Node], item: Json) -> bool | None:
    if item:
        return read.flag(read.child(item, "autopilot"), "enabled")
    if any(name.startswith("gk3-") for name in nodes):
        return True
    policies = snapshot.items("egressnatpolicies")
    return None if policies is None else bool(policies)


def _routes_based(snapshot: Snapshot, nodes: Mapping[str, Node], item: Json) -> bool | None:
    policy = read.child(item, "ipAllocationPolicy")
    if read.flag(policy, "useIpAliases"):
        return False
    if read.flag(policy, "useRoutes"):
        return True
    slices = {node.instance or node.name: each for node in nodes.values() for each in node.pod_ranges}
    machines = [
        machine
        for project in snapshot.compute
        for machine in read.objects(snapshot.compute_list(project, "instances"))
        if read.text(machine, "name") in slices
    ]
    for machine in machines:
        for nic in read.objects(machine, "networkInterfaces"):
            if any(read.objects(nic, "aliasIpRanges")):
                return False
    for project in snapshot.compute:
        for route in read.objects(snapshot.compute_list(project, "routes")):
            hop = read.short(read.text(route, "nextHopInstance"))
            if hop in slices and read.network(route.get("destRange")) == slices[hop]:
                return True
    return True if machines and slices else None


def _pod_ranges(item: Json) -> tuple[IPv4Network, ...]:
    policy = read.child(item, "ipAllocationPolicy")
    found = [
        read.network(item.get("clusterIpv4Cidr")),
        read.network(policy.get("clusterIpv4CidrBlock")),
        *(
            read.network(read.child(pool, "networkConfig").get("podIpv4CidrBlock"))
            for pool in read.objects(item, "nodePools")
        ),
    ]
    return tuple(dict.fromkeys(network for network in found if network is not None))
