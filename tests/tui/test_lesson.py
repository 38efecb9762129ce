"""A lesson: predictions before probes, answers before the verdict, marks, and the instructor's keys."""

from __future__ import annotations

from typing import Any

import pytest
from textual.widgets import OptionList, Static

from tui.app import Start
from tui.screens.confirm import ConfirmScreen
from tui.screens.inject import InjectScreen
from tui.screens.lesson import LessonScreen
from tui.screens.proof import ProofScreen
from tui.widgets.bars import CaseBar

SILENCE = ("down", "enter")
RIGHT = ("enter", "down", "enter", "down", "enter", "down", "enter")


async def press(pilot: Any, settle: Any, *keys: str) -> None:
    for key in keys:
        await pilot.press(key)
        await settle(pilot)


@pytest.fixture
def lesson(house: Any) -> Any:
    return house.app(Start(scenario="article", lesson=True))


def text(app: Any) -> str:
    return "\n".join(str(part.render()) for part in app.screen.query(Static) if part.display)


async def predicted(pilot: Any, settle: Any) -> None:
    await settle(pilot)
    await press(pilot, settle, "enter", "enter", *SILENCE)


async def test_each_probe_runs_after_it_was_predicted(house, settle, lesson):
    async with lesson.run_test() as pilot:
        await settle(pilot)
        assert isinstance(lesson.screen, LessonScreen)
        calls = house.sessions[0].calls
        assert not [call for call in calls if call.startswith("probe")]
        await press(pilot, settle, "enter")
        assert [call for call in calls if call.startswith("probe")] == ["probe pod-local"]
        assert "right" in text(lesson)
        await press(pilot, settle, "enter", "s", *SILENCE)
        made = lesson.screen.lesson.record.predictions
        assert [(each.probe, each.said, each.sure, each.saw) for each in made] == [
            ("pod-local", "ok", True, "ok"),
            ("node-peer", "ok", True, "ok"),
            ("pod-peer", "timeout", False, "timeout"),
        ]
        assert lesson.screen.lesson.question == "cause"


async def test_nothing_tells_the_answers_before_they_are_given(house, settle, lesson, article):
    async with lesson.run_test(size=(160, 50)) as pilot:
        await predicted(pilot, settle)
        for key in "235":
            await press(pilot, settle, key)
            assert "opens after your answers" in text(lesson)
        assert "return leg" not in str(lesson.screen.query_one(CaseBar).render())
        await press(pilot, settle, "4")
        grids = [grid for table in lesson.screen.query_one("#routes").tables for grid in table.grid.rows]
        assert grids
        assert not any("MISSING" in cell or "not-exported" in cell for row in grids for cell in row.cells)
        assert "MISSING" not in text(lesson)
        await press(pilot, settle, "1", *RIGHT)
        await press(pilot, settle, "4")
        grids = [grid for table in lesson.screen.query_one("#routes").tables for grid in table.grid.rows]
        assert any("MISSING" in cell for row in grids for cell in row.cells)


async def test_answers_are_marked_and_kept(house, settle, lesson):
    async with lesson.run_test(size=(160, 50)) as pilot:
        await predicted(pilot, settle)
        await press(pilot, settle, "4", "enter", "escape", "1", "h", *RIGHT)
        record = house.lab.kept[-1]
        assert dict(record.answers) == {
            "cause": "RC01",
            "leg": "return",
            "owner": "project-b",
            "fix": "masquerade-minimal",
        }
        assert (record.hints, record.evidence, record.writes, record.left) == (1, ("routes", "object subnet-a"), 0, 0)
        assert "90 of 100" in text(lesson)
        assert "/kept/record.json" in text(lesson)


async def test_a_wrong_answer_is_shown_beside_the_right_one(house, settle, lesson):
    async with lesson.run_test() as pilot:
        await predicted(pilot, settle)
        await press(pilot, settle, "down", "enter", "enter", "enter", "enter")
        assert "[/x]" in text(lesson)
        assert "you said RC02" in text(lesson)


async def test_a_fix_that_is_proven_counts(house, settle, lesson):
    async with lesson.run_test(size=(160, 50)) as pilot:
        await predicted(pilot, settle)
        await press(pilot, settle, *RIGHT, "5", "enter")
        await press(pilot, settle, *"ip-masq-agent", "enter")
        assert isinstance(lesson.screen, ProofScreen)
        house.lab.writes = 1
        await press(pilot, settle, "escape")
        record = house.lab.kept[-1]
        assert (record.repaired, record.needed, record.writes) == (True, 1, 1)


async def test_revealing_is_asked_twice_and_costs_the_answers(house, settle, lesson):
    async with lesson.run_test() as pilot:
        await settle(pilot)
        await press(pilot, settle, "f7", "enter")
        assert not lesson.screen.lesson.finished
        await press(pilot, settle, "f7")
        assert isinstance(lesson.screen, ConfirmScreen)
        await press(pilot, settle, "down", "enter")
        assert lesson.screen.lesson.finished
        assert "RC01" in text(lesson)
        assert house.lab.kept[-1].revealed


async def test_the_instructor_puts_the_lab_back(house, settle, lesson):
    async with lesson.run_test() as pilot:
        await predicted(pilot, settle)
        first = lesson.screen
        await press(pilot, settle, "f8", "down", "enter")
        assert house.lab.turned == [None]
        assert lesson.screen is not first
        assert lesson.screen.lesson.question == "pod-local"


async def test_the_instructor_injects_a_fault(house, settle, lesson):
    async with lesson.run_test() as pilot:
        await settle(pilot)
        await press(pilot, settle, "f6")
        assert isinstance(lesson.screen, InjectScreen)
        assert lesson.screen.query_one(OptionList).option_count == 2
        await press(pilot, settle, "down", "enter")
        assert house.lab.turned == ["healthy"]
        assert lesson.screen.lesson.record.scenario == "healthy"


async def test_a_probe_that_cannot_run_costs_nothing(house, settle, lesson):
    house.trouble["probe pod-local"] = RuntimeError("no shell")
    async with lesson.run_test() as pilot:
        await settle(pilot)
        await press(pilot, settle, "enter")
        lesson_now = lesson.screen.lesson
        assert [each.saw for each in lesson_now.record.predictions] == ["not-run"]
        assert lesson_now.question == "node-peer"
