"""RC64: the target is an internal load balancer without global access, and the node is in another region."""

from __future__ import annotations

from rules.case import Case
from rules.causes.cause import Cause, Finding, Prior, cells, probes_say, some
from rules.causes.front import read, refusing
from rules.report.model import Status
from rules.words import _


def check(case: Case) -> Finding | None:
    found = refusing(case, "FORWARDING_RULE_REGION_MISMATCH")
    if found is None:
        return None
    hop, rule = found
    return Finding(
        status=Status.CONFIRMED,
        blocks=True,
        sentence=_("{target} is a load balancer in {region} that serves clients of its own region alone.").format(
            target=case.dest, region=rule.region
        ),
        evidence=some(hop.sentence, probes_say(case)),
        decides=_("allowGlobalAccess = true of forwarding rule {name}").format(name=rule.name),
        next=read(rule, _("Let {owner} read the forwarding rule.")),
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
