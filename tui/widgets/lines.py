"""A scrolling widget that draws its own lines: only what is visible costs anything."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.binding import BindingType
from textual.geometry import Region
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

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._looks: dict[tuple[str, bool], Style] = {}

    def line(self, y: int) -> tuple[Iterable[tuple[str, str]], bool]:
        """The runs of content line `y`, and whether the cursor is on it."""
        raise NotImplementedError

    def look(self, role: str, cursor: bool) -> Style:
        """The terminal style of a role, on the cursor's background where `cursor` is set or the role ends in `+`."""
        key = role, cursor
        if key not in self._looks:
            base = self.rich_style + self.get_component_rich_style(f"lines--{role.removesuffix('+')}", partial=True)
            if cursor or role.endswith("+"):
                base += self.get_component_rich_style("lines--cursor", partial=True)
            self._looks[key] = base
        return self._looks[key]

    def render_lines(self, crop: Region) -> list[Strip]:
        # Working a style out costs as much as drawing a line; within one frame it does not change.
        self._looks.clear()
        return super().render_lines(crop)

    def strip_of(self, runs: Iterable[tuple[str, str]], cursor: bool) -> Strip:
        """A screen line of this widget's width."""
        width = self.scrollable_content_region.width
        across = round(self.scroll_x)
        strip = Strip([Segment(text, self.look(role, cursor)) for text, role in runs])
        return strip.crop_extend(across, across + width, self.look("plain", cursor))

    def render_line(self, y: int) -> Strip:
        runs, cursor = self.line(y + round(self.scroll_y))
        return self.strip_of(runs, cursor)
