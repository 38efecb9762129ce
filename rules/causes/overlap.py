"""Shared by the causes in which a subnet of the target's VPC overlaps the pods of this node (RC06, RC07)."""

from __future__ import annotations

from ipaddress import IPv4Network

from rules.case import Case
from rules.causes.cause import Finding, some
from rules.causes.crossing import MASQUERADE, list_subnets, own_address_is_lost, way_back
from rules.path import Verdict
from rules.report.model import Status
from rules.words import _
from rules.world import RouteKind


def node_slice(case: Case) -> IPv4Network | None:
    """The node's range of pod addresses that holds the pod, in a routes-based cluster."""
    pod, node = case.pod, case.node
    if pod is None or pod.address is None or node is None or pod.host_network or case.pods_in_subnet is not False:
        return None
    return next((each for each in node.pod_ranges if pod.address in each), None)


def theirs(case: Case) -> IPv4Network | None:
    """B's subnet range that holds the pod's address; from A's side of the peering where B could not be read."""
    pod = case.pod
    if pod is None or pod.address is None:
        return None
    ranges = [each for subnet in (case.network_b.subnets or () if case.network_b else ()) for each in subnet.ranges]
    rows = case.a_to_b.incoming or () if case.a_to_b else ()
    ranges += [row.dest for row in rows if row.imported and row.kind in (RouteKind.SUBNET, RouteKind.PEERING_SUBNET)]
    return max((each for each in ranges if pod.address in each), key=lambda each: each.prefixlen, default=None)


def found(case: Case, sentence: str, *facts: str) -> Finding | None:
    """The finding that both causes give; None when a probe has refuted it."""
    if case.contradicted("pod-local"):
        return None
    hop, clash, slice_ = way_back(case), theirs(case), node_slice(case)
    lost = own_address_is_lost(case) and hop is not None and hop.verdict is not Verdict.UNKNOWN
    return Finding(
        status=Status.CONFIRMED if lost or case.measured("pod-local") is not None else Status.LATENT,
        blocks=own_address_is_lost(case),
        sentence=sentence,
        evidence=some(
            _("{b} has the subnet range {range}; node {node} has podCIDR {slice}").format(
                b=case.b, range=clash, node=case.node.name if case.node else "", slice=slice_
            ),
            hop.sentence if hop else "",
            *facts,
        ),
        remedies=MASQUERADE,
        decides=_("ranges of {b} and of the cluster's pods that do not overlap").format(b=case.b),
        next=list_subnets(case),
        at=case.b,
        owner=case.a.project if case.a else "",
    )
