"""The table and the text view: filter, sort, find, and only what is visible is drawn."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.app import App

from rules.report.model import RouteRow
from tui.views.routes import columns, line_of
from tui.widgets.grid import Column, Grid, Line
from tui.widgets.text_view import TextView


class Holder(App[None]):
    """One widget."""

    def __init__(self, widget):
        super().__init__()
        self.widget = widget

    def compose(self):
        yield self.widget


def many(count):
    return [
        RouteRow(f"10.{n >> 8 & 255}.{n & 255}.0/24", "static", f"VM node-{n:05}", n % 7, "", None)
        for n in range(count)
    ]


async def test_ten_thousand_rows_draw_only_what_is_seen(monkeypatch):
    grid = Grid(columns())
    drawn = []
    line = grid.line
    monkeypatch.setattr(grid, "line", lambda y: (drawn.append(y), line(y))[1])
    async with Holder(grid).run_test(size=(120, 36)) as pilot:
        grid.load(line_of(row) for row in many(10_000))
        await pilot.pause()
        assert grid.total == 10_000
        assert len(set(drawn)) <= 2 * 36
        await pilot.press("end")
        assert grid.cursor == 9_999
        await pilot.press("home")
        assert grid.cursor == 0


@given(st.lists(st.text(st.characters(categories=["L", "N"]), max_size=12), max_size=40), st.text(max_size=4))
def test_the_filter_keeps_exactly_the_rows_with_every_word(cells, needle):
    grid = Grid((Column("a"),))
    grid.load(Line((cell,)) for cell in cells)
    assert grid.filter(needle) == len(grid.rows)
    words = needle.casefold().split()
    assert [row.cells[0] for row in grid.rows] == [c for c in cells if all(w in c.casefold() for w in words)]


def test_sorting_keeps_every_row_and_orders_by_key():
    grid = Grid(columns())
    rows = many(50)
    grid.load(line_of(row) for row in rows)
    for column in range(5):
        grid.sort(column)
        assert len(grid.rows) == 50
        keys = [row.keys[column] for row in grid.rows]
        assert keys == sorted(keys)


def test_the_missing_row_comes_first_then_what_carries():
    rows = [
        RouteRow("10.0.0.0/8", "static", "a", 1, "", None),
        RouteRow("10.1.0.0/16", "static", "b", 1, "forward", None),
        RouteRow("10.2.0.0/16", "static", "c", 1, "", "not-exported", ghost=True),
        RouteRow("10.3.0.0/16", "static", "d", 1, "", "less-specific"),
        RouteRow("not a range", "static", "e", 1, "", None),
    ]
    grid = Grid(columns())
    grid.load(line_of(row) for row in rows)
    assert [row.item.next_hop for row in grid.rows] == ["c", "b", "d", "a", "e"]


@pytest.mark.parametrize("size", [(20, 5), (120, 36)], ids=str)
async def test_the_cursor_stays_within_the_table(size):
    grid = Grid(columns())
    async with Holder(grid).run_test(size=size) as pilot:
        grid.load(line_of(row) for row in many(3))
        grid.focus()
        for key in ("down", "down", "down", "down", "pagedown", "up", "pageup", "up"):
            await pilot.press(key)
            assert 0 <= grid.cursor < 3
        grid.filter("nothing has this")
        await pilot.press("down")
        assert grid.current is None


async def test_find_goes_from_match_to_match_and_around():
    view = TextView([(f"line {number}{' needle' if number in (3, 40) else ''}", "plain") for number in range(60)])
    async with Holder(view).run_test(size=(40, 10)):
        assert view.find("NEEDLE") == 2
        assert view.matches[view.match] == 3
        view.step(1)
        assert view.matches[view.match] == 40
        view.step(1)
        assert view.matches[view.match] == 3
        assert view.find("nowhere") == 0
