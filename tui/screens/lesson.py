"""A lesson on a scenario of the lab: a case whose answers stay covered until the learner has given their own."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import ClassVar

from textual.binding import BindingType
from textual.message import Message

from probes.ask import Ask
from rules.report.model import Answer, Offer, Report
from rules.snapshot import Outcome, Probe, Snapshot
from rules.words import _
from tui import lesson as lessons
from tui import messages, ports
from tui.commands import bindings
from tui.errands import ErrandFailed
from tui.lesson import Lesson
from tui.screens.case import CaseScreen
from tui.views.base import View
from tui.views.lesson import LessonView
from tui.views.path import ObjectWanted


class LessonScreen(CaseScreen):
    """Keeps the lesson, and writes its record when the answers are given and when it is left."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("class")]
    HELP = _("A lesson. Instructor: F6 injects a fault, F7 reveals the answers, F8 puts the lab back.")

    def __init__(self, ask: Ask, study: ports.Study, *, name: str = "") -> None:
        super().__init__(ask=ask, name=name)
        self.makers = {**self.makers, "steps": LessonView}
        self.lesson = Lesson(study.record, study.choices, study.labels, study.hints)

    # What is asked, what is said

    def on_lesson_view_said(self) -> None:
        if self.lesson.finished or not self.lesson.question:
            return
        if self.lesson.predicting and not self.case.connected:
            self._publish(news=_("The lab is not connected yet; a moment."))
            return
        after = self.lesson.said()
        self._learn(after)
        if after.waiting:
            self._probe(after.waiting)
            self._publish()
        elif after.finished:
            self._keep()

    def on_lesson_view_moved(self, event: LessonView.Moved) -> None:
        self._learn(self.lesson.moved(event.by))

    def on_lesson_view_doubted(self) -> None:
        self._learn(self.lesson.doubting())

    def on_lesson_view_hinted(self) -> None:
        self._learn(self.lesson.helped())

    # Textual calls the handlers of CaseScreen after these.

    def on_probe_finished(self, event: messages.ProbeFinished) -> None:
        self.lesson = self.lesson.seen(event.probe)

    def on_errand_failed(self, event: ErrandFailed) -> None:
        if event.errand.startswith("probe "):
            self.lesson = self.lesson.seen(Probe(event.errand.removeprefix("probe "), Outcome.NOT_RUN))

    def _learn(self, lesson: Lesson) -> None:
        self.lesson = lesson
        self._publish()

    # What may be looked at

    async def action_show(self, view: str) -> None:
        """Open a view, unless it tells what is asked."""
        if not self.lesson.opens(view):
            self._publish(news=_("This opens after your answers. Routes (4) and evidence (6) are open."))
            return
        if view != "steps":
            self.lesson = self.lesson.looked("object list" if view == "evidence" else view)
        await super().action_show(view)

    def on_object_wanted(self, event: ObjectWanted) -> None:
        self.lesson = self.lesson.looked(f"object {event.name}")

    def action_all_steps(self) -> None:
        """In a lesson each probe is predicted first."""

    def _publish(self, **changes: object) -> None:
        super()._publish(**changes)
        if self.is_mounted and not self.lesson.finished:
            self.bar.case = replace(self.case, report=None)

    def _shown(self, view: View) -> None:
        if isinstance(view, LessonView):
            view.lesson = self.lesson
        case = self.case
        if not self.lesson.finished and case.report is not None:
            case = replace(case, report=lessons.veiled(case.report))
        view.show(case)

    # What it comes to

    def _consented(self, offer: Offer, plan: ports.Plan | None) -> None:
        if plan is not None:
            record = self.lesson.record
            self.lesson = replace(self.lesson, record=replace(record, needed=record.needed + len(plan.changes)))
        super()._consented(offer, plan)

    def _proven(self, result: tuple[Snapshot, Report] | None) -> None:
        worked = self.proof is not None and self.proof.proven
        if worked or (result is not None and result[1].answer is Answer.REACHABLE):
            self.lesson = replace(self.lesson, record=replace(self.lesson.record, repaired=True))
        super()._proven(result)
        self._keep()

    def _keep(self) -> None:
        """Write the record down, with what has been changed in the lab's world by now."""
        self._errands.start("keep", self._kept)

    def _kept(self, run: int) -> Message:
        lab = self.rooms.lab()
        writes, left = lab.changed()
        ended = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        record = replace(self.lesson.record, writes=writes, left=left, ended_at=ended)
        return messages.LessonKept(run, record, lab.keep(record))

    def on_lesson_kept(self, event: messages.LessonKept) -> None:
        self._errands.done("keep")
        self.lesson = replace(self.lesson, record=event.record)
        self._publish(news=_("Kept in {path}.").format(path=event.path))

    # The instructor

    def action_reveal(self) -> None:
        """Show the answers."""
        from tui.screens.confirm import ConfirmScreen

        sentence = _("Show the right answers? This lesson then has no marks for answers.")
        self.app.push_screen(ConfirmScreen(sentence), self._reveal)

    def _reveal(self, agreed: bool | None) -> None:
        if agreed and not self.lesson.finished:
            self._learn(self.lesson.revealed())
            self._keep()

    def action_reset(self) -> None:
        """Put the lab back."""
        from tui.screens.confirm import ConfirmScreen

        sentence = _("Put the lab's world back as it began, and start this lesson anew?")
        self.app.push_screen(ConfirmScreen(sentence), lambda agreed: self._turn(None) if agreed else None)

    def action_inject(self) -> None:
        """Choose a fault."""
        from tui.screens.inject import InjectScreen

        self.app.push_screen(InjectScreen(), self._inject)

    def _inject(self, lesson: ports.Lesson | None) -> None:
        if lesson is not None:
            self._turn(lesson)

    def _turn(self, lesson: ports.Lesson | None) -> None:
        self._cancel()
        self._publish(busy=_("turning the lab"))
        here = self.lesson.record.scenario

        def work(run: int) -> Message:
            lab = self.rooms.lab()
            lab.turn(lesson.name if lesson is not None else None)
            study = lab.study(lesson.name if lesson is not None else here, self.lesson.record.learner)
            ask = lesson.question if lesson is not None else self.case.ask
            return messages.LessonBegun(run, ask, study)

        self._errands.start("turn", work)

    def on_lesson_begun(self, event: messages.LessonBegun) -> None:
        self._errands.done("turn")
        if event.ask is not None:
            self.app.switch_screen(LessonScreen(event.ask, event.study, name=self.case.name))
