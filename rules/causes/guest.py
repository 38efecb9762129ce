"""Shared by the causes inside the target's guest, which no API shows: they are reached by exclusion."""

from __future__ import annotations

from rules.case import Case
from rules.own_routes import owner_of
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
