"""The raw object behind a statement, over the view that made the statement."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING, Any, ClassVar, cast

from textual.app import App, ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Footer, Input, Static

from rules.words import _
from tui.commands import bindings
from tui.evidence import Exhibit
from tui.plain import plain
from tui.widgets.text_view import TextView

if TYPE_CHECKING:
    from tui.app import WayhomeApp


def open_exhibit(app: App[Any], exhibit: Exhibit | None, name: str) -> None:
    """Show `exhibit`, or say that nothing of that name was read."""
    if exhibit is None:
        what = plain(name) or _("this")
        app.notify(_("No object was read for {name}; 6 lists what was.").format(name=what), markup=False)
    else:
        app.push_screen(ExhibitScreen(exhibit))


class ExhibitScreen(ModalScreen[None]):
    """One object: scroll, search, copy."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings("dialog"),
        *bindings("evidence"),
        *bindings("exhibit"),
    ]
    CSS_PATH: ClassVar[list[str | PurePath]] = ["../styles/lines.tcss", "../styles/dialogs.tcss"]
    HELP = _("The object as the API gave it. / searches in it, n goes to the next match, c copies it, esc closes it.")

    def __init__(self, exhibit: Exhibit) -> None:
        super().__init__()
        self.exhibit = exhibit

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog", classes="exhibit"):
            head = Content.assemble((plain(self.exhibit.title), "bold"), (f"   {plain(self.exhibit.origin)}", "$quiet"))
            yield Static(head, markup=False)
            yield Input(placeholder=_("Search"), id="exhibit-search")
            yield TextView([(line, "plain") for line in self.exhibit.text.splitlines()], id="exhibit-text")
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        self.query_one(Input).display = False
        self.set_focus(self.query_one(TextView))

    def action_search(self) -> None:
        """Type to search."""
        self.query_one(Input).display = True
        self.set_focus(self.query_one(Input))

    def on_input_changed(self, event: Input.Changed) -> None:
        self.query_one(TextView).find(event.value)

    def on_input_submitted(self) -> None:
        self.query_one(TextView).focus()

    def action_next_match(self) -> None:
        """Go to the next match."""
        self.query_one(TextView).step(1)

    def action_previous_match(self) -> None:
        """Go to the match before."""
        self.query_one(TextView).step(-1)

    def action_copy(self) -> None:
        """Copy the whole object."""
        cast("WayhomeApp", self.app).copy(self.exhibit.title, self.exhibit.text)

    def action_close(self) -> None:
        """Close."""
        self.dismiss()
