"""One case: six views over one state. Threads do the waiting; this screen owns what is known."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, ClassVar, cast

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.message import Message
from textual.screen import Screen
from textual.widgets import ContentSwitcher, Footer, Static

from probes.ask import Ask
from rules.report.model import Offer, Report
from rules.snapshot import Outcome, Probe, Snapshot
from rules.words import _
from tui import messages, ports, standing
from tui.case import Case
from tui.commands import bindings
from tui.errands import ErrandFailed, Errands, Spoke
from tui.plain import content
from tui.sentences import sentence_of
from tui.views.base import FilteredView, View
from tui.views.evidence import EvidenceView
from tui.views.fixes import FixesView
from tui.views.path import ObjectWanted, PathView
from tui.views.routes import RoutesView
from tui.views.steps import StepsView
from tui.views.verdict import VerdictView
from tui.widgets.bars import CaseBar, ViewBar

if TYPE_CHECKING:
    from tui.app import WayhomeApp
    from tui.screens.proof import ProofScreen

TICK = 0.2
MAKERS: dict[str, Callable[[], View]] = {
    "steps": StepsView,
    "verdict": VerdictView,
    "path": PathView,
    "routes": RoutesView,
    "fixes": FixesView,
    "evidence": EvidenceView,
}


class CaseScreen(Screen[None]):
    """Diagnose one pod and target, live or from a recording."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("case")]
    CSS_PATH: ClassVar[list[str | PurePath]] = ["../styles/lines.tcss", "../styles/case.tcss"]
    AUTO_FOCUS = None
    HELP = _("One case. The numbers 1 to 6 open its views; esc cancels what is running, or goes back.")

    def __init__(self, *, ask: Ask | None = None, recording: Path | None = None, name: str = "") -> None:
        super().__init__()
        self.case = Case(ask=ask, live=ask is not None, name=name or (recording.name if recording is not None else ""))
        self._recording = recording
        self._recorded: Path | None = None
        self._recording_lock = threading.Lock()
        self._session: ports.Session | None = None
        self._errands = Errands(self)
        self._view = "steps"
        self._wanted: tuple[str, ...] = ()
        self.makers: dict[str, Callable[[], View]] = dict(MAKERS)
        self.proof: ProofScreen | None = None

    @property
    def bar(self) -> CaseBar:
        """The line at the top."""
        return self.query_one(CaseBar)

    @property
    def rooms(self) -> ports.Rooms:
        """The other rooms."""
        return cast("WayhomeApp", self.app).rooms

    @property
    def session(self) -> ports.Session | None:
        """The session, once it was made."""
        return self._session

    def compose(self) -> ComposeResult:
        yield CaseBar(ascii=cast("WayhomeApp", self.app).ascii)
        yield ViewBar()
        with ContentSwitcher(initial="steps", id="views"):
            yield self.makers["steps"]()
        yield Static(id="news", markup=False)
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        self.set_interval(TICK, self._tick)
        self._publish()
        self.query_one("#steps", View).take_focus()
        if self._recording is not None:
            self._open_recording(self._recording)
        elif self.case.ask is not None:
            self._connect(self.case.ask)
            self._errands.start("runs", lambda run: messages.RunsFound(run, tuple(self.rooms.runs())))

    def on_unmount(self) -> None:
        self._errands.drop_all()
        self._let_go()

    # What is started

    def _open_recording(self, path: Path) -> None:
        self._publish(busy=_("opening the recording"))

        def work(run: int) -> Message:
            from tui.cli.files import read_snapshot

            snapshot = read_snapshot(str(path))
            return messages.RecordingOpened(run, snapshot, self.rooms.evaluate(snapshot), path.name)

        self._errands.start("recording", work)

    def _connect(self, ask: Ask) -> None:
        self._publish(busy=_("connecting"))

        def work(run: int) -> Message:
            session = self.rooms.session(ask, self._errands.speaker("connect", run))
            if not self._errands.current("connect", run):
                return messages.Connected(run, ())
            self._session = session
            session.connect()
            return messages.Connected(run, tuple(session.plan()))

        self._errands.start("connect", work)

    def _read(self) -> None:
        session = self._session
        if session is None:
            return
        self._publish(busy=_("reading the configuration"), read=0, gaps=0)

        def work(run: int) -> Message:
            session.read()
            return messages.ConfigurationRead(run, tuple(session.plan()))

        self._errands.start("read", work)

    def _probe(self, id: str) -> None:
        session = self._session
        if session is None:
            return
        self.case = self.case.starting(id, self.rooms.clock())

        def work(run: int) -> Message:
            return messages.ProbeFinished(run, session.probe(id))

        self._errands.start(f"probe {id}", work)

    def _judge(self) -> None:
        session = self._session
        if session is None:
            return
        self._publish(busy=_("judging"))

        def work(run: int) -> Message:
            snapshot = self._with_earlier(session.snapshot())
            return messages.Judged(run, snapshot, self.rooms.evaluate(snapshot))

        self._errands.start("judge", work)

    def _with_earlier(self, snapshot: Snapshot) -> Snapshot:
        """The Snapshot with the measurements of a session that was cancelled before this one."""
        known = {probe.id for probe in snapshot.probes}
        earlier = tuple(
            probe
            for probe in self.case.probes.values()
            if probe.id not in known and probe.outcome is not Outcome.NOT_RUN
        )
        return replace(snapshot, probes=earlier + snapshot.probes) if earlier else snapshot

    # What has happened

    def on_runs_found(self, event: messages.RunsFound) -> None:
        self._errands.done("runs")
        if event.runs:
            self._publish(news=standing.open_ones(event.runs))

    def on_connected(self, event: messages.Connected) -> None:
        self._errands.done("connect")
        self._publish(connected=True, via={planned.id: planned.via for planned in event.plan})
        self._read()
        wanted, self._wanted = self._wanted, ()
        for one in wanted:
            self._probe(one)
        self._publish()

    def on_configuration_read(self, event: messages.ConfigurationRead) -> None:
        self._errands.done("read")
        via = {planned.id: planned.via or self.case.via.get(planned.id, "") for planned in event.plan}
        self._publish(busy="", reading=(), via=via)
        self._judge()

    def on_probe_finished(self, event: messages.ProbeFinished) -> None:
        self._errands.done(f"probe {event.probe.id}")
        self.case = self.case.with_probe(event.probe)
        self._publish()
        if not self._errands.busy("read"):
            self._judge()

    def on_judged(self, event: messages.Judged) -> None:
        self._errands.done("judge")
        self.case = self.case.with_snapshot(event.snapshot, event.report)
        self._publish(busy="")
        if not self.case.started and not self._errands.busy("read"):
            self._record(event.snapshot, event.report)

    def _record(self, snapshot: Snapshot, judged: Report) -> None:
        """Keep what this case has seen, in place of what it had seen before."""

        def work(_run: int) -> None:
            with self._recording_lock:
                self._recorded = self.rooms.record(snapshot, judged, self._recorded)

        self._errands.start("record", work)

    def on_recording_opened(self, event: messages.RecordingOpened) -> None:
        self._errands.done("recording")
        self.case = replace(self.case, live=False).with_snapshot(event.snapshot, event.report)
        self._publish(
            busy="",
            news=_("A recording of {when}: nothing is measured or changed.").format(when=event.snapshot.taken_at),
        )

    def on_spoke(self, event: Spoke) -> None:
        self.case = self.case.heard(event.event, self.rooms.clock())  # type: ignore[arg-type]  # a session speaks Events
        self._publish()

    def on_errand_failed(self, event: ErrandFailed) -> None:
        self._errands.done(event.errand)
        sentence = sentence_of(event.error)
        if event.errand == "runs":
            self._publish(news=sentence)
            return
        if event.errand.startswith("probe "):
            failed = event.errand.removeprefix("probe ")
            self.case = self.case.with_probe(
                Probe(id=failed, outcome=Outcome.NOT_RUN, via=self.case.via.get(failed, ""), why=sentence)
            )
            self._publish()
            return
        if event.errand == "record":
            self._publish(news=sentence)
            return
        self.case = self.case.stopped()
        self._publish(news=sentence)
        from tui.screens.trouble import TroubleScreen

        fatal = event.errand in {"connect", "recording"}
        self.app.push_screen(TroubleScreen(sentence, fatal=fatal), self._after_trouble)

    def _after_trouble(self, again: bool | None) -> None:
        if again:
            if self._recording is not None:
                self._open_recording(self._recording)
            elif self.case.connected:
                self._read()
            elif self.case.ask is not None:
                self._connect(self.case.ask)
        elif not self.case.connected and self.case.report is None:
            self._leave_case()

    # What is wanted

    def on_steps_view_wanted(self, event: StepsView.Wanted) -> None:
        self._measure(event.ids, event.ids[0] if len(event.ids) == 1 else self.case.selected)

    def on_verdict_view_wanted(self, event: VerdictView.Wanted) -> None:
        report = self.case.report
        if not self.case.live:
            self._publish(news=_("A recording cannot be measured again."))
        elif self.case.started or self.case.busy:
            self._publish(news=_("Something is running; esc cancels it."))
        elif event.ids:
            self._measure(event.ids, self.case.selected)
        elif report is None or report.next is None:
            self._publish(news=_("There is no observation to make now."))
        else:
            self._publish(news=_("wayhome cannot make this observation itself; c copies what to type."))

    def _measure(self, ids: tuple[str, ...], selected: str) -> None:
        """Run these probes now, or as soon as the cluster has answered."""
        if self.case.connected:
            for one in ids:
                self._probe(one)
            self._publish(selected=selected, news="")
            return
        self._wanted = ids
        self._publish(selected=selected, news=_("This runs as soon as the cluster has answered."))
        if not self._errands.busy("connect") and self.case.ask is not None:
            self._connect(self.case.ask)

    def on_steps_view_selected(self, event: StepsView.Selected) -> None:
        self._publish(selected=event.id)

    async def on_view_bar_chosen(self, event: ViewBar.Chosen) -> None:
        await self.action_show(event.view)

    async def on_steps_view_finished(self) -> None:
        await self.action_show("verdict")

    def on_object_wanted(self, event: ObjectWanted) -> None:
        from tui import evidence
        from tui.screens.exhibit import open_exhibit

        snapshot = self.case.snapshot
        found = None
        if snapshot is not None:
            found = evidence.find(snapshot, event.name) if event.hop is None else evidence.of_hop(snapshot, event.hop)
        open_exhibit(self.app, found, event.name)

    def on_fixes_view_wanted(self, event: FixesView.Wanted) -> None:
        from tui.screens.consent import ConsentScreen

        session = None if self.case.read_only else self._session
        self.app.push_screen(ConsentScreen(event.offer, session), lambda plan: self._consented(event.offer, plan))

    def on_fixes_view_message_wanted(self, event: FixesView.MessageWanted) -> None:
        from tui.screens.paper import PaperScreen

        self.app.push_screen(PaperScreen(event.paper))

    def _consented(self, offer: Offer, plan: ports.Plan | None) -> None:
        if plan is None or self._session is None or self.case.report is None:
            return
        from tui.screens.proof import ProofScreen

        self.proof = ProofScreen(offer, plan, self._session, self.case.report)
        self.app.push_screen(self.proof, self._proven)

    def _proven(self, result: tuple[Snapshot, Report] | None) -> None:
        if result is None:
            # Left before the new measurements were there: what is shown here is from before the change, and the
            # session is still busy with it, or was stopped.
            self._errands.drop_all()
            self._let_go()
            self.case = self.case.stopped()
            self._publish(connected=False)
            self.action_again()
        else:
            self.case = replace(self.case, probes={}).with_snapshot(*result)
            self._publish(busy="")
            self._recorded = None  # the world before the change stays recorded beside the one after it
            self._record(*result)

    # Keys

    async def action_show(self, view: str) -> None:
        """Open a view; it is made when first opened."""
        switcher = self.query_one("#views", ContentSwitcher)
        self._view = view
        self.query_one(ViewBar).view = view
        if not self.query(f"#views > #{view}"):
            made = self.makers[view]()
            await switcher.add_content(made, id=view)
        switcher.current = view
        self._enter(view)

    def _enter(self, name: str) -> None:
        view = self.query_one(f"#{name}", View)
        self._shown(view)
        if self._view == name:
            view.take_focus()

    async def action_back(self) -> None:
        """Leave a filter; or cancel what is running; or go back."""
        view = self.current
        if isinstance(view, FilteredView) and view.leave_filter():
            return
        if self.case.started or self.case.busy:
            self._cancel()
            return
        if self._view != "steps":
            await self.action_show("steps")
        else:
            self._leave_case()

    def _leave_case(self) -> None:
        if len(self.app.screen_stack) > 1:
            self.dismiss()
        else:
            from tui.screens.start import StartScreen

            self._errands.drop_all()
            self._let_go()
            self.app.push_screen(StartScreen(None))

    def _cancel(self) -> None:
        self._errands.drop_all()
        self._wanted = ()
        self._let_go()
        self.case = self.case.stopped()
        self._publish(connected=False, news=_("Cancelled. What was measured stays; enter connects again and goes on."))

    def _let_go(self) -> None:
        """A session that was cancelled does nothing more: it is closed, and the next wish makes a new one."""
        session, self._session = self._session, None
        if session is not None:
            cast("WayhomeApp", self.app).say_farewell(lambda: leave(session), "session")

    def action_again(self) -> None:
        """Read the configuration and run every probe again."""
        if not self.case.live:
            self._publish(news=_("A recording cannot be measured again."))
        elif self.case.started or self.case.busy:
            self._publish(news=_("Something is running; esc cancels it."))
        elif self.case.connected:
            for one in self.case.ids:
                self._probe(one)
            self._read()
        elif self.case.ask is not None:
            self._wanted = tuple(self.case.ids)
            self._connect(self.case.ask)

    def action_copy(self) -> None:
        """Copy what the view offers."""
        copied = self.current.copied()
        app = cast("WayhomeApp", self.app)
        if copied is None:
            app.tell(_("There is nothing to copy here yet."))
        else:
            app.copy(*copied)

    def action_write(self) -> None:
        """Write a report or the Snapshot to a file."""
        from tui.screens.write import WriteScreen

        if self.case.report is None or self.case.snapshot is None:
            cast("WayhomeApp", self.app).tell(_("There is nothing to write yet."))
        else:
            self.app.push_screen(WriteScreen(self.case.snapshot, self.case.report, self.current.written()))

    # Drawing

    @property
    def current(self) -> View:
        """The open view."""
        return self.query_one(f"#{self._view}", View)

    def _publish(self, **changes: object) -> None:
        if changes:
            self.case = replace(self.case, **changes)  # type: ignore[arg-type]  # fields of Case, by name
        if not self.is_mounted:
            return
        self.bar.case = self.case
        self._shown(self.current)
        self._news()

    def _shown(self, view: View) -> None:
        """Let `view` draw the case."""
        view.show(self.case)

    def _news(self) -> None:
        text = self.case.progress() or self.case.news
        self.query_one("#news", Static).update(content(text, "$quiet", lines=False))

    def _tick(self) -> None:
        if self.case.started:
            self.current.draw(self.rooms.clock())


def leave(session: ports.Session) -> None:
    """Stop what a session does and close it; meant for a farewell's thread."""
    session.cancel()
    session.close()
