"""When there is no way on: what happened, what to do, and a key to try again. Nothing closes by itself."""

from __future__ import annotations

from typing import ClassVar, cast

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Footer, Static

from rules.words import _
from tui.commands import bindings
from tui.glyphs import State, glyph
from tui.plain import content


class TroubleScreen(ModalScreen[bool]):
    """Dismissed with True to try again."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("trouble")]

    CSS_PATH = "../styles/dialogs.tcss"

    def __init__(self, sentence: str, *, fatal: bool) -> None:
        super().__init__()
        self.sentence = sentence
        self.fatal = fatal

    def compose(self) -> ComposeResult:
        from tui.app import WayhomeApp

        sign = glyph(State.FAIL, ascii=cast(WayhomeApp, self.app).ascii)
        title = _("This cannot go on") if self.fatal else _("Something did not work")
        with Vertical(id="dialog", classes="trouble"):
            yield Static(Content.styled(f"{sign} {title}", "bold $fail"), markup=False)
            yield Static(content(self.sentence), id="sentence", markup=False)
            yield Static(Content.styled(_("r tries again, c copies this, esc goes back."), "$quiet"), markup=False)
        yield Footer(show_command_palette=False)

    def action_again(self) -> None:
        """Try again."""
        self.dismiss(True)

    def action_close(self) -> None:
        """Go back."""
        self.dismiss(False)

    def action_copy(self) -> None:
        """Copy the sentence."""
        from tui.app import WayhomeApp

        cast(WayhomeApp, self.app).copy(_("the message"), self.sentence)
