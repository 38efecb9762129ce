"""Forwarding rules and Cloud Routers as the Compute API gives them."""

from __future__ import annotations

from collections.abc import Iterable

from lab.compute.links import CREATED, fingerprint, head, link, network_link, number, project_link, scoped
from lab.store import Object


def forwarding_rule(
    project: str,
    region: str | None,
    name: str,
    address: str,
    *,
    network: str | None = None,
    subnetwork: str | None = None,
    scheme: str | None = "INTERNAL",
    protocol: str | None = "TCP",
    ports: Iterable[str] = (),
    target: str | None = None,
    backend: str | None = None,
    global_access: bool = False,
    psc: bool = False,
    description: str = "",
    created: str = CREATED,
) -> Object:
    """A forwarding rule: a load balancer's address, or with `psc` a Private Service Connect endpoint (`target` is its
    service attachment). Without a region it is global."""
    scope = f"regions/{region}" if region else "global"
    self_link = project_link(project, f"{scope}/forwardingRules/{name}")
    found: Object = {
        **head("forwardingRule", self_link, name, created, description),
        "IPAddress": address,
        "networkTier": "PREMIUM",
        "labelFingerprint": fingerprint(""),
        "fingerprint": fingerprint(self_link),
    }
    if region:
        found["region"] = project_link(project, f"regions/{region}")
    if network is not None:
        found["network"] = network_link(project, network)
    if subnetwork is not None:
        found["subnetwork"] = scoped(project, scope, "subnetworks", subnetwork)
    if target is not None:
        found["target"] = link(target)
    if psc:
        return {
            **found,
            "pscConnectionId": number(f"{self_link} psc"),
            "pscConnectionStatus": "ACCEPTED",
            "allowPscGlobalAccess": global_access,
        }
    if scheme is not None:
        found["loadBalancingScheme"] = scheme
    if protocol is not None:
        found["IPProtocol"] = protocol
    if numbers := list(ports):
        found["ports"] = numbers
    if backend is not None:
        found["backendService"] = scoped(project, scope, "backendServices", backend)
    return {**found, "allowGlobalAccess": global_access}


def router(
    project: str,
    region: str,
    name: str,
    network: str,
    *,
    asn: int = 64512,
    advertise_mode: str = "DEFAULT",
    advertised_groups: Iterable[str] = (),
    advertised_ranges: Iterable[str] = (),
    interfaces: Iterable[Object] = (),
    peers: Iterable[Object] = (),
    nats: Iterable[Object] = (),
    description: str = "",
    created: str = CREATED,
) -> Object:
    """A Cloud Router; `interfaces`, `peers` and `nats` are REST objects (RouterInterface, RouterBgpPeer, RouterNat)."""
    self_link = project_link(project, f"regions/{region}/routers/{name}")
    bgp: Object = {"asn": asn, "advertiseMode": advertise_mode, "keepaliveInterval": 20}
    if groups := list(advertised_groups):
        bgp["advertisedGroups"] = groups
    if ranges := [{"range": cidr} for cidr in advertised_ranges]:
        bgp["advertisedIpRanges"] = ranges
    lists = {"interfaces": list(interfaces), "bgpPeers": list(peers), "nats": list(nats)}
    return {
        **head("router", self_link, name, created, description),
        "network": network_link(project, network),
        "region": project_link(project, f"regions/{region}"),
        "bgp": bgp,
        "encryptedInterconnectRouter": False,
        **{word: found for word, found in lists.items() if found},
    }


def learned_route(project: str, network: str, dest: str, next_hop: str, *, priority: int = 100) -> Object:
    """A route that a Cloud Router learned by BGP, for `router_status(best=…)`; `next_hop` is the BGP peer's address."""
    return {
        "kind": "compute#route",
        "network": network_link(project, network),
        "destRange": dest,
        "priority": priority,
        "nextHopIp": next_hop,
        "routeType": "BGP",
        "routeStatus": "ACTIVE",
    }


def router_status(project: str, network: str, *, best: Iterable[Object] = (), peers: Iterable[Object] = ()) -> Object:
    """What `routers.getRouterStatus` answers: `best` are `learned_route`s, `peers` RouterStatusBgpPeerStatus objects
    (name, status, state, advertisedRoutes)."""
    routes = list(best)
    found: Object = {"network": network_link(project, network)}
    if routes:
        found |= {"bestRoutes": routes, "bestRoutesForRouter": routes}
    if states := list(peers):
        found["bgpPeerStatus"] = states
    return {"kind": "compute#routerStatusResponse", "result": found}
