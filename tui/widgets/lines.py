"""A scrolling widget that draws its own lines: only what is visible costs anything."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.binding import BindingType
from textual.scroll_view import ScrollView
from textual.strip import Strip

ROLES = (
    "plain",
    "title",
    "line",
    "quiet",
    "strong",
    "ok",
    "fail",
    "doubt",
    "wait",
    "idle",
    "warn",
    "match",
    "ghost",
    "added",
    "removed",
)


class Lines(ScrollView, can_focus=True):
    """The base of the path, the tables and the text viewers. Subclasses give `line(y)` as runs of (text, role)."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {*(f"lines--{role}" for role in ROLES), "lines--cursor"}
    BINDINGS: ClassVar[list[BindingType]] = []

    def line(self, y: int) -> tuple[Iterable[tuple[str, str]], bool]:
        """The runs of content line `y`, and whether the cursor is on it."""
        raise NotImplementedError

    def look(self, role: str, cursor: bool) -> Style:
        """The terminal style of a role, on the cursor's background where `cursor` is set or the role ends in `+`."""
        style = self.rich_style + self.get_component_rich_style(f"lines--{role.removesuffix('+')}", partial=True)
        if cursor or role.endswith("+"):
            style += self.get_component_rich_style("lines--cursor", partial=True)
        return style

    def strip_of(self, runs: Iterable[tuple[str, str]], cursor: bool) -> Strip:
        """A screen line of this widget's width."""
        width = self.scrollable_content_region.width
        across = round(self.scroll_x)
        strip = Strip([Segment(text, self.look(role, cursor)) for text, role in runs])
        return strip.crop_extend(across, across + width, self.look("plain", cursor))

    def render_line(self, y: int) -> Strip:
        runs, cursor = self.line(y + round(self.scroll_y))
        return self.strip_of(runs, cursor)
