"""The guided diagnosis: three probes, walked one by one or all at once."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from rules.snapshot import Outcome, Probe
from rules.words import _
from tui import steps
from tui.case import Case
from tui.commands import bindings
from tui.glyphs import State, of_outcome, outcome_word
from tui.plain import content, fit, plain, width_of
from tui.views.base import View, lines


class StepsView(View, can_focus=True):
    """The list of steps, and everything about the selected one."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("steps")]
    HELP = _(
        "Three questions, each answered by one fresh connection. Enter runs the selected step and then goes on to the "
        "next; a runs all of them at once. Every answer says what it proves and what it leaves open. While you walk, "
        "the configuration is read in the background; the verdict (2) needs both."
    )

    class Wanted(Message):
        """Probes are to be run."""

        def __init__(self, ids: tuple[str, ...]) -> None:
            super().__init__()
            self.ids = ids

    class Selected(Message):
        """A step was selected."""

        def __init__(self, id: str) -> None:
            super().__init__()
            self.id = id

    class Finished(Message):
        """Enter was pressed and every guided step has its answer."""

    def __init__(self) -> None:
        super().__init__(id="steps")
        self._case: Case | None = None
        self._now = 0.0

    def compose(self) -> ComposeResult:
        yield Static(id="step-list", markup=False)
        with VerticalScroll(id="step-detail", can_focus=False):
            yield Static(id="step-question", markup=False)
            yield Static(id="step-command", markup=False)
            yield Static(id="step-result", markup=False)
            yield Static(id="step-meaning", markup=False)

    def show(self, case: Case) -> None:
        self._case = case
        self.draw(self._now)

    def draw(self, now: float) -> None:
        """Draw at time `now` of the app's clock, so that running steps show how long they run."""
        self._now = now
        case = self._case
        if case is None or not self.is_mounted:
            return
        self.query_one("#step-list", Static).update(self._list(case, now))
        self._draw_detail(case, now)

    def _list(self, case: Case, now: float) -> Content:
        rows = []
        for number, probe in enumerate(case.ids, 1):
            here = probe == case.selected
            state, word, took = self._standing(case, probe, now)
            mark = (">" if self.ascii else "▌") if here else " "
            row = Content.assemble(
                (mark, "$active"),
                f"{number} ",
                (fit(steps.name(probe), 18 if width_of(steps.name(probe)) <= 18 else 30), "bold" if here else ""),
                self.sign(state, fit(word, 18)),
                (took.rjust(8), "$quiet"),
            )
            rows.append(row)
        return lines(*rows)

    def _standing(self, case: Case, id: str, now: float) -> tuple[State, str, str]:
        if id in case.started:
            return State.WAIT, _("running"), f"{max(now - case.started[id], 0):.1f} s"
        probe = case.probes.get(id)
        if probe is None:
            return State.IDLE, _("not run"), ""
        took = f"{probe.seconds:.2f} s" if probe.outcome is not Outcome.NOT_RUN else ""
        return of_outcome(probe.outcome), outcome_word(probe.outcome), took

    def _draw_detail(self, case: Case, now: float) -> None:
        chosen = case.selected
        self.query_one("#step-question", Static).update(
            lines(Content.styled(steps.question(chosen), "bold"), Content.styled(steps.purpose(chosen), "$quiet"))
        )
        via = case.via.get(chosen, "")
        command = self.query_one("#step-command", Static)
        command.display = bool(via)
        command.update(Content.assemble(("$ ", "$active"), content(via)))
        self.query_one("#step-result", Static).update(self._result(case, chosen, now))
        meaning = self.query_one("#step-meaning", Static)
        probe = case.probes.get(chosen)
        meaning.display = probe is not None
        if probe is not None:
            said = steps.meaning(probe)
            meaning.update(
                Content.assemble(
                    (_("Proves") + "\n", "$active"),
                    content(said.proves),
                    "\n",
                    (_("Leaves open") + "\n", "$active"),
                    content(said.leaves),
                )
            )

    def _result(self, case: Case, id: str, now: float) -> Content:
        state, word, took = self._standing(case, id, now)
        probe = case.probes.get(id)
        if probe is None and id not in case.started:
            wait = case.live and not case.connected
            hint = _("Waiting for the cluster…") if wait else _("Enter runs this step; a runs all at once.")
            return Content.styled(hint if case.live else _("This recording does not hold it."), "$quiet")
        head = Content.assemble(self.sign(state, word, "bold"), (f"  {took}" if took else "", "$quiet"))
        if probe is None:
            return head
        if probe.exit_code not in (None, 0):
            code = _("exit code {code}").format(code=probe.exit_code)
            head = Content.assemble(head, (f"  {code}", "$quiet"))
        said = _said(probe)
        return lines(head, content(said)) if said else head

    def on_click(self, event: events.Click) -> None:
        listing = self.query_one("#step-list", Static)
        at = event.get_content_offset(listing)
        if event.widget is listing and at is not None and self._case is not None and at.y < len(self._case.ids):
            self.post_message(self.Selected(self._case.ids[at.y]))

    def action_move(self, by: int) -> None:
        """Select the step `by` places further."""
        case = self._case
        if case is not None:
            at = case.ids.index(case.selected) if case.selected in case.ids else 0
            self.post_message(self.Selected(case.ids[max(0, min(at + by, len(case.ids) - 1))]))

    def action_next_step(self) -> None:
        """Run the selected step; where it has its answer, the first that has none; else go on to the verdict."""
        case = self._case
        if case is None or case.started:
            return
        waiting = [one for one in steps.GUIDED if one in case.ids and one not in case.probes]
        if case.selected not in case.probes and case.live:
            self.post_message(self.Wanted((case.selected,)))
        elif waiting and case.live:
            self.post_message(self.Selected(waiting[0]))
            self.post_message(self.Wanted((waiting[0],)))
        else:
            self.post_message(self.Finished())

    def action_all_steps(self) -> None:
        """Run every probe at once."""
        if self._case is not None and self._case.live and not self._case.started:
            self.post_message(self.Wanted(tuple(self._case.ids)))

    def copied(self) -> tuple[str, str] | None:
        case = self._case
        via = case.via.get(case.selected, "") if case is not None else ""
        return (_("the command"), via) if via else None


def _said(probe: Probe) -> str:
    """The last words of the command, at most three lines."""
    words = (probe.stdout if probe.outcome is Outcome.OK else probe.stderr or probe.stdout).strip()
    return "\n".join(plain(line) for line in words.splitlines()[-3:]) or probe.why
