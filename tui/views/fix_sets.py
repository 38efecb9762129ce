"""The sets of fixes that are enough, side by side: who acts, how long it takes, what breaks, what else is touched."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from textual.content import Content

from rules.report import labels
from rules.report.model import FixSet
from rules.words import _
from tui.folding import wrap
from tui.glyphs import State, colour, glyph
from tui.plain import fit, plain, width_of

NARROWEST = 22


def table(sets: Sequence[FixSet], selected: str, width: int, *, ascii: bool) -> Content:
    """One column for each set where there is room, else one below the other; those with `selected` are bold."""
    names = [name for name, _fact in labels.set_facts(sets[0])]
    side = max(map(width_of, names))
    column = (width - side) // len(sets) - 2
    if column < NARROWEST:
        return Content("\n").join(_stacked(sets, selected, side, width, ascii=ascii))
    cells = [[title(one, ascii=ascii), *(fact for _name, fact in labels.set_facts(one))] for one in sets]
    parts: list[Content] = []
    for row, name in enumerate(["", *names]):
        wrapped = [wrap(cell[row], column) for cell in cells]
        for line in range(max(map(len, wrapped))):
            runs: list[tuple[str, str]] = [(fit(name if line == 0 else "", side), "$quiet")]
            for one, texts in zip(sets, wrapped, strict=True):
                text = texts[line] if line < len(texts) else ""
                runs.append(("  " + fit(text, column), _style(one, row, selected)))
            parts.append(Content.assemble(*runs))
    return Content("\n").join(parts)


def title(one: FixSet, *, ascii: bool) -> str:
    """A set's members, after a sign of whether it breaks something."""
    sign = glyph(State.FAIL if one.stops else State.OK, ascii=ascii)
    return f"{sign} {plain(labels.set_title(one))}"


def _style(one: FixSet, row: int, selected: str) -> str:
    if row == 0:
        strong = "bold " if selected in one.remedies else ""
        return strong + colour(State.FAIL if one.stops else State.OK)
    return "$fail" if row == 3 and one.stops else ""


def _stacked(sets: Sequence[FixSet], selected: str, side: int, width: int, *, ascii: bool) -> Iterator[Content]:
    for number, one in enumerate(sets):
        if number:
            yield Content()
        yield Content.styled(title(one, ascii=ascii), _style(one, 0, selected))
        for row, (name, fact) in enumerate(labels.set_facts(one), 1):
            for line, text in enumerate(wrap(fact, max(width - side - 4, NARROWEST))):
                head = (f"  {fit(name if line == 0 else '', side)}  ", "$quiet")
                yield Content.assemble(head, (text, _style(one, row, selected)))


def heading() -> str:
    """What stands above the table."""
    return _("What is enough, side by side")
