"""Where every character of the path goes: boxes that wind like a snake when wide, a ladder when narrow.

Pure: stops and a width in, rows of styled runs out. Every stop appears once, no two boxes overlap, no row is wider
than asked. Roles name what a run is; the widget decides how it looks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import get_character_cell_size

from rules.report.plain import wrap
from tui.glyphs import State, glyph
from tui.plain import fit, width_of

BOX_WIDTH = 30
WIDEST_BOX = 46
GAP = 5
BOXES_FROM = 120


@dataclass(frozen=True)
class Stop:
    """One hop as drawn: what it is, where, the detail in a few words, its state; `beyond` the first break it is dim."""

    kind: str
    at: str
    detail: str
    state: State
    beyond: bool = False
    first_break: bool = False
    short: str = ""

    @property
    def brief(self) -> str:
        """Where, as short as it can be said."""
        return self.short or self.at


@dataclass(frozen=True)
class Lane:
    """One direction: its title and its stops in the packet's order."""

    title: str
    stops: tuple[Stop, ...]


@dataclass(frozen=True)
class Run:
    """Text of one look. `role` is plain, title, line, quiet, strong, or a State; `stop` counts over all lanes."""

    text: str
    role: str
    stop: int | None = None


@dataclass(frozen=True)
class Box:
    """The cells that a stop takes."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True)
class Drawing:
    """Rows of runs, and the place of every stop, in order."""

    rows: tuple[tuple[Run, ...], ...]
    boxes: tuple[Box, ...]
    width: int

    def text(self) -> str:
        """The drawing as plain text."""
        return "\n".join("".join(run.text for run in row).rstrip() for row in self.rows)


@dataclass(frozen=True)
class _Pen:
    """The characters of one alphabet."""

    corners: str
    broken_corners: str
    horizontal: str
    broken_horizontal: str
    vertical: str
    right: str
    left: str
    down: str
    cross: str
    dashed: str
    dashed_down: str
    ellipsis: str


_LINES = _Pen("╭╮╰╯", "╔╗╚╝", "─", "═", "│", "▶", "◀", "▼", "╳", "╌", "┆", "…")
_ASCII = _Pen("++++", "####", "-", "=", "|", ">", "<", "v", "X", ".", ":", "~")


class _Canvas:
    """A sheet of cells that grows downwards. A wide character fills two cells."""

    def __init__(self, width: int) -> None:
        self.width = width
        self._cells: list[list[tuple[str, str, int | None]]] = []

    def put(self, x: int, y: int, text: str, role: str, stop: int | None = None) -> None:
        while len(self._cells) <= y:
            self._cells.append([(" ", "plain", None)] * self.width)
        row = self._cells[y]
        for character in text:
            size = get_character_cell_size(character)
            if size == 0 or x < 0 or x + size > self.width:
                continue
            row[x] = (character, role, stop)
            if size == 2:
                row[x + 1] = ("", role, stop)
            x += size

    def rows(self) -> tuple[tuple[Run, ...], ...]:
        return tuple(_runs(row) for row in self._cells)

    @property
    def height(self) -> int:
        return len(self._cells)


def _runs(cells: Sequence[tuple[str, str, int | None]]) -> tuple[Run, ...]:
    runs: list[Run] = []
    for character, role, stop in cells:
        if runs and (runs[-1].role, runs[-1].stop) == (role, stop):
            runs[-1] = Run(runs[-1].text + character, role, stop)
        else:
            runs.append(Run(character, role, stop))
    return tuple(runs)


def draw(
    lanes: Sequence[Lane],
    width: int,
    *,
    height: int | None = None,
    ascii: bool = False,
    boxes: bool | None = None,
    details: int = 2,
) -> Drawing:
    """Draw the lanes in `width` cells: boxes from 120 cells on, or as `boxes` says, else the ladder.

    Boxes hold `details` lines of their details where `height` allows it; a drawing may still be higher than that.
    """
    as_boxes = width >= BOXES_FROM if boxes is None else boxes
    if not as_boxes or width < BOX_WIDTH + 2:
        return _ladder(lanes, width, ascii)
    roomy = _boxes(lanes, width, ascii, details=details)
    if height is None or len(roomy.rows) <= height:
        return roomy
    return _boxes(lanes, width, ascii, details=1)


def _ladder(lanes: Sequence[Lane], width: int, ascii: bool) -> Drawing:
    pen = _ASCII if ascii else _LINES
    canvas = _Canvas(width)
    places: list[Box] = []
    every = [stop for lane in lanes for stop in lane.stops]
    digits = len(str(max(len(every), 1)))
    kinds = min(max((width_of(stop.kind) for stop in every), default=0), 18)
    ats = min(max((width_of(stop.brief) for stop in every), default=0), max(width // 4, 10))
    y = 0
    for index, lane in enumerate(lanes):
        if index:
            y += 1
        canvas.put(1, y, fit(lane.title, width - 1, ellipsis=pen.ellipsis).rstrip(), "title")
        y += 1
        for stop in lane.stops:
            number = len(places)
            role = "quiet" if stop.beyond else str(stop.state)
            canvas.put(0, y, " " * width, "plain", number)
            canvas.put(1, y, glyph(stop.state, ascii=ascii), role, number)
            canvas.put(3, y, str(number + 1).rjust(digits), "quiet", number)
            canvas.put(4 + digits, y, fit(stop.kind, kinds, ellipsis=pen.ellipsis), _text_role(stop), number)
            x = 6 + digits + kinds
            canvas.put(x, y, fit(stop.brief, ats, ellipsis=pen.ellipsis), "quiet", number)
            x += ats + 2
            rest = fit(stop.detail, max(width - x, 0), ellipsis=pen.ellipsis).rstrip()
            canvas.put(x, y, rest, role if stop.first_break else _text_role(stop), number)
            places.append(Box(0, y, width, 1))
            y += 1
    return Drawing(canvas.rows(), tuple(places), width)


def _text_role(stop: Stop) -> str:
    if stop.beyond:
        return "quiet"
    return "strong" if stop.first_break else "plain"


def _boxes(lanes: Sequence[Lane], width: int, ascii: bool, *, details: int) -> Drawing:
    pen = _ASCII if ascii else _LINES
    canvas = _Canvas(width)
    places: list[Box] = []
    across = max(1, (width - 2 + GAP) // (BOX_WIDTH + GAP))
    wide = min((width - 2 - GAP * (across - 1)) // across, WIDEST_BOX)
    step = wide + GAP
    tall = details + 4
    y = 0
    for index, lane in enumerate(lanes):
        if index:
            y += 1
        canvas.put(1, y, fit(lane.title, width - 1, ellipsis=pen.ellipsis).rstrip(), "title")
        y += 1
        for order, stop in enumerate(lane.stops):
            row, place = divmod(order, across)
            column = place if row % 2 == 0 else across - 1 - place
            box = Box(1 + column * step, y + row * (tall + 1), wide, tall)
            _box(canvas, box, stop, len(places), pen, ascii)
            if order + 1 < len(lane.stops):
                _arrow(canvas, box, stop, pen, last=place == across - 1, leftward=row % 2 == 1)
            places.append(box)
        rows = -(-len(lane.stops) // across)
        y += rows * (tall + 1) - 1 if rows else 0
        y = max(y, canvas.height)
    return Drawing(canvas.rows(), tuple(places), width)


def _box(canvas: _Canvas, box: Box, stop: Stop, number: int, pen: _Pen, ascii: bool) -> None:
    role = "quiet" if stop.beyond else str(stop.state)
    edge = role if stop.first_break else "line"
    corners, bar = (pen.broken_corners, pen.broken_horizontal) if stop.first_break else (pen.corners, pen.horizontal)
    inner = box.width - 2
    canvas.put(box.x, box.y, corners[0] + bar * inner + corners[1], edge, number)
    canvas.put(box.x, box.y + box.height - 1, corners[2] + bar * inner + corners[3], edge, number)
    for line in range(1, box.height - 1):
        canvas.put(box.x, box.y + line, pen.vertical + " " * inner + pen.vertical, edge, number)
    room = inner - 2
    canvas.put(box.x + 2, box.y + 1, glyph(stop.state, ascii=ascii), role, number)
    canvas.put(box.x + 4, box.y + 1, fit(stop.kind, room - 2, ellipsis=pen.ellipsis), _text_role(stop), number)
    canvas.put(box.x + 2, box.y + 2, fit(stop.at, room, ellipsis=pen.ellipsis), "quiet", number)
    detail = role if stop.first_break else _text_role(stop)
    for line, text in enumerate(_wrapped(stop.detail, room, box.height - 4, pen)):
        canvas.put(box.x + 2, box.y + 3 + line, text, detail, number)


def _wrapped(text: str, width: int, most: int, pen: _Pen) -> list[str]:
    """`text` in at most `most` lines, broken between words, the last one cut where there is more."""
    lines = wrap(text, width)
    if len(lines) > most:
        lines[most - 1 :] = [f"{lines[most - 1]} {lines[most]}"]
    return [fit(line, width, ellipsis=pen.ellipsis) for line in lines]


def _arrow(canvas: _Canvas, box: Box, stop: Stop, pen: _Pen, *, last: bool, leftward: bool) -> None:
    role = str(State.FAIL) if stop.first_break else "line"
    bar = pen.dashed if stop.beyond or stop.first_break else pen.horizontal
    if last:
        canvas.put(box.x + box.width // 2, box.y + box.height, pen.cross if stop.first_break else pen.down, role)
        return
    middle = box.y + box.height // 2
    head = pen.left if leftward else pen.right
    body = bar * (GAP - 2)
    if stop.first_break:
        body = bar + pen.cross + bar
    text = head + body if leftward else body + head
    x = box.x - GAP + 1 if leftward else box.x + box.width
    canvas.put(x, middle, text, role)
