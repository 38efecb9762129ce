"""RC10: the node is so young that the route to its pods is still on its way."""

from __future__ import annotations

from rules.case import Case
from rules.causes import noderoute
from rules.causes.cause import Cause, Finding, Prior, cells
from rules.causes.intent import again
from rules.report.model import Status
from rules.words import _


def check(case: Case) -> Finding | None:
    if not noderoute.missing(case) or not noderoute.young(case) or noderoute.swallowed(case):
        return None
    node = case.node
    if node is None:
        return None
    return noderoute.found(
        case,
        Status.LIKELY,
        _(
            "{node} is {age:.0f} seconds old and the route to its pods is not there yet: answers to {pod} are lost "
            "until it is."
        ).format(node=node.name, age=noderoute.age(case) or 0, pod=case.pod.address if case.pod else ""),
        _("node {node}: metadata.creationTimestamp = {created}").format(node=node.name, created=node.created),
        next=again(case),
    )


CAUSE = Cause(
    "RC10",
    lambda: _("The route of a young node is not there yet"),
    check,
    rank=18,
    cells=cells("timeout ok ok ok|timeout timeout", **{"try": "ok|timeout", "node": "ok|timeout"}),
    prior=Prior(3, 0, 0, 0),
    connectivity_tests=("NO_ROUTE",),
)
