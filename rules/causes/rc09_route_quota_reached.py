"""RC09: the node's route was refused, because the network or its peering group has as many as it may have."""

from __future__ import annotations

from rules.case import Case
from rules.causes import noderoute
from rules.causes.cause import Cause, Finding, Prior, cells
from rules.report.model import Status
from rules.words import _


def check(case: Case) -> Finding | None:
    if not noderoute.missing(case) or not noderoute.quota(case):
        return None
    routes = case.network_a.routes or () if case.network_a else ()
    made = sum(route.description == "k8s-node-route" for route in routes)
    return noderoute.found(
        case,
        Status.CONFIRMED,
        _(
            "A quota of static routes is used up: the route to the pods of {node} was refused, so that answers to "
            "{pod} are lost in {a} already."
        ).format(node=case.node.name if case.node else "", pod=case.pod.address if case.pod else "", a=case.a),
        _("{made} node routes for {nodes} nodes").format(made=made, nodes=len(case.world.nodes)),
    )


CAUSE = Cause(
    "RC09",
    lambda: _("The quota of routes is used up"),
    check,
    rank=18,
    cells=cells("timeout ok ok ok|timeout timeout", node="ok|timeout"),
    prior=Prior(3, 0, 0, 0),
    connectivity_tests=("NO_ROUTE",),
)
