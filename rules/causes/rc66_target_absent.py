"""RC66: nobody owns the target's address, or its VM does not run."""

from __future__ import annotations

import shlex

from rules.case import Case
from rules.causes.cause import Cause, Finding, Prior, cells, probes_say, some
from rules.path import Hop, Verdict
from rules.report.model import Next, Status
from rules.words import _

_REASONS = ("UNKNOWN_INTERNAL_ADDRESS", "INSTANCE_NOT_RUNNING")


def door(case: Case) -> Hop | None:
    """The delivery in the target's VPC that finds nobody; None where the node itself keeps the packet."""
    if case.node is not None and any(case.dest in each for each in case.node.pod_ranges):
        return None
    for way in (case.node_walk, case.walk):
        found = [hop for hop in way.forward if hop.reason in _REASONS] if way else []
        if found and found[0].verdict in (Verdict.DROP, Verdict.REJECT):
            return found[0]
    return None


def check(case: Case) -> Finding | None:
    hop = door(case)
    if hop is None or not case.blocked or case.contradicted("node-peer") or case.contradicted("pod-peer"):
        return None
    owner = case.b.project if case.b else hop.owner
    words = ("gcloud", "compute", "instances", "list", "--project", owner)
    stopped = hop.reason == "INSTANCE_NOT_RUNNING"
    return Finding(
        status=Status.CONFIRMED,
        blocks=True,
        sentence=_("The VM with the address {target} does not run.").format(target=case.dest)
        if stopped
        else _("No VM and no forwarding rule of {b} has the address {target}.").format(b=case.b, target=case.dest),
        evidence=some(hop.sentence, _reserved(case), probes_say(case)),
        decides=_("a running VM or a forwarding rule with the address {target}").format(target=case.dest),
        next=Next(
            _("Let {owner} look which VM should have the address.").format(owner=owner),
            shlex.join((*words, "--filter", f"networkInterfaces.networkIP={case.dest}")),
        ),
    )


def _reserved(case: Case) -> str:
    """Google keeps the first two and the last two addresses of a subnet's primary range for itself."""
    for subnet in case.network_b.subnets or () if case.network_b else ():
        if case.dest in subnet.range and subnet.range.prefixlen <= 29:
            place = int(case.dest) - int(subnet.range.network_address)
            if place in (0, 1) or subnet.range.num_addresses - place in (1, 2):
                return _("{target} is reserved by Google in subnet {subnet} ({range}); no VM can own it").format(
                    target=case.dest, subnet=subnet.name, range=subnet.range
                )
    return ""


CAUSE = Cause(
    "RC66",
    lambda: _("The target is stopped or its address is unused"),
    check,
    rank=15,
    cells=cells("ok ok timeout timeout timeout"),
    prior=Prior(5, 5, 5, 5),
    connectivity_tests=("UNKNOWN_INTERNAL_ADDRESS", "INSTANCE_NOT_RUNNING"),
)
