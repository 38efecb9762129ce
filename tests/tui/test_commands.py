"""One declaration per command: what it binds exists, nothing collides, the footer fits, the docs say the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from tui import commands
from tui.app import WayhomeApp
from tui.screens.case import MAKERS, CaseScreen
from tui.screens.consent import ConsentScreen
from tui.screens.exhibit import ExhibitScreen
from tui.screens.help import HelpScreen
from tui.screens.lesson import LessonScreen
from tui.screens.paper import PaperScreen
from tui.screens.proof import ProofScreen
from tui.screens.runs import RunsScreen
from tui.screens.start import StartScreen
from tui.screens.trouble import TroubleScreen
from tui.views.lesson import LessonView

HOMES = {
    "app": WayhomeApp,
    "start": StartScreen,
    "case": CaseScreen,
    "proof": ProofScreen,
    "dialog": HelpScreen,
    "consent": ConsentScreen,
    "exhibit": ExhibitScreen,
    "paper": PaperScreen,
    "trouble": TroubleScreen,
    "runs": RunsScreen,
    "lesson": LessonView,
    "class": LessonScreen,
    **MAKERS,
}
VIEWS = tuple(MAKERS)


@pytest.mark.parametrize("command", commands.COMMANDS, ids=lambda command: command.id)
def test_every_command_has_its_action(command):
    name = command.action.split("(")[0]
    assert hasattr(HOMES[command.scope], f"action_{name}")


def test_evidence_commands_work_in_the_object_dialog_too():
    for command in commands.of("evidence"):
        assert hasattr(ExhibitScreen, f"action_{command.action}")


def test_ids_are_unique_and_begin_with_their_scope():
    ids = [command.id for command in commands.COMMANDS]
    assert len(ids) == len(set(ids))
    assert all(command.id.startswith(f"{command.scope}.") for command in commands.COMMANDS)


@pytest.mark.parametrize("view", [*VIEWS, "lesson"])
def test_no_key_means_two_things_in_one_view(view):
    keys = [
        key
        for scope in (view, "case", "class", "app")
        for command in commands.of(scope)
        for key in command.key.split(",")
    ]
    assert sorted(keys) == sorted(set(keys))


def test_no_single_key_changes_anything():
    changing = {"apply", "rollback", "delete", "create"}
    assert not changing & {command.action.split("(")[0] for command in commands.COMMANDS}


@pytest.mark.parametrize("view", VIEWS)
async def test_the_footer_fits_80_columns_in_every_view(house, settle, view):
    app = house.app()
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await pilot.press(str(VIEWS.index(view) + 1))
        await settle(pilot)
        keys = list(app.screen.query("FooterKey"))
        assert len(keys) >= 5
        assert max(key.region.right for key in keys) <= 80
        assert {"Help", "Quit"} <= {key.description for key in keys}


def test_the_docs_table_is_the_one_that_the_commands_make():
    assert Path("docs/keys.md").read_text(encoding="utf-8") == commands.table()
