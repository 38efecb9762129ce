"""The smallest sets of remedies after which the walk comes home, found by trying."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

from rules.case import Case
from rules.remedies.remedy import Remedy
from rules.snapshot import Outcome

LARGEST = 3


def minimal(case: Case, remedies: Sequence[Remedy]) -> tuple[tuple[str, ...], ...]:
    """Ids of every set of remedies that is enough and of which no smaller part is, smallest sets first."""
    found: list[tuple[str, ...]] = []
    for size in range(1, min(LARGEST, len(remedies)) + 1):
        for chosen in combinations(remedies, size):
            names = tuple(remedy.id for remedy in chosen)
            if any(set(known) <= set(names) for known in found):
                continue
            if comes_home(case, chosen):
                found.append(names)
    return tuple(found)


def comes_home(case: Case, remedies: Sequence[Remedy]) -> bool:
    """Whether pod → peer is answered once `remedies` are in force, one after the other."""
    world = case.world
    for remedy in remedies:
        world = remedy.after(world, case.question)
    return Case(world, case.question).predicted("pod-peer") == Outcome.OK.value
