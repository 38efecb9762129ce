"""Compute objects as the REST API gives them: `lab.build` writes what these return into `compute/PROJECT/COLLECTION`.

| constructor | table | key |
|---|---|---|
| `network` (peerings inside: `peering`) | `networks` | NAME |
| `subnetwork` | `subnetworks` | REGION/NAME |
| `route`, `node_route` | `routes` | NAME; static ones only: subnet and peering routes are derived when read |
| `instance` | `instances` | ZONE/NAME |
| `firewall` | `firewalls` | NAME |
| `firewall_policy` | `firewallPolicies` (network policies) | NAME, or REGION/NAME |
| | `hierarchicalFirewallPolicies` (of the organization and folders above) | NAME |
| `forwarding_rule` | `forwardingRules` | REGION/NAME; without a region `globalForwardingRules`, NAME |
| `router`, `router_status` | `routers`, `routerStatus` | REGION/NAME |

`key(object)` gives the key. Networks, subnets, instances … are named by short name (of the same project), path
(`projects/P/…`) or URL. `lab.compute.peerings.settle(store)` fills in what Google derives from both sides of a peering.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from lab.compute.edges import forwarding_rule, learned_route, router, router_status
from lab.compute.filters import firewall, firewall_policy, policy_rule
from lab.compute.links import (
    CREATED,
    fingerprint,
    first,
    head,
    hexes,
    link,
    network_link,
    number,
    part,
    project_link,
    scoped,
)
from lab.compute.machines import WARNINGS, instance, interface
from lab.store import Object

NODE_ROUTE = "k8s-node-route"

__all__ = [
    "cluster_prefix",
    "default_route",
    "firewall",
    "firewall_policy",
    "forwarding_rule",
    "instance",
    "interface",
    "key",
    "learned_route",
    "network",
    "node_route",
    "peering",
    "policy_rule",
    "route",
    "router",
    "router_status",
    "subnetwork",
]


def key(item: Object) -> str:
    """The key of an object in its table: NAME, REGION/NAME or ZONE/NAME."""
    for scope in ("zones", "regions"):
        if found := part(item.get("selfLink", ""), scope):
            return f"{found}/{item['name']}"
    return str(item["name"])


def network(
    project: str,
    name: str,
    *,
    peerings: Iterable[Object] = (),
    mtu: int = 1460,
    routing_mode: str = "REGIONAL",
    auto: bool = False,
    policies_first: bool = False,
    legacy_range: str | None = None,
    description: str = "",
    created: str = CREATED,
) -> Object:
    """A VPC network; `legacy_range` makes it a legacy network. Its `subnetworks` are filled in when it is read."""
    self_link = network_link(project, name)
    found: Object = {
        **head("network", self_link, name, created, description),
        "selfLinkWithId": project_link(project, f"global/networks/{number(self_link)}"),
        "networkFirewallPolicyEnforcementOrder": "BEFORE_CLASSIC_FIREWALL"
        if policies_first
        else "AFTER_CLASSIC_FIREWALL",
    }
    if legacy_range is not None:
        return {**found, "IPv4Range": legacy_range, "gatewayIPv4": first(legacy_range)}
    found |= {
        "autoCreateSubnetworks": auto,
        "mtu": mtu,
        "routingConfig": {"routingMode": routing_mode, "bgpBestPathSelectionMode": "LEGACY"},
    }
    if sides := list(peerings):
        found["peerings"] = sides
    return found


def peering(
    name: str,
    peer_project: str,
    peer_network: str,
    *,
    export_custom: bool = False,
    import_custom: bool = False,
    export_public: bool = True,
    import_public: bool = False,
    stack: str = "IPV4_ONLY",
    strategy: str = "INDEPENDENT",
    state: str | None = None,
    details: str | None = None,
    effective: Mapping[str, Any] | None = None,
    update_status: str | None = None,
    delete_status: str | None = None,
) -> Object:
    """One side of a peering, for `network(peerings=…)`.

    `state`, `details`, the peer's MTU and the effective settings follow from both sides (`peerings.settle`);
    `effective` and `update_status` say what a CONSENSUS connection agreed on before the change that is still pending.
    """
    found: Object = {
        "name": name,
        "network": network_link(peer_project, peer_network),
        "autoCreateRoutes": True,
        "exchangeSubnetRoutes": True,
        "exportCustomRoutes": export_custom,
        "importCustomRoutes": import_custom,
        "exportSubnetRoutesWithPublicIp": export_public,
        "importSubnetRoutesWithPublicIp": import_public,
        "stackType": stack,
        "updateStrategy": strategy,
    }
    if state is not None:
        found["state"] = state
    if details is not None:
        found["stateDetails"] = details
    status: Object = {}
    if effective is not None:
        status["trafficConfiguration"] = dict(effective)
    consensus = {
        word: value
        for word, value in (("updateStatus", update_status), ("deleteStatus", delete_status))
        if value is not None
    }
    if consensus:
        status["consensusState"] = consensus
    if status:
        found["connectionStatus"] = {"updateStrategy": strategy, **status}
    return found


def subnetwork(
    project: str,
    region: str,
    name: str,
    network: str,
    cidr: str,
    *,
    secondary: Mapping[str, str] | None = None,
    purpose: str = "PRIVATE",
    private_google_access: bool = False,
    description: str = "",
    created: str = CREATED,
) -> Object:
    """A subnetwork with its primary range and secondary ranges by name."""
    self_link = project_link(project, f"regions/{region}/subnetworks/{name}")
    found: Object = {
        **head("subnetwork", self_link, name, created, description),
        "network": network_link(project, network),
        "ipCidrRange": cidr,
        "region": project_link(project, f"regions/{region}"),
        "privateIpGoogleAccess": private_google_access,
        "privateIpv6GoogleAccess": "DISABLE_GOOGLE_ACCESS",
        "purpose": purpose,
        "fingerprint": fingerprint(self_link),
    }
    if purpose in ("PRIVATE", "PRIVATE_SERVICE_CONNECT"):
        found |= {"gatewayAddress": first(cidr), "stackType": "IPV4_ONLY"}
    if secondary:
        found["secondaryIpRanges"] = [{"rangeName": word, "ipCidrRange": cidr} for word, cidr in secondary.items()]
    return found


def route(
    project: str,
    name: str,
    network: str,
    dest: str,
    *,
    priority: int = 1000,
    tags: Iterable[str] = (),
    instance: str | None = None,
    zone: str = "",
    ip: str | None = None,
    ilb: str | None = None,
    vpn_tunnel: str | None = None,
    gateway: bool = False,
    description: str = "",
    warnings: Iterable[str] = (),
    status: str = "ACTIVE",
    created: str = CREATED,
) -> Object:
    """A static route with exactly one next hop: an instance (with its `zone`), an address, an internal load balancer
    (address or URL), a VPN tunnel (URL or `regions/R/vpnTunnels/T`), or the internet gateway. `warnings` are codes."""
    self_link = project_link(project, f"global/routes/{name}")
    found: Object = {
        **head("route", self_link, name, created, description),
        "network": network_link(project, network),
        "destRange": dest,
        "priority": priority,
        "routeType": "STATIC",
        "routeStatus": status,
    }
    if words := list(tags):
        found["tags"] = words
    if instance is not None:
        found["nextHopInstance"] = scoped(project, f"zones/{zone}", "instances", instance)
    if ip is not None:
        found["nextHopIp"] = ip
    if ilb is not None:
        found["nextHopIlb"] = link(ilb) if "/" in ilb else ilb
    if vpn_tunnel is not None:
        found["nextHopVpnTunnel"] = link(vpn_tunnel) if "projects/" in vpn_tunnel else project_link(project, vpn_tunnel)
    if gateway:
        found["nextHopGateway"] = project_link(project, "global/gateways/default-internet-gateway")
    if codes := list(warnings):
        found["warnings"] = [{"code": code, "message": WARNINGS.get(code, code), "data": []} for code in codes]
    return found


def default_route(project: str, network: str, *, created: str = CREATED) -> Object:
    """The route to the internet that a new network has."""
    return route(
        project,
        f"default-route-{hexes(f'{project}/{network}/internet')}",
        network,
        "0.0.0.0/0",
        gateway=True,
        description="Default route to the Internet.",
        created=created,
    )


def node_route(
    project: str,
    network: str,
    cluster: str,
    uid: str,
    zone: str,
    instance: str,
    pod_range: str,
    *,
    created: str = CREATED,
) -> Object:
    """The route to one node's pod range that a routes-based cluster keeps. `cluster` is GKE's own name of the cluster
    (`cluster_prefix`); the route is called by its first 26 letters and the Node's uid (cloud-provider-gcp)."""
    return route(
        project,
        f"{cluster[:26]}-{uid}",
        network,
        pod_range,
        instance=instance,
        zone=zone,
        description=NODE_ROUTE,
        created=created,
    )


def cluster_prefix(project: str, location: str, name: str) -> str:
    """GKE's own name of a cluster: `gke-NAME-HASH`; node tags, firewall rules and node routes begin with it."""
    return f"gke-{name[:20].rstrip('-')}-{hexes(f'{project}/{location}/{name}', 8)}"
