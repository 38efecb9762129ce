"""Where words go: the report to stdout, everything else to stderr."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from difflib import get_close_matches

from rules.report.plain import cells, pad, plain, wrap
from rules.words import _


class OutputError(Exception):
    """What was asked for cannot be written to stdout: the disk behind it is full, or worse."""

    exit_code = 2

    def __init__(self, error: OSError) -> None:
        self.sentence = _("The output cannot be written ({reason}).").format(reason=error.strerror or error)
        super().__init__(self.sentence)


def report(text: str, *, finished: bool = False) -> None:
    """Write what was asked for to stdout, ending in a newline. What the terminal cannot show becomes `?`.

    Control characters are spelled out, but for a `finished` text, which has its colours or is for a program.
    """
    with _to_stdout():
        _write(sys.stdout, text if finished else _tame(text))


def finish() -> None:
    """Send what is still held back of stdout."""
    with _to_stdout():
        sys.stdout.flush()


def say(text: str) -> None:
    """Write a remark, a warning or an error to stderr."""
    _write(sys.stderr, _tame(text))
    sys.stderr.flush()


def complain(sentence: str) -> None:
    """Write what went wrong to stderr, with the program's name before it."""
    say(f"wayhome: {sentence}")


def is_colourful(stream: object) -> bool:
    """True when `stream` is a terminal that colours may be sent to (NO_COLOR and TERM=dumb forbid them)."""
    tty = getattr(stream, "isatty", None)
    return bool(tty and tty()) and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def width() -> int:
    """Columns of the terminal that reads the report; 80 where there is none."""
    try:
        return max(40, os.get_terminal_size(sys.stdout.fileno()).columns)
    except (OSError, ValueError):
        return 80


def table(rows: Sequence[Sequence[str]], gap: str = "  ") -> str:
    """Rows as left-aligned columns; the last column is as long as it is."""
    if not rows:
        return ""
    widths = [max(cells(row[column]) for row in rows) for column in range(len(rows[0]) - 1)]
    lines = [
        gap.join([*(pad(cell, width) for cell, width in zip(row[:-1], widths, strict=True)), row[-1]]).rstrip()
        for row in rows
    ]
    return "\n".join(lines)


def wrapped(text: str) -> str:
    """One entry of a list, broken into lines as wide as the reader's terminal."""
    return "\n".join(wrap(text, width(), first="  - ", rest="    "))


def near(word: str, known: Iterable[str]) -> str:
    """` Did you mean X?` for the names closest to `word`, or nothing."""
    names = {name.lower(): name for name in known}
    inside = [name for name in names if len(word) > 2 and word.lower() in name]
    found = (inside or get_close_matches(word.lower(), names, cutoff=0.55))[:2]
    if not found:
        return ""
    return " " + _("Did you mean {names}?").format(names=_(" or ").join(names[name] for name in found))


def _tame(text: str) -> str:
    """`text` whose words a terminal cannot take for orders, whoever they come from."""
    return "\n".join(plain(line) for line in text.split("\n"))


@contextlib.contextmanager
def _to_stdout() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OutputError(error) from error


def _write(stream: object, text: str) -> None:
    if not text.endswith("\n"):
        text += "\n"
    encoding = getattr(stream, "encoding", None) or "utf-8"
    stream.write(text.encode(encoding, "replace").decode(encoding))  # type: ignore[attr-defined]  # a text stream
