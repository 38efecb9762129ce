"""Which route of a VPC carries a packet, and why each of the others does not.

The order is Google's (VPC "Routes" documentation, "Routing order"): policy-based routes; then subnet routes, which
win outright and never fall through; then the most specific custom destination; within it the VPC's own before a
peer's, one peer before another, next hops that are up, the lowest priority, the preferred kind; what is left shares.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address

from rules.effective import SUBNETS, Effective, effective, identity, slice_of, table, underlying
from rules.ghosts import ghosts as ghosts_of
from rules.own_routes import machine_of, network_of, sees
from rules.path import Candidate, Verdict, WhyNot
from rules.ranges import internal
from rules.snapshot import Vpc
from rules.words import _
from rules.world import HopKind, PolicyRoute, Route, RouteKind, World

__all__ = ["Choice", "called", "choose", "down", "hop_text", "policy_route", "slice_of", "table", "underlying"]

_DOWN = {
    "NEXT_HOP_INSTANCE_NOT_FOUND": "ROUTE_NEXT_HOP_RESOURCE_NOT_FOUND",
    "NEXT_HOP_INSTANCE_NOT_ON_NETWORK": "ROUTE_NEXT_HOP_INSTANCE_WRONG_NETWORK",
    "NEXT_HOP_ADDRESS_NOT_ASSIGNED": "ROUTE_NEXT_HOP_IP_ADDRESS_NOT_RESOLVED",
    "NEXT_HOP_NOT_RUNNING": "INSTANCE_NOT_RUNNING",
}


@dataclass(frozen=True)
class Choice:
    """What a VPC does with a packet to `dest`.

    `routes` carry it (several share by flow); `verdict` is OK, DROP, or UNKNOWN where something unread could decide
    otherwise; `reason` a Connectivity Tests drop cause. `candidates` are the rows whose destination holds `dest`,
    those that carry it first, then the losers, then ghosts: rows that should be there and are not. Rows that do not
    hold `dest` are not listed; `table` has them.
    """

    vpc: Vpc
    dest: IPv4Address
    routes: tuple[Route, ...]
    candidates: tuple[Candidate, ...]
    verdict: Verdict
    reason: str
    sentence: str
    policy: PolicyRoute | None = None


def choose(
    world: World,
    vpc: Vpc,
    dest: IPv4Address,
    *,
    tags: frozenset[str] | None = frozenset(),
    region: str = "",
    source: IPv4Address | None = None,
    protocol: str = "tcp",
    answering: bool = False,
) -> Choice:
    """Choose the route for a packet to `dest` that a VM with network `tags` (None: not known) in `region` sends.

    `source` and `protocol` matter to policy-based routes alone; those are skipped when `source` is None. `answering`
    says that the packet is an answer, which only the sentence tells.
    """
    ghosts = tuple(ghosts_of(world, vpc, dest))
    policy = policy_route(world, vpc, dest, tags or frozenset(), source, protocol)
    if policy is not None:
        sentence = _(
            "{vpc} sends the packet by policy-based route {name} (source {source}, destination {dest}) to {hop}; "
            "what happens behind it cannot be read."
        ).format(vpc=vpc, name=policy.name, source=policy.source, dest=policy.dest, hop=policy.next_hop.name)
        return Choice(vpc, dest, (), ghosts, Verdict.UNKNOWN, "", sentence, policy)
    rows = effective(world, vpc)
    selection = _select(world, rows, dest, tags or frozenset(), region)
    candidates = (*selection.candidates(dest), *ghosts)
    verdict, reason, sentence = _judge(world, vpc, dest, selection, ghosts, rows, answering)
    tagged = frozenset(tag for each in selection.lost if each.why_not is WhyNot.TAGGED for tag in each.route.tags)
    if tags is None and tagged and _select(world, rows, dest, tagged, region).routes != selection.routes:
        verdict, reason = Verdict.UNKNOWN, ""
        sentence = _("{sentence} A route for the network tags {tags} would win, and the sender's could not be read.")
        sentence = sentence.format(
            sentence=_judge(world, vpc, dest, selection, ghosts, rows, answering)[2], tags=", ".join(sorted(tagged))
        )
    return Choice(vpc, dest, selection.routes, candidates, verdict, reason, sentence)


class _Selection:
    """Candidates, narrowed step by step; what is put aside keeps its reason."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self.routes: tuple[Route, ...] = tuple(routes)
        self.lost: list[Candidate] = []
        self.down_reason = ""
        self.ambiguous = False

    def keep(self, test: Callable[[Route], bool], why: WhyNot, sentence: Callable[[Route], str]) -> None:
        kept = tuple(route for route in self.routes if test(route))
        self.lost[:0] = [Candidate(route, why, sentence(route)) for route in self.routes if not test(route)]
        self.routes = kept

    def candidates(self, dest: IPv4Address) -> Iterator[Candidate]:
        for route in self.routes:
            drops = route.next_hop.kind is HopKind.INTERNET_GATEWAY and internal(dest)
            text = _("matches {dest}, and drops private addresses") if drops else _("carries packets to {dest}")
            yield Candidate(route, None, text.format(dest=dest))
        yield from self.lost


def _select(world: World, rows: Effective, dest: IPv4Address, tags: frozenset[str], region: str) -> _Selection:
    found = _Selection(_in_order(rows.by_dest.holding(dest)))
    subnets = [route for route in found.routes if route.kind in SUBNETS]
    if subnets:
        best = max(route.dest.prefixlen for route in subnets)
        subnet = next(route for route in subnets if route.dest.prefixlen == best)
        found.keep(
            lambda route: route.kind in SUBNETS,
            WhyNot.SHADOWED_BY_SUBNET,
            lambda _route: _("subnet route {dest} wins outright").format(dest=subnet.dest),
        )
        _keep_longest(found)
        return found
    found.keep(
        lambda route: not route.tags or bool(route.tags & tags),
        WhyNot.TAGGED,
        lambda route: _("applies only to VMs tagged {tags}").format(tags=", ".join(sorted(route.tags))),
    )
    found.keep(
        lambda route: not route.region or not region or route.region == region,
        WhyNot.OTHER_REGION,
        lambda route: _("holds in {region} only").format(region=route.region),
    )
    found.keep(
        lambda route: route.status == "ACTIVE",
        WhyNot.NEXT_HOP_DOWN,
        lambda route: _("routeStatus is {status}").format(status=route.status),
    )
    _keep_longest(found)
    if any(route.origin is None for route in found.routes):
        found.keep(
            lambda route: route.origin is None,
            WhyNot.LOCAL_PREFERRED,
            lambda _route: _("a route of the VPC's own to the same destination comes before a peer's"),
        )
    elif len({route.origin for route in found.routes}) > 1:
        found.ambiguous = True
    _keep_up(world, rows, found)
    if found.routes:
        best = min(route.priority for route in found.routes)
        found.keep(
            lambda route: route.priority == best,
            WhyNot.LOWER_PRIORITY,
            lambda route: _("priority {priority} comes after {best}").format(priority=route.priority, best=best),
        )
        preferred = min(map(_preference, found.routes))
        found.keep(
            lambda route: _preference(route) == preferred,
            WhyNot.LOWER_PRIORITY,
            lambda _route: _("at equal priority another kind of next hop is preferred"),
        )
    return found


def _in_order(routes: Iterable[Route]) -> list[Route]:
    """The order of the table must not matter."""
    return sorted(routes, key=lambda route: (-route.dest.prefixlen, route.priority, route.name, str(route.origin)))


def _keep_longest(found: _Selection) -> None:
    if found.routes:
        longest = max(route.dest.prefixlen for route in found.routes)
        best = next(route.dest for route in found.routes if route.dest.prefixlen == longest)
        found.keep(
            lambda route: route.dest.prefixlen == longest,
            WhyNot.LESS_SPECIFIC,
            lambda _route: _("{best} is more specific").format(best=best),
        )


def _preference(route: Route) -> int:
    """Static routes before dynamic ones, those before the internet gateway (Routes documentation, last step)."""
    if route.next_hop.kind is HopKind.INTERNET_GATEWAY:
        return 2
    return 1 if route.kind in (RouteKind.DYNAMIC, RouteKind.PEERING_DYNAMIC) else 0


def _keep_up(world: World, rows: Effective, found: _Selection) -> None:
    reasons = {route: down(world, rows.under.get(identity(route), route)) for route in found.routes}
    if found.routes and all(reasons.values()) and all(route.origin is not None for route in found.routes):
        return  # the exporter's side shows the fault where its owner can mend it
    found.down_reason = next((reason for reason in reasons.values() if reason), "")
    found.keep(
        lambda route: not reasons[route],
        WhyNot.NEXT_HOP_DOWN,
        lambda route: _("its next hop {hop} cannot be used ({reason})").format(
            hop=route.next_hop.name, reason=reasons[route]
        ),
    )


def down(world: World, route: Route) -> str:
    """Why a route's next hop cannot be used, as a Connectivity Tests cause; '' when it can or is not known to fail."""
    hop = route.next_hop
    if hop.kind is HopKind.BLACKHOLE and route.origin is None and route.object:
        return "ROUTE_BLACKHOLE"
    if hop.kind in (HopKind.INSTANCE, HopKind.IP) and sees(world, hop.project or route.vpc.project, "instances"):
        vm = machine_of(world, route)
        if vm is None:
            names = ("ROUTE_NEXT_HOP_RESOURCE_NOT_FOUND", "ROUTE_NEXT_HOP_IP_ADDRESS_NOT_RESOLVED")
            return names[hop.kind is HopKind.IP]
        if all(nic.vpc != route.vpc for nic in vm.interfaces):
            return "ROUTE_NEXT_HOP_INSTANCE_WRONG_NETWORK"
        return "" if vm.status in ("RUNNING", "") else "INSTANCE_NOT_RUNNING"
    return next((_DOWN[code] for code in route.warnings if code in _DOWN), "")


def policy_route(
    world: World, vpc: Vpc, dest: IPv4Address, tags: frozenset[str], source: IPv4Address | None, protocol: str
) -> PolicyRoute | None:
    """The policy-based route that takes a packet before any other is asked; None where there is none."""
    matching = [
        route
        for route in network_of(world, vpc).policy_routes or ()
        if source is not None
        and source in route.source
        and dest in route.dest
        and route.protocol in ("all", protocol)
        and (not route.tags or route.tags & tags)
    ]
    first = min(matching, key=lambda route: (route.priority, route.name), default=None)
    return None if first is None or first.next_hop.kind is HopKind.NETWORK else first


def called(world: World, vpc: Vpc) -> str:
    """A VPC's name; with its project where another VPC that was read has the same name."""
    return str(vpc) if any(other.name == vpc.name and other != vpc for other in world.networks) else vpc.name


def _judge(
    world: World,
    vpc: Vpc,
    dest: IPv4Address,
    found: _Selection,
    ghosts: tuple[Candidate, ...],
    rows: Effective,
    answering: bool,
) -> tuple[Verdict, str, str]:
    name = called(world, vpc)
    if found.ambiguous:
        origins = " / ".join(sorted({str(route.origin) for route in found.routes}))
        sentence = _("{vpc} has {dest} from several peers ({origins}); Google uses one of them and does not say which.")
        return Verdict.UNKNOWN, "", sentence.format(vpc=name, dest=found.routes[0].dest, origins=origins)
    if found.routes and found.routes[0].next_hop.kind is not HopKind.INTERNET_GATEWAY:
        return Verdict.OK, "", _carried(name, dest, found.routes)
    if rows.unread and not any(ghost.why_not is not WhyNot.NOT_TRANSITIVE for ghost in ghosts):
        sentence = _("Whether {vpc} has a route to {dest} cannot be told: {unread} could not be read.")
        return Verdict.UNKNOWN, "", sentence.format(vpc=name, dest=dest, unread=", ".join(rows.unread))
    ghost = next((each for each in ghosts if each.why_not is not WhyNot.NOT_TRANSITIVE), None)
    if rows.unread and ghost is not None and not found.routes:
        sentence = _("{vpc} has no route to {dest} through the peering: {why}")
        return Verdict.DROP, "NO_ROUTE", sentence.format(vpc=name, dest=dest, why=ghost.sentence)
    return _dropped(name, dest, found, answering)


def _carried(vpc: str, dest: IPv4Address, routes: tuple[Route, ...]) -> str:
    route = routes[0]
    text = _("{vpc} sends packets to {dest} by {kind} route {range} to {hop}.").format(
        vpc=vpc, dest=dest, kind=route.kind.value, range=route.dest, hop=hop_text(route)
    )
    if len(routes) > 1:
        text += " " + _("{count} equal routes share the flows.").format(count=len(routes))
    return text


def hop_text(route: Route) -> str:
    """A route's next hop in words."""
    hop = route.next_hop
    match hop.kind:
        case HopKind.NETWORK:
            text = _("network {name}")
        case HopKind.PEERING:
            text = _("peering {name}")
        case HopKind.INSTANCE:
            text = _("VM {name}")
        case HopKind.IP:
            text = _("address {name}")
        case HopKind.ILB:
            text = _("internal load balancer {name}")
        case HopKind.VPN_TUNNEL:
            text = _("VPN tunnel {name}")
        case HopKind.BGP_PEER:
            text = _("BGP peer {name}")
        case HopKind.INTERCONNECT:
            text = _("interconnect attachment {name}")
        case HopKind.HUB:
            text = _("NCC hub {name}")
        case HopKind.BLACKHOLE:
            text = _("nowhere")
        case HopKind.INTERNET_GATEWAY:
            text = "{name}"
    return text.format(name=hop.name)


def _dropped(vpc: str, dest: IPv4Address, found: _Selection, answering: bool) -> tuple[Verdict, str, str]:
    if not found.routes:
        down_rows = [each for each in found.lost if each.why_not is WhyNot.NEXT_HOP_DOWN]
        if down_rows:
            row = down_rows[0]
            sentence = _("{vpc} has only {range} to {dest}, and {why}.").format(
                vpc=vpc, range=row.route.dest, dest=dest, why=row.sentence
            )
            return Verdict.DROP, found.down_reason or "ROUTE_BLACKHOLE", sentence
        return Verdict.DROP, "NO_ROUTE", _("{vpc} has no route to {dest}.").format(vpc=vpc, dest=dest)
    route = found.routes[0]
    if internal(dest):
        text = _(
            "{vpc} has no route to {dest}: the packet matches only {range} to {hop}, which drops private addresses."
        )
        if answering:
            text = _(
                "{vpc} has no route to {dest}: the answer matches only {range} to {hop}, which drops private addresses."
            )
        sentence = text.format(vpc=vpc, dest=dest, range=route.dest, hop=hop_text(route))
        return Verdict.DROP, "PRIVATE_TRAFFIC_TO_INTERNET", sentence
    return Verdict.OK, "", _carried(vpc, dest, found.routes)
