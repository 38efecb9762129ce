"""Yes or no, where a wrong key must not decide: no is chosen until the cursor is moved."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Footer, OptionList, Static
from textual.widgets.option_list import Option

from rules.words import _
from tui.commands import bindings
from tui.plain import content


class ConfirmScreen(ModalScreen[bool]):
    """Dismissed with True for yes."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("dialog")]
    CSS_PATH = "../styles/dialogs.tcss"

    def __init__(self, sentence: str) -> None:
        super().__init__()
        self.sentence = sentence

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog", classes="write"):
            yield Static(content(self.sentence), markup=False)
            yield OptionList(
                Option(Content(_("No, go back")), id="no"), Option(Content(_("Yes")), id="yes"), id="confirm"
            )
        yield Footer(show_command_palette=False)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(event.option_id == "yes")

    def action_close(self) -> None:
        """No."""
        self.dismiss(False)
