"""A lesson's first view: what is asked, what may be said, what was seen, and at the end the marks."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from lab.practise.marks import ANSWERS, CHANGES, EVIDENCE, PREDICTIONS, ROLLBACK
from lab.practise.record import UNSEEN
from rules.words import _
from tui import lesson as lessons
from tui import steps
from tui.case import Case
from tui.commands import bindings
from tui.glyphs import State, of_outcome, outcome_word
from tui.lesson import Lesson
from tui.plain import content, fit, plain, width_of
from tui.views.base import View, lines


class LessonView(View, can_focus=True):
    """Predict, look, answer."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("lesson")]
    HELP = _(
        "Say first what each probe will see; it runs then. After that say what the cause is, which leg is broken, who "
        "has to act and what would mend it. Routes (4) and evidence (6) are open all the time; the rest opens after "
        "the answers. Apply a fix then, and take it back: both count."
    )

    class Said(Message):
        """The choice under the cursor was taken."""

    class Moved(Message):
        """The cursor moves."""

        def __init__(self, by: int) -> None:
            super().__init__()
            self.by = by

    class Doubted(Message):
        """Sure, or not any more."""

    class Hinted(Message):
        """A hint is wanted."""

    def __init__(self) -> None:
        super().__init__(id="steps")
        self.lesson: Lesson | None = None
        self._case: Case | None = None
        self._now = 0.0

    def compose(self) -> ComposeResult:
        yield Static(id="step-list", markup=False)
        with VerticalScroll(id="step-detail", can_focus=False):
            yield Static(id="lesson-last", markup=False)
            yield Static(id="lesson-ask", markup=False)
            yield Static(id="lesson-choices", markup=False)
            yield Static(id="lesson-hints", markup=False)

    def show(self, case: Case) -> None:
        self._case = case
        self.draw(self._now)

    def draw(self, now: float) -> None:
        """Draw at time `now` of the app's clock."""
        self._now = now
        case, lesson = self._case, self.lesson
        if case is None or lesson is None or not self.is_mounted:
            return
        self.query_one("#step-list", Static).update(self._list(case, lesson, now))
        self._put("#lesson-last", None if lesson.finished else self._last(case, lesson))
        self._put("#lesson-ask", None if lesson.finished else self._ask(lesson))
        self._put("#lesson-choices", self._marks(lesson) if lesson.finished else self._choices(lesson))
        self._put("#lesson-hints", None if lesson.finished else self._hints(lesson))

    def _put(self, where: str, what: Content | None) -> None:
        place = self.query_one(where, Static)
        place.display = what is not None and bool(what.plain)
        place.update(what or Content(""))

    def _list(self, case: Case, lesson: Lesson, now: float) -> Content:
        rows = []
        wide = max(15, *(width_of(steps.name(probe)) for probe in steps.GUIDED)) + 1
        for probe in steps.GUIDED:
            made, seen = lesson.prediction(probe), case.probes.get(probe)
            here = probe == (lesson.waiting or lesson.question)
            if probe in case.started:
                state, word = State.WAIT, f"{max(now - case.started[probe], 0):.1f} s"
            elif seen is None or made is None:
                state, word = State.IDLE, _("not run")
            else:
                state, word = of_outcome(seen.outcome), outcome_word(seen.outcome)
            row = Content.assemble(
                ((">" if self.ascii else "▌") if here else " ", "$active"),
                " ",
                (fit(steps.name(probe), wide), "bold" if here else ""),
                self.sign(state, fit(word, 12)),
                "" if made is None or not made.saw or made.saw == UNSEEN else self._judged(made.right),
            )
            rows += self._with_said(row, made.said) if made is not None else [row]
        return lines(*rows)

    def _with_said(self, row: Content, said: str) -> list[Content]:
        """What was predicted beside what came, or below it where it does not fit."""
        text = Content.styled(_("you said {said}").format(said=lessons.kind_word(said)), "$quiet")
        room = self.query_one("#step-list", Static).content_size.width
        gap = "  "
        if row.cell_length + len(gap) + text.cell_length <= room:
            return [Content.assemble(row, gap, text)]
        return [row, Content.assemble(" " * 4, text)]

    def _judged(self, right: bool) -> Content:
        return self.sign(State.OK, _("right")) if right else self.sign(State.FAIL, _("wrong"))

    def on_resize(self) -> None:
        self.draw(self._now)

    def _last(self, case: Case, lesson: Lesson) -> Content | None:
        """What the latest probe proves, where one has just run."""
        ran = [each.probe for each in lesson.record.predictions if each.saw]
        probe = case.probes.get(ran[-1]) if ran else None
        if probe is None or not (lesson.predicting or lesson.question == "cause") or lesson.waiting:
            return None
        said = steps.meaning(probe)
        return Content.assemble((f"{steps.name(probe.id)}: ", "$active"), content(said.proves))

    def _ask(self, lesson: Lesson) -> Content | None:
        if lesson.waiting:
            return Content.styled(_("{probe} is running…").format(probe=steps.name(lesson.waiting)), "$active")
        if lesson.predicting:
            why = f"{steps.question(lesson.question)} {lessons.ask(lesson.question)}"
            sure = _("You are sure of it.") if lesson.sure else _("You are not sure.")
            return lines(Content.styled(plain(why), "bold"), Content.styled(sure, "$quiet"))
        return Content.styled(lessons.ask(lesson.question), "bold")

    def _choices(self, lesson: Lesson) -> Content | None:
        if lesson.waiting:
            return None
        rows = []
        for number, choice in enumerate(lesson.offered):
            here = number == lesson.cursor
            word = lessons.kind_word(choice) if lesson.predicting else lesson.label(choice)
            mark = (">" if self.ascii else "▌") if here else " "
            rows.append(Content.assemble((f"{mark} ", "$active"), (plain(word), "bold" if here else "")))
        return lines(*rows)

    def _hints(self, lesson: Lesson) -> Content | None:
        shown = lesson.hints[: lesson.record.hints]
        return lines(*(Content.assemble((_("Hint: "), "$warn"), content(text)) for text in shown)) if shown else None

    def _marks(self, lesson: Lesson) -> Content:
        found, record = lesson.marks, lesson.record
        rows: list[Content | str] = [
            Content.styled(_("{total} of 100").format(total=found.total), "bold $active"),
            "",
        ]
        rows += [self._answer(lesson, question) for question in ANSWERS if record.key.get(question)]
        judged = record.writes is not None
        points = [
            (_("predictions"), found.predictions, PREDICTIONS),
            (_("evidence"), found.evidence, EVIDENCE),
            (_("answers"), found.answers, sum(worth for name, worth in ANSWERS.items() if record.key.get(name))),
            *([(_("changes"), found.changes, CHANGES)] if judged else []),
            *([(_("left as it was"), found.rollback, ROLLBACK)] if judged else []),
            *([(_("hints"), -found.hints, 0)] if found.hints else []),
        ]
        rows.append("")
        for name, got, most in points:
            out_of = _(" of {most}").format(most=most) if most else ""
            rows.append(Content.assemble(fit(name, 18), (f"{got:g}{out_of}", "bold")))
        rows += [
            "",
            Content.styled(_("Everything is open now. A fix (5) and taking it back count for the rest."), "$quiet"),
        ]
        return lines(*rows)

    def _answer(self, lesson: Lesson, question: str) -> Content:
        record = lesson.record
        right = ", ".join(map(lesson.label, record.key[question][:2]))
        name = {"cause": _("cause"), "leg": _("leg"), "owner": _("owner"), "fix": _("fix")}[question]
        if record.revealed or question not in record.answers:
            return Content.assemble(self.sign(State.DOUBT, fit(name, 8)), plain(right))
        if lesson.right(question):
            return Content.assemble(self.sign(State.OK, fit(name, 8)), plain(lesson.label(record.answers[question])))
        said = plain(lesson.label(record.answers[question]))
        return Content.assemble(
            self.sign(State.FAIL, fit(name, 8)),
            plain(right),
            (f"\n{' ' * 10}" + _("you said {said}").format(said=said), "$quiet"),
        )

    def on_click(self, event: events.Click) -> None:
        listing = self.query_one("#lesson-choices", Static)
        at = event.get_content_offset(listing)
        if event.widget is listing and at is not None and self.lesson is not None and not self.lesson.finished:
            self.post_message(self.Moved(at.y - self.lesson.cursor))

    def action_say(self) -> None:
        """Take the choice under the cursor."""
        self.post_message(self.Said())

    def action_move(self, by: int) -> None:
        """Move the cursor."""
        self.post_message(self.Moved(by))

    def action_doubt(self) -> None:
        """Sure, or not."""
        self.post_message(self.Doubted())

    def action_hint(self) -> None:
        """One more hint."""
        self.post_message(self.Hinted())

    def copied(self) -> tuple[str, str] | None:
        case, lesson = self._case, self.lesson
        asked = (lesson.question or lesson.waiting) if lesson is not None else ""
        via = case.via.get(asked, "") if case is not None else ""
        return (_("the command"), via) if via else None
