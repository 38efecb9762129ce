"""Text from outside made safe to draw: no markup, no control characters, no change of writing direction."""

from __future__ import annotations

import unicodedata

from rich.cells import cell_len, set_cell_size
from textual.content import Content

_STAND_IN = "\N{REPLACEMENT CHARACTER}"
_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c")


def plain(text: object, *, lines: bool = False) -> str:
    """Return `text` with every control character replaced; newlines stay where `lines` is set, else become spaces."""
    value = str(text).expandtabs(4)
    if value.isascii() and value.isprintable():
        return value
    return "".join(_safe(character, lines) for character in value)


def _safe(character: str, lines: bool) -> str:
    if character == "\n":
        return "\n" if lines else " "
    if character in _TURNING or unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"}:
        return _STAND_IN
    return character


def content(text: object, style: str = "", *, lines: bool = True) -> Content:
    """Return `text` as Content that is never read as markup."""
    return Content.styled(plain(text, lines=lines), style) if style else Content(plain(text, lines=lines))


def width_of(text: str) -> int:
    """How many cells `text` takes."""
    return len(text) if text.isascii() else cell_len(text)


def fit(text: str, width: int, *, ellipsis: str = "…") -> str:
    """Return `text` in exactly `width` cells, cut with an ellipsis where it is longer."""
    if width <= 0:
        return ""
    if width_of(text) <= width:
        return text + " " * (width - width_of(text))
    mark = ellipsis if width > len(ellipsis) else ""
    kept = set_cell_size(text, width - len(mark))
    if text.startswith(kept):
        return kept + mark
    return kept[:-1] + mark + " "  # a wide character had room for its first half alone
