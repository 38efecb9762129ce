"""Snapshot → World.

Whatever is absent, odd or of another type than the APIs document becomes "not known", never an error: a Snapshot
may come from a ticket's attachments.
"""

from __future__ import annotations

from rules.build.agent import agent
from rules.build.cluster import cluster
from rules.build.kubernetes import config_maps, namespaces, nodes, plain, pods, route_failures
from rules.build.machines import forwarding_rules, instances
from rules.build.networks import networks
from rules.build.routers import routers
from rules.snapshot import Snapshot
from rules.world import World

COLLECTIONS = ("instances", "forwardingRules", "routers")


def build(snapshot: Snapshot) -> World:
    """Build the World that `snapshot` shows. Never raises on odd content."""
    found = networks(snapshot)
    known_nodes = nodes(snapshot)
    projects = {vpc.project for vpc in found} | set(snapshot.compute)
    for network in found.values():
        projects.update(peering.peer.project for peering in network.peerings or ())
    return World(
        networks=found,
        instances=instances(snapshot),
        forwarding_rules=forwarding_rules(snapshot),
        cluster=cluster(snapshot, known_nodes),
        nodes=known_nodes,
        pods=pods(snapshot),
        agent=agent(snapshot),
        config_maps=config_maps(snapshot),
        network_policies=plain(snapshot, "networkpolicies"),
        services=plain(snapshot, "services"),
        egress_nat_policies=plain(snapshot, "egressnatpolicies"),
        node_nat=dict(snapshot.node_nat),
        namespaces=namespaces(snapshot),
        gaps=snapshot.gaps,
        taken_at=snapshot.taken_at,
        route_failures=route_failures(snapshot),
        unread=frozenset(
            (project, kind) for project in projects for kind in COLLECTIONS if _unread(snapshot, project, kind)
        ),
        routers=routers(snapshot),
    )


def _unread(snapshot: Snapshot, project: str, kind: str) -> bool:
    if snapshot.compute_list(project, kind) is not None:
        return False
    if kind != "routers":
        return True
    return any(gap.read.split(".")[-2:-1] == ["routers"] and gap.of.split("/")[0] == project for gap in snapshot.gaps)
