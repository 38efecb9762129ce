"""Applying a plan: what happens, node by node; then fresh measurements beside the old ones; and the way back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, ClassVar, cast

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Footer, Static

from rules.report.model import Answer, Offer, Report
from rules.snapshot import Probe, Snapshot
from rules.words import _
from tui import diff, messages, ports, steps
from tui.commands import bindings
from tui.errands import ErrandFailed, Errands, Spoke
from tui.glyphs import State, colour, glyph, of_outcome, outcome_word
from tui.plain import fit, plain
from tui.views.base import lines, shown

if TYPE_CHECKING:
    from probes.run import Run

PROBE = "pod-peer"
NAME, CELL, NARROW_CELL = 18, 22, 13
"""Columns of the matrix, in cells; the narrow ones fit into 60."""
ROLES = {"quiet": "$quiet", "warn": "$warn", "fail": "bold $fail", "strong": "bold"}


class ProofScreen(Screen[tuple[Snapshot, Report] | None]):
    """Dismissed with the newest Snapshot and Report, or None where there is none."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("proof")]
    CSS_PATH = "../styles/proof.tcss"
    AUTO_FOCUS = "#proof-log"
    HELP = _(
        "The change is written to the journal, made, and waited for until it is in force on every node; then every "
        "probe runs again with fresh connections. Only those say whether it helped. u takes the change back. esc stops "
        "the waiting; what is made stays, and the run can be completed later."
    )

    def __init__(self, offer: Offer, plan: ports.Plan, session: ports.Session | None, before: Report) -> None:
        super().__init__()
        self.offer = offer
        self.plan = plan
        self.before = before
        self.after: tuple[Snapshot, Report] | None = None
        self.run_made: object | None = None
        self.state = State.WAIT
        self.taken_back = False
        self.late: tuple[str, ...] = ()
        self.proven = False
        self._session = session
        self._applier: ports.Applier | None = None
        self._errands = Errands(self)
        self._log: list[diff.TextLine] = []
        self._stopping = False
        self._last: object = None
        self._times = 0

    def compose(self) -> ComposeResult:
        yield Static(id="proof-title", markup=False)
        with Vertical(id="proof-body"):
            yield Static(id="proof-matrix", markup=False)
            with VerticalScroll(id="proof-log"):
                yield Static(id="proof-lines", markup=False)
        yield Static(id="news", markup=False)
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        self._matrix(None)
        self.begin()

    def begin(self) -> None:
        """Apply the plan."""
        self._title(_("applying"))
        self._say(_("Applying {title}.").format(title=self.offer.title))
        rooms = self._rooms()

        def work(run: int) -> Message:
            self._applier = applier = rooms.applier(self._session)
            known = {one.id for one in applier.runs()}
            try:
                made = applier.apply(self.plan, self._errands.speaker("apply", run))
            except Exception:
                # What was done until then is in the journal, and can be taken back from there.
                self.run_made = next((one for one in applier.runs() if one.id not in known), None)
                raise
            return messages.PlanApplied(run, made)

        self._errands.start("apply", work)

    @contextmanager
    def _noted(self, applier: ports.Applier, made: object) -> Iterator[None]:
        """Remember where the journal says that a run stands, when going on with it ends early."""
        try:
            yield
        except Exception:
            name = getattr(made, "id", "")
            self.run_made = next((one for one in applier.runs() if one.id == name), made)
            raise

    def on_unmount(self) -> None:
        self._errands.drop_all()

    def _rooms(self) -> ports.Rooms:
        from tui.app import WayhomeApp

        return cast(WayhomeApp, self.app).rooms

    @property
    def _ascii(self) -> bool:
        from tui.app import WayhomeApp

        return cast(WayhomeApp, self.app).ascii

    def _title(self, word: str) -> None:
        sign = glyph(self.state, ascii=self._ascii)
        self.query_one("#proof-title", Static).update(
            Content.assemble(
                (f" {sign} {word}", f"bold {colour(self.state)}"), "   ", (plain(self.offer.title), "bold")
            )
        )

    def _say(self, sentence: str, role: str = "plain") -> None:
        self._log.append((plain(sentence), role))
        self.query_one("#proof-lines", Static).update(
            lines(*(Content.styled(text, ROLES.get(kind, "")) for text, kind in self._log))
        )
        self.query_one("#proof-log").scroll_end(animate=False)

    def on_spoke(self, event: Spoke) -> None:
        sentence = said(event.event)
        if sentence:
            key = kind_of(event.event)
            if key is not None and key == self._last and self._log:
                self._log.pop()
                self._times += 1
                sentence = _("{sentence}, {count} times by now").format(sentence=sentence, count=self._times)
            else:
                self._times = 1
            self._last = key
            self._say(sentence, "quiet" if key == "waiting" else "plain")

    def on_plan_applied(self, event: messages.PlanApplied) -> None:
        self._errands.done("apply")
        self.run_made = event.run_made
        self._say(_("Reading and measuring everything once more."))
        self._title(_("measuring"))
        self._measure()

    def _measure(self) -> None:
        self.after = None

        session = self._session
        if session is None:
            return

        def work(run: int) -> Message:
            session.read()
            session.probe_all()
            snapshot = session.snapshot()
            return messages.Remeasured(run, snapshot, self._rooms().evaluate(snapshot))

        self._errands.start("measure", work)

    def on_remeasured(self, event: messages.Remeasured) -> None:
        self._errands.done("measure")
        self.after = (event.snapshot, event.report)
        reachable = event.report.answer is Answer.REACHABLE
        self.proven = self.proven or (reachable and not self.taken_back)
        self.state = State.OK if reachable else State.FAIL
        if self.taken_back:
            self.state, word = self._taken_back(event.report)
        elif self.waiting and not reachable:
            self.state, word = State.WARN, _("waiting for the other side")
        else:
            word = _("proven: the pod reaches the target") if reachable else _("not proven")
        self._title(word)
        self._say(event.report.headline, "strong")
        if self.waiting and not reachable and not self.taken_back:
            self._say(_("This side's part is made. c copies the message for the other side; r measures again."), "warn")
        elif not reachable and not self.taken_back:
            self._say(_("It did not help. u takes it back; esc keeps it and returns."), "warn")
        if self.taken_back and reachable:
            self._say(self._why_still_reachable(), "warn")
        self._matrix(event.report)
        self.refresh_bindings()

    def _taken_back(self, now: Report) -> tuple[State, str]:
        """What is proven once the objects are as they were: whether the pod fares as before too."""
        was, found = observed(self.before), observed(now)
        words = {"probe": steps.name(PROBE), "was": outcome_word(was), "now": outcome_word(found)}
        if self.late:
            return State.WARN, _("taken back, but not in force on {nodes} yet").format(nodes=", ".join(self.late))
        if was is None or found is None:
            return State.WARN, _("the objects are as before; {probe} was not measured both times").format(**words)
        if was == found:
            return State.OK, _("taken back: {probe} is as before, {now}").format(**words)
        return State.WARN, _("the objects are as before, but {probe} is not: {now}, before {was}").format(**words)

    def _why_still_reachable(self) -> str:
        if any(change.kind == "DaemonSet" for change in self.plan.changes):
            return _("The agent is gone; the rules that it wrote stay on each node until the node is made anew.")
        return _("The pod gets through for another reason than this change; the path shows what carries it.")

    def on_resize(self) -> None:
        self._matrix(self.after[1] if self.after else None)

    def _matrix(self, after: Report | None) -> None:
        cell = CELL if self.app.size.width > NAME + 3 * CELL else NARROW_CELL
        seen = {row.probe: row.observed for row in self.before.matrix}
        predicted = {row.probe: row.predicted for row in self.offer.matrix}
        rows = [Content.styled(fit("", NAME) + fit(_("before"), cell) + fit(_("predicted"), cell) + _("now"), "$quiet")]
        now = {row.probe: row.observed for row in after.matrix} if after is not None else {}
        asked = [row.probe for row in shown((after or self.before).matrix)]
        for probe in asked:
            cells = [self._cell(found.get(probe), cell) for found in (seen, predicted, now)]
            rows.append(Content.assemble(fit(steps.name(probe), NAME), *cells))
        self.query_one("#proof-matrix", Static).update(lines(*rows))

    def _cell(self, outcome: str | None, width: int) -> Content:
        state = of_outcome(outcome)
        text = f"{glyph(state, ascii=self._ascii)} {outcome_word(outcome)}"
        return Content.styled(fit(text, width), colour(state))

    def on_errand_failed(self, event: ErrandFailed) -> None:
        from tui.sentences import sentence_of

        self._errands.done(event.errand)
        if self._stopping:
            self._stopped()
            return
        self.state = State.FAIL
        self._title(_("failed"))
        self._say(sentence_of(event.error), "fail")

    def _stopped(self) -> None:
        """Say what goes on from a run that was stopped on the way."""
        from tui import standing

        self.state = State.WARN
        self._title(_("stopped"))
        run = self.run_made
        if run is None:
            self._say(_("Stopped before anything was changed."), "warn")
        else:
            ways = "; ".join(standing.ways_on(cast("Run", run)))
            self._say(_("Stopped; what is made stays. {ways}. F9 does it here.").format(ways=ways), "warn")

    @property
    def waiting(self) -> bool:
        """Whether the other side has its part still to do."""
        return str(getattr(self.run_made, "state", "")) == "waiting-for-peer"

    def action_resume(self) -> None:
        """Complete a run that stopped on the way, or prove one that waited."""
        if self._over():
            return
        applier, made = self._applier, self.run_made
        busy = any(self._errands.busy(name) for name in ("apply", "undo", "measure"))
        if applier is None or made is None or busy or not getattr(made, "can_go_on", False):
            self.app.notify(_("There is nothing to complete now."), markup=False)
            return
        self.state = State.WAIT
        self._title(_("completing"))

        def work(run: int) -> Message:
            with self._noted(applier, made):
                return messages.PlanApplied(run, applier.resume(made, self._errands.speaker("apply", run)))

        self._errands.start("apply", work)

    def action_copy(self) -> None:
        """Copy the message for the other side."""
        from rules.report import handoff
        from rules.report.handoff_print import as_markdown
        from tui.app import WayhomeApp

        if self._session is None:
            return
        snapshot, report = self.after or (self._session.snapshot(), self.before)
        text = as_markdown(handoff.make(snapshot, report, self.offer))
        cast(WayhomeApp, self.app).copy(_("the message for the other side"), text)

    def _over(self) -> bool:
        """Whether this screen was stopped: its connection is closed, and nothing more is done here."""
        if self._stopping:
            self.app.notify(_("This was stopped; esc goes back, and F9 there goes on with the run."), markup=False)
        return self._stopping

    def action_undo(self) -> None:
        """Ask for consent to take the change back."""
        if self._over():
            return
        if self.run_made is None or self.taken_back or self._errands.busy("measure") or self._errands.busy("apply"):
            self.app.notify(_("There is nothing to take back now."), markup=False)
            return
        from tui.screens.consent import UndoScreen, backwards

        words = diff.consent_word(self.plan.changes)
        self.app.push_screen(UndoScreen(words, backwards(self.plan.changes)), self._undo)

    def _undo(self, agreed: bool | None) -> None:
        applier, made = self._applier, self.run_made
        if not agreed or applier is None:
            return
        self.state = State.WAIT
        self._title(_("taking it back"))
        self._say(_("Taking it back."))

        def work(run: int) -> Message:
            with self._noted(applier, made):
                return messages.RolledBack(run, applier.rollback(made, self._errands.speaker("undo", run)))

        self._errands.start("undo", work)

    def on_rolled_back(self, event: messages.RolledBack) -> None:
        self._errands.done("undo")
        self.taken_back = True
        self.late = tuple(getattr(event.outcome, "late", ()))
        self._say(_("Reading and measuring everything once more."))
        self._measure()

    def action_close(self) -> None:
        """Stop what is under way; else, or when asked again, back to the case."""
        session, changing = self._session, self._errands.busy("apply") or self._errands.busy("undo")
        if self._stopping or not changing or session is None:
            self.dismiss(None if changing else self.after)
            return
        self._stopping = True
        self._title(_("stopping"))
        self._say(_("Stopping the wait; a call that is under way ends first."), "quiet")

        def work(_run: int) -> None:
            session.cancel()

        self._errands.start("stop", work)


def observed(report: Report) -> str | None:
    """What pod-peer was seen to do, None where it was not measured."""
    found = next((row.observed for row in report.matrix if row.probe == PROBE), None)
    return None if found == "not-run" else found


def kind_of(event: object) -> object:
    """What makes an event a repetition of the one before: the same wait, or the same measurement with the same end."""
    probe = getattr(event, "probe", None)
    if isinstance(probe, Probe):
        return probe.id, probe.outcome
    return "waiting" if str(getattr(event, "stage", "")) == "waiting" else None


def said(event: object) -> str:
    """What an event of the applier says to a person."""
    probe = getattr(event, "probe", None)
    if isinstance(probe, Probe):
        return f"{steps.name(probe.id)}: {outcome_word(probe.outcome)} ({probe.seconds:.2f} s)"
    sentence = getattr(event, "sentence", event)
    return sentence if isinstance(sentence, str) else ""
