"""RC64: the target is an internal load balancer without global access, and the node is in another region."""

from __future__ import annotations

import shlex

from rules.case import Case
from rules.causes.cause import Cause, Finding, Prior, cells, probes_say, some
from rules.path import Hop, Verdict
from rules.report.model import Next, Status
from rules.words import _


def at_rule(case: Case, reason: str) -> Hop | None:
    """The delivery to a forwarding rule that fails with `reason`, while nobody gets through."""
    hop = case.hop(case.node_walk, "deliver")
    if hop is None or hop.verdict is not Verdict.DROP or hop.reason != reason:
        return None
    return None if not case.blocked or case.told or case.contradicted("node-peer") else hop


def check(case: Case) -> Finding | None:
    hop = at_rule(case, "FORWARDING_RULE_REGION_MISMATCH")
    rule = next((each for each in case.world.forwarding_rules or () if each.address == case.dest), None)
    if hop is None or rule is None:
        return None
    words = ("gcloud", "compute", "forwarding-rules", "describe", rule.name, "--region", rule.region)
    return Finding(
        status=Status.CONFIRMED,
        blocks=True,
        sentence=_("{target} is a load balancer in {region} that serves clients of its own region alone.").format(
            target=case.dest, region=rule.region
        ),
        evidence=some(hop.sentence, probes_say(case)),
        decides=_("allowGlobalAccess = true of forwarding rule {name}").format(name=rule.name),
        next=Next(
            _("Let {owner} read the forwarding rule.").format(owner=rule.project),
            shlex.join((*words, "--project", rule.project)),
        ),
        at=hop.vpc,
        owner=rule.project,
    )


CAUSE = Cause(
    "RC64",
    lambda: _("The target's load balancer serves another region"),
    check,
    cells=cells("ok ok timeout timeout any"),
    prior=Prior(2, 2, 2, 2),
    rank=15,
    connectivity_tests=("FORWARDING_RULE_REGION_MISMATCH",),
)
