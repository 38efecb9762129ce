"""Shared by the causes for which A has no route to the pods of this node: an overlap, a quota, a young node."""

from __future__ import annotations

import re
import shlex

from rules.ages import seconds
from rules.case import Case
from rules.causes import overlap
from rules.causes.cause import Finding, probes_say, some
from rules.report.model import Next, Status
from rules.words import _

YOUNG = 300.0  # seconds; a route is made within a few, and takes some more to cross a peering
_QUOTA = re.compile(r"quota|limit", re.IGNORECASE)


def missing(case: Case) -> bool:
    """Whether A's own routes were read and none leads to the pod's address (routes-based clusters only)."""
    net = case.network_a
    if net is None or net.routes is None or overlap.node_slice(case) is None:
        return False
    return case.pod_route is None


def refused(case: Case) -> str:
    """What the route controller says of this node; '' where it says nothing or was not heard."""
    return (case.world.route_failures or {}).get(case.node.name, "") if case.node else ""


def quota(case: Case) -> bool:
    """Whether the route controller was refused because a quota is used up."""
    return bool(_QUOTA.search(refused(case)))


def swallowed(case: Case) -> bool:
    """Whether a subnet of the peer holds the node's whole pod range."""
    clash, slice_ = overlap.theirs(case), overlap.node_slice(case)
    return clash is not None and slice_ is not None and slice_.subnet_of(clash)


def age(case: Case) -> float | None:
    """The node's age in seconds when the Snapshot was taken."""
    return seconds(case.node.created, case.world.taken_at) if case.node else None


def young(case: Case) -> bool:
    """Whether the node is so young that its route may still be on its way."""
    found = age(case)
    return found is not None and 0 <= found < YOUNG and not refused(case)


def known_reason(case: Case) -> bool:
    """Whether one of the causes that say why the route is missing stands."""
    return quota(case) or swallowed(case) or young(case)


def found(case: Case, status: Status, sentence: str, *facts: str, next: Next | None = None) -> Finding | None:
    """The finding that these causes give; None when a probe has refuted it."""
    node = case.node
    if node is None or case.contradicted("pod-local"):
        return None
    blocks = case.blocked and case.wears_pod_address
    said = refused(case)
    return Finding(
        status=status,
        blocks=blocks,
        sentence=sentence,
        evidence=some(
            _("{vpc} has no route to {slice}, the podCIDR of {node}").format(
                vpc=case.a, slice=overlap.node_slice(case), node=node.name
            ),
            _("event FailedToCreateRoute: {message}").format(message=said) if said else "",
            _("node {node} has the condition NetworkUnavailable").format(node=node.name)
            if node.network_unavailable
            else "",
            *facts,
            probes_say(case),
        ),
        remedies=("masquerade-minimal", "vpc-native") if blocks else (),
        decides=_("a k8s-node-route to {slice} whose next hop is {node}").format(
            slice=overlap.node_slice(case), node=node.instance or node.name
        ),
        next=next or events(),
        at=case.a,
        owner=case.a.project if case.a else "",
    )


def events() -> Next:
    """How to hear what the route controller says."""
    words = ("kubectl", "get", "events", "--all-namespaces", "--field-selector", "reason=FailedToCreateRoute")
    return Next(_("Hear what the route controller could not do."), shlex.join(words))
