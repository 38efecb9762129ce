"""The path's drawing: goldens by eye, and what must hold for any path at any width."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui import hops
from tui.glyphs import State
from tui.path_layout import BOX_WIDTH, Box, Lane, Stop, draw
from tui.plain import width_of

stops = st.builds(
    Stop,
    kind=st.sampled_from(["route", "peering", "経路", "ingress firewall"]),
    at=st.text(st.characters(categories=["L", "N", "P", "Zs"]), max_size=40),
    detail=st.text(st.characters(categories=["L", "N", "P", "Zs"]), max_size=120),
    state=st.sampled_from(list(State)),
    beyond=st.booleans(),
    first_break=st.booleans(),
)
lanes = st.lists(st.builds(Lane, st.just("LANE"), st.lists(stops, max_size=12).map(tuple)), min_size=1, max_size=2)


@given(lanes, st.integers(20, 200), st.booleans(), st.sampled_from([None, True, False]))
def test_any_path_fits_its_width_and_shows_every_stop_once(given_lanes, width, ascii, boxes):
    drawing = draw(given_lanes, width, ascii=ascii, boxes=boxes)
    every = [stop for lane in given_lanes for stop in lane.stops]
    assert len(drawing.boxes) == len(every)
    for row in drawing.rows:
        assert sum(width_of(run.text) for run in row) <= width
    for box in drawing.boxes:
        assert box.x >= 0
        assert box.x + box.width <= width
        assert box.y + box.height <= len(drawing.rows)
    numbers = {run.stop for row in drawing.rows for run in row if run.stop is not None}
    assert numbers == set(range(len(every)))


@given(lanes, st.integers(BOX_WIDTH + 2, 200))
def test_no_two_boxes_overlap(given_lanes, width):
    drawing = draw(given_lanes, width, boxes=True)
    for one, other in combinations(drawing.boxes, 2):
        assert apart(one, other)


def apart(one: Box, other: Box) -> bool:
    beside = one.x + one.width <= other.x or other.x + other.width <= one.x
    return beside or one.y + one.height <= other.y or other.y + other.height <= one.y


@given(lanes, st.integers(20, 200))
def test_ascii_drawings_of_ascii_words_are_ascii(given_lanes, width):
    plain = [
        Lane("LANE", tuple(Stop("route", "here", "x" * 90, s.state, s.beyond, s.first_break) for s in lane.stops))
        for lane in given_lanes
    ]
    assert draw(plain, width, ascii=True).text().isascii()


def test_boxes_from_120_cells_on_and_a_ladder_below(article):
    path = hops.lanes(article["walk"]())
    assert "╭" not in draw(path, 119).text()
    assert "╭" in draw(path, 120).text()


def test_boxes_take_less_detail_where_the_height_is_short(article):
    path = hops.lanes(article["walk"]())
    roomy = draw(path, 160, height=60)
    short = draw(path, 160, height=20)
    assert len(short.rows) < len(roomy.rows)


@pytest.mark.parametrize("width", [60, 80, 120, 160])
@pytest.mark.parametrize("ascii", [False, True], ids=["unicode", "ascii"])
def test_the_article_path_is_drawn_as_it_was_approved(article, snapshot, width, ascii):
    path = hops.lanes(article["walk"](), ascii=ascii)
    assert draw(path, width, ascii=ascii).text() == snapshot


def test_hops_behind_the_first_break_are_not_called_ok(article):
    walk = article["walk"]()
    broken = hops.first_break(walk)
    assert broken == 7
    there, back = hops.lanes(walk)
    assert [stop.state for stop in there.stops] == [State.OK] * 7
    assert [stop.state for stop in back.stops] == [State.FAIL, State.IDLE, State.IDLE, State.IDLE]
    assert [stop.beyond for stop in back.stops] == [False, True, True, True]
    assert hops.standing(walk, 8) == "not reached; would let it pass"


def test_a_whole_path_has_no_break(article):
    walk = article["walk"](broken=False)
    assert hops.first_break(walk) is None
    assert {stop.state for lane in hops.lanes(walk) for stop in lane.stops} == {State.OK}
