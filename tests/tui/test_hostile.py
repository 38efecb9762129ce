"""Names and messages from outside may hold anything; no screen reads them as markup, none crashes, none obeys."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from typing import Any

import pytest

from rules.snapshot import Outcome, Probe
from tui.app import Start
from tui.screens.case import CaseScreen

HOSTILE = (
    "dial [::1]:443 [/x] failed [red]x [@click=app.quit]y[/] \x1b[2J\x1b]52;c;eA==\x07 \u202eevil 東京 🏳️‍🌈 " + "A" * 300
)


def poisoned(value: Any) -> Any:
    """`value` with the hostile string in every free text of its dataclasses."""
    if is_dataclass(value) and not isinstance(value, type):
        changes = {}
        for field in fields(value):
            inner = getattr(value, field.name)
            if field.name in {"probe", "observed", "predicted", "used", "direction", "kind"} and isinstance(inner, str):
                continue
            changes[field.name] = HOSTILE if type(inner) is str else poisoned(inner)
        return replace(value, **changes)
    if isinstance(value, tuple):
        return tuple(poisoned(item) for item in value)
    if isinstance(value, dict):
        return {key: poisoned(item) for key, item in value.items()}
    return HOSTILE if type(value) is str else value


@pytest.fixture
def haunted(house, article):
    """A house where every sentence and name is hostile."""

    def evaluate(shot):
        made = article["report"](shot)
        return replace(made, **{f.name: poisoned(getattr(made, f.name)) for f in fields(made) if f.name != "question"})

    house.report = evaluate
    return house


@pytest.mark.parametrize(("size", "ascii"), [((60, 20), True), ((80, 24), False), ((160, 50), False)], ids=str)
async def test_no_screen_minds_hostile_words(haunted, settle, size, ascii):
    app = haunted.app(ascii=ascii)
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        screen = app.screen
        screen.case = screen.case.with_probe(
            Probe("pod-peer", Outcome.TIMEOUT, (HOSTILE,), HOSTILE, 28, HOSTILE, HOSTILE, HOSTILE, 3.0)
        )
        screen._publish(selected="pod-peer", news=HOSTILE)
        for key in ("1", "2", "3", "x", "down", "enter", "escape", "4", "down", "5", "enter", "escape", "6", "down"):
            await pilot.press(key)
        await settle(pilot)
        for key in ("c", "f1", "escape", "w"):
            await pilot.press(key)
        await settle(pilot)
        drawn = "".join(
            segment.text for strip in app.screen._compositor.render_strips() for segment in strip if not segment.control
        )
        assert "\x1b" not in drawn
        assert "\x07" not in drawn
        assert "\u202e" not in drawn
        assert app.is_running


@pytest.mark.parametrize("size", [(60, 20), (40, 10), (20, 5), (200, 60)], ids=str)
async def test_every_view_survives_any_size(house, settle, size):
    app = house.app()
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        for view in "123456":
            await pilot.press(view)
            await settle(pilot)
            await pilot.resize_terminal(*size)
            await pilot.pause()
            await pilot.resize_terminal(80, 24)
            await pilot.pause()
        assert isinstance(app.screen, CaseScreen)


async def test_hostile_scenario_titles_are_shown_as_they_are(house, settle, article):
    lesson = house.lab.lessons()[0]
    house.lab.lessons = lambda: (replace(lesson, title=HOSTILE),)
    app = house.app(Start())
    async with app.run_test() as pilot:
        await settle(pilot)
        await pilot.press("f4")
        await settle(pilot)
        assert "[/x]" in str(app.screen.query_one("#lessons").options[0].prompt)
