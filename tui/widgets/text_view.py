"""Long text, such as a raw object or a diff: scrolls, finds, and never measures what it does not show."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.geometry import Size

from rules.words import _
from tui.plain import fit, plain, width_of
from tui.widgets.lines import Lines

TextLine = tuple[str, str]


class TextView(Lines):
    """Lines of (text, role). `find` marks what contains the words, `step` goes from match to match."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("home", "scroll_home", show=False),
        Binding("end", "scroll_end", show=False),
    ]

    HELP = _("Arrows and page keys scroll. In the evidence, / searches and n goes to the next match.")

    def __init__(self, lines: Sequence[TextLine] = (), *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._lines: list[TextLine] = []
        self._needle = ""
        self._matches: list[int] = []
        self.match = -1
        self.show_lines(lines)

    @property
    def text(self) -> str:
        """The whole text, for copying."""
        return "\n".join(text for text, _ in self._lines)

    @property
    def matches(self) -> Sequence[int]:
        """The numbers of the lines that match."""
        return self._matches

    def show_lines(self, lines: Iterable[TextLine]) -> None:
        """Replace the text and go to its beginning."""
        self._lines = [(plain(text), role) for text, role in lines]
        self.virtual_size = Size(max((width_of(text) for text, _ in self._lines), default=0), len(self._lines))
        if self.is_mounted:
            self.scroll_to(0, 0, animate=False)
        self.find(self._needle)

    def find(self, needle: str) -> int:
        """Mark the lines that contain `needle`, whatever its case, and go to the first. Returns how many there are."""
        self._needle = needle
        wanted = needle.casefold()
        self._matches = (
            [number for number, (text, _) in enumerate(self._lines) if wanted in text.casefold()] if wanted else []
        )
        self.match = -1
        if self._matches:
            self.step(1)
        self.refresh()
        return len(self._matches)

    def step(self, by: int) -> None:
        """Go to the next (1) or previous (-1) match, around the ends."""
        if not self._matches:
            return
        self.match = (self.match + by) % len(self._matches)
        self.scroll_to(0, max(self._matches[self.match] - 3, 0), animate=False)
        self.refresh()

    def line(self, y: int) -> tuple[Iterable[tuple[str, str]], bool]:
        if not 0 <= y < len(self._lines):
            return (), False
        text, role = self._lines[y]
        room = self.scrollable_content_region.width + round(self.scroll_x)
        if width_of(text) > room:
            text = fit(text, room)
        here = bool(self._matches) and self.match >= 0 and self._matches[self.match] == y
        return self._marked(text, role), here

    def _marked(self, text: str, role: str) -> Iterable[tuple[str, str]]:
        wanted = self._needle.casefold()
        if not wanted or len(text.casefold()) != len(text):
            return ((text, role),)
        runs: list[tuple[str, str]] = []
        start = 0
        low = text.casefold()
        while (found := low.find(wanted, start)) >= 0:
            runs += [(text[start:found], role), (text[found : found + len(wanted)], "match")]
            start = found + len(wanted)
        return (*runs, (text[start:], role))
