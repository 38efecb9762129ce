"""RC65: the target is a Private Service Connect endpoint, which a peering does not reach."""

from __future__ import annotations

import shlex

from rules.case import Case
from rules.causes.cause import Cause, Finding, Prior, cells, probes_say, some
from rules.causes.rc64_load_balancer_of_another_region import at_rule
from rules.report.model import Next, Status
from rules.words import _


def check(case: Case) -> Finding | None:
    hop = at_rule(case, "PSC_ENDPOINT_ACCESSED_FROM_PEERED_NETWORK")
    rule = next((each for each in case.world.forwarding_rules or () if each.address == case.dest), None)
    if hop is None or rule is None:
        return None
    words = ("gcloud", "compute", "forwarding-rules", "describe", rule.name, "--region", rule.region)
    return Finding(
        status=Status.CONFIRMED,
        blocks=True,
        sentence=_(
            "{target} is the Private Service Connect endpoint {name} of {b}, which only clients in {b} itself reach."
        ).format(target=case.dest, name=rule.name, b=hop.vpc),
        evidence=some(hop.sentence, probes_say(case)),
        decides=_("an endpoint for the same service in {a}").format(a=case.a),
        next=Next(
            _("Let {owner} read which service the endpoint leads to.").format(owner=rule.project),
            shlex.join((*words, "--project", rule.project)),
        ),
        at=hop.vpc,
        owner=case.a.project if case.a else "",
    )


CAUSE = Cause(
    "RC65",
    lambda: _("The target is a Private Service Connect endpoint of the peer"),
    check,
    cells=cells("ok ok timeout timeout any"),
    prior=Prior(2, 2, 2, 2),
    rank=15,
    connectivity_tests=("PSC_ENDPOINT_ACCESSED_FROM_PEERED_NETWORK",),
)
