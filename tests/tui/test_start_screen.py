"""The start screen: three ways in, and sentences instead of crashes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from textual.widgets import ContentSwitcher, Input, OptionList, Static

from probes.recordings import Recording, RecordingError
from rules.snapshot import PodRef
from tui.app import Start
from tui.screens.case import CaseScreen
from tui.screens.lesson import LessonScreen
from tui.screens.start import StartScreen


async def press(pilot, settle, *keys):
    for key in keys:
        await pilot.press(key)
        if len(key) > 1 or key.isdigit():
            await settle(pilot)
    await settle(pilot)


def news(app):
    return str(app.screen.query_one("#news", Static).visual)


async def test_pod_and_target_and_enter_start_a_case(house, settle):
    app = house.app(Start())
    async with app.run_test() as pilot:
        await settle(pilot)
        assert app.focused.id == "pod"
        await press(pilot, settle, *"team/my-pod", "enter")
        assert app.focused.id == "target"
        await press(pilot, settle, *"10.2.0.10:8080", "enter")
        assert isinstance(app.screen, CaseScreen)
        assert house.sessions[0].ask.pod == PodRef("team", "my-pod")
        assert house.sessions[0].ask.target.port == 8080


@pytest.mark.parametrize(
    ("pod", "target", "field", "word"),
    [
        ("My_Pod", "10.2.0.10", "pod", "cannot be a pod's name"),
        ("my-pod", "10.2.0", "target", "not an IPv4 address"),
        ("my-pod", "::1", "target", "IPv6"),
        ("my-pod", "[/x]", "target", "[/x]"),
        ("", "10.2.0.10", "pod", ""),
    ],
)
async def test_what_cannot_be_meant_is_one_sentence_at_its_field(house, settle, pod, target, field, word):
    app = house.app(Start())
    async with app.run_test() as pilot:
        await settle(pilot)
        app.screen.query_one("#pod", Input).value = pod
        app.screen.query_one("#target", Input).value = target
        app.screen.query_one("#target", Input).focus()
        await press(pilot, settle, "enter")
        assert isinstance(app.screen, StartScreen)
        assert app.focused.id == field
        assert word in news(app)


async def test_the_name_that_the_application_uses_is_asked_as_well(house, settle):
    app = house.app(Start())
    async with app.run_test() as pilot:
        await settle(pilot)
        for field, value in (("pod", "my-pod"), ("target", "10.2.0.10"), ("host", "a b[/x]")):
            app.screen.query_one(f"#{field}", Input).value = value
        app.screen.query_one("#host", Input).focus()
        await press(pilot, settle, "enter")
        assert app.focused.id == "host"
        assert "'a b[/x]' is not a host's name" in news(app)
        app.screen.query_one("#host", Input).value = "db.example.internal"
        await press(pilot, settle, "enter")
        assert isinstance(app.screen, CaseScreen)
        assert house.sessions[0].ask.host == "db.example.internal"
        assert "pod-peer@host=db.example.internal" in app.screen.case.ids


async def test_a_running_lab_fills_its_question_in(house, settle):
    house.lab.start("article")
    app = house.app(Start())
    async with app.run_test() as pilot:
        await settle(pilot)
        assert app.screen.query_one("#pod", Input).value == "default/my-pod"
        assert app.screen.query_one("#target", Input).value == "http://10.2.0.10/health"
        await press(pilot, settle, "enter")
        assert isinstance(app.screen, CaseScreen)


async def test_practise_starts_a_scenario_and_asks_its_question(house, settle):
    app = house.app(Start())
    async with app.run_test() as pilot:
        await settle(pilot)
        await press(pilot, settle, "f4")
        assert app.screen.query_one("#start-pane", ContentSwitcher).current == "practise"
        await press(pilot, settle, "enter")
        assert house.lab.started == ["article"]
        assert isinstance(app.screen, LessonScreen)
        assert app.screen.case.name == "lab article"


@pytest.mark.parametrize(("lesson", "screen"), [(False, CaseScreen), (True, LessonScreen)])
async def test_a_scenario_named_at_the_start_is_started(house, settle, lesson, screen):
    app = house.app(Start(scenario="healthy", lesson=lesson))
    async with app.run_test() as pilot:
        await settle(pilot)
        assert house.lab.started == ["healthy"]
        assert type(app.screen) is screen


async def test_a_file_that_is_not_there_is_one_sentence(house, settle):
    app = house.app(Start())
    async with app.run_test() as pilot:
        await settle(pilot)
        await press(pilot, settle, "f5", *"nothing.json", "enter")
        assert isinstance(app.screen, StartScreen)
        assert "There is no file nothing.json" in news(app)


async def test_escape_in_a_case_comes_back_to_the_start(house, settle):
    app = house.app(Start())
    async with app.run_test() as pilot:
        await settle(pilot)
        app.screen.query_one("#pod", Input).value = "my-pod"
        app.screen.query_one("#target", Input).value = "10.2.0.10"
        await press(pilot, settle, "enter")
        assert isinstance(app.screen, CaseScreen)
        await press(pilot, settle, "escape")
        assert isinstance(app.screen, StartScreen)
        assert house.sessions[0].calls[-1] == "close"


async def test_recordings_are_listed_newest_first_and_opened(house, settle, recording):
    path = recording("article")
    at = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
    house.recordings = [
        Recording(path, at, "broken", "default/[/x] my-pod"),
        Recording(path.with_name("gone.json"), at - timedelta(days=1), "reachable", ""),
    ]
    app = house.app(Start())
    async with app.run_test() as pilot:
        await settle(pilot)
        await press(pilot, settle, "f5")
        listed = app.screen.query_one("#recordings", OptionList)
        rows = [str(listed.get_option_at_index(number).prompt).split() for number in range(2)]
        assert rows[0] == [*f"{at.astimezone():%Y-%m-%d %H:%M}".split(), "broken", "default/[/x]", "my-pod"]
        assert rows[1][2:] == ["reachable", "?"]
        listed.focus()
        await press(pilot, settle, "enter")
        assert isinstance(app.screen, CaseScreen)
        assert house.sessions == []
        await press(pilot, settle, "escape")
        listed.focus()
        await press(pilot, settle, "down", "enter")
        assert isinstance(app.screen, StartScreen)
        assert "gone.json" in news(app)


async def test_without_recordings_the_screen_says_what_makes_them(house, settle):
    app = house.app(Start())
    async with app.run_test() as pilot:
        await settle(pilot)
        await press(pilot, settle, "f5")
        assert "Nothing has been recorded yet" in str(app.screen.query_one("#recorded", Static).visual)


async def test_recordings_that_cannot_be_read_are_a_sentence(house, settle, monkeypatch):
    def broken():
        raise RecordingError("The folder /x cannot be read (Permission denied).")

    rooms = replace(house.rooms(), recordings=broken)
    monkeypatch.setattr(house, "rooms", lambda: rooms)
    app = house.app(Start())
    async with app.run_test() as pilot:
        await settle(pilot)
        assert "The folder /x cannot be read" in news(app)
