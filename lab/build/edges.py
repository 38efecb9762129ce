"""The objects at a network's edges: Cloud Routers and what they tell, load balancers, firewall policies."""

from __future__ import annotations

from ipaddress import IPv4Network

from lab.compute import objects
from lab.compute.filters import firewall_policy, policy_rule
from lab.scenario.model import BalancerPlan, FirewallPolicyPlan, NetworkPlan, RouterPlan, Scenario
from lab.store import Object, Store

ORGANIZATION = "organizations/100000000001"
OUR_SIDE, THEIR_SIDE = "169.254.0.1", "169.254.0.2"


def populate(store: Store, scenario: Scenario) -> None:
    """Write routers, forwarding rules and firewall policies; behind/PROJECT holds the VM behind a forwarding rule."""
    for network in scenario.networks:
        for router in network.routers:
            _router(store, network, router)
    for balancer in scenario.balancers:
        _put(store, balancer.project, "forwardingRules", _forwarding_rule(balancer))
        if balancer.backend:
            store.table(f"behind/{balancer.project}").create(balancer.name, {"vm": balancer.backend})
    for policy in scenario.firewall_policies:
        name = "hierarchicalFirewallPolicies" if policy.organization else "firewallPolicies"
        made = _policy(policy)
        store.table(f"compute/{policy.project}/{name}").create(policy.name, made)


def told(network: NetworkPlan, router: RouterPlan) -> tuple[IPv4Network, ...]:
    """The ranges that `router` tells the other side: its network's subnets (of its region, where the network routes
    regionally) unless it was told not to, and what it was told to add."""
    own = [each for each in network.subnets if network.global_routing or each.region == router.region]
    subnets = [found for subnet in own for found in (subnet.range, *subnet.secondary.values())]
    return (*(subnets if router.own_subnets else ()), *router.advertises)


def _put(store: Store, project: str, collection: str, item: Object) -> None:
    store.table(f"compute/{project}/{collection}").create(objects.key(item), item)


def _router(store: Store, network: NetworkPlan, router: RouterPlan) -> None:
    project, name = network.vpc.project, network.vpc.name
    custom = bool(router.advertises) or not router.own_subnets
    peer, tunnel = f"{router.name}-peer", f"{router.name}-tunnel"
    made = objects.router(
        project,
        router.region,
        router.name,
        name,
        advertise_mode="CUSTOM" if custom else "DEFAULT",
        advertised_groups=("ALL_SUBNETS",) if custom and router.own_subnets else (),
        advertised_ranges=map(str, router.advertises),
        interfaces=[{"name": tunnel, "ipRange": f"{OUR_SIDE}/30"}] if router.learns else (),
        peers=[{"name": peer, "interfaceName": tunnel, "ipAddress": OUR_SIDE, "peerIpAddress": THEIR_SIDE}]
        if router.learns
        else (),
        nats=[
            {
                "name": f"{router.name}-nat",
                "natIpAllocateOption": "AUTO_ONLY",
                "sourceSubnetworkIpRangesToNat": "ALL_SUBNETWORKS_ALL_IP_RANGES",
                "type": "PUBLIC",
            }
        ]
        if router.nat
        else (),
    )
    _put(store, project, "routers", made)
    learned = [objects.learned_route(project, name, str(dest), THEIR_SIDE) for dest in router.learns]
    advertised = [
        {"kind": "compute#route", "destRange": str(dest), "nextHopIp": OUR_SIDE, "priority": 100}
        for dest in told(network, router)
    ]
    state = {"name": peer, "status": "UP", "state": "Established", "ipAddress": OUR_SIDE, "peerIpAddress": THEIR_SIDE}
    peers = [{**state, "advertisedRoutes": advertised, "numLearnedRoutes": len(learned)}] if router.learns else []
    status = objects.router_status(project, name, best=learned, peers=peers)
    store.table(f"compute/{project}/routerStatus").create(f"{router.region}/{router.name}", status)


def _forwarding_rule(plan: BalancerPlan) -> Object:
    attachment = f"projects/producer-1/regions/{plan.region}/serviceAttachments/{plan.name}"
    return objects.forwarding_rule(
        plan.project,
        plan.region,
        plan.name,
        str(plan.address),
        network=plan.vpc.name,
        subnetwork=plan.subnet,
        global_access=plan.global_access,
        target=attachment if plan.psc else None,
        backend=None if plan.psc else f"{plan.name}-backend",
        psc=plan.psc,
    )


def _policy(plan: FirewallPolicyPlan) -> Object:
    rules = [
        policy_rule(
            rule.priority,
            rule.action,
            protocols=[{"ipProtocol": name} for name in rule.protocols],
            srcIpRanges=[str(found) for found in rule.sources or (IPv4Network("0.0.0.0/0"),)],
        )
        for rule in plan.rules
    ]
    if plan.organization:
        return firewall_policy(plan.project, plan.name, rules, organization=ORGANIZATION)
    return firewall_policy(plan.project, plan.name, rules, networks=[plan.network])
