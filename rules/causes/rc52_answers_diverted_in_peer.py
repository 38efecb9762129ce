"""RC52: the target's VPC gives answers to pods to an appliance, which has not seen the request."""

from __future__ import annotations

import shlex

from rules.case import Case
from rules.causes.cause import Cause, Finding, Prior, cells, probes_say, some
from rules.causes.crossing import MASQUERADE, carries, list_routes, own_address_is_lost
from rules.causes.diverted import said, taken
from rules.ends import at
from rules.report.model import Next, Status
from rules.words import _
from rules.world import HopKind, RouteKind

_APPLIANCES = (HopKind.INSTANCE, HopKind.IP, HopKind.ILB, HopKind.VPN_TUNNEL, HopKind.INTERCONNECT)


def check(case: Case) -> Finding | None:
    pod, b = case.pod, case.b
    if pod is None or pod.address is None or b is None or not own_address_is_lost(case):
        return None
    route = taken(case, b, case.dest, pod.address, at(case.world, b, case.dest).tags or frozenset())
    if route is None:
        return _by_broad_route(case)
    words = ("gcloud", "network-connectivity", "policy-based-routes", "list", "--project", b.project)
    return Finding(
        status=Status.LIKELY,
        blocks=True,
        sentence=_(
            "{b} sends answers to {pod} to {hop} by policy-based route {name}: an appliance that sees only the answer "
            "drops it."
        ).format(b=b, pod=pod.address, hop=route.next_hop.name, name=route.name),
        evidence=some(said(case, route), probes_say(case)),
        remedies=MASQUERADE,
        decides=_("whether {hop} passes answers to {pod} on").format(hop=route.next_hop.name, pod=pod.address),
        next=Next(
            _("Let {owner} list its policy-based routes.").format(owner=b.project),
            shlex.join(words),
        ),
        at=b,
        owner=b.project,
    )


def _by_broad_route(case: Case) -> Finding | None:
    """A wide route of B's own, such as a default route to an appliance, where A's narrow one has not arrived."""
    route, ours, b, pod = carries(case), case.pod_route, case.b, case.pod
    if route is None or ours is None or b is None or pod is None or route.origin is not None:
        return None
    if route.kind not in (RouteKind.STATIC, RouteKind.DYNAMIC) or route.next_hop.kind not in _APPLIANCES:
        return None
    if route.dest.prefixlen >= ours.dest.prefixlen:
        return None
    crossing = [row.sentence for row in case.pod_crossing if row.imported is False]
    return Finding(
        status=Status.LIKELY,
        blocks=True,
        sentence=_(
            "{b} has no route to {pod} alone and sends its answers by {dest} to {hop}, which does not lead to {a}."
        ).format(a=case.a, b=b, pod=pod.address, dest=route.dest, hop=route.next_hop.name),
        evidence=some(
            _("{vpc} has route {name} to {dest}: next hop {hop}").format(
                vpc=b, name=route.name, dest=route.dest, hop=route.next_hop.name
            ),
            *crossing,
            probes_say(case),
        ),
        remedies=("masquerade-minimal", "exchange-routes", "masquerade-article") if crossing else MASQUERADE,
        decides=_("a route of {b} to {pod} that leads to {a}").format(a=case.a, b=b, pod=pod.address),
        next=list_routes(case),
        at=b,
        owner=b.project,
    )


CAUSE = Cause(
    "RC52",
    lambda: _("The peer sends answers to pods through an appliance"),
    check,
    rank=42,
    cells=cells("ok ok any timeout any"),
    prior=Prior(3, 2, 3, 3),
)
