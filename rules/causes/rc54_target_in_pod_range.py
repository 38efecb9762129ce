"""RC54: the target's address lies in the node's own pod range, so the node keeps the packet."""

from __future__ import annotations

from rules.case import Case
from rules.causes.cause import Cause, Finding, Prior, cells, probes_say, some
from rules.causes.crossing import list_subnets
from rules.report.model import Status
from rules.words import _


def check(case: Case) -> Finding | None:
    node = case.node
    if node is None or case.pod is None or case.told:
        return None
    slice_ = next((each for each in node.pod_ranges if case.dest in each), None)
    if slice_ is None:
        return None
    ranges = [each for subnet in (case.network_b.subnets or () if case.network_b else ()) for each in subnet.ranges]
    theirs = next((each for each in ranges if case.dest in each), None)
    hop = case.hop(case.walk, "deliver")
    blocks = case.blocked
    return Finding(
        status=Status.CONFIRMED if blocks else Status.LATENT,
        blocks=blocks,
        sentence=_(
            "{target} lies in {slice}, the range of {node}'s own pods: packets to it never leave {node}. Pods on other "
            "nodes are not concerned."
        ).format(target=case.dest, slice=slice_, node=node.name),
        evidence=some(
            _("node {node}: spec.podCIDR = {slice}").format(node=node.name, slice=slice_),
            _("{b} has the subnet range {range}").format(b=case.b, range=theirs) if theirs is not None else "",
            hop.sentence if hop else "",
            probes_say(case),
        ),
        decides=_("an answer from {target} to a pod or to the node {node} itself").format(
            target=case.dest, node=node.name
        ),
        next=list_subnets(case),
        at=case.a,
        owner=node.project,
    )


CAUSE = Cause(
    "RC54",
    lambda: _("The target's address lies in the node's pod range"),
    check,
    rank=15,
    cells=cells("ok ok timeout timeout any", node="ok|timeout"),
    prior=Prior(2, 1, 1, 0),
)
