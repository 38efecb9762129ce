"""RC05: the target's VPC has another route for the pods' addresses, of its own or of another peer."""

from __future__ import annotations

from rules.case import Case
from rules.causes.cause import Cause, Finding, Prior, cells, probes_say, some
from rules.causes.crossing import MASQUERADE, carries, list_routes, own_address_is_lost, way_back
from rules.path import Verdict
from rules.report.model import Status
from rules.words import _
from rules.world import Route, RouteKind

_CUSTOM = (RouteKind.STATIC, RouteKind.DYNAMIC, RouteKind.PEERING_STATIC, RouteKind.PEERING_DYNAMIC)


def check(case: Case) -> Finding | None:
    ours, hop = case.pod_route, way_back(case)
    if ours is None or hop is None or case.pods_in_subnet is not False or not own_address_is_lost(case):
        return None
    route = carries(case)
    if route is None or route.kind not in _CUSTOM or route.dest.prefixlen < ours.dest.prefixlen:
        return None
    rivals = {each.route.origin for each in hop.candidates if each.why_not is None and not each.ghost}
    if hop.verdict is Verdict.UNKNOWN and len(rivals) > 1:
        return _shared(case, route)
    if route.origin == case.a:
        return None
    return Finding(
        status=Status.CONFIRMED if hop.verdict is Verdict.OK else Status.LIKELY,
        blocks=True,
        sentence=_("{b} sends answers to {pod} by {whose} route to {dest}, which does not lead to {a}.").format(
            a=case.a,
            b=case.b,
            pod=case.pod.address if case.pod else "",
            whose=_("its own") if route.origin is None else _("another peer's"),
            dest=route.dest,
        ),
        evidence=some(
            _("{vpc} has route {name} to {dest}: next hop {hop}").format(
                vpc=case.b, name=route.name, dest=route.dest, hop=route.next_hop.name
            ),
            _("{vpc} has route {name} to {dest}: next hop {hop}").format(
                vpc=case.a, name=ours.name, dest=ours.dest, hop=ours.next_hop.name
            ),
            *(row.sentence for row in case.pod_crossing),
            probes_say(case),
        ),
        remedies=MASQUERADE,
        decides=_("a {b} without a route of its own or of another peer to {dest}").format(b=case.b, dest=route.dest),
        next=list_routes(case),
        at=case.b,
        owner=case.b.project if case.b else "",
    )


def _shared(case: Case, route: Route) -> Finding:
    hop = way_back(case)
    return Finding(
        status=Status.LIKELY,
        blocks=True,
        sentence=_(
            "{b} learns {dest} from several peers and uses one of them, not necessarily {a}: answers to {pod} go there."
        ).format(a=case.a, b=case.b, dest=route.dest, pod=case.pod.address if case.pod else ""),
        evidence=some(hop.sentence if hop else "", probes_say(case)),
        remedies=MASQUERADE,
        decides=_("one peer alone that gives {b} a route to {dest}").format(b=case.b, dest=route.dest),
        next=list_routes(case),
        at=case.b,
        owner=case.b.project if case.b else "",
    )


CAUSE = Cause(
    "RC05",
    lambda: _("Another route of the target's VPC takes the answers"),
    check,
    rank=40,
    cells=cells("ok ok ok ok|timeout ok"),
    prior=Prior(3, 0, 0, 0),
    connectivity_tests=("ROUTE_WRONG_NETWORK",),
)
