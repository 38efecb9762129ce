"""Runs that died or wait for the other side: complete one, take it back, or leave it as it is."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING, ClassVar, cast

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.screen import ModalScreen
from textual.widgets import Footer, OptionList, Static
from textual.widgets.option_list import Option

from probes.parse import ParseError
from probes.run import Run
from rules.words import _
from tui import messages, old_runs, ports
from tui.commands import bindings
from tui.errands import ErrandFailed, Errands
from tui.glyphs import State, glyph
from tui.plain import content, plain
from tui.screens.consent import UndoScreen
from tui.screens.proof import ProofScreen

if TYPE_CHECKING:
    from tui.app import WayhomeApp


class RunsScreen(ModalScreen[None]):
    """Lists the open runs; each way on asks for consent of its own."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("runs")]
    CSS_PATH: ClassVar[list[str | PurePath]] = ["../styles/lines.tcss", "../styles/dialogs.tcss"]
    HELP = _(
        "What was begun here and not ended. Completing makes what is left of the changes and measures; nothing is "
        "done twice. Taking back restores the exact objects. Leaving touches nothing and closes the run."
    )

    def __init__(self) -> None:
        super().__init__()
        self.listed = False
        self._runs: dict[str, Run] = {}
        self._errands = Errands(self)

    @property
    def _app(self) -> WayhomeApp:
        return cast("WayhomeApp", self.app)

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog", classes="write"):
            yield Static(Content.styled(_("Runs that did not end"), "bold $active"), markup=False)
            yield OptionList(id="runs")
            yield Static(id="runs-about", markup=False)
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        self._load()

    def on_screen_resume(self) -> None:
        self._load()

    def on_unmount(self) -> None:
        self._errands.drop_all()

    def _load(self) -> None:
        rooms = self._app.rooms

        def work(run: int) -> Message:
            return messages.RunsFound(run, tuple(rooms.runs()))

        self._errands.start("runs", work)

    def on_runs_found(self, event: messages.RunsFound) -> None:
        self._errands.done("runs")
        self.listed = True
        self._runs = {run.id: run for run in event.runs}
        listing = self.query_one("#runs", OptionList)
        listing.clear_options()
        mark = glyph(State.WARN, ascii=self._app.ascii)
        for run in event.runs:
            text = Content.assemble((mark, "$warn"), f" {plain(old_runs.about(run))}")
            listing.add_option(Option(text, id=run.id))
        listing.display = bool(event.runs)
        if event.runs:
            listing.highlighted = 0
            listing.focus()
        else:
            self._say(_("Every run has ended."))

    def on_errand_failed(self, event: ErrandFailed) -> None:
        from tui.sentences import sentence_of

        self._errands.done(event.errand)
        self.listed = True
        self._say(sentence_of(event.error), bad=True)

    def _say(self, sentence: str, *, bad: bool = False) -> None:
        self.query_one("#runs-about", Static).update(content(sentence, "$fail" if bad else "$quiet"))

    @property
    def selected(self) -> Run | None:
        """The run under the cursor."""
        listing = self.query_one("#runs", OptionList)
        at = listing.highlighted
        return self._runs.get(str(listing.get_option_at_index(at).id)) if at is not None else None

    def on_option_list_option_highlighted(self) -> None:
        run = self.selected
        if run is not None:
            self._say(_("Run {id}, begun {when}").format(id=run.id, when=run.started_at))

    def action_complete(self) -> None:
        """Ask for consent to make what is left, and go on."""
        run = self.selected
        if run is not None and not run.can_go_on:
            self._say(_("Of this run nothing is left to make: it can be taken back, or left."))
        elif run is not None:
            self._consent(run, back=False)

    def action_take_back(self) -> None:
        """Ask for consent to restore what was there."""
        run = self.selected
        if run is not None and not run.can_be_taken_back:
            self._say(_("This run changed nothing: it can be completed, or left."))
        elif run is not None:
            self._consent(run, back=True)

    def action_leave(self) -> None:
        """Ask whether the run is to be closed as it is."""
        from tui.screens.confirm import ConfirmScreen

        run = self.selected
        if run is not None:
            sentence = _("Close run {id} and touch nothing? What is there now stays as it is.").format(id=run.id)
            self.app.push_screen(ConfirmScreen(sentence), lambda sure: self._left(run) if sure else None)

    def action_copy(self) -> None:
        """Copy the run's name, for the command line."""
        if self.selected is not None:
            self._app.copy(_("the run"), self.selected.id)

    def action_close(self) -> None:
        """Decide later."""
        self.dismiss()

    def _left(self, run: Run) -> None:
        rooms = self._app.rooms

        def work(number: int) -> Message:
            rooms.leave(run)
            return messages.RunsFound(number, tuple(rooms.runs()))

        self._errands.start("runs", work)

    def _consent(self, run: Run, *, back: bool) -> None:
        if self._app.opening.read_only:
            self._say(_("Nothing may be changed in read-only mode."), bad=True)
            return
        try:
            old_runs.ask_of(run)
            steps, shown = old_runs.steps_of(run), old_runs.lines(run, back=back)
            word = (steps[-1] if back else steps[0]).name
        except (ParseError, LookupError, TypeError, AttributeError):
            self._say(_("The plan of this run is damaged; `wayhome runs` says more."), bad=True)
            return
        title = _("Take the change back") if back else _("Complete the change")
        asks = (
            _("To restore what was there, type ")
            if back
            else _("What is made already is not made again. To complete it, type ")
        )

        def agreed(yes: bool | None) -> None:
            if yes:
                self.app.push_screen(OldRunScreen(run, back=back))

        self.app.push_screen(UndoScreen(word, shown, title=title, asks=asks), agreed)


class OldRunScreen(ProofScreen):
    """Goes on with a run of the journal, on a session of its own."""

    def __init__(self, run: Run, *, back: bool) -> None:
        super().__init__(old_runs.offer(run), old_runs.plan(run), None, old_runs.before(run))
        self.run_made = run
        self._run = run
        self._back = back

    def on_unmount(self) -> None:
        super().on_unmount()
        session, self._session = self._session, None
        if session is not None:
            from tui.screens.case import leave

            cast("WayhomeApp", self.app).say_farewell(lambda: leave(session), "session")

    def on_remeasured(self, event: messages.Remeasured) -> None:
        self.offer = old_runs.offer(self._run, event.report)

    def begin(self) -> None:
        """Connect to the run's cluster, then complete the run or take it back."""
        self._title(_("taking it back") if self._back else _("completing"))
        self._say(_("Connecting to the cluster of run {id}.").format(id=self._run.id))
        rooms = self._rooms()

        def work(run: int) -> Message | None:
            session = rooms.session(old_runs.ask_of(self._run), self._errands.speaker("apply", run))
            if not self._errands.current("apply", run):
                return None
            self._session = session
            session.connect()
            self._applier = applier = rooms.applier(session)
            watcher: ports.Listener = self._errands.speaker("apply", run)
            with self._noted(applier, self._run):
                if self._back:
                    return messages.RolledBack(run, applier.rollback(self._run, watcher))
                return messages.PlanApplied(run, applier.resume(self._run, watcher))

        self._errands.start("apply", work)

    def on_rolled_back(self, _event: messages.RolledBack) -> None:
        self._errands.done("apply")

    def action_resume(self) -> None:
        """Try once more where the cluster did not answer; else complete the run."""
        if self._over():
            return
        if self._applier is None and not self._errands.busy("apply"):
            self.begin()
        else:
            super().action_resume()

    def action_copy(self) -> None:
        """Copy the message for the other side, where there is one."""
        if self.offer.commands and self.after is not None:
            super().action_copy()
        else:
            cast("WayhomeApp", self.app).tell(_("There is nothing to copy here yet."))
