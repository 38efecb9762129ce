"""RC13: the target has several interfaces, and may answer pods by another one. Its routes are unread."""

from __future__ import annotations

from rules.case import Case
from rules.causes.cause import Cause, Finding, Prior, probes_say, some
from rules.causes.crossing import MASQUERADE
from rules.causes.guest import answers_are_lost_inside, lets_through, way_back
from rules.report.model import Status
from rules.words import _


def check(case: Case) -> Finding | None:
    vm = answers_are_lost_inside(case)
    if vm is None or len(vm.interfaces) < 2:
        return None
    pod = case.pod.address if case.pod else ""
    nics = ", ".join(f"{nic.address} ({nic.vpc})" for nic in vm.interfaces)
    return Finding(
        status=Status.POSSIBLE,
        blocks=False,
        sentence=_(
            "{vm} has {count} interfaces: its own routes may send answers to {pod} out of another one than {target}'s."
        ).format(vm=vm.name, count=len(vm.interfaces), pod=pod, target=case.dest),
        evidence=some(
            _("instance {vm}: networkInterfaces {nics}").format(vm=vm.name, nics=nics),
            lets_through(),
            probes_say(case),
        ),
        remedies=MASQUERADE,
        decides=_("`ip route get {pod}` on {vm}: the interface with {target}, or another one").format(
            pod=pod, vm=vm.name, target=case.dest
        ),
        next=way_back(case, vm, _("Ask {vm} itself by which interface it would answer the pod.")),
    )


CAUSE = Cause(
    "RC13",
    lambda: _("The target may answer by another interface"),
    check,
    rank=45,
    prior=Prior(3, 3, 3, 3),
    by_exclusion=True,
)
