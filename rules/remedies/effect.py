"""How long a remedy takes to be in force, and which permissions its changes need."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum

from rules.report.model import Change
from rules.words import _


class Effect(IntEnum):
    """The time until a change shows, the quickest first."""

    FIREWALL = 1
    PEERING = 2
    AGENT = 3
    DEPLOY = 4
    MACHINE = 5
    REBUILD = 6

    @property
    def sentence(self) -> str:
        return {
            Effect.FIREWALL: _("seconds: a firewall rule holds at once"),
            Effect.PEERING: _("about a minute: the peering's operation, then the routes"),
            Effect.AGENT: _("about two minutes: the kubelet's refresh, then the agent's resync, on each node"),
            Effect.DEPLOY: _("a few minutes: an agent has to be ready on each node, and write its rules"),
            Effect.MACHINE: _("about a quarter of an hour: a machine is made, and clients are pointed at it"),
            Effect.REBUILD: _("days: what exists has to be moved to something new"),
        }[self]


def permissions(changes: Iterable[Change]) -> tuple[str, ...]:
    """What whoever makes and takes back `changes` may have to do, as RBAC verbs and IAM permissions name it."""
    found: list[str] = []
    for change in changes:
        verbs = "create, delete" if change.before is None else "update"
        if change.kind == "peering":
            found.append(_("compute.networks.updatePeering on {project}").format(project=change.key["project"]))
        elif change.kind == "EgressNATPolicy":
            found.append(_("{verbs} egressnatpolicies.networking.gke.io in the cluster").format(verbs=verbs))
        else:
            plural = {"ConfigMap": "configmaps", "DaemonSet": "daemonsets.apps"}[change.kind]
            where = change.key["namespace"]
            found.append(_("{verbs} {what} in namespace {where}").format(verbs=verbs, what=plural, where=where))
    return tuple(dict.fromkeys(found))
