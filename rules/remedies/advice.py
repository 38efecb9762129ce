"""What the remedies share that wayhome only describes: they take a decision, and days."""

from __future__ import annotations

from rules.case import Case
from rules.remedies.effect import Effect
from rules.remedies.remedy import Draft
from rules.report.model import Precondition


def applies(case: Case) -> bool:
    """Whether the pod's own address is what does not come home."""
    return case.a is not None and case.b is not None and case.pod is not None and case.wears_pod_address


def advice(
    case: Case,
    sentence: str,
    owner: str,
    preconditions: tuple[Precondition, ...],
    blast_radius: tuple[str, ...],
    effect: Effect = Effect.REBUILD,
    commands: tuple[str, ...] = (),
) -> Draft:
    """A draft that changes nothing: what it leads to depends on choices that nobody has made yet."""
    return Draft(
        sentence=sentence,
        owner=owner,
        changes=(),
        change_sentences=(),
        after=case.world,
        preconditions=preconditions,
        blast_radius=blast_radius,
        commands=commands,
        undo=(),
        effect=effect,
        applicable=False,
        inert=True,
    )
