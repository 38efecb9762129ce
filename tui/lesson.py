"""A lesson as the screens see it: what is asked next, what was said, what it is worth. Frozen, as a case is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from lab.practise.marks import ANSWERS, Marks, correct, marks
from lab.practise.record import KINDS, UNSEEN, Prediction, Record, kind
from rules.report.model import Report, RouteRow
from rules.snapshot import Outcome, Probe
from rules.words import _
from tui import steps

OPEN_VIEWS = frozenset({"steps", "routes", "evidence"})
"""Views that tell nothing which the learner is asked."""


@dataclass(frozen=True)
class Lesson:
    """`choices` and `hints` are what may be answered and what helps, `cursor` the choice under it, `sure` whether the
    learner is; `record` is what will be kept."""

    record: Record
    choices: Mapping[str, tuple[str, ...]]
    labels: Mapping[str, str]
    hints: tuple[str, ...]
    cursor: int = 0
    sure: bool = True
    waiting: str = ""

    @property
    def question(self) -> str:
        """The probe to predict or the question to answer next; '' while a probe runs and when all is answered."""
        if self.waiting:
            return ""
        done = {each.probe for each in self.record.predictions}
        probe = next((each for each in steps.GUIDED if each not in done), "")
        return probe or next((each for each in self._asked if each not in self.record.answers), "")

    @property
    def _asked(self) -> tuple[str, ...]:
        return tuple(name for name in ANSWERS if self.record.key.get(name))

    @property
    def predicting(self) -> bool:
        """Whether what is asked next is a probe's outcome."""
        return self.question in steps.GUIDED

    @property
    def offered(self) -> tuple[str, ...]:
        """What may be said to the question."""
        return KINDS if self.predicting else self.choices.get(self.question, ())

    @property
    def finished(self) -> bool:
        """Whether everything is answered, or was revealed."""
        return self.record.revealed or not (self.waiting or self.question)

    @property
    def marks(self) -> Marks:
        """What it is worth by now."""
        return marks(self.record)

    def opens(self, view: str) -> bool:
        """Whether a view may be looked at already."""
        return self.finished or view in OPEN_VIEWS

    def moved(self, by: int) -> Lesson:
        """The cursor `by` choices further."""
        return replace(self, cursor=max(0, min(self.cursor + by, len(self.offered) - 1)))

    def doubting(self) -> Lesson:
        """Sure, or not sure any more."""
        return replace(self, sure=not self.sure) if self.predicting else self

    def said(self) -> Lesson:
        """The choice under the cursor is the answer; a predicted probe is then waited for."""
        question, choice = self.question, self.offered[self.cursor]
        if self.predicting:
            made = Prediction(question, choice, self.sure, "")
            record = replace(self.record, predictions=(*self.record.predictions, made))
            return replace(self, record=record, waiting=question, cursor=0, sure=True)
        record = replace(self.record, answers={**self.record.answers, question: choice})
        return replace(self, record=record, cursor=0)

    def seen(self, probe: Probe) -> Lesson:
        """The lesson with a probe's outcome."""
        if probe.id != self.waiting:
            return self
        saw = UNSEEN if probe.outcome is Outcome.NOT_RUN else kind(probe.outcome.value)
        made = (*self.record.predictions[:-1], replace(self.record.predictions[-1], saw=saw))
        return replace(self, record=replace(self.record, predictions=made), waiting="")

    def helped(self) -> Lesson:
        """One more hint is shown, where there is one."""
        if self.finished or self.record.hints >= len(self.hints):
            return self
        return replace(self, record=replace(self.record, hints=self.record.hints + 1))

    def looked(self, what: str) -> Lesson:
        """Something was looked at; after the answers it counts no more."""
        if self.finished or what in self.record.evidence:
            return self
        return replace(self, record=replace(self.record, evidence=(*self.record.evidence, what)))

    def revealed(self) -> Lesson:
        """The answers are shown."""
        return self if self.finished else replace(self, record=replace(self.record, revealed=True), waiting="")

    def prediction(self, probe: str) -> Prediction | None:
        """What was said of a probe."""
        return next((each for each in self.record.predictions if each.probe == probe), None)

    def label(self, choice: str) -> str:
        """A choice in words."""
        return self.labels.get(choice, choice)

    def right(self, question: str) -> bool:
        """Whether the answer to a question was right."""
        return correct(self.record, question)


def ask(question: str) -> str:
    """A question in words."""
    return {
        "cause": _("What is the cause?"),
        "leg": _("Which leg is broken?"),
        "owner": _("Who has to act?"),
        "fix": _("What would mend it?"),
    }.get(question, _("What will happen?"))


def kind_word(said: str) -> str:
    """A KIND in words."""
    return {
        "ok": _("an answer"),
        "timeout": _("silence, until the time is up"),
        "refused": _("a refusal, at once"),
        "other": _("something else"),
    }.get(said, said)


def veiled(report: Report) -> Report:
    """The report without what a learner is asked: route tables as they are, without the row that is missing."""

    def bare(row: RouteRow) -> RouteRow:
        return replace(row, used="", why_not=None, sentence="")

    tables = {vpc: tuple(bare(row) for row in rows if not row.ghost) for vpc, rows in report.routes.items()}
    return replace(report, routes=tables)
