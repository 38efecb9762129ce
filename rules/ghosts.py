"""Rows that a route table should have for an address and has not, each with the reason."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network

from rules.effective import effective, peers, slice_of
from rules.exchange import Exchanged, exchanged
from rules.memo import per_landscape
from rules.own_routes import own_routes, vpc_of_node
from rules.path import Candidate, WhyNot
from rules.ranges import Prefixes
from rules.snapshot import Vpc
from rules.words import _
from rules.world import HopKind, NextHop, Node, Route, RouteKind, World


def ghosts(world: World, vpc: Vpc, dest: IPv4Address) -> Iterator[Candidate]:
    """Rows that should be there for `dest`: not exchanged, not passed on, or never created."""
    for each in _not_imported(world, vpc).holding(dest):
        if each.why_not in (WhyNot.INTERNET_GATEWAY, WhyNot.LOCAL_PREFERRED) and each.route.dest.prefixlen == 0:
            continue  # every VPC has a default route; nobody misses the peer's
        yield Candidate(each.seen, each.why_not, each.sentence, ghost=True)
    for peer in peers(world, vpc):
        if peers(world, peer) in ([], [vpc]):
            continue  # it has routes of nobody else
        for route in effective(world, peer).by_dest.holding(dest):
            if route.origin is None or route.origin == vpc or route.dest.prefixlen == 0:
                continue
            sentence = _("{peer} has {dest} from {origin} and does not pass it on: peering is not transitive.").format(
                peer=peer, dest=route.dest, origin=route.origin
            )
            yield Candidate(route, WhyNot.NOT_TRANSITIVE, sentence, ghost=True)
    missing = _missing_node_route(world, vpc, dest)
    if missing is not None:
        node, slice_ = missing
        route = Route(
            vpc,
            node.name,
            slice_,
            RouteKind.STATIC,
            NextHop(HopKind.INSTANCE, node.instance, node.zone, node.project),
            description="k8s-node-route",
        )
        sentence = _("node {node} has podCIDR {slice}, and {vpc} has no route to it.").format(
            node=node.name, slice=slice_, vpc=vpc
        )
        yield Candidate(route, WhyNot.NO_MATCH, sentence, ghost=True)


def _missing_node_route(world: World, vpc: Vpc, dest: IPv4Address) -> tuple[Node, IPv4Network] | None:
    """The node whose slice holds `dest`, where its VPC, `vpc`, has no route of its own for it."""
    own = own_routes(world, vpc)
    if own.custom is None or own.subnets is None:
        return None
    node, slice_ = slice_of(world, dest)
    if node is None or slice_ is None or vpc != vpc_of_node(world, node):
        return None
    rows = effective(world, vpc).by_dest.holding(dest)
    if any(route.origin is None and route.dest.prefixlen > 0 for route in rows):
        return None
    return node, slice_


@per_landscape
def _not_imported(world: World, vpc: Vpc) -> Prefixes[Exchanged]:
    return Prefixes(
        (each.route.dest, each)
        for peer in peers(world, vpc)
        for each in exchanged(world, peer, vpc) or ()
        if each.imported is False
    )
