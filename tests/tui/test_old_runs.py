"""Runs that died or wait: offered at the start and in the case; completed, taken back or left with consent."""

from __future__ import annotations

from dataclasses import replace

import pytest
from textual.widgets import OptionList, Static

from probes import journal
from probes.errors import CancelledError
from probes.run import Run
from tui import old_runs
from tui.app import Start
from tui.screens.case import CaseScreen
from tui.screens.confirm import ConfirmScreen
from tui.screens.consent import UndoScreen
from tui.screens.proof import ProofScreen
from tui.screens.runs import OldRunScreen, RunsScreen

ID = "20261123T030000Z-abc123"
HOSTILE = "[/x] \x1b[2J [@click=app.quit]y[/]"


def run_of(article, *lines, **plan):
    change = article["offers"]()[0].changes[0]
    wanted = {"kind": "ConfigMap", "metadata": {"name": "ip-masq-agent"}, "data": {"config": "resyncInterval: 60s\n"}}
    first = {
        "step": "plan",
        "at": "2026-11-23T03:00:00Z",
        "state": "planned",
        "number": 1,
        "remedy": "masquerade-minimal",
        "title": "Masquerade what goes to the target",
        "predicted": "ok",
        "where": {"server": "https://10.0.0.1", "pod": "default/my-pod", "target": "http://10.2.0.10:80/health"},
        "steps": [{"change": dict(vars(change)), "live": None, "wanted": wanted}],
        "before": {"pod-peer": "timeout"},
    }
    return Run(ID, ({**first, **plan}, *lines))


@pytest.fixture
def died(article):
    return run_of(article, {"step": "calling", "change": 0, "state": "applying"})


@pytest.fixture
def waits(article):
    called = ({"step": "calling", "change": 0}, {"step": "called", "change": 0})
    return run_of(article, *called, {"step": "end", "state": "waiting-for-peer"})


def text_of(app, selector):
    return str(app.screen.query_one(selector, Static).visual)


async def typed(pilot, settle, word):
    assert isinstance(pilot.app.screen, UndoScreen)
    await pilot.press(*word, "enter")
    await settle(pilot)


async def test_the_start_screen_names_what_did_not_end_and_is_silent_otherwise(house, settle, died):
    app = house.app(Start())
    async with app.run_test(size=(60, 20)) as pilot:
        await settle(pilot)
        assert not app.screen.query_one("#unfinished").display
    house.runs.append(died)
    app = house.app(Start())
    async with app.run_test(size=(60, 20)) as pilot:
        await settle(pilot)
        assert "F9 completes it, takes it back or leaves it" in text_of(app, "#unfinished")
        assert app.screen.query_one("#unfinished").region.bottom <= 20


async def test_a_case_names_it_too(house, settle, waits):
    house.runs.append(waits)
    app = house.app()
    async with app.run_test() as pilot:
        await settle(pilot)
        await pilot.press("f9")
        await settle(pilot)
        assert isinstance(app.screen, RunsScreen)
        assert "waiting for the other side" in str(app.screen.query_one(OptionList).get_option_at_index(0).prompt)
        await pilot.press("c")
        assert app.clipboard == ID


async def test_a_run_is_completed_after_its_name_is_typed(house, settle, died):
    house.runs.append(died)
    app = house.app(Start())
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await pilot.press("f9")
        await settle(pilot)
        await pilot.press("r")
        await settle(pilot)
        assert house.sessions == []
        await typed(pilot, settle, "ip-masq-agent")
        assert isinstance(app.screen, OldRunScreen)
        assert house.sessions[0].calls[:2] == ["connect", f"resume {ID}"]
        assert "proven" in text_of(app, "#proof-title")
        assert "no answer" in text_of(app, "#proof-matrix")
        house.runs.clear()
        await pilot.press("escape")
        await settle(pilot)
        assert house.sessions[0].calls[-1] == "close"
        assert text_of(app, "#runs-about") == "Every run has ended."


async def test_a_run_is_taken_back_after_its_name_is_typed(house, settle, waits):
    house.runs.append(waits)
    app = house.app(Start())
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await pilot.press("f9")
        await settle(pilot)
        await pilot.press("u")
        await settle(pilot)
        await typed(pilot, settle, "ip-masq-agent")
        assert f"rollback {ID}" in house.sessions[0].calls
        assert "taken back" in text_of(app, "#proof-title")


async def test_a_run_is_left_only_after_a_yes(house, settle, died):
    house.runs.append(died)
    app = house.app(Start())
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await pilot.press("f9")
        await settle(pilot)
        await pilot.press("l")
        await settle(pilot)
        assert isinstance(app.screen, ConfirmScreen)
        await pilot.press("enter")
        await settle(pilot)
        assert house.runs == [died]
        await pilot.press("l")
        await settle(pilot)
        await pilot.press("down", "enter")
        await settle(pilot)
        assert house.runs == []
        assert house.sessions == []


async def test_where_the_cluster_does_not_answer_r_tries_again(house, settle, died):
    from probes.errors import LoginError

    house.runs.append(died)
    house.trouble["connect"] = LoginError("The login has expired.")
    app = house.app(Start())
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await pilot.press("f9")
        await settle(pilot)
        await pilot.press("r")
        await settle(pilot)
        await typed(pilot, settle, "ip-masq-agent")
        assert "The login has expired." in text_of(app, "#proof-lines")
        house.trouble.clear()
        await pilot.press("r")
        await settle(pilot)
        assert f"resume {ID}" in house.sessions[-1].calls


async def test_read_only_changes_nothing(house, settle, died):
    house.runs.append(died)
    app = house.app(Start(read_only=True))
    async with app.run_test() as pilot:
        await settle(pilot)
        for key in ("f9", "r"):
            await pilot.press(key)
            await settle(pilot)
        assert "read-only" in text_of(app, "#runs-about")
        assert isinstance(app.screen, RunsScreen)


@pytest.mark.parametrize("size", [(60, 20), (160, 50)], ids=str)
async def test_a_hostile_or_damaged_journal_is_only_text(house, settle, died, size):
    where = {"pod": HOSTILE, "target": HOSTILE}
    first = {**died.plan, "remedy": HOSTILE, "title": HOSTILE, "where": where, "at": HOSTILE}
    house.runs += [Run(ID, (first, *died.lines[1:])), Run("20261123T030001Z-abc124", ({**first, "steps": [{}]},))]
    app = house.app(Start())
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        for key in ("f9", "r", "u", "down", "r", "u", "l"):
            await pilot.press(key)
            await settle(pilot)
        assert app.is_running
        assert not isinstance(app.screen, ProofScreen)
        assert house.sessions == []


def test_only_what_somebody_must_decide_is_open(died, waits, article):
    ended = run_of(article, {"step": "called", "change": 0, "state": "proven"})
    assert old_runs.open_runs((died, ended, waits, Run("x", ()))) == (died, waits)


def test_a_run_asks_its_own_cluster_again(died):
    where = {**died.plan["where"], "context": "prod", "kubeconfig": "/k", "local": "10.1.0.21:80"}
    ask = old_runs.ask_of(replace(died, lines=({**died.plan, "where": where},)))
    assert (str(ask.pod), ask.context, ask.kubeconfig, ask.local.port) == ("default/my-pod", "prod", "/k", 80)


def test_the_real_rooms_read_and_close_the_journal(tmp_path, monkeypatch, died):
    from tui.rooms import real

    monkeypatch.setenv("WAYHOME_STATE_DIR", str(tmp_path))
    rooms = real()
    assert tuple(rooms.runs()) == ()
    plan = {key: value for key, value in died.plan.items() if key not in ("step", "at", "state", "number")}
    kept = journal.begin(plan)
    kept.write("calling", change=0, state="applying")
    (found,) = rooms.runs()
    assert found.id == kept.id
    rooms.leave(found)
    assert tuple(rooms.runs()) == ()


async def test_esc_stops_the_wait_and_says_which_commands_go_on(house, settle, died, monkeypatch):
    app, known = house.app(), []

    def apply(applier, made, watcher):
        applier.session.gate.clear()
        known.append(died)
        assert applier.session.gate.wait(60)
        raise CancelledError("Stopped.")

    monkeypatch.setattr(app.rooms.applier, "apply", apply)
    monkeypatch.setattr(app.rooms.applier, "runs", lambda applier: tuple(known))
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        for keys in ("a", "5", "enter"):
            await pilot.press(keys)
            await settle(pilot)
        await pilot.press(*"ip-masq-agent", "enter")
        for _turn in range(5000):
            await pilot.pause()
            if known:
                break
        await pilot.press("escape")
        await settle(pilot)
        assert isinstance(app.screen, ProofScreen)
        assert "stopped" in text_of(app, "#proof-title")
        assert f"`wayhome apply --resume {ID}` completes it" in text_of(app, "#proof-lines")
        assert f"`wayhome rollback {ID}` takes it back" in text_of(app, "#proof-lines")
        await pilot.press("r")
        await pilot.press("u")
        await settle(pilot)
        assert isinstance(app.screen, ProofScreen)
        assert [said for said in house.said if "F9" in said]
        await pilot.press("escape")
        await settle(pilot)
        assert isinstance(app.screen, CaseScreen)
        assert house.sessions[0].calls[-1] == "close"
        assert house.sessions[1].done == ["pod-local", "node-peer", "pod-peer"]
