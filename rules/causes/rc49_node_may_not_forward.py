"""RC49: the node's VM may send from its own address alone, so Google drops what its pods send."""

from __future__ import annotations

import shlex

from rules.case import Case
from rules.causes.cause import Cause, Finding, Prior, cells, probes_say, some
from rules.own_routes import machine_under
from rules.path import Hop, Verdict
from rules.report.model import Next, Status
from rules.words import _


def spoofing(case: Case) -> Hop | None:
    """The hop at which the VM's own network card drops the pod's packet, on either way."""
    for way in (case.walk, case.local_walk):
        hop = case.hop(way, "anti-spoofing")
        if hop is not None and hop.verdict is Verdict.DROP:
            return hop
    return None


def check(case: Case) -> Finding | None:
    hop, node = spoofing(case), case.node
    if hop is None or node is None or case.contradicted("pod-local"):
        return None
    vm = machine_under(case.world, node)
    if vm is None:
        return None
    blocks = case.blocked and case.wears_pod_address
    warned = [route.name for route in (case.network_a.routes or () if case.network_a else ()) if _warns(route.warnings)]
    words = ("gcloud", "compute", "instances", "describe", vm.name, "--project", vm.project, "--zone", vm.zone)
    return Finding(
        status=Status.CONFIRMED,
        blocks=blocks,
        sentence=_(
            "VM {vm} has canIpForward=false and no alias range: Google drops every packet of its pods that wears the "
            "pod's own address."
        ).format(vm=vm.name),
        evidence=some(
            _("instance {vm}: canIpForward = false, aliasIpRanges = []").format(vm=vm.name),
            hop.sentence,
            _("route {name} has the warning NEXT_HOP_CANNOT_IP_FORWARD").format(name=warned[0]) if warned else "",
            probes_say(case),
        ),
        remedies=("masquerade-minimal",) if blocks else (),
        decides=_("canIpForward = true on {vm}, or an answer to pod → local").format(vm=vm.name),
        next=Next(
            _("Read the VM's canIpForward and alias ranges."),
            shlex.join((*words, "--format", "yaml(canIpForward,networkInterfaces[].aliasIpRanges)")),
        ),
        at=case.a,
        owner=node.project,
    )


def _warns(codes: tuple[str, ...]) -> bool:
    return "NEXT_HOP_CANNOT_IP_FORWARD" in codes


CAUSE = Cause(
    "RC49",
    lambda: _("The node's VM may not send for its pods"),
    check,
    rank=20,
    cells=cells("timeout ok ok ok|timeout timeout"),
    prior=Prior(2, 1, 1, 0),
    connectivity_tests=("FOREIGN_IP_DISALLOWED",),
)
