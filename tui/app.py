"""The app: themes, the first screen, and nothing that a screen can do itself."""

from __future__ import annotations

import os
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual.app import App
from textual.binding import BindingType
from textual.command import Provider

from rules.words import _
from tui import folding, themes
from tui.commands import bindings
from tui.glyphs import ascii_only
from tui.plain import plain
from tui.ports import Rooms

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.screen import Screen

    from probes.ask import Ask

CLOSING_SECONDS = 0.8
AFTER_FIRST_FRAME = 0.25
STYLES = Path(__file__).with_name("styles")


@dataclass(frozen=True)
class Start:
    """What the app opens on: a question, a recording's file, a lab scenario by name, or (all None) the start screen.

    `taught`: in class, where there are lessons and nothing else. `lesson`: the scenario is practised, else its question
    is diagnosed. `read_only` hides everything that would change something. `record` keeps live runs, under
    pseudonyms if `redacted`.
    """

    ask: Ask | None = None
    recording: Path | None = None
    scenario: str | None = None
    lesson: bool = False
    taught: bool = False
    read_only: bool = False
    record: bool = True
    redacted: bool = True


def _palette() -> type[Provider]:
    from tui.palette import Commands

    return Commands


class WayhomeApp(App[int]):
    """Owns the themes, the rooms and the farewell; screens own their state."""

    TITLE = "wayhome"
    COMMANDS: ClassVar[set[type[Provider] | Callable[[], type[Provider]]]] = {_palette}
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("app")]

    def __init__(self, start: Start, rooms: Rooms, *, theme: str = themes.DARK, ascii: bool | None = None) -> None:
        folding.install()
        # Textual loads the styles of every screen but the first one's.
        first = ("lines", "case") if start.ask is not None or start.recording is not None else ("start",)
        super().__init__(css_path=[STYLES / f"{name}.tcss" for name in ("app", *first)], ansi_color=False)
        self.opening = start
        self.rooms = rooms
        self.ascii = ascii_only() if ascii is None else ascii
        if self.ascii:
            from tui.ascii import Ascii

            self._filters.append(Ascii())
        self.animation_level = "none"
        self.HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (120, "-wide")]
        self.VERTICAL_BREAKPOINTS = [(0, "-low"), (24, "-normal"), (36, "-high")]
        self.lab_is_ours = False
        self._farewells: list[threading.Thread] = []
        for own in themes.THEMES:
            self.register_theme(own)
        self.theme = theme

    def get_default_screen(self) -> Screen[None]:
        """The first screen, without an empty one below it."""
        if self.opening.ask is not None or self.opening.recording is not None:
            from tui.screens.case import CaseScreen

            return CaseScreen(ask=self.opening.ask, recording=self.opening.recording)
        from tui.screens.start import StartScreen

        return StartScreen(self.opening.scenario, lesson=self.opening.lesson, taught=self.opening.taught)

    def on_ready(self) -> None:
        """The first frame is there: import the cloud clients now, in one thread, while a person reads."""
        if self.opening.recording is None:
            self.set_timer(AFTER_FIRST_FRAME, self._start_warm_up)

    def _start_warm_up(self) -> None:
        threading.Thread(target=self._warm_up, name="wayhome warm-up", daemon=True).start()

    def _warm_up(self) -> None:
        try:
            self.rooms.warm_up()
        except Exception as error:
            # The session meets the same error when it connects, and says it where a person looks.
            self.log.warning("warm-up failed", error)

    def _handle_exception(self, error: Exception) -> None:
        """Leave without a traceback; `run` raises the first error, and the command line explains it."""
        self._return_code = 1
        if self._exception is None:
            self._exception = error
            self._exception_event.set()
        self._close_messages_no_wait()

    def say_farewell(self, close: Callable[[], None], name: str) -> None:
        """Run `close` in a thread; the app's end waits a moment for it and not longer."""
        thread = threading.Thread(target=close, name=f"wayhome closing {name}", daemon=True)
        thread.start()
        self._farewells.append(thread)

    def wait_farewells(self) -> bool:
        """Whether everything that was opened is closed, after waiting for less than a second."""
        for thread in self._farewells:
            thread.join(CLOSING_SECONDS / len(self._farewells))
        return not any(thread.is_alive() for thread in self._farewells)

    def tell(self, sentence: str, *, bad: bool = False) -> None:
        """Show one sentence for a moment."""
        self.notify(plain(sentence), severity="error" if bad else "information", timeout=8 if bad else 4, markup=False)

    def copy(self, what: str, text: str) -> None:
        """Copy by OSC 52, which works over ssh, and say so."""
        self.copy_to_clipboard(text)
        self.tell(_("Copied {what}: {text}").format(what=what, text=plain(text.strip().split("\n")[0])[:60]))

    def action_next_theme(self) -> None:
        """Take the next theme."""
        names = [own.name for own in themes.THEMES]
        self.theme = names[(names.index(self.theme) + 1) % len(names)] if self.theme in names else names[0]

    def action_runs(self) -> None:
        """The runs that did not end, wherever nothing else waits for an answer."""
        from textual.screen import ModalScreen

        from tui.screens.proof import ProofScreen
        from tui.screens.runs import RunsScreen

        if isinstance(self.screen, ModalScreen | ProofScreen):
            self.tell(_("Close this first; F9 then shows the runs that did not end."))
        else:
            self.push_screen(RunsScreen())

    def action_help(self) -> None:
        """Help for what has the focus."""
        from tui.screens.help import HelpScreen

        if not isinstance(self.screen, HelpScreen):
            self.push_screen(HelpScreen(self.screen, self.focused))


def run(start: Start) -> int:
    """Open the app on `start` and return the process's exit code; raises what ended the app unexpectedly."""
    from tui.rooms import real

    os.environ.setdefault("TEXTUAL_ANIMATIONS", "none")
    if start.taught:
        from lab import apart

        apart.take()
        threading.Thread(target=apart.sweep, name="wayhome sweeping", daemon=True).start()
    app = WayhomeApp(start, real(record=start.record, redacted=start.redacted), theme=chosen_theme())
    code = app.run()
    if app.lab_is_ours:
        app.say_farewell(app.rooms.lab().stop, "lab")
    if not app.wait_farewells():
        print(  # noqa: T201 - the terminal is the person's again, and this they must know
            _("The probe pod may not be gone yet; it ends by itself. `wayhome check` finds strays."), file=sys.stderr
        )
    if app._exception is not None:
        raise app._exception
    return app.return_code or code or 0


def chosen_theme() -> str:
    """The theme that WAYHOME_THEME asks for (dark, light, contrast); dark where it asks for nothing we have."""
    name = f"wayhome-{os.environ.get('WAYHOME_THEME', 'dark')}"
    return name if name in {own.name for own in themes.THEMES} else themes.DARK
