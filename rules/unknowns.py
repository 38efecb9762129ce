"""What is not known, what that costs, and the command that would open it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from rules import consumer, grants
from rules.case import PROBES, Case
from rules.report.labels import UNICODE, probe_title
from rules.report.model import UnknownFact
from rules.snapshot import Gap, Outcome
from rules.words import _

_WHY: dict[str, Callable[[], str]] = {
    "forbidden": lambda: _("not permitted"),
    "not-found": lambda: _("not found"),
    "timeout": lambda: _("no answer in time"),
    "unreachable": lambda: _("not reachable"),
    "login": lambda: _("login expired"),
    "error": lambda: _("failed"),
}

# What each read would have told, by the last words of its method.
_COSTS: dict[str, Callable[[], str]] = {
    "networks.get": lambda: _("its peerings, their flags and state"),
    "networks.list": lambda: _("its peerings, their flags and state"),
    "listPeeringRoutes": lambda: _("which routes really cross the peering"),
    "routes.list": lambda: _("its own routes"),
    "subnetworks.list": lambda: _("its subnet ranges"),
    "subnetworks.aggregatedList": lambda: _("its subnet ranges"),
    "instances.list": lambda: _("which VM owns the target's address"),
    "instances.aggregatedList": lambda: _("which VM owns the target's address"),
    "getEffectiveFirewalls": lambda: _("whether its firewall admits pods and nodes"),
    "forwardingRules.list": lambda: _("whether a load balancer owns the target's address"),
    "routers.list": lambda: _("its dynamic routes"),
    "routers.get": lambda: _("its dynamic routes"),
    "forwardingRules.aggregatedList": lambda: _("whether a load balancer owns the target's address"),
    "routers.aggregatedList": lambda: _("its dynamic routes"),
    "getRouterStatus": lambda: _("its dynamic routes"),
    "clusters.get": lambda: _("the cluster's mode and ranges"),
    "configmaps": lambda: _("what the ip-masq-agent is told"),
    "daemonsets": lambda: _("whether the ip-masq-agent exists"),
    "networkpolicies": lambda: _("whether a NetworkPolicy stops the pod"),
    "policyBasedRoutes": lambda: _("whether a policy-based route takes its packets elsewhere"),
    "events": lambda: _("what the route controller could not do"),
    "kubernetes.nodes": lambda: _("the nodes' addresses, ranges and VMs"),
    "kubernetes.pods": lambda: _("whether the ip-masq-agent runs on each node"),
    "kubernetes.services": lambda: _("whether the target is a Service"),
    "kubernetes.namespaces": lambda: _("which NetworkPolicies select by namespace"),
    "egressnatpolicies": lambda: _("whether an EgressNATPolicy decides on masquerading"),
    "instances.get": lambda: _("the network of the node"),
    "google.auth": lambda: _("everything at Google: networks, routes, peerings, firewalls"),
    "node_nat": lambda: _("what the node's kernel really masquerades"),
}


def unknowns(case: Case) -> tuple[UnknownFact, ...]:
    """What was not measured and what could not be read, each with what it costs and what would open it."""
    found = dict.fromkeys((*_not_measured(case), *(_fact(gap) for gap in case.world.gaps)))
    return tuple(found)


def _not_measured(case: Case) -> Iterator[UnknownFact]:
    """Probes that could not be run, those with the same reason together."""
    reasons: dict[str, list[str]] = {}
    for name in PROBES:
        probe = case.probes.get(name)
        if probe is not None and probe.outcome is Outcome.NOT_RUN and probe.why:
            reasons.setdefault(probe.why, []).append(probe_title(name, UNICODE))
    for why, titles in reasons.items():
        refused = grants.refused(why)
        yield UnknownFact(", ".join(titles), why, refused and grants.permission(why), refused)


def cost(read: str) -> str:
    """What a read (or the permission for it) would have told; '' where nothing is known of it."""
    words = set(read.split("."))
    return next((said() for method, said in _COSTS.items() if set(method.split(".")) <= words), "")


def _fact(gap: Gap) -> UnknownFact:
    lost = cost(gap.read)
    why = _WHY[gap.why]() if gap.why in _WHY else gap.why
    detail = f" ({gap.detail})" if gap.detail and gap.detail != why else ""
    what = f"{gap.read}, {gap.of}" if gap.of else gap.read
    if lost:
        what = _("{read}: {cost}").format(read=what, cost=lost)
    charged = consumer.refusal(gap.detail) if gap.why == "forbidden" else None
    if charged is not None:
        return UnknownFact(what, charged.cause, charged.permission, charged.command)
    return UnknownFact(what, why + detail, gap.permission, grants.for_gap(gap))
