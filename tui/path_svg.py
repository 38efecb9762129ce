"""The path as an SVG file that can be read alone: question, verdict, both lanes, and what the signs mean.

Pure: a Report in, text out. Everything from outside is escaped; a hop's whole sentence is its box's title, which
browsers show under the pointer and screen readers read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from xml.sax.saxutils import escape

from rich.cells import get_character_cell_size

from rules.report import labels
from rules.report.model import Report
from rules.report.plain import wrap
from rules.words import _
from tui import hops, themes
from tui.glyphs import LOOKS, State, glyph
from tui.path_layout import Box, Drawing, Run, draw
from tui.plain import plain, width_of

WIDTH = 150
DETAILS = 6
CELL, LINE, MARGIN = 8.4, 19.0, 16.0
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")

Piece = tuple[int, str, str]


def svg(report: Report) -> str:
    """The picture of `report`'s walk; where there is none, what is known in words."""
    head = list(_head(report))
    drawing = Drawing((), (), WIDTH)
    if report.walk is not None:
        drawing = draw(hops.lanes(report.walk), WIDTH, boxes=True, details=DETAILS)
    else:
        head.append((_("No path could be drawn: too little was read."), "quiet"))
    legend = [] if report.walk is None else [_legend()]
    top, rows = len(head) + 1, len(drawing.rows)
    tall = MARGIN * 2 + LINE * (top + rows + (2 if legend else 0))
    body = [_text(0, line, [(0, text, role)]) for line, (text, role) in enumerate(head)]
    body += _boxes(report, drawing, top)
    body += [_text(0, top + y, list(_pieces(row, y, drawing.boxes))) for y, row in enumerate(drawing.rows)]
    body += [_text(0, top + rows + 1, list(parts)) for parts in legend]
    wide = MARGIN * 2 + CELL * WIDTH
    size = f'width="{wide:.0f}" height="{tall:.0f}" viewBox="0 0 {wide:.0f} {tall:.0f}"'
    name = _safe(f"{_about(report)}: {report.headline}")
    parts = (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" {size}>',
        f"<title>{name}</title>",
        f"<style>{_style()}</style>",
        '<rect class="ground" width="100%" height="100%"/>',
        *(line for line in body if line),
        "</svg>",
    )
    return "\n".join(parts) + "\n"


def _about(report: Report) -> str:
    asked = report.question
    return f"{asked.pod} → {asked.target}" if asked is not None else "wayhome"


def _head(report: Report) -> Iterator[tuple[str, str]]:
    mark, word = labels.answer_mark(report.answer, labels.UNICODE), labels.answer_word(report.answer)
    role = {labels.UNICODE.good: State.OK, labels.UNICODE.bad: State.FAIL}.get(mark, State.DOUBT)
    yield f"{mark} {word}  {_about(report)}", str(role)
    for line in wrap(plain(report.headline), WIDTH):
        yield line, "strong"
    if report.taken_at:
        yield _("as it was read at {when}").format(when=plain(report.taken_at)), "quiet"


def _legend() -> list[Piece]:
    words = {
        State.OK: _("passes"),
        State.FAIL: _("stops the packet"),
        State.DOUBT: _("not known"),
        State.IDLE: _("not reached"),
    }
    pieces: list[Piece] = []
    x = 0
    for state, word in words.items():
        text = f"{glyph(state)} {word}"
        pieces.append((x, text, str(state)))
        x += width_of(text) + 3
    return pieces


def _pieces(row: Sequence[Run], y: int, boxes: Sequence[Box]) -> Iterator[Piece]:
    """The texts of a row with their columns; edges of boxes are drawn as rectangles instead."""
    x = 0
    for run in row:
        box = boxes[run.stop] if run.stop is not None else None
        start, text = x, ""
        for character in run.text:
            edge = box is not None and (y in (box.y, box.y + box.height - 1) or x in (box.x, box.x + box.width - 1))
            text += " " if edge else character
            x += get_character_cell_size(character)
        bare = text.lstrip(" ")
        if bare:
            yield start + len(text) - len(bare), bare.rstrip(" "), run.role


def _boxes(report: Report, drawing: Drawing, top: int) -> list[str]:
    if report.walk is None:
        return []
    stops = [stop for lane in hops.lanes(report.walk) for stop in lane.stops]
    drawn = []
    for number, (box, stop) in enumerate(zip(drawing.boxes, stops, strict=True)):
        look = f"box {'broken' if stop.first_break else ''} {stop.state}".replace("  ", " ")
        place = (
            f'x="{MARGIN + CELL * (box.x + 0.5):.1f}" y="{MARGIN + LINE * (top + box.y + 0.5):.1f}" '
            f'width="{CELL * (box.width - 1):.1f}" height="{LINE * (box.height - 1):.1f}" rx="6"'
        )
        whole = f"{stop.kind}, {stop.at}: {hops.standing(report.walk, number)}. {stop.detail}"
        drawn.append(f'<rect class="{look}" {place}><title>{_safe(whole)}</title></rect>')
    return drawn


def _text(x: int, line: int, pieces: Sequence[Piece]) -> str:
    y = MARGIN + LINE * (line + 0.72)
    drawn = []
    for at, text, role in pieces:
        long = f'textLength="{CELL * width_of(text):.1f}" lengthAdjust="spacingAndGlyphs"'
        drawn.append(f'<text class="{role}" x="{MARGIN + CELL * (x + at):.1f}" y="{y:.1f}" {long}>{_safe(text)}</text>')
    return "".join(drawn)


def _safe(text: str) -> str:
    return escape(_FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", plain(text)))


def _style() -> str:
    theme = next(own for own in themes.THEMES if own.name == themes.LIGHT)
    colours = {str(state): theme.variables[look.colour.removeprefix("$")] for state, look in LOOKS.items()}
    quiet, line, ground, text = theme.variables["quiet"], theme.variables["line"], theme.background, theme.foreground
    rules = [
        f".ground{{fill:{ground}}}",
        f"text{{font:14px 'DejaVu Sans Mono',Menlo,Consolas,monospace;fill:{text};white-space:pre}}",
        f"text.quiet,text.line{{fill:{quiet}}}",
        "text.title,text.strong{font-weight:bold}",
        *(f"text.{name}{{fill:{colour}}}" for name, colour in colours.items()),
        f".box{{fill:none;stroke:{line};stroke-width:1.2}}",
        f".broken{{stroke:{colours[str(State.FAIL)]};stroke-width:3}}",
    ]
    return "".join(rules)
