"""Shared by the causes that keep everybody from the peer: nothing in A leads to the target (RC58 to RC63)."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from rules.case import Case
from rules.exchange import Exchanged, exchanged
from rules.own_routes import network_of, own_routes
from rules.path import Hop, Verdict
from rules.report.model import Next
from rules.snapshot import Vpc
from rules.words import _
from rules.world import HopKind, Peering, RouteKind


def nowhere(case: Case) -> Hop | None:
    """The hop at which A has no route to the target, while nobody gets through."""
    hop = case.hop(case.node_walk, "route", vpc=case.a)
    if hop is None or hop.verdict is not Verdict.DROP or not case.blocked or case.told:
        return None
    return None if case.contradicted("node-peer") else hop


def peerings(case: Case) -> tuple[Peering, ...]:
    """A's peerings that are up."""
    return tuple(each for each in case.network_a.peerings or () if each.active) if case.network_a else ()


def holds(case: Case, vpc: Vpc) -> bool | None:
    """Whether a subnet range of `vpc` holds the target; None where its subnets could not be read."""
    own = own_routes(case.world, vpc).subnets
    return None if own is None else any(case.dest in route.dest for route in own)


def beyond_peer(case: Case) -> tuple[Vpc, Vpc] | None:
    """A peer of A and the VPC behind it that holds the target."""
    for mine in peerings(case):
        for theirs in network_of(case.world, mine.peer).peerings or ():
            if theirs.peer == case.a:
                continue
            rows = (row for row in theirs.incoming or () if row.kind is RouteKind.PEERING_SUBNET)
            if any(case.dest in row.dest for row in rows) or holds(case, theirs.peer):
                return mine.peer, theirs.peer
    return None


def offered(case: Case) -> Iterator[Exchanged]:
    """What A's peers have towards the target, and what became of each at A."""
    for mine in peerings(case):
        for each in exchanged(case.world, mine.peer, mine.vpc) or ():
            if each.route.dest.prefixlen > 0 and case.dest in each.route.dest:
                yield each


def hybrid(each: Exchanged) -> bool:
    """Whether a peer's route leads out of Google's network."""
    return each.route.kind is RouteKind.DYNAMIC or each.route.next_hop.kind in (
        HopKind.VPN_TUNNEL,
        HopKind.INTERCONNECT,
        HopKind.BGP_PEER,
    )


def list_routes(case: Case, peering: Peering) -> Next:
    """How A's people see what a peering brings them."""
    region = case.node.zone.rsplit("-", 1)[0] if case.node else ""
    words = (
        *("gcloud", "compute", "networks", "peerings", "list-routes", peering.name, "--network", peering.vpc.name),
        *("--project", peering.vpc.project, "--region", region, "--direction", "INCOMING"),
    )
    return Next(_("See what the peering {name} brings.").format(name=peering.name), shlex.join(words))


def elsewhere(case: Case) -> Vpc | None:
    """A VPC that was read, holds the target, and is neither A nor a peer of A."""
    near = {case.a, *(each.peer for each in case.network_a.peerings or ())} if case.network_a else {case.a}
    return next((vpc for vpc in case.world.networks if vpc not in near and holds(case, vpc)), None)
