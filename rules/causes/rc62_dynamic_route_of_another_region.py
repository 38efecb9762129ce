"""RC62: the dynamic route to the target holds in another region than the node's."""

from __future__ import annotations

import shlex

from rules.case import Case
from rules.causes.cause import Cause, Finding, Prior, cells, probes_say, some
from rules.causes.reach import nowhere, offered
from rules.own_routes import own_routes
from rules.path import WhyNot
from rules.report.model import Next, Status
from rules.words import _
from rules.world import Route


def elsewhere(case: Case, region: str) -> Route | None:
    """A dynamic route to the target that A has, or would have, in a region that is not `region` alone."""
    hop = nowhere(case)
    seen = [each.route for each in hop.candidates if each.why_not is WhyNot.OTHER_REGION] if hop else []
    if seen or case.a is None:
        return seen[0] if seen else None
    own = [route for route in own_routes(case.world, case.a).custom or () if case.dest in route.dest]
    found = own + [each.route for each in offered(case) if each.imported is not False]
    return next((route for route in found if route.region and route.region != region), None)


def check(case: Case) -> Finding | None:
    hop = nowhere(case)
    region = case.node.zone.rsplit("-", 1)[0] if case.node else ""
    route = elsewhere(case, region) if hop is not None and region else None
    if hop is None or route is None:
        return None
    owner = route.origin or route.vpc
    words = ("gcloud", "compute", "networks", "describe", owner.name, "--project", owner.project)
    return Finding(
        status=Status.CONFIRMED,
        blocks=True,
        sentence=_("{vpc} has a dynamic route to {target} in {there} alone; the node is in {here}.").format(
            vpc=owner, target=case.dest, there=route.region, here=region
        ),
        evidence=some(
            _("{vpc}: routingConfig.routingMode = REGIONAL, so {dest} holds in {region}, its router's region").format(
                vpc=owner, dest=route.dest, region=route.region
            ),
            hop.sentence,
            probes_say(case),
        ),
        decides=_("routingMode = GLOBAL in {vpc}, or a router in {region} that learns the route").format(
            vpc=owner, region=region
        ),
        next=Next(
            _("Read the routing mode of {vpc}.").format(vpc=owner),
            shlex.join((*words, "--format", "value(routingConfig.routingMode)")),
        ),
        at=case.a,
        owner=owner.project,
    )


CAUSE = Cause(
    "RC62",
    lambda: _("The dynamic route holds in another region"),
    check,
    cells=cells("ok ok timeout timeout timeout"),
    prior=Prior(2, 2, 2, 2),
    rank=15,
    connectivity_tests=("NO_ROUTE", "PRIVATE_TRAFFIC_TO_INTERNET"),
)
