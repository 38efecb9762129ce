"""One case from the first key to the proof, on fake rooms: messages and state, not pixels."""

from __future__ import annotations

import time
from types import SimpleNamespace

import pytest
from textual.widgets import Input, OptionList, Static

from probes.errors import LoginError
from rules.report.model import Answer
from rules.snapshot import Outcome, dumps
from tui import messages
from tui.app import Start
from tui.glyphs import State
from tui.plain import width_of
from tui.screens.case import CaseScreen
from tui.screens.consent import ConsentScreen, UndoScreen
from tui.screens.exhibit import ExhibitScreen
from tui.screens.proof import ProofScreen
from tui.screens.start import StartScreen
from tui.screens.trouble import TroubleScreen
from tui.screens.write import WriteScreen
from tui.views.routes import RoutesView
from tui.widgets.grid import Grid
from tui.widgets.path_canvas import PathCanvas


async def press(pilot, settle, *keys):
    for key in keys:
        await pilot.press(key)
        if len(key) > 1 or key.isdigit():
            await settle(pilot)
    await settle(pilot)


def text_of(app, selector):
    return str(app.screen.query_one(selector, Static).visual)


async def test_enter_walks_the_three_steps_and_then_opens_the_verdict(house, settle):
    seen = []
    app = house.app()
    async with app.run_test(message_hook=seen.append) as pilot:
        await settle(pilot)
        screen = app.screen
        assert isinstance(screen, CaseScreen)
        assert house.sessions[0].calls == ["connect", "read"]
        await press(pilot, settle, "enter", "enter", "enter")
        assert house.sessions[0].done == ["pod-local", "node-peer", "pod-peer"]
        assert screen.case.probes["pod-peer"].outcome is Outcome.TIMEOUT
        assert screen.case.report.answer is Answer.BROKEN
        assert screen.case.state is State.FAIL
        await press(pilot, settle, "enter")
        assert screen.current.id == "verdict"
    kinds = [type(message) for message in seen]
    assert kinds.count(messages.Connected) == 1
    assert kinds.count(messages.ConfigurationRead) == 1
    assert kinds.count(messages.ProbeFinished) == 3
    assert messages.Judged in kinds


async def test_a_runs_all_steps_at_once_and_shows_that_they_run(house, settle):
    house.closed_gate = True
    app = house.app()
    async with app.run_test() as pilot:
        while not (isinstance(app.screen, CaseScreen) and app.screen.case.report):
            await pilot.pause()
        await pilot.press("a")
        await pilot.pause()
        assert set(app.screen.case.started) == {"pod-local", "node-peer", "pod-peer"}
        house.sessions[0].gate.set()
        await settle(pilot)
        assert app.screen.case.started == {}
        assert set(app.screen.case.probes) == {"pod-local", "node-peer", "pod-peer"}


async def test_escape_cancels_a_step_and_enter_connects_again(house, settle):
    house.closed_gate = True
    app = house.app()
    async with app.run_test() as pilot:
        while not (isinstance(app.screen, CaseScreen) and app.screen.case.report):
            await pilot.pause()
        await pilot.press("enter")
        await pilot.press("escape")
        house.closed_gate = False
        await settle(pilot)
        assert app.screen.case.started == {}
        assert app.screen.case.probes == {}
        assert "cancel" in house.sessions[0].calls
        assert "close" in house.sessions[0].calls
        await press(pilot, settle, "enter")
        assert len(house.sessions) == 2
        assert house.sessions[1].done == ["pod-local"]


async def test_an_answer_of_a_cancelled_run_is_dropped(house, settle):
    app = house.app()
    async with app.run_test() as pilot:
        await settle(pilot)
        screen = app.screen
        run = screen._errands.start("probe pod-peer", lambda run: None)
        assert screen._errands.current("probe pod-peer", run)
        screen._errands.drop_all()
        assert not screen._errands.current("probe pod-peer", run)


async def test_leaving_in_the_middle_of_a_probe_takes_less_than_a_second(house, settle):
    house.closed_gate = True
    app = house.app()
    async with app.run_test() as pilot:
        while not (isinstance(app.screen, CaseScreen) and app.screen.case.report):
            await pilot.pause()
        await pilot.press("a")
        began = time.monotonic()
        await pilot.press("ctrl+q")
    assert app.wait_farewells()
    assert time.monotonic() - began < 5
    assert house.sessions[0].calls[-1] == "close"


async def test_steps_say_what_an_answer_proves_and_leaves_open(house, settle):
    app = house.app()
    async with app.run_test(size=(80, 30)) as pilot:
        await settle(pilot)
        await press(pilot, settle, "enter", "enter", "enter")
        assert "$ kubectl exec -n default my-pod -- curl" in text_of(app, "#step-command")
        assert "no answer" in text_of(app, "#step-result")
        assert "exit code 28" in text_of(app, "#step-result")
        assert "Proves" in text_of(app, "#step-meaning")
        assert "look the same from here" in text_of(app, "#step-meaning")


async def test_c_copies_the_command_and_says_so(house, settle):
    app = house.app()
    async with app.run_test() as pilot:
        await settle(pilot)
        await press(pilot, settle, "c")
        assert app.clipboard.startswith("kubectl exec -n default my-pod")
        assert any("Copied the command" in sentence for sentence in house.said)


async def test_x_goes_to_the_first_break_and_enter_opens_the_object(house, settle):
    app = house.app()
    async with app.run_test() as pilot:
        await settle(pilot)
        await press(pilot, settle, "3", "up", "up")
        canvas = app.screen.query_one(PathCanvas)
        assert canvas.selected == 5
        await press(pilot, settle, "x")
        assert canvas.selected == 7
        assert "NO_ROUTE" in text_of(app, "#path-hop")
        await press(pilot, settle, "enter")
        assert isinstance(app.screen, ExhibitScreen)
        assert app.screen.exhibit.name == "default-route-b"


async def test_routes_show_the_missing_row_first_and_filter_as_you_type(house, settle):
    app = house.app()
    async with app.run_test() as pilot:
        await settle(pilot)
        await press(pilot, settle, "4")
        view = app.screen.query_one(RoutesView)
        near, far = [table.grid for table in view.tables]
        assert far.has_focus
        assert far.current.item.ghost
        assert "MISSING: not-exported" in far.current.cells
        await press(pilot, settle, "slash", *"10.2")
        assert [row.item.dest for row in near.rows] == ["10.2.0.0/16"]
        assert far.rows == []
        await press(pilot, settle, "escape")
        assert len(near.rows) == 3
        assert not view.query_one("#routes-filter", Input).display


async def test_tab_goes_to_the_other_table(house, settle):
    app = house.app()
    async with app.run_test() as pilot:
        await settle(pilot)
        await press(pilot, settle, "4", "tab")
        assert app.focused is app.screen.query_one("#routes-near", Grid)


async def test_a_fix_is_applied_only_after_its_name_was_typed_then_proven_and_taken_back(house, settle):
    app = house.app()
    async with app.run_test() as pilot:
        await settle(pilot)
        await press(pilot, settle, "a", "5", "enter")
        assert isinstance(app.screen, ConsentScreen)
        await press(pilot, settle, *"yes", "enter")
        assert isinstance(app.screen, ConsentScreen)
        assert not any(call.startswith("apply") for call in house.sessions[0].calls)
        app.screen.query_one(Input).value = ""
        await press(pilot, settle, *"ip-masq-agent", "enter")
        assert isinstance(app.screen, ProofScreen)
        assert "apply ip-masq-agent" in house.sessions[0].calls
        assert app.screen.state is State.OK
        assert app.screen.after[1].answer is Answer.REACHABLE
        for width in (60, 80):
            await pilot.resize_terminal(width, 20)
            await settle(pilot)
            rows = str(app.screen.query_one("#proof-matrix", Static).render()).splitlines()
            assert [row.split() for row in rows][-1][-2:] == ["✓", "ok"]
            assert max(map(width_of, rows)) <= width - 2
        await press(pilot, settle, "u")
        assert isinstance(app.screen, UndoScreen)
        await press(pilot, settle, *"ip-masq-agent", "enter")
        assert "rollback run-1" in house.sessions[0].calls
        assert app.screen.taken_back
        assert app.screen.after[1].answer is Answer.BROKEN
        assert "✓ taken back: pod → peer is as before, no answer" in title(app)
        await press(pilot, settle, "escape")
        assert isinstance(app.screen, CaseScreen)
        assert app.screen.case.report.answer is Answer.BROKEN


def title(app):
    return str(app.screen.query_one("#proof-title", Static).render())


@pytest.mark.parametrize(
    ("late", "words"),
    [
        ((), "the objects are as before, but pod → peer is not: ok, before no answer"),
        (("gke-node-02",), "taken back, but not in force on gke-node-02 yet"),
    ],
)
async def test_the_title_says_no_more_than_was_proven_when_the_pod_still_gets_through(
    house, settle, monkeypatch, late, words
):
    app = house.app()

    def rollback(applier, run, watcher):
        return SimpleNamespace(id=run.id, state="rolled-back", late=late)

    async with app.run_test() as pilot:
        await settle(pilot)
        await press(pilot, settle, "a", "5", "enter", *"ip-masq-agent", "enter")
        monkeypatch.setattr(type(app.screen._applier), "rollback", rollback)
        await press(pilot, settle, "u", *"ip-masq-agent", "enter")
        assert words in title(app)
        assert app.screen.state is State.WARN
        assert "for another reason" in str(app.screen.query_one("#proof-lines", Static).render())


async def test_a_run_that_waits_for_the_other_side_is_handed_over_and_measured_again(house, settle, monkeypatch):
    app = house.app()
    copied: list[str] = []
    monkeypatch.setattr(app, "copy_to_clipboard", copied.append)

    def apply(applier, made, watcher):
        run = applier.rollback(applier.resume(SimpleNamespace(id="run-1"), watcher), watcher)
        run.state, run.can_go_on = "waiting-for-peer", True
        return run

    monkeypatch.setattr(app.rooms.applier, "apply", apply)
    async with app.run_test() as pilot:
        await settle(pilot)
        await press(pilot, settle, "a", "5", "down", "enter")
        await press(pilot, settle, *"a-to-b", "enter")
        assert isinstance(app.screen, ProofScreen)
        assert app.screen.waiting
        assert "waiting for the other side" in str(app.screen.query_one("#proof-title").render())
        await press(pilot, settle, "c")
        assert "What to do in project-b" in copied[0]
        await press(pilot, settle, "r")
        assert app.screen.state is State.OK
        assert "resume run-1" in house.sessions[0].calls


async def test_read_only_shows_the_change_and_has_nowhere_to_type(house, settle, article):
    ask = article["replace"](article["ask"], read_only=True)
    app = house.app(Start(ask=ask))
    async with app.run_test() as pilot:
        await settle(pilot)
        await press(pilot, settle, "a", "5", "enter")
        assert not app.screen.query_one(Input).display
        assert "read-only" in text_of(app, "#consent-ask")


async def test_a_failed_login_is_a_screen_with_its_sentence_and_r_tries_again(house, settle):
    house.trouble["connect"] = LoginError("Log in with gcloud auth login [/x].")
    app = house.app()
    async with app.run_test() as pilot:
        await settle(pilot)
        assert isinstance(app.screen, TroubleScreen)
        assert text_of(app, "#sentence") == "Log in with gcloud auth login [/x]."
        house.trouble.clear()
        await press(pilot, settle, "r")
        assert isinstance(app.screen, CaseScreen)
        assert app.screen.case.connected


async def test_a_recording_is_judged_shown_and_cannot_be_changed(house, settle, article, tmp_path):
    path = tmp_path / "case.json"
    path.write_text(dumps(article["snapshot"]("pod-local", "node-peer", "pod-peer")))
    app = house.app(Start(recording=path))
    async with app.run_test() as pilot:
        await settle(pilot)
        assert app.screen.case.report.answer is Answer.BROKEN
        assert app.screen.case.read_only
        assert house.sessions == []
        await press(pilot, settle, "a")
        assert app.screen.case.started == {}
        await press(pilot, settle, "5", "enter")
        assert not app.screen.query_one(Input).display


@pytest.mark.parametrize("text", ["", "{", '{"schema": "other/9"}', "[1]"])
async def test_a_broken_recording_is_one_sentence(house, settle, tmp_path, text):
    path = tmp_path / "case.json"
    path.write_text(text)
    app = house.app(Start(recording=path))
    async with app.run_test() as pilot:
        await settle(pilot)
        assert isinstance(app.screen, TroubleScreen)
        assert text_of(app, "#sentence").endswith(".")
        await press(pilot, settle, "escape")
        assert isinstance(app.screen, StartScreen)


async def test_w_writes_a_file_and_never_over_another(house, settle, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    app = house.app()
    async with app.run_test() as pilot:
        await settle(pilot)
        for _ in range(2):
            await press(pilot, settle, "w")
            assert isinstance(app.screen, WriteScreen)
            listing = app.screen.query_one(OptionList)
            listing.highlighted = listing.get_option_index("routes")
            await press(pilot, settle, "enter")
        names = sorted(path.name for path in tmp_path.iterdir())
        assert names == ["wayhome-my-pod-routes-2.csv", "wayhome-my-pod-routes.csv"]
        assert "172.16.1.0/24,peering-static" in (tmp_path / names[0]).read_text()


async def test_evidence_is_searched_by_its_whole_text(house, settle):
    app = house.app()
    async with app.run_test() as pilot:
        await settle(pilot)
        await press(pilot, settle, "6")
        grid = app.screen.query_one("#evidence-list", Grid)
        assert {row.item.kind for row in grid.rows} >= {"gap", "node", "route", "nat table"}
        await press(pilot, settle, "slash", *"IP-MASQ")
        assert [row.item.kind for row in grid.rows] == ["nat table"]


async def test_f1_is_about_what_has_the_focus(house, settle):
    app = house.app()
    async with app.run_test() as pilot:
        await settle(pilot)
        await press(pilot, settle, "3", "f1")
        shown = "\n".join(str(part.visual) for part in app.screen.query(Static))
        assert "first break" in shown
        assert "Go to the first break" in shown
        await press(pilot, settle, "escape")
        assert isinstance(app.screen, CaseScreen)


async def test_f2_takes_turns_with_the_themes(house, settle):
    app = house.app()
    async with app.run_test() as pilot:
        await settle(pilot)
        names = [app.theme]
        for _ in range(3):
            await press(pilot, settle, "f2")
            names.append(app.theme)
        assert names == ["wayhome-dark", "wayhome-light", "wayhome-contrast", "wayhome-dark"]


async def test_the_palette_finds_and_runs_a_command_of_the_view(house, settle):
    app = house.app()
    async with app.run_test() as pilot:
        await settle(pilot)
        await press(pilot, settle, "3", "up", "ctrl+p")
        await pilot.press(*"first break")
        await app.workers.wait_for_complete()
        await press(pilot, settle, "enter")
        assert isinstance(app.screen, CaseScreen)
        assert app.screen.query_one(PathCanvas).selected == 7
