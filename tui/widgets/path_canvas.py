"""Draws the path: the layout is pure, this widget scrolls it, colours it, and moves a cursor from stop to stop."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from textual import events
from textual.geometry import Region, Size
from textual.message import Message

from tui.path_layout import Drawing, Lane, draw
from tui.widgets.lines import Lines


class PathCanvas(Lines):
    """Both lanes; `selected` counts over all stops."""

    @dataclass
    class Selected(Message):
        """The cursor went to stop `number`."""

        number: int

    def __init__(self, *, ascii: bool) -> None:
        super().__init__(id="path-canvas")
        self._ascii = ascii
        self._lanes: Sequence[Lane] = ()
        self._drawing: Drawing | None = None
        self.boxes: bool | None = None
        self.selected = 0

    @property
    def count(self) -> int:
        """How many stops there are."""
        return sum(len(lane.stops) for lane in self._lanes)

    @property
    def drawing(self) -> Drawing | None:
        """What is drawn, or None before the first layout."""
        return self._drawing

    def show(self, lanes: Sequence[Lane], selected: int) -> None:
        """Draw `lanes` with the cursor on stop `selected`."""
        self._lanes = lanes
        self.selected = max(0, min(selected, self.count - 1))
        self.draw()

    def draw(self) -> None:
        """Lay out for the room that there is."""
        width, height = self.size.width - self.styles.scrollbar_size_vertical, self.size.height
        if width <= 0:
            return
        self._drawing = draw(self._lanes, width, height=height, ascii=self._ascii, boxes=self.boxes)
        self.virtual_size = Size(width, len(self._drawing.rows))
        self._show_selected()
        self.refresh()

    def select(self, number: int) -> None:
        """Put the cursor on stop `number`, within the path."""
        if self.count:
            self.selected = max(0, min(number, self.count - 1))
            self._show_selected()
            self.refresh()
            self.post_message(self.Selected(self.selected))

    def _show_selected(self) -> None:
        if self._drawing is not None and self._drawing.boxes:
            box = self._drawing.boxes[self.selected]
            above = 1 if box.y == 1 else 0
            self.scroll_to_region(
                Region(0, box.y - above, box.width, box.height + above), animate=False, force=True, x_axis=False
            )

    def on_resize(self) -> None:
        self.draw()

    def on_click(self, event: events.Click) -> None:
        if self._drawing is None:
            return
        x, y = event.x, event.y + round(self.scroll_y)
        for number, box in enumerate(self._drawing.boxes):
            if box.x <= x < box.x + box.width and box.y <= y < box.y + box.height:
                self.select(number)

    def line(self, y: int) -> tuple[Iterable[tuple[str, str]], bool]:
        if self._drawing is None or not 0 <= y < len(self._drawing.rows):
            return (), False
        return ((run.text, self._role(run.role, run.stop)) for run in self._drawing.rows[y]), False

    def _role(self, role: str, stop: int | None) -> str:
        return f"{role}+" if stop is not None and stop == self.selected else role
