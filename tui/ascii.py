"""For terminals that are not UTF-8: whatever is about to be drawn becomes ASCII, cell for cell."""

from __future__ import annotations

from rich.cells import cell_len
from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

_STAND_INS = {
    "→": ">",
    "←": "<",
    "↑": "^",
    "↓": "v",
    "…": "~",
    "·": ".",
    "✓": "+",
    "✗": "x",
    "▸": ">",
    "▶": ">",
    "◀": "<",
    "▼": "v",
    "╳": "X",
    "×": "x",
    "–": "-",
    "—": "-",
    "’": "'",
    "‘": "'",
    "“": '"',
    "”": '"',
    "\N{NO-BREAK SPACE}": " ",
}
_LEVEL, _UPRIGHT = "─━═╌┄▁▂▃▔▀▄", "│┃║┆┊▌▐▎▊█▏▕"


class Ascii(LineFilter):
    """Replaces every character that ASCII does not have; a wide one by as many signs as it has cells."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:  # noqa: ARG002 - Textual's shape
        """The segments in ASCII, every one as wide as it was."""
        return [
            segment if segment.control or segment.text.isascii() else Segment(to_ascii(segment.text), segment.style)
            for segment in segments
        ]


def to_ascii(text: str) -> str:
    """`text` in ASCII, in as many cells."""
    return "".join(character if character.isascii() else _stand_in(character) for character in text)


def _stand_in(character: str) -> str:
    if character in _STAND_INS:
        return _STAND_INS[character]
    if character in _LEVEL:
        return "-"
    if character in _UPRIGHT:
        return "|"
    if "\u2500" <= character <= "\u259f":
        return "+"
    return "?" * cell_len(character)
