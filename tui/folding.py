"""Lines that break where the reader's language lets them: beside wide characters, and never before what closes.

Textual breaks lines at spaces alone, which Japanese does not write, and has no place to say otherwise; `install` puts
`divide` where it divides lines.
"""

from __future__ import annotations

from collections.abc import Iterator

import textual.content
from rich import _wrap
from rich.cells import cell_len, chop_cells

from rules.report.plain import breaks
from tui.plain import plain

_AT_SPACES = _wrap.divide_line


def install() -> None:
    """Let every text of the app fold here."""
    textual.content.divide_line = divide  # type: ignore[attr-defined]  # imported there, and looked up there


def divide(text: str, width: int, fold: bool = True) -> list[int]:
    """Where to break `text` so that no line has more than `width` cells, as indices; `fold` breaks long words too."""
    if text.isascii() or cell_len(text) == len(text):
        return _AT_SPACES(text, width, fold)
    found: list[int] = []
    used = 0
    for start, piece in _pieces(text):
        size = cell_len(piece.rstrip())
        if used + size <= width:
            used += cell_len(piece)
            continue
        if start:
            found.append(start)
        used = cell_len(piece)
        if fold and size > width > 1:
            at = start
            *full, last = chop_cells(piece, width)
            for part in full:
                at += len(part)
                found.append(at)
            used = cell_len(last)
    return found


def wrap(text: str, width: int) -> list[str]:
    """`text`, made safe to draw, in lines of at most `width` cells (two at least)."""
    text = plain(text)
    ends = divide(text, max(width, 2))
    return [text[a:b].rstrip() for a, b in zip([0, *ends], [*ends, len(text)], strict=True)]


def _pieces(text: str) -> Iterator[tuple[int, str]]:
    """What no line breaks inside, each with where it starts and the spaces after it."""
    for start, end, word in _wrap.words(text):
        begin = start
        for at in range(start + 1, start + len(word.rstrip())):
            if breaks(text[at - 1], text[at]):
                yield begin, text[begin:at]
                begin = at
        yield begin, text[begin:end]
