"""The raw objects behind every statement: a list to search on the left, the object on the right."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container
from textual.widget import Widget
from textual.widgets import Input

from rules.snapshot import Snapshot
from rules.words import _
from tui.case import Case
from tui.commands import bindings
from tui.evidence import Exhibit, exhibits
from tui.views.base import FilteredView
from tui.widgets.grid import Column, Grid, Line
from tui.widgets.text_view import TextView


class EvidenceView(FilteredView):
    """Search runs over the objects' whole text, not over their names alone."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("evidence")]
    field = "evidence-search"
    HELP = _(
        "Every object as the APIs gave it, every measurement, and every read that failed. / lists the objects that "
        "contain what you type and marks it in the object; n goes to the next match; tab goes to the text; c copies "
        "the object."
    )

    def __init__(self) -> None:
        super().__init__(id="evidence")
        self._snapshot: Snapshot | None = None
        self._lines: list[Line] = []

    def compose(self) -> ComposeResult:
        yield Input(placeholder=_("Search in all objects; escape clears"), id="evidence-search")
        with Container(id="evidence-panes"):
            yield Grid((Column(_("object"), 60, flex=True), Column(_("from"), 12)), id="evidence-list")
            yield TextView(id="evidence-text")

    def on_mount(self) -> None:
        self.query_one("#evidence-search", Input).display = False

    def home(self) -> Widget:
        return self.query_one(Grid)

    def show(self, case: Case) -> None:
        if not self.is_mounted or case.snapshot is self._snapshot:
            return
        self._snapshot = case.snapshot
        found = exhibits(case.snapshot) if case.snapshot is not None else ()
        self._lines = [
            Line((item.title, item.origin), item=item, role="warn" if item.kind == "gap" else "plain") for item in found
        ]
        self.query_one(Grid).load(self._lines)

    def on_grid_moved(self, event: Grid.Moved) -> None:
        event.stop()
        item = event.line.item if event.line is not None else None
        text = item.text if isinstance(item, Exhibit) else ""
        self.query_one(TextView).show_lines((line, "plain") for line in text.splitlines())

    def action_search(self) -> None:
        """Type to search."""
        self.open_filter()

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        grid, wanted = self.query_one(Grid), event.value.casefold()
        grid.load(
            line
            for line in self._lines
            if isinstance(line.item, Exhibit)
            and (wanted in line.item.title.casefold() or wanted in line.item.text.casefold())
        )
        self.query_one(TextView).find(event.value)

    def action_next_match(self) -> None:
        """Go to the next match."""
        self.query_one(TextView).step(1)

    def action_previous_match(self) -> None:
        """Go to the match before."""
        self.query_one(TextView).step(-1)

    def copied(self) -> tuple[str, str] | None:
        line = self.query_one(Grid).current
        item = line.item if line is not None else None
        return (item.title, item.text) if isinstance(item, Exhibit) else None
