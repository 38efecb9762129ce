"""RC06: a subnet of the target's VPC lies inside the node's pod range, and both VPCs prefer it."""

from __future__ import annotations

from rules.case import Case
from rules.causes import overlap
from rules.causes.cause import Cause, Finding, Prior, cells, probes_say
from rules.words import _


def check(case: Case) -> Finding | None:
    inside, slice_ = overlap.theirs(case), overlap.node_slice(case)
    if inside is None or slice_ is None or inside.prefixlen <= slice_.prefixlen:
        return None
    return overlap.found(
        case,
        _(
            "{pod} is a pod's address and lies in {range}, a subnet of {b}: both VPCs send packets to it into that "
            "subnet."
        ).format(pod=case.pod.address if case.pod else "", range=inside, b=case.b),
        _("{a} has {slice} by a static route alone, and a subnet route comes before it").format(a=case.a, slice=slice_),
        probes_say(case),
    )


CAUSE = Cause(
    "RC06",
    lambda: _("A subnet of the peer lies inside the node's pod range"),
    check,
    rank=18,
    cells=cells("timeout ok ok ok|timeout timeout"),
    prior=Prior(2, 0, 0, 0),
    connectivity_tests=("UNKNOWN_INTERNAL_ADDRESS", "ROUTE_WRONG_NETWORK"),
)
