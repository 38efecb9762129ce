"""Shared by the causes inside the target's guest, which no API shows: they are reached by exclusion."""

from __future__ import annotations

import shlex

from rules.case import Case
from rules.own_routes import owner_of
from rules.report.model import Next
from rules.words import _
from rules.world import Instance


def answers_are_lost_inside(case: Case) -> Instance | None:
    """The target's VM, where only it is left to lose the pod's packets: everything that was read lets them through.

    The node is answered, the pod is not, and the pod's own network answers it.
    """
    if not case.unexplained or not case.wears_pod_address or not case.node_gets_through or case.b is None:
        return None
    if case.told or "pod-local" in case.failing:
        return None
    return owner_of(case.world, case.b, case.dest)


def way_back(case: Case, vm: Instance, sentence: str) -> Next:
    """How to ask the guest which way its answers to the pod take; `sentence` has a place for {vm}."""
    words = ("gcloud", "compute", "ssh", vm.name, "--project", vm.project, "--zone", vm.zone, "--command")
    pod = case.pod.address if case.pod is not None else ""
    return Next(sentence.format(vm=vm.name), shlex.join((*words, f"ip route get {pod}")))


def lets_through() -> str:
    """The evidence of exclusion."""
    return _("routes and firewalls of both VPCs let request and answer through")
