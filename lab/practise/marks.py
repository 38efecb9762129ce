"""Marks for a lesson, out of 100: what was predicted, what was looked at, what was answered, what was left behind."""

from __future__ import annotations

from dataclasses import dataclass

from lab.practise.record import UNSEEN, Prediction, Record

PREDICTIONS, EVIDENCE, CHANGES, ROLLBACK = 30, 10, 10, 10
ANSWERS = {"cause": 16, "leg": 8, "owner": 8, "fix": 8}
HINT = 5
CERTAINTY = {(True, True): 1.0, (True, False): 0.75, (False, False): 0.25, (False, True): 0.0}
"""By (right, sure): who is unsure risks less and gains less."""


@dataclass(frozen=True)
class Marks:
    """Points by kind. `hints` is what hints cost. Kinds that could not be earned in this lesson count for nothing,
    and the total is out of those that could."""

    predictions: float
    evidence: float
    answers: float
    changes: float
    rollback: float
    hints: float
    possible: float

    @property
    def total(self) -> int:
        """0 to 100."""
        earned = self.predictions + self.evidence + self.answers + self.changes + self.rollback - self.hints
        return max(0, round(100 * earned / self.possible)) if self.possible else 0


def marks(record: Record) -> Marks:
    """What a lesson is worth."""
    asked = {name: worth for name, worth in ANSWERS.items() if record.key.get(name)}
    judged = record.writes is not None and record.left is not None
    seen = tuple(each for each in record.predictions if each.saw != UNSEEN)
    possible = (PREDICTIONS if seen else 0) + EVIDENCE + sum(asked.values()) + (CHANGES + ROLLBACK if judged else 0)
    return Marks(
        predictions=_predictions(seen),
        evidence=_evidence(record),
        answers=0.0 if record.revealed else float(sum(worth for name, worth in asked.items() if correct(record, name))),
        changes=_changes(record) if judged else 0.0,
        rollback=float(ROLLBACK) if judged and record.left == 0 else 0.0,
        hints=float(HINT * record.hints),
        possible=float(possible),
    )


def correct(record: Record, question: str) -> bool:
    """Whether the answer to a question is one of the right ones."""
    return record.answers.get(question) in record.key.get(question, ())


def _predictions(made: tuple[Prediction, ...]) -> float:
    if not made:
        return 0.0
    return PREDICTIONS * sum(CERTAINTY[each.right, each.sure] for each in made) / len(made)


def _evidence(record: Record) -> float:
    """Half for both sides' route tables, half for a raw object: what the answers ought to rest on."""
    looked = ("routes" in record.evidence) + any(name.startswith("object ") for name in record.evidence)
    return EVIDENCE * looked / 2


def _changes(record: Record) -> float:
    """All for a proven fix with no change beside it, half for having changed nothing, none for changes in vain."""
    if record.writes == 0:
        return CHANGES / 2
    within = record.writes is not None and record.writes <= 2 * max(record.needed, 1)
    return float(CHANGES) if record.repaired and within else 0.0
