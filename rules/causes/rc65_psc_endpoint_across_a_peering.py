"""RC65: the target is a Private Service Connect endpoint, which a peering does not reach."""

from __future__ import annotations

from rules.case import Case
from rules.causes.cause import Cause, Finding, Prior, cells, probes_say, some
from rules.causes.front import read, refusing
from rules.report.model import Status
from rules.words import _


def check(case: Case) -> Finding | None:
    found = refusing(case, "PSC_ENDPOINT_ACCESSED_FROM_PEERED_NETWORK")
    if found is None:
        return None
    hop, rule = found
    return Finding(
        status=Status.CONFIRMED,
        blocks=True,
        sentence=_(
            "{target} is the Private Service Connect endpoint {name} of {b}, which only clients in {b} itself reach."
        ).format(target=case.dest, name=rule.name, b=hop.vpc),
        evidence=some(hop.sentence, probes_say(case)),
        decides=_("an endpoint for the same service in {a}").format(a=case.a),
        next=read(rule, _("Let {owner} read which service the endpoint leads to.")),
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
