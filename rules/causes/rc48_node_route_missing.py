"""RC48: A itself has no usable route to the pods of this node (routes-based clusters only)."""

from __future__ import annotations

import shlex

from rules.case import Case
from rules.causes import noderoute
from rules.causes.cause import Cause, Finding, Prior, cells, probes_say, some
from rules.report.model import Next, Status
from rules.words import _
from rules.world import HopKind, Route

_DEAD = ("NEXT_HOP_INSTANCE_NOT_FOUND", "NEXT_HOP_NOT_RUNNING", "NEXT_HOP_INSTANCE_NOT_ON_NETWORK")


def fault(case: Case) -> str:
    """What is wrong with A's route to the node's pods, as evidence; '' when it is in order or not known."""
    net, node, pod = case.network_a, case.node, case.pod
    if net is None or net.routes is None or node is None or pod is None or pod.address is None:
        return ""
    covering = [route for route in net.routes if route.origin is None and pod.address in route.dest]
    covering = [route for route in covering if route.dest.prefixlen > 0]
    if not covering:
        return _("{vpc} has {count} routes, none of them to {address} of node {node}").format(
            vpc=net.vpc, count=len(net.routes), address=pod.address, node=node.name
        )
    longest = max(route.dest.prefixlen for route in covering)
    faults = [_wrong(route, node.instance) for route in covering if route.dest.prefixlen == longest]
    return faults[0] if faults and all(faults) else ""


def _wrong(route: Route, instance: str) -> str:
    if route.next_hop.kind is not HopKind.INSTANCE:
        return ""
    if instance and route.next_hop.name != instance:
        return _("route {name} sends {dest} to {hop}, but the pods are on {node}").format(
            name=route.name, dest=route.dest, hop=route.next_hop.name, node=instance
        )
    dead = [code for code in route.warnings if code in _DEAD]
    if dead:
        return _("route {name} to {dest} has the warning {code} (next hop {hop})").format(
            name=route.name, dest=route.dest, code=dead[0], hop=route.next_hop.name
        )
    return ""


def check(case: Case) -> Finding | None:
    pod, node = case.pod, case.node
    if pod is None or node is None or pod.host_network or case.pods_in_subnet is not False:
        return None
    evidence = fault(case)
    if noderoute.missing(case) and noderoute.known_reason(case):
        return None  # RC07, RC09 or RC10 says why it is missing
    if not evidence or case.contradicted("pod-local"):
        return None
    blocks = case.blocked and case.wears_pod_address
    seen = case.measured("pod-local") is not None or blocks
    unavailable = _("node {node} has the condition NetworkUnavailable").format(node=node.name)
    words = ("gcloud", "compute", "routes", "list", "--project", case.a.project if case.a else "")
    return Finding(
        status=Status.CONFIRMED if seen else Status.LIKELY,
        blocks=blocks,
        sentence=_(
            "{a} has no usable route to the pods of node {node}: answers to {pod} are lost in {a} already."
        ).format(a=case.a, node=node.name, pod=pod.address),
        evidence=some(evidence, unavailable if node.network_unavailable else "", probes_say(case)),
        remedies=("masquerade-minimal",) if blocks else (),
        decides=_("a k8s-node-route to {pod} whose next hop is {node}, or an answer to pod → local").format(
            pod=pod.address, node=node.instance or node.name
        ),
        next=Next(
            _("List the routes to the pods and compare the next hop with the node."),
            shlex.join((*words, "--filter", f"nextHopInstance~/{node.instance or node.name}$")),
        ),
        at=case.a,
        owner=case.a.project if case.a else "",
    )


CAUSE = Cause(
    "RC48",
    lambda: _("The node's pod route is missing or stale"),
    check,
    rank=20,
    cells=cells("timeout ok ok ok|timeout timeout"),
    prior=Prior(4, 0, 0, 0),
    connectivity_tests=("ROUTE_NEXT_HOP_RESOURCE_NOT_FOUND", "ROUTE_BLACKHOLE", "NO_ROUTE"),
)
