"""Pictures of every screen at 80×24 and 160×50, compared with the approved ones."""

from __future__ import annotations

import pytest
from textual.widgets import Input

from tui import themes
from tui.app import Start

pytestmark = pytest.mark.screen

SIZES = [(80, 24), (160, 50)]
SCREENS = {
    "steps-fresh": [],
    "steps-broken": ["enter", "enter", "enter"],
    "verdict": ["a", "2"],
    "path": ["a", "3"],
    "routes": ["a", "4"],
    "fixes": ["a", "5"],
    "evidence": ["a", "6", "down"],
    "consent": ["a", "5", "enter"],
    "proof": ["a", "5", "enter", *"ip-masq-agent", "enter"],
    "help": ["3", "f1"],
}


def driver(settle, keys):
    async def run_before(pilot):
        await settle(pilot)
        for key in keys:
            await pilot.press(key)
            if len(key) > 1 or key.isdigit() or key == "a":
                await settle(pilot)
        for field in pilot.app.screen.query(Input):
            field.cursor_blink = False
        await settle(pilot)

    return run_before


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("name", SCREENS)
def test_screen(snap_compare, house, settle, monkeypatch, name, size):
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert snap_compare(house.app(), terminal_size=size, run_before=driver(settle, SCREENS[name]))


@pytest.mark.parametrize("theme", [themes.LIGHT, themes.CONTRAST])
def test_theme(snap_compare, house, settle, monkeypatch, theme):
    monkeypatch.delenv("NO_COLOR", raising=False)
    app = house.app(theme=theme)
    assert snap_compare(app, terminal_size=(80, 24), run_before=driver(settle, ["a", "3"]))


def test_start(snap_compare, house, settle, monkeypatch):
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert snap_compare(house.app(Start()), terminal_size=(80, 24), run_before=driver(settle, []))


def test_narrow(snap_compare, house, settle, monkeypatch):
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert snap_compare(house.app(), terminal_size=(60, 20), run_before=driver(settle, ["a", "3"]))


def test_ascii(snap_compare, house, settle, monkeypatch):
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert snap_compare(house.app(ascii=True), terminal_size=(160, 50), run_before=driver(settle, ["a", "3"]))
