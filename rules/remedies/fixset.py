"""The smallest sets of remedies after which the walk comes home, found by trying."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

from rules.case import Case
from rules.remedies.remedy import Draft, Remedy
from rules.report.model import Role
from rules.snapshot import Outcome

LARGEST = 3


class Trials:
    """Remedies tried one after the other on one case; what was tried once is kept."""

    def __init__(self, case: Case, remedies: Sequence[Remedy]) -> None:
        self.remedies = [remedy for remedy in remedies if remedy.role is not Role.ADVICE]
        self._tried: dict[tuple[str, ...], tuple[Case, tuple[Draft, ...]] | None] = {(): (case, ())}

    def after(self, chosen: Sequence[Remedy]) -> tuple[Case, tuple[Draft, ...]] | None:
        """The case once `chosen` are in force, in order; None where one of them has nothing to do or cannot be done."""
        names = tuple(remedy.id for remedy in chosen)
        if names not in self._tried:
            self._tried[names] = self._step(chosen)
        return self._tried[names]

    def know(self, remedy: Remedy, draft: Draft | None, then: Case | None) -> None:
        """Take over what somebody has tried already."""
        usable = draft is not None and then is not None and _counts(draft)
        self._tried[remedy.id,] = (then, (draft,)) if usable and then is not None and draft is not None else None

    def _step(self, chosen: Sequence[Remedy]) -> tuple[Case, tuple[Draft, ...]] | None:
        before = self.after(chosen[:-1])
        if before is None:
            return None
        case, drafts = before
        draft = chosen[-1].draft(case)
        if draft is None or not _counts(draft):
            return None
        return Case(draft.after, case.question), (*drafts, draft)

    def comes_home(self, chosen: Sequence[Remedy]) -> bool:
        """Whether pod → peer is answered once `chosen` are in force."""
        found = self.after(chosen)
        if found is None or all(draft.inert for draft in found[1]):
            return False
        return found[0].predicted("pod-peer") == Outcome.OK.value

    def minimal(self) -> tuple[tuple[Remedy, ...], ...]:
        """Every set of remedies that is enough and of which no smaller part is, smallest sets first."""
        found: list[tuple[Remedy, ...]] = []
        ordered = sorted(self.remedies, key=lambda remedy: remedy.stage)
        for size in range(1, LARGEST + 1):
            for chosen in combinations(ordered, size):
                if any(set(known) <= set(chosen) for known in found) or _twice(chosen):
                    continue
                if self.comes_home(chosen):
                    found.append(chosen)
        return tuple(found)


def _counts(draft: Draft) -> bool:
    """Whether a draft can be done and mends the way that was asked about, not another one."""
    return draft.applicable and draft.question is None


def _twice(chosen: Sequence[Remedy]) -> bool:
    """Whether a set does a thing twice, or in two steps what one remedy of the catalogue does at once."""
    names = {remedy.id for remedy in chosen}
    return any(names & set(remedy.parts) for remedy in chosen) or {"export-routes", "import-routes"} <= names


def minimal(case: Case, remedies: Sequence[Remedy]) -> tuple[tuple[str, ...], ...]:
    """Ids of every smallest set, smallest first."""
    return tuple(tuple(remedy.id for remedy in chosen) for chosen in Trials(case, remedies).minimal())
