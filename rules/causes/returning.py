"""Shared by the causes of a missing way back: A's routes to its pods do not arrive at B (RC01, RC02, RC03)."""

from __future__ import annotations

import shlex

from rules.case import Case
from rules.causes.cause import probes_say, some
from rules.path import Hop, Verdict, WhyNot
from rules.report.model import Next
from rules.words import _
from rules.world import Peering, Route, RouteKind

_FLAGS = (None, WhyNot.NOT_EXPORTED, WhyNot.NOT_IMPORTED)
"""Reasons that the two flags give; any other (tags, an overlap, a pending consent) is another cause."""

PRODUCER = "servicenetworking-googleapis-com"
"""The name that private services access gives its peering; the producer's own network is called servicenetworking."""

REMEDIES = ("masquerade-minimal", "exchange-routes", "masquerade-article")


def answer_lost(case: Case) -> Hop | None:
    """The hop where B's answer to the pod's own address finds no route, or cannot be told to find one.

    None when the question is another one: pod and node differ in nothing there, the pod's address lies in a subnet
    range (those are always exchanged), or the probes show that answers arrive.
    """
    if case.walk is None or not case.wears_pod_address or case.pods_in_subnet is not False:
        return None
    if not case.blocked or case.told:
        return None
    if any(each.why_not not in _FLAGS for each in case.pod_crossing):
        return None
    hop = case.hop(case.walk, "route", back=True, vpc=case.b)
    return hop if hop is not None and hop.verdict in (Verdict.DROP, Verdict.UNKNOWN) else None


def exportable(case: Case) -> Route | None:
    """A's static route to the pod's address, when custom-route exchange would carry it: untagged, not the default."""
    route = case.pod_route
    return route if route is not None and route.kind is RouteKind.STATIC and not route.tags else None


def missing_in_a(case: Case) -> bool:
    """Whether A itself has no route to the pod's address (then nothing could be exchanged yet)."""
    return case.network_a is not None and case.network_a.routes is not None and case.pod_route is None


def producer(peering: Peering | None) -> bool:
    """Whether the peering leads to a service producer's network (private services access), which is Google's."""
    return peering is not None and (peering.name == PRODUCER or peering.peer.name == "servicenetworking")


def flag(peering: Peering, field: str, value: bool) -> str:
    """`project-a/vpc-a peering a-to-b: exportCustomRoutes = false`."""
    return _("{vpc} peering {name}: {field} = {value}").format(
        vpc=peering.vpc, name=peering.name, field=field, value=str(value).lower()
    )


def evidence(case: Case, hop: Hop, *flags: str) -> tuple[str, ...]:
    """The facts that all three causes rest on, `flags` among them."""
    route = exportable(case)
    masquerade = case.masquerade
    return some(
        *flags,
        _("{vpc} has the route {name} to {dest} (static, next hop {hop}, no tags)").format(
            vpc=route.vpc, name=route.name, dest=route.dest, hop=route.next_hop.name
        )
        if route
        else "",
        hop.sentence,
        masquerade.sentence if masquerade else "",
        probes_say(case),
    )


def look_at_peer(case: Case) -> Next | None:
    """How to see from A alone whether B took A's routes."""
    if case.a is None or case.a_to_b is None or case.node is None:
        return None
    region = case.node.zone.rsplit("-", 1)[0]
    words = (
        *("gcloud", "compute", "networks", "peerings", "list-routes", case.a_to_b.name, "--network", case.a.name),
        *("--project", case.a.project, "--region", region, "--direction", "OUTGOING"),
    )
    return Next(
        _("See from {vpc} whether {peer} accepted its routes.").format(vpc=case.a, peer=case.b),
        shlex.join(words),
    )


def describe_peer(case: Case) -> Next | None:
    """How B's people read B's own flags."""
    if case.b is None:
        return None
    words = ("gcloud", "compute", "networks", "describe", case.b.name, "--project", case.b.project)
    return Next(
        _("Let {owner} read the peerings of {vpc}: importCustomRoutes of the one towards {a}.").format(
            owner=case.b.project, vpc=case.b, a=case.a
        ),
        shlex.join((*words, "--format", "yaml(peerings)")),
    )
