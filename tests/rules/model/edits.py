"""Faults made in the article's system, and the table of the catalogue's: what three probes see of each, and every hop
of pod→target that does not go well."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rules.path import Walk
from rules.snapshot import Outcome

Edit = Callable[[Any], None]
Shape = Callable[[Walk], list[str]]
OK, TO, UN = Outcome.OK, Outcome.TIMEOUT, None
HOME = "return route drop PRIVATE_TRAFFIC_TO_INTERNET"


def side(draft: Any, project: str) -> dict[str, Any]:
    found: dict[str, Any] = draft.find_network(f"project-{project}/vpc-{project}")["peerings"][0]
    return found


def exchange(draft: Any) -> None:
    side(draft, "a")["exportCustomRoutes"] = True
    side(draft, "b")["importCustomRoutes"] = True


def export_only(draft: Any) -> None:
    side(draft, "a")["exportCustomRoutes"] = True


def config(text: str) -> Edit:
    return lambda draft: draft.config_map(text)


def admit_b(*ranges: str) -> Edit:
    def edit(draft: Any) -> None:
        draft.effective("project-b/vpc-b")["firewalls"].clear()
        draft.admit("project-b/vpc-b", *ranges)

    return edit


def inactive(draft: Any) -> None:
    for name in "ab":
        side(draft, name).update(state="INACTIVE", stateDetails="[2026-01-01]: The peer network is gone.")


def no_peering(draft: Any) -> None:
    for name in "ab":
        draft.find_network(f"project-{name}/vpc-{name}")["peerings"].clear()


def instance(name: str, **keys: Any) -> Edit:
    def edit(draft: Any) -> None:
        for project in draft.compute.values():
            for item in project["instances"]:
                if item["name"] == name:
                    item |= keys

    return edit


def without_instance(name: str) -> Edit:
    def edit(draft: Any) -> None:
        for project in draft.compute.values():
            project["instances"] = [item for item in project["instances"] if item["name"] != name]

    return edit


def without_node_route(draft: Any) -> None:
    routes = draft.compute["project-a"]["routes"]
    routes[:] = [route for route in routes if route["destRange"] != "172.16.1.0/24"]


def stale_node_route(draft: Any) -> None:
    route = next(route for route in draft.compute["project-a"]["routes"] if route["destRange"] == "172.16.1.0/24")
    route["nextHopInstance"] = route["nextHopInstance"].replace("gke-node-01", "gke-node-02")


def tagged_node_routes(draft: Any) -> None:
    for route in draft.compute["project-a"]["routes"]:
        if route.get("description") == "k8s-node-route":
            route["tags"] = ["gke"]


def network_policy(draft: Any) -> None:
    draft.clusters[0]["networkPolicy"] = {"enabled": True}
    block = {"to": [{"ipBlock": {"cidr": "10.1.0.0/16"}}]}
    spec = {"podSelector": {}, "policyTypes": ["Egress"], "egress": [block]}
    draft.items("networkpolicies").append({"metadata": {"name": "own", "namespace": "default"}, "spec": spec})


def egress_deny(*ranges: str, **keys: Any) -> Edit:
    def edit(draft: Any) -> None:
        deny = {
            "allowed": [],
            "denied": [{"IPProtocol": "all"}],
            "direction": "EGRESS",
            "destinationRanges": list(ranges),
        }
        draft.admit("project-a/vpc-a", **{**deny, **keys})

    return edit


def subnet_b(cidr: str) -> Edit:
    return lambda draft: draft.subnet("project-b", "vpc-b", cidr)


def route_b(dest: str, **keys: Any) -> Edit:
    return lambda draft: draft.route("project-b", "vpc-b", dest, **keys)


def no_default_b(draft: Any) -> None:
    draft.compute["project-b"]["routes"].clear()


def both(*edits: Edit) -> Edit:
    def edit(draft: Any) -> None:
        for each in edits:
            each(draft)

    return edit


def nothing(draft: Any) -> None:
    pass


MASQ = config("nonMasqueradeCIDRs: [172.16.0.0/16, 10.1.0.0/16]\nresyncInterval: 60s\n")
TUNNEL = "projects/project-b/regions/asia-northeast1/vpnTunnels/to-site"

TABLE: list[tuple[str, Edit, tuple[Outcome | None, Outcome | None, Outcome | None], list[str]]] = [
    ("RC01 the article", nothing, (OK, OK, TO), [HOME]),
    ("RC01 without a default route", no_default_b, (OK, OK, TO), ["return route drop NO_ROUTE"]),
    ("RC01 cured by masquerading", MASQ, (OK, OK, OK), []),
    ("RC01 cured by exchange", exchange, (OK, OK, OK), []),
    ("RC02 exported, not imported", export_only, (OK, OK, TO), [HOME]),
    (
        "RC08 tagged node routes",
        both(exchange, tagged_node_routes),
        (TO, OK, TO),
        [HOME, "return deliver drop NO_ROUTE"],
    ),
    (
        "RC06 narrower subnet in B",
        both(exchange, subnet_b("172.16.1.0/28")),
        (TO, OK, TO),
        ["return deliver drop ROUTE_WRONG_NETWORK"],
    ),
    ("RC06 narrower subnet in B beside the pod", both(exchange, subnet_b("172.16.1.128/25")), (OK, OK, OK), []),
    (
        "RC05 own route in B into a tunnel",
        both(exchange, route_b("172.16.1.0/24", nextHopVpnTunnel=TUNNEL)),
        (OK, OK, TO),
        ["return route drop ROUTE_WRONG_NETWORK"],
    ),
    (
        "RC05 own route in B to an appliance that cannot forward",
        both(exchange, route_b("172.16.1.0/24", nextHopIp="10.2.0.10")),
        (OK, OK, TO),
        ["return deliver drop ROUTE_WRONG_NETWORK"],
    ),
    ("RC22 list still holds the target", config("nonMasqueradeCIDRs: [10.0.0.0/8]"), (OK, OK, TO), [HOME]),
    (
        "RC20 refused list",
        config("nonMasqueradeCIDRs: 10.1.0.0/16"),
        (OK, OK, UN),
        ["forward masquerade unknown UNKNOWN", "return route unknown"],
    ),
    (
        "RC20 refused list, but the routes cross",
        both(exchange, config("nonMasqueradeCIDRs: 10.1.0.0/16")),
        (OK, OK, OK),
        ["forward masquerade unknown UNKNOWN"],
    ),
    (
        "RC30 B admits nodes only",
        both(exchange, admit_b("10.1.0.0/16")),
        (OK, OK, TO),
        ["forward ingress-firewall drop FIREWALL_RULE"],
    ),
    (
        "RC31 neither routes nor firewall",
        admit_b("10.1.0.0/16"),
        (OK, OK, TO),
        ["forward ingress-firewall drop FIREWALL_RULE", HOME],
    ),
    ("RC31 cured by masquerading", both(admit_b("10.1.0.0/16"), MASQ), (OK, OK, OK), []),
    ("RC32 B admits pods only", both(exchange, admit_b("172.16.0.0/16")), (OK, TO, OK), []),
    (
        "RC33 B admits pods only, masqueraded",
        both(exchange, admit_b("172.16.0.0/16"), MASQ),
        (OK, TO, TO),
        ["forward ingress-firewall drop FIREWALL_RULE"],
    ),
    (
        "RC36 egress deny on the nodes",
        both(exchange, egress_deny("10.2.0.0/16")),
        (OK, TO, TO),
        ["forward egress-firewall drop FIREWALL_RULE"],
    ),
    (
        "RC37 egress deny for pods' addresses",
        both(exchange, egress_deny("10.0.0.0/8", sourceRanges=["172.16.0.0/16"])),
        (TO, OK, TO),
        ["forward egress-firewall drop FIREWALL_RULE"],
    ),
    ("RC42 NetworkPolicy", both(exchange, network_policy), (OK, OK, TO), ["forward policy drop GKE_NETWORK_POLICY"]),
    (
        "RC42 NetworkPolicy acts before masquerading",
        both(MASQ, network_policy),
        (OK, OK, TO),
        ["forward policy drop GKE_NETWORK_POLICY"],
    ),
    (
        "RC48 node route missing",
        both(exchange, without_node_route),
        (TO, OK, TO),
        [HOME, "return deliver drop NO_ROUTE"],
    ),
    ("RC48 node route missing, masqueraded", both(without_node_route, MASQ), (TO, OK, OK), []),
    (
        "RC48 node route to the wrong node",
        both(exchange, stale_node_route),
        (TO, OK, TO),
        ["return deliver drop ROUTING_LOOP"],
    ),
    (
        "RC49 node without canIpForward",
        both(exchange, instance("gke-node-01", canIpForward=False)),
        (TO, OK, TO),
        ["forward anti-spoofing drop FOREIGN_IP_DISALLOWED", "return deliver drop FOREIGN_IP_DISALLOWED"],
    ),
    ("RC49 masqueraded", both(instance("gke-node-01", canIpForward=False), MASQ), (TO, OK, OK), []),
    (
        "RC57 peering inactive",
        inactive,
        (OK, TO, TO),
        [
            "forward route drop PRIVATE_TRAFFIC_TO_INTERNET",
            "forward peering drop NO_ROUTE",
            HOME,
            "return peering drop NO_ROUTE",
        ],
    ),
    ("RC58 no peering", no_peering, (OK, TO, TO), ["forward route drop PRIVATE_TRAFFIC_TO_INTERNET", HOME]),
    (
        "RC66 target stopped",
        both(exchange, instance("target-gce-01", status="TERMINATED")),
        (OK, TO, TO),
        ["forward deliver drop INSTANCE_NOT_RUNNING"],
    ),
    (
        "RC66 nobody has the address",
        both(exchange, without_instance("target-gce-01")),
        (OK, TO, TO),
        ["forward deliver drop UNKNOWN_INTERNAL_ADDRESS"],
    ),
    (
        "RC66 and RC01",
        without_instance("target-gce-01"),
        (OK, TO, TO),
        ["forward deliver drop UNKNOWN_INTERNAL_ADDRESS", HOME],
    ),
    (
        "everything at once",
        both(
            network_policy,
            admit_b("192.0.2.0/24"),
            instance("gke-node-01", canIpForward=False),
            instance("target-gce-01", status="STOPPED"),
        ),
        (TO, TO, TO),
        [
            "forward policy drop GKE_NETWORK_POLICY",
            "forward anti-spoofing drop FOREIGN_IP_DISALLOWED",
            "forward ingress-firewall drop FIREWALL_RULE",
            "forward deliver drop INSTANCE_NOT_RUNNING",
            HOME,
            "return deliver drop FOREIGN_IP_DISALLOWED",
        ],
    ),
]
