"""RC15: the target is behind this VPC's own VPN or interconnect, which is not told of the pods' addresses."""

from __future__ import annotations

from rules.case import Case
from rules.causes.cause import Cause, Finding, Prior
from rules.causes.tunnel import finding, untold
from rules.words import _


def check(case: Case) -> Finding | None:
    hop = untold(case)
    if hop is None or hop.vpc != case.a or case.walk is None:
        return None
    sentence = _("{target} is beyond a tunnel of {a}, and {source} is not advertised there: its answers are lost.")
    return finding(case, hop, sentence.format(target=case.dest, a=case.a, source=case.walk.source_seen))


CAUSE = Cause(
    "RC15",
    lambda: _("The pods' addresses are not advertised beyond the tunnel"),
    check,
    prior=Prior(4, 2, 2, 2),
    rank=20,
    connectivity_tests=("NO_ADVERTISED_ROUTE_TO_GCP_DESTINATION",),
)
