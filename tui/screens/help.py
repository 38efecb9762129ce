"""F1: what the thing in focus shows, and every key that works there."""

from __future__ import annotations

from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen, Screen
from textual.widget import Widget
from textual.widgets import Footer, Static

from rules.words import _
from tui import commands
from tui.plain import content, fit


class HelpScreen(ModalScreen[None]):
    """Closes by escape, F1 or q."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *commands.bindings("dialog"),
        Binding("f1,q", "close", show=False),
        Binding("j", "line(1)", show=False),
        Binding("k", "line(-1)", show=False),
    ]

    CSS_PATH = "../styles/dialogs.tcss"

    def __init__(self, below: Screen[Any], focused: Widget | None) -> None:
        super().__init__()
        self._texts = _texts(below, focused)
        self._keys = [
            (found.display, _(found.title), _(found.help))
            for active in below.active_bindings.values()
            if (found := commands.find(active.binding.id)) is not None
        ]

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="dialog", classes="help"):
            yield Static(Content.styled(_("Help"), "bold $active"), markup=False)
            for text in self._texts:
                yield Static(content(text), classes="paragraph", markup=False)
            rows = []
            for key, title, about in dict.fromkeys(self._keys):
                rows.append(Content.assemble((fit(key, 7), "bold $active"), (title, "bold"), (f"  {about}", "$quiet")))
            yield Static(Content("\n").join(rows), markup=False)
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        self.query_one("#dialog").focus()

    def action_line(self, by: int) -> None:
        """Scroll by a line."""
        self.query_one("#dialog").scroll_relative(y=by, animate=False)

    def action_close(self) -> None:
        """Close."""
        self.dismiss()


def _texts(below: Screen[Any], focused: Widget | None) -> list[str]:
    """The help of the focused widget and of what it is in, nearest first, two at most."""
    chain: list[Any] = [] if focused is None else [focused, *focused.ancestors]
    chain.append(below)
    found = [text for node in chain if isinstance(text := getattr(node, "HELP", None), str) and text]
    return list(dict.fromkeys(found))[:2]
