"""A table that draws only the rows on screen, so that 10,000 routes open at once, scroll, filter and sort."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.strip import Strip

from tui.plain import fit, plain, width_of
from tui.widgets.lines import Lines

MEASURED = 2_000
NARROWEST = 14


@dataclass(frozen=True)
class Column:
    """A column: its title, the most cells it may take, and whether it takes what is left over (`flex`), goes
    to the right, or is left out where the room is short (`optional`, the last columns only)."""

    title: str
    most: int = 24
    flex: bool = False
    right: bool = False
    optional: bool = False


@dataclass(frozen=True)
class Line:
    """One row: its cells, the role of the whole row, the role of its first cell, sort keys, and what it stands for."""

    cells: tuple[str, ...]
    role: str = "plain"
    first: str = ""
    keys: tuple[object, ...] = ()
    item: object = None


class Grid(Lines):
    """Rows under a fixed head. `cursor` counts among the rows that the filter lets through."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "cursor(-1)", show=False),
        Binding("down,j", "cursor(1)", show=False),
        Binding("pageup", "page(-1)", show=False),
        Binding("pagedown", "page(1)", show=False),
        Binding("home,g", "edge(0)", show=False),
        Binding("end,G", "edge(1)", show=False),
    ]

    @dataclass
    class Moved(Message):
        """The cursor went to `line`, or to None when no row is left."""

        grid: Grid
        line: Line | None

        @property
        def control(self) -> Grid:
            return self.grid

    @dataclass
    class Chosen(Message):
        """A row was clicked while the cursor was on it."""

        grid: Grid
        line: Line

        @property
        def control(self) -> Grid:
            return self.grid

    def __init__(self, columns: Sequence[Column], *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.columns = tuple(columns)
        self.cursor = 0
        self.sorted_by = 0
        self._rows: list[Line] = []
        self._shown: list[Line] = []
        self._hay: list[str] | None = None
        self._needle = ""
        self._measured: list[int] = []
        self._widths = [min(max(width_of(column.title), 6), column.most) for column in self.columns]

    @property
    def rows(self) -> Sequence[Line]:
        """The rows that the filter lets through, in order."""
        return self._shown

    @property
    def total(self) -> int:
        """How many rows there are without the filter."""
        return len(self._rows)

    @property
    def current(self) -> Line | None:
        """The row under the cursor."""
        return self._shown[self.cursor] if 0 <= self.cursor < len(self._shown) else None

    def load(self, rows: Iterable[Line]) -> None:
        """Replace the rows. The filter stays."""
        self._rows = list(rows)
        self._hay = None
        self._measure()
        self.sort(self.sorted_by)

    def sort(self, column: int) -> None:
        """Sort by the rows' key number `column`; rows without keys keep their order."""
        self.sorted_by = column
        if self._rows and all(len(row.keys) > column for row in self._rows):
            self._rows.sort(key=lambda row: row.keys[column])  # type: ignore[arg-type,return-value]  # keys of one column are of one type
            self._hay = None
        self.filter(self._needle)

    def filter(self, needle: str) -> int:
        """Show the rows that contain `needle`, whatever its case. Returns how many they are."""
        before = self.current
        self._needle = needle
        wanted = needle.casefold().split()
        if not wanted:
            self._shown = list(self._rows)
        else:
            if self._hay is None:
                self._hay = ["\t".join(row.cells).casefold() for row in self._rows]
            pairs = zip(self._rows, self._hay, strict=True)
            self._shown = [row for row, hay in pairs if all(word in hay for word in wanted)]
        self.cursor = next((at for at, row in enumerate(self._shown) if row is before), 0)
        self._resize()
        self._moved()
        return len(self._shown)

    def move_to(self, index: int) -> None:
        """Put the cursor on row `index` (kept within the table) and show it."""
        self.cursor = max(0, min(index, len(self._shown) - 1))
        self._moved()

    def _moved(self) -> None:
        if self.is_mounted:
            self.scroll_to_region(Region(round(self.scroll_x), self.cursor, 1, 2), animate=False, force=True)
        self.refresh()
        self.post_message(self.Moved(self, self.current))

    def action_cursor(self, by: int) -> None:
        self.move_to(self.cursor + by)

    def action_page(self, by: int) -> None:
        self.move_to(self.cursor + by * max(self.scrollable_content_region.height - 2, 1))

    def action_edge(self, end: int) -> None:
        self.move_to(len(self._shown) - 1 if end else 0)

    def on_click(self, event: events.Click) -> None:
        index = event.y + round(self.scroll_y) - 1
        if event.y == 0 or not 0 <= index < len(self._shown):
            return
        again = index == self.cursor
        self.move_to(index)
        if again and self.current is not None:
            self.post_message(self.Chosen(self, self.current))

    def on_resize(self) -> None:
        self._resize()

    def _measure(self) -> None:
        sample = self._rows[:MEASURED]
        self._measured = [
            max([width_of(column.title), *(width_of(row.cells[index]) for row in sample)])
            for index, column in enumerate(self.columns)
        ]

    def _resize(self) -> None:
        if not self._measured:
            self._measure()
        room = self.content_size.width - self.styles.scrollbar_size_vertical
        widths = [min(measured, column.most) for measured, column in zip(self._measured, self.columns, strict=True)]
        while self.columns[len(widths) - 1].optional and room < sum(widths) + 2 * (len(widths) - 1):
            widths.pop()
        spare = room - sum(widths) - 2 * (len(widths) - 1)
        flexible = [index for index, column in enumerate(self.columns) if column.flex]
        rigid = [index for index in range(len(widths)) if index not in flexible]
        while spare < 0 and rigid and max(widths[index] for index in rigid) > NARROWEST:
            widths[max(rigid, key=lambda index: widths[index])] -= 1
            spare += 1
        for index in flexible:
            widths[index] = max(widths[index] + spare // len(flexible), 6)
        self._widths = widths
        across = max(sum(widths) + 2 * (len(widths) - 1), 1)
        self.virtual_size = Size(across, len(self._shown) + 1)
        self.refresh()

    def render_line(self, y: int) -> Strip:
        if y == 0:
            return self.strip_of(self._runs([column.title for column in self.columns], "title", ""), False)
        return super().render_line(y)

    def line(self, y: int) -> tuple[Iterable[tuple[str, str]], bool]:
        index = y - 1
        if not 0 <= index < len(self._shown):
            return (), False
        row = self._shown[index]
        return self._runs(row.cells, row.role, row.first), index == self.cursor and self.has_focus

    def _runs(self, cells: Sequence[str], role: str, first: str) -> Iterable[tuple[str, str]]:
        for index, (cell, width) in enumerate(zip(cells, self._widths, strict=False)):
            text = fit(plain(cell), width)
            if self.columns[index].right and width_of(plain(cell)) < width:
                text = plain(cell).rjust(width)
            yield (text if index == 0 else "  " + text), (first or role) if index == 0 else role
