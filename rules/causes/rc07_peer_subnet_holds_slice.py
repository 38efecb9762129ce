"""RC07: a subnet of the target's VPC holds the node's whole pod range, so that no route to it can be made."""

from __future__ import annotations

from rules.case import Case
from rules.causes import noderoute, overlap
from rules.causes.cause import Cause, Finding, Prior, cells
from rules.report.model import Status
from rules.words import _


def check(case: Case) -> Finding | None:
    if not noderoute.swallowed(case) or case.contradicted("pod-local"):
        return None
    clash, slice_ = overlap.theirs(case), overlap.node_slice(case)
    sentence = _(
        "{clash}, a subnet of {b}, holds {slice}, the pod range of {node}: a static route to it may not exist beside "
        "that subnet route, and answers to {pod} end in {b}."
    ).format(
        clash=clash,
        b=case.b,
        slice=slice_,
        node=case.node.name if case.node else "",
        pod=case.pod.address if case.pod else "",
    )
    fact = _("{b} has the subnet range {clash}").format(b=case.b, clash=clash)
    if noderoute.missing(case):
        return noderoute.found(case, Status.CONFIRMED, sentence, fact, next=None)
    return overlap.found(case, sentence)


CAUSE = Cause(
    "RC07",
    lambda: _("A subnet of the peer holds the node's whole pod range"),
    check,
    rank=18,
    cells=cells("timeout ok ok ok|timeout timeout"),
    prior=Prior(2, 0, 0, 0),
    connectivity_tests=("UNKNOWN_INTERNAL_ADDRESS", "ROUTE_WRONG_NETWORK"),
)
