"""What no API shows: what listens inside VMs and pods, and the nat tables that the nodes booted with."""

from __future__ import annotations

import re
from typing import Any

from lab.build.edges import told
from lab.nat import boot_rules
from lab.scenario.model import NodePlan, Scenario, Server
from lab.store import Store

LINK_LOCAL = "169.254.0.0/16"
_VERSION = re.compile(r"v?(\d+)\.(\d+)")

KUBELET = {"protocol": "tcp", "port": 10250, "paths": None}


def populate(store: Store, scenario: Scenario) -> None:
    """Fill guest/PROJECT, guest/pods and node/nat.

    A guest is {"servers": [{"protocol", "port", "paths", "to"}], "answersPing": bool}; `paths` maps an HTTP path to the
    whole body, which ends with a newline, so that a prompt stands on a line of its own; `to` is where a proxy passes
    requests on. Where they differ from the usual: `drops`, `rejects` and `refuses` are source ranges that a VM's own
    firewall drops or rejects and its web servers refuse; `bridges` are networks inside a VM; `routes` what a VM of two
    interfaces sends back through the second one; `forwards` is a node's ip_forward; `busyTo` where its ports for
    masquerading are used up. A pod is `heldBack` from
    destinations by a policy that is not among the NetworkPolicies; for those in `meshRefuses` its mesh's proxy answers
    itself. beyond/PROJECT holds the other sides of tunnels, by router: {"network", "told": [ranges],
    "machines": [{"name", "address", "servers", "answersPing"}]}. names/PROJECT holds what private zones answer, by
    network: {NAME: address}. narrow/PROJECT holds the networks that lose what is larger than their MTU.
    """
    for vm in scenario.vms:
        guest = {"servers": [_server(server) for server in vm.serves], "answersPing": vm.answers_ping}
        for word, ranges in (("drops", vm.drops), ("rejects", vm.rejects), ("refuses", vm.refuses)):
            if ranges:
                guest[word] = [str(found) for found in ranges]
        if vm.bridges:
            guest["bridges"] = {name: str(found) for name, found in vm.bridges.items()}
        if vm.first is not None:
            guest["routes"] = [str(found) for found in vm.guest_routes]
        store.table(f"guest/{vm.project}").create(vm.name, guest)
    for network in scenario.networks:
        zone = {name: str(address) for name, address in network.names.items()}
        store.table(f"names/{network.vpc.project}").create(network.vpc.name, zone)
        if network.loses_larger:
            store.table(f"narrow/{network.vpc.project}").create(network.vpc.name, {"largest": network.mtu})
        for router in network.routers:
            machines = [
                {
                    "name": each.name,
                    "address": str(each.address),
                    "servers": [_server(server) for server in each.serves],
                    "answersPing": each.answers_ping,
                }
                for each in router.machines
            ]
            side = {"network": network.vpc.name, "told": [str(found) for found in told(network, router)]}
            store.table(f"beyond/{network.vpc.project}").create(router.name, {**side, "machines": machines})
    for node in scenario.nodes:
        guest = {"servers": [KUBELET], "answersPing": True}
        if not node.forwards:
            guest["forwards"] = False
        if node.busy_to:
            guest["busyTo"] = [str(found) for found in node.busy_to]
        store.table(f"guest/{scenario.cluster.project}").create(node.name, guest)
        store.table("node/nat").create(node.name, {"text": boot_rules(_kept(scenario, node))})
    for pod in scenario.pods:
        guest = {"servers": [_server(server) for server in pod.serves]}
        for word, ranges in (("heldBack", pod.held_back), ("meshRefuses", pod.mesh_refuses)):
            if ranges:
                guest[word] = [str(found) for found in ranges]
        store.table("guest/pods").create(str(pod.ref), guest)


def _kept(scenario: Scenario, node: NodePlan) -> tuple[str, ...] | None:
    """The destinations to which the node's pods keep their address; None: GKE's defaults, empty: all."""
    cluster = scenario.cluster
    if not cluster.default_snat:
        return ()
    if node.left_over:
        return (LINK_LOCAL, *map(str, node.left_over))
    if cluster.autopilot:
        network = scenario.network(cluster.vpc)
        subnet = network.subnet(cluster.subnet) if network else None
        own = (cluster.pod_range, cluster.service_range, *((subnet.range,) if subnet else ()))
        listed = (each for ranges in scenario.egress_nat.values() for each in ranges)
        return (LINK_LOCAL, *dict.fromkeys(map(str, (*own, *listed))))
    found = _VERSION.match(node.version)
    if found is not None and (int(found[1]), int(found[2])) < (1, 14):
        return (LINK_LOCAL, "10.0.0.0/8")  # the kubelet of that time knew one range
    return None


def _server(server: Server) -> dict[str, Any]:
    return {
        "protocol": server.protocol,
        "port": server.port,
        **({} if server.to is None else {"to": {"address": server.to[0], "port": server.to[1]}}),
        "paths": None if server.paths is None else {path: f"{body}\n" for path, body in server.paths.items()},
    }
