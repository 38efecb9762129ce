"""Text from outside made safe to print, and measured in terminal cells."""

from __future__ import annotations

import unicodedata

_ESCAPED = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def plain(text: str) -> str:
    """`text` with every control, format and private character spelled out (`\\x1b`), so that a terminal obeys none."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_shown(char) for char in text)


def _shown(char: str) -> str:
    if unicodedata.category(char) in _ESCAPED:
        return char.encode("unicode_escape").decode("ascii")
    return char


def cells(text: str) -> int:
    """How many terminal cells `text` takes: two for wide East Asian characters, none for combining marks."""
    if text.isascii():
        return len(text)
    return sum(_cells(char) for char in text)


def _cells(char: str) -> int:
    if unicodedata.combining(char) or unicodedata.category(char) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in ("W", "F") else 1


def cut(text: str, width: int, *, mark: str = "…") -> str:
    """`text` in at most `width` cells, the cut shown by `mark`."""
    if cells(text) <= width:
        return text
    kept, used, room = [], 0, width - cells(mark)
    for char in text:
        used += _cells(char)
        if used > room:
            break
        kept.append(char)
    return "".join(kept) + mark if room >= 0 else ""


def pad(text: str, width: int, *, mark: str = "…") -> str:
    """`text` cut or filled with spaces to exactly `width` cells."""
    text = cut(text, width, mark=mark)
    return text + " " * (width - cells(text))


_CLOSING = frozenset("、。，．・：；？！）」』】〕…ー),.:;!?]")
"""What no line begins with."""
_OPENING = frozenset("（「『【〔([")
"""What no line ends with."""


def wrap(text: str, width: int, *, first: str = "", rest: str = "") -> list[str]:
    """`text` as lines of at most `width` cells, the first led by `first`, the others by `rest`.

    Lines break at spaces, beside wide characters (which stand without spaces), and inside a word that no line holds.
    """
    lines: list[str] = []
    line, room = "", width - cells(first)
    for word, gap in _words(text):
        joined = f"{line} {word}" if line and gap else line + word
        if cells(joined) <= room:
            line = joined
            continue
        if line:
            lines.append(line)
            room = width - cells(rest)
        while cells(word) > room > 1:
            head = cut(word, room, mark="")
            lines.append(head)
            word = word[len(head) :]
            room = width - cells(rest)
        line = word
    lines.append(line)
    return [f"{rest if number else first}{line}".rstrip() for number, line in enumerate(lines)]


def _words(text: str) -> list[tuple[str, bool]]:
    """The unbreakable pieces of `text`, each with whether a space stands before it."""
    found: list[tuple[str, bool]] = []
    for word in text.split():
        gap, piece = True, ""
        for char in word:
            if piece and breaks(piece[-1], char):
                found.append((piece, gap))
                gap, piece = False, ""
            piece += char
        if piece:
            found.append((piece, gap))
    return found


def breaks(left: str, right: str) -> bool:
    """Whether a line may end between two characters of a word: beside wide ones, if neither belongs to the other."""
    if left in _OPENING or right in _CLOSING or not _cells(right):
        return False
    return 2 in (_cells(left), _cells(right))
