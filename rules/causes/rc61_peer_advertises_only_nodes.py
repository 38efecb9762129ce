"""RC61: the target is behind the peer's VPN or interconnect, which is not told of the pods' addresses."""

from __future__ import annotations

from rules.case import Case
from rules.causes.cause import Cause, Finding, Prior
from rules.causes.tunnel import finding, untold
from rules.words import _


def check(case: Case) -> Finding | None:
    hop = untold(case)
    if hop is None or hop.vpc is None or hop.vpc == case.a or case.walk is None:
        return None
    sentence = _("{target} is beyond a tunnel of {b}, and {b} does not advertise {source} there: its answers are lost.")
    return finding(case, hop, sentence.format(target=case.dest, b=hop.vpc, source=case.walk.source_seen))


CAUSE = Cause(
    "RC61",
    lambda: _("The peer does not advertise the pods' addresses beyond its tunnel"),
    check,
    prior=Prior(4, 3, 3, 3),
    rank=20,
    connectivity_tests=("NO_ADVERTISED_ROUTE_TO_GCP_DESTINATION",),
)
