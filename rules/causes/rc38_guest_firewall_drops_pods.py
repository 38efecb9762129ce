"""RC38: the target's own firewall may drop the pods. Guests are unread: this is what remains."""

from __future__ import annotations

import shlex

from rules.case import Case
from rules.causes.cause import Cause, Finding, Prior, probes_say, some
from rules.causes.guest import answers_are_lost_inside
from rules.report.model import Next, Status
from rules.words import _


def check(case: Case) -> Finding | None:
    vm, pod = answers_are_lost_inside(case), case.pod
    if vm is None or pod is None:
        return None
    words = ("gcloud", "compute", "ssh", vm.name, "--project", vm.project, "--zone", vm.zone, "--command")
    return Finding(
        status=Status.POSSIBLE,
        blocks=False,
        sentence=_("A firewall inside {vm} may admit the node's address and drop the pod's, {pod}.").format(
            vm=vm.name, pod=pod.address
        ),
        evidence=some(
            _("routes and firewalls of both VPCs let request and answer through"),
            _("the target answers the node and not the pod"),
            probes_say(case),
        ),
        remedies=("masquerade-minimal", "masquerade-article"),
        decides=_("`tcpdump host {pod}` on {vm}: whether the pod's SYN arrives, and whether it is answered").format(
            pod=pod.address, vm=vm.name
        ),
        next=Next(
            _("Let {owner} read the firewall inside {vm}.").format(owner=vm.project, vm=vm.name),
            shlex.join((*words, "sudo iptables-save; sudo nft list ruleset")),
        ),
    )


CAUSE = Cause(
    "RC38",
    lambda: _("The target's own firewall may drop pods"),
    check,
    rank=47,
    prior=Prior(3, 5, 4, 3),
    by_exclusion=True,
)
