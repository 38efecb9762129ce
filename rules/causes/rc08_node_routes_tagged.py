"""RC08: the routes to the pods carry network tags, and a peering never carries such routes."""

from __future__ import annotations

from rules.case import Case
from rules.causes.cause import Cause, Finding, Prior, cells, probes_say, some
from rules.causes.crossing import MASQUERADE, stopped
from rules.path import WhyNot
from rules.report.model import Status
from rules.words import _


def check(case: Case) -> Finding | None:
    row = stopped(case, WhyNot.TAGGED)
    if row is None:
        return None
    route, tags = row.route, ", ".join(sorted(row.route.tags))
    return Finding(
        status=Status.CONFIRMED,
        blocks=True,
        sentence=_(
            "{a} has a route to {pod} for VMs with the tags {tags} alone; routes with tags never cross a peering, so "
            "{b} has none."
        ).format(a=case.a, b=case.b, pod=case.pod.address if case.pod else "", tags=tags),
        evidence=some(
            _("{vpc} has route {name} to {dest}: tags = {tags}, description = {description}").format(
                vpc=route.vpc, name=route.name, dest=route.dest, tags=tags, description=route.description or "-"
            ),
            row.sentence,
            probes_say(case),
        ),
        remedies=MASQUERADE,
        decides=_("an untagged route to {dest} in {a}").format(dest=route.dest, a=case.a),
        at=case.b,
        owner=case.a.project if case.a else "",
    )


CAUSE = Cause(
    "RC08",
    lambda: _("The routes to the pods carry network tags"),
    check,
    rank=40,
    cells=cells("ok|timeout ok ok timeout any"),
    prior=Prior(2, 0, 0, 0),
    connectivity_tests=("NO_ROUTE", "PRIVATE_TRAFFIC_TO_INTERNET"),
)
