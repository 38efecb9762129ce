"""What every view of a case can do."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, cast

from textual.containers import Vertical
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input

from rules.report.model import MatrixRow
from tui.case import Case
from tui.glyphs import State, colour, glyph
from tui.plain import content, plain

if TYPE_CHECKING:
    from tui.app import WayhomeApp
    from tui.handover import Paper


class View(Vertical):
    """A view draws the case that it is given, and says what `c` would copy."""

    HELP = ""

    @property
    def ascii(self) -> bool:
        """Whether only ASCII may be drawn."""
        return cast("WayhomeApp", self.app).ascii

    @property
    def wide(self) -> bool:
        """Whether there is room for two things side by side."""
        return self.app.size.width >= 120

    def show(self, case: Case) -> None:
        """Draw `case`."""
        raise NotImplementedError

    def draw(self, now: float) -> None:
        """Draw what passes with time, at `now` of the app's clock."""

    def home(self) -> Widget:
        """The widget in which keys are wanted first."""
        return self

    def take_focus(self) -> None:
        """Put the focus there, at once: the next key may be on its way already."""
        self.screen.set_focus(self.home())

    def copied(self) -> tuple[str, str] | None:
        """What `c` copies: its name and its text; None when there is nothing."""
        return None

    @property
    def dot(self) -> str:
        """What leads an item of a list."""
        return glyph(State.IDLE, ascii=self.ascii)

    def written(self) -> tuple[Paper, ...]:
        """What `w` offers to write besides the report."""
        return ()

    def sign(self, state: State, word: str = "", style: str = "") -> Content:
        """Glyph, word and colour of a state."""
        text = glyph(state, ascii=self.ascii) + (f" {plain(word)}" if word else "")
        return Content.styled(text, f"{style} {colour(state)}".strip())


def shown(matrix: Iterable[MatrixRow]) -> list[MatrixRow]:
    """The rows worth a line: a probe that nobody asked for and nobody can predict is left out."""
    return [row for row in matrix if row.observed is not None or row.predicted != "unknown"]


def lines(*parts: Content | str) -> Content:
    """Join lines; plain strings are text from outside and never markup."""
    return Content("\n").join(part if isinstance(part, Content) else content(part) for part in parts)


class FilteredView(View):
    """A view with a field, hidden until it is wanted, that narrows down what is listed; `field` is its id."""

    field = ""

    def open_filter(self) -> None:
        """Show the field and go there."""
        found = self.query_one(f"#{self.field}", Input)
        found.display = True
        self.screen.set_focus(found)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.take_focus()

    def leave_filter(self) -> bool:
        """Clear and hide the field; False when it was hidden."""
        found = self.query_one(f"#{self.field}", Input)
        if not found.display:
            return False
        found.value = ""
        found.display = False
        self.take_focus()
        return True
