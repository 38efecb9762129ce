"""The route tables of both VPCs as they are shown: what carried the packet, what lost and why, what is missing."""

from __future__ import annotations

from ipaddress import IPv4Network

from rules.case import Case
from rules.exchange import exchanged
from rules.path import Candidate, Hop, Verdict, WhyNot
from rules.report.model import RouteRow
from rules.routing import choose, hop_text, table
from rules.snapshot import Vpc
from rules.world import HopKind, Route, RouteKind

_Key = tuple[IPv4Network, str, str, int, str]


def shown(case: Case) -> dict[Vpc, tuple[RouteRow, ...]]:
    """Rows of the pod's VPC and of the target's, by destination."""
    return {vpc: _rows(case, vpc) for vpc in (case.a, case.b) if vpc is not None}


def _rows(case: Case, vpc: Vpc) -> tuple[RouteRow, ...]:
    marked = _marked(case, vpc)
    found: dict[_Key, RouteRow] = {}
    for route in table(case.world, vpc) or ():
        candidate, used = marked.pop(_key(route), (None, ""))
        found[_key(route)] = _row(route, candidate, used)
    for candidate, used in marked.values():
        if candidate is not None and _key(candidate.route) not in found:
            found[_key(candidate.route)] = _row(candidate.route, candidate, used)
    for candidate in (*_never_made(case, vpc), *_not_crossing(case, vpc)):
        if _key(candidate.route) not in found:
            found[_key(candidate.route)] = _row(candidate.route, candidate, "")
    return tuple(found[key] for key in sorted(found, key=lambda key: (key[0], key[3], key[1:])))


def _key(route: Route) -> _Key:
    return (route.dest, route.kind.value, route.name, route.priority, str(route.origin or ""))


def _marked(case: Case, vpc: Vpc) -> dict[_Key, tuple[Candidate | None, str]]:
    """What the walk says of rows of `vpc`: the request's choice first, then the answer's."""
    found: dict[_Key, tuple[Candidate | None, str]] = {}
    for direction, hops in (("forward", case.walk.forward), ("return", case.walk.back)) if case.walk else ():
        for hop in hops:
            if hop.kind != "route" or hop.vpc != vpc:
                continue
            reached = not _broken_before(case, hop)
            for candidate in hop.candidates:
                if candidate.ghost and candidate.route.dest.prefixlen == 0:
                    continue  # nobody misses a peer's default route
                key = _key(candidate.route)
                used = direction if reached and hop.verdict is Verdict.OK and candidate.why_not is None else ""
                if used or key not in found or not found[key][1]:
                    found[key] = (_fate(candidate, hop), used)
    return found


def _broken_before(case: Case, hop: Hop) -> bool:
    for each in case.walk.hops if case.walk else ():
        if each is hop:
            return False
        if each.verdict in (Verdict.DROP, Verdict.REJECT):
            return True
    return False


def _fate(candidate: Candidate, hop: Hop) -> Candidate:
    """A default route to the internet gateway that a private packet falls into carries it nowhere."""
    if candidate.why_not is None and hop.verdict is Verdict.DROP:
        if candidate.route.next_hop.kind is HopKind.INTERNET_GATEWAY:
            return Candidate(candidate.route, WhyNot.INTERNET_GATEWAY, hop.sentence)
        return Candidate(candidate.route, WhyNot.NEXT_HOP_DOWN, hop.sentence)
    return candidate


def _row(route: Route, candidate: Candidate | None, used: str) -> RouteRow:
    why = None if candidate is None or used else candidate.why_not
    return RouteRow(
        dest=str(route.dest),
        kind=route.kind.value,
        next_hop=hop_text(route),
        priority=route.priority,
        used=used,
        why_not=why.value if why else None,
        sentence=candidate.sentence if candidate else "",
        name=route.name,
        object=route.object,
        ghost=candidate is not None and candidate.ghost,
    )


def _never_made(case: Case, vpc: Vpc) -> list[Candidate]:
    """Routes to the pod that its own VPC should have and has not."""
    pod = case.pod
    if vpc != case.a or pod is None or pod.address is None or pod.host_network:
        return []
    return [
        each for each in choose(case.world, vpc, pod.address).candidates if each.ghost and each.route.origin is None
    ]


def _not_crossing(case: Case, vpc: Vpc) -> list[Candidate]:
    """The other side's routes to the cluster's pods that do not arrive here (its own pod's is among them)."""
    if case.a is None or case.b is None or vpc != case.b or case.walk is None or not case.walk.breaks:
        return []
    ranges = case.world.cluster.pod_ranges if case.world.cluster else ()
    slices = {entry for node in case.world.nodes.values() for entry in node.pod_ranges}
    return [
        Candidate(each.seen, each.why_not, each.sentence, ghost=True)
        for each in exchanged(case.world, case.a, case.b) or ()
        if each.why_not is not None
        and each.route.kind is not RouteKind.SUBNET
        and (each.route.dest in slices or any(each.route.dest.subnet_of(entry) for entry in ranges))
    ]
