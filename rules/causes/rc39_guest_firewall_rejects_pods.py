"""RC39: the pod is rejected by the target's machine, or by something on the way that says so."""

from __future__ import annotations

import shlex

from rules.case import Case
from rules.causes.cause import Cause, Finding, Prior, cells, probes_say, some
from rules.report.model import Next, Status
from rules.snapshot import Outcome
from rules.words import _


def check(case: Case) -> Finding | None:
    pod, node = case.measured("pod-peer"), case.measured("node-peer")
    if pod not in (Outcome.UNREACHABLE, Outcome.REFUSED) or node is not Outcome.OK or case.breaks:
        return None
    if not case.wears_pod_address:
        return None
    vm = case.world.instance_at(case.dest, case.b) if case.b is not None else None
    name, owner = (vm.name, vm.project) if vm is not None else (str(case.dest), case.b.project if case.b else "")
    words = ("gcloud", "compute", "ssh", name, "--project", owner, *(("--zone", vm.zone) if vm else ()), "--command")
    return Finding(
        status=Status.LIKELY,
        blocks=True,
        sentence=_(
            "{name} answers the node and rejects the pod's address {pod}: its own firewall admits nodes alone."
        ).format(name=name, pod=case.pod.address if case.pod else ""),
        evidence=some(
            _("pod-peer {outcome}: a rejection is an answer, so request and answer find their way").format(
                outcome=pod.value
            ),
            _("node-peer ok: the service itself is up"),
            probes_say(case),
        ),
        remedies=("masquerade-minimal", "masquerade-article"),
        decides=_("a REJECT rule that matches {pod} on {name}").format(
            pod=case.pod.address if case.pod else "", name=name
        ),
        next=Next(
            _("Let {owner} read the firewall inside {name}.").format(owner=owner, name=name),
            shlex.join((*words, "sudo iptables-save; sudo nft list ruleset")),
        ),
        at=case.b,
        owner=owner,
    )


CAUSE = Cause(
    "RC39",
    lambda: _("The target's own firewall rejects pods"),
    check,
    cells=cells("ok ok ok unreachable|refused ok"),
    prior=Prior(3, 3, 3, 3),
    rank=20,
)
