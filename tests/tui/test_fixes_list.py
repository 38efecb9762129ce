"""The fixes at every width: told apart, by who does them, what would break first, and handed over ready to send."""

from __future__ import annotations

from dataclasses import replace

import pytest
from textual.widgets import OptionList, Static

from rules.evaluate import evaluate
from rules.report.model import Role
from tui.app import Start
from tui.screens.consent import ConsentScreen
from tui.screens.paper import PaperScreen
from tui.views import fix_sets
from tui.views.fix_list import Group, group
from tui.views.fixes import FixesView
from tui.widgets.text_view import TextView

TITLES = {
    "masquerade-minimal": "Masquerade towards the target's range only",
    "exchange-routes": "Exchange custom routes over the peering",
    "masquerade-article": "Masquerade everything outside the pods' own ranges",
}
SIZES = [(60, 20), (80, 24), (100, 30), (160, 50)]


def text_of(view, selector):
    return str(view.query_one(selector, Static).visual)


@pytest.fixture
def real(house, recording):
    """real("article"): the app on a recording of a scenario, judged by the real rules."""
    house.report = evaluate
    return lambda name: house.app(Start(recording=recording(name)))


@pytest.mark.parametrize("size", SIZES, ids=lambda size: str(size[0]))
async def test_the_listed_fixes_are_told_apart_at_every_width(house, settle, monkeypatch, size):
    app = house.app()
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        await pilot.press("a", "5")
        await settle(pilot)
        view = app.screen.query_one(FixesView)
        first, second = view.offers
        offers = tuple(
            replace(first, id=name, title=title, owner=second.owner if name == "exchange-routes" else first.owner)
            for name, title in TITLES.items()
        )
        monkeypatch.setattr(FixesView, "offers", offers)
        view.action_move(0)
        head, *rows = text_of(view, "#fix-list").splitlines()
        for row, (name, title) in zip(rows, TITLES.items(), strict=True):
            assert row[3:].startswith((name + " ", title + " "))
            assert "ok" in row
            assert "alone" in row
            assert "project-a" in row
            assert len(row) <= size[0]
        owners = head.index("owner")
        assert all(row[owners:].startswith("project-a") for row in rows)
        assert "masquerade-minimal" in text_of(view, "#fix-text")


@pytest.mark.parametrize("size", SIZES, ids=lambda size: str(size[0]))
async def test_nine_offers_leave_room_for_the_detail_and_the_selected_one_stays_in_sight(real, settle, size):
    app = real("rc31-no-routes-and-firewall")
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        await pilot.press("5")
        await settle(pilot)
        view = app.screen.query_one(FixesView)
        assert len(view.offers) >= 9
        for _offer in view.offers:
            pane, listing = view.query_one("#fix-pane"), view.query_one("#fix-list")
            at = view._lines.index(view.selected)
            assert pane.scroll_offset.y <= at < pane.scroll_offset.y + pane.scrollable_content_region.height
            assert view.query_one("#fix-detail").size.height >= 5
            assert listing.size.width <= size[0]
            assert view.offer.id in text_of(view, "#fix-text")
            await pilot.press("down")
            await settle(pilot)


async def test_what_wayhome_applies_what_is_handed_over_and_what_is_advice_stand_apart(real, settle):
    app = real("rc31-no-routes-and-firewall")
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await pilot.press("5")
        await settle(pilot)
        view = app.screen.query_one(FixesView)
        groups = [group(offer) for offer in view.offers]
        assert groups == sorted(groups)
        assert {Group.APPLY, Group.HAND_OFF, Group.ADVICE} <= set(groups)
        lines = text_of(view, "#fix-list").splitlines()
        for one in set(groups):
            at = next(number for number, line in enumerate(lines) if line.startswith(one.heading))
            assert lines[at + 1][1:3].strip() == str(groups.index(one) + 1)
        row = next(line for line in lines if "exchange-routes" in line)
        assert "with peer-firewall" in row


async def test_what_is_not_possible_now_is_no_choice_among_those_that_are(real, settle):
    app = real("rc18-no-agent")
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await pilot.press("5")
        await settle(pilot)
        view = app.screen.query_one(FixesView)
        blocked = [offer.id for offer in view.offers if group(offer) is Group.NOT_NOW]
        assert blocked == ["masquerade-minimal", "masquerade-article"]
        lines = text_of(view, "#fix-list").splitlines()
        assert lines.index("not possible as things are") < next(
            number for number, line in enumerate(lines) if "masquerade-minimal" in line
        )


async def test_what_would_break_is_said_before_anything_else_also_where_consent_is_asked(house, settle, monkeypatch):
    app = house.app()
    stops = ("STOPS WORKING: [/x] works today",)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await pilot.press("a", "5")
        await settle(pilot)
        view = app.screen.query_one(FixesView)
        first = replace(view.offers[0], stops=stops, complete=False, blast_radius=(*stops, "and more"), effect="a day")
        monkeypatch.setattr(FixesView, "offers", (first,))
        view.action_move(0)
        lines = text_of(view, "#fix-text").splitlines()
        assert lines[1] == "✗ STOPS WORKING: [/x] works today"
        assert sum("STOPS WORKING" in line for line in lines) == 1
        assert any(line.startswith("takes effect") and line.endswith("a day") for line in lines)
        assert "breaks 1" in text_of(view, "#fix-list")
        await pilot.press("enter")
        await settle(pilot)
        assert isinstance(app.screen, ConsentScreen)
        assert "STOPS WORKING: [/x]" in text_of(app.screen, "#consent-stops")
        assert "Takes effect: a day" in text_of(app.screen, "#consent-dry")


async def test_enter_on_a_hand_off_opens_the_message_which_is_copied_and_written(real, settle, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    app = real("rc31-no-routes-and-firewall")
    copied: list[str] = []
    monkeypatch.setattr(app, "copy_to_clipboard", copied.append)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await pilot.press("5")
        await settle(pilot)
        view = app.screen.query_one(FixesView)
        view.action_move([offer.id for offer in view.offers].index("peer-firewall"))
        assert "m opens the message for project-b" in text_of(view, "#fix-text")
        await pilot.press("enter")
        await settle(pilot)
        assert isinstance(app.screen, PaperScreen)
        assert "gcloud compute firewall-rules create" in app.screen.query_one(TextView).text
        await pilot.press("c", "w", "w")
        await settle(pilot)
        assert "What to do in project-b" in copied[0]
        first, second = tmp_path / "wayhome-my-pod-peer-firewall.md", tmp_path / "wayhome-my-pod-peer-firewall-2.md"
        assert first.read_text() == second.read_text() == copied[0]
        await pilot.press("escape")
        assert app.screen.query_one(FixesView).offer.id == "peer-firewall"


async def test_a_file_that_a_fix_needs_is_written_with_w(real, settle, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    app = real("article")
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await pilot.press("5")
        await settle(pilot)
        view = app.screen.query_one(FixesView)
        view.action_move([offer.id for offer in view.offers].index("proxy-vm"))
        (document,) = view.offer.documents
        await pilot.press("w")
        await settle(pilot)
        options = app.screen.query_one(OptionList)
        assert "nginx.conf" in str(options.get_option_at_index(1).prompt)
        await pilot.press("down", "enter")
        await settle(pilot)
        assert (tmp_path / "nginx.conf").read_text() == document.text


async def test_advice_is_neither_planned_nor_handed_over(real, settle):
    app = real("article")
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await pilot.press("5")
        await settle(pilot)
        view = app.screen.query_one(FixesView)
        view.action_move(len(view.offers))
        assert view.offer.role is Role.ADVICE
        screen = app.screen
        await pilot.press("enter", "m")
        await settle(pilot)
        assert app.screen is screen
        assert "Advice" in text_of(view, "#fix-text")


@pytest.mark.parametrize("size", [(80, 24), (160, 50)], ids=lambda size: str(size[0]))
async def test_the_sets_that_are_enough_stand_side_by_side(real, settle, size):
    app = real("rc24-agent-gone-from-new-nodes")
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        await pilot.press("5")
        await settle(pilot)
        view = app.screen.query_one(FixesView)
        both = size[0] > 100
        assert view.query_one("#fix-sets").display is both
        if not both:
            await pilot.press("s")
            await settle(pilot)
            assert view.query_one("#fix-sets").display
            assert not view.query_one("#fix-detail").display
        said = text_of(view, "#fix-sets-text")
        for one in view.sets:
            assert " + ".join(one.remedies).split(" ")[-1] in said
        assert "takes effect" in said
        assert "project-b" in said
        assert max(map(len, said.splitlines())) <= size[0]


@pytest.mark.parametrize("width", [-4, 2, 7, 20])
def test_wrapped_text_keeps_every_word_and_its_width(width):
    text = "about two minutes: the kubelet's refresh 日本語の長い文字列です then"
    lines = fix_sets.wrap(text, width)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    assert all(fix_sets.width_of(line) <= max(width, 2) for line in lines)


async def test_what_needs_the_other_side_is_copied_as_a_message_and_the_rest_as_commands(house, settle, monkeypatch):
    app = house.app()
    copied: list[str] = []
    monkeypatch.setattr(app, "copy_to_clipboard", copied.append)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await pilot.press("a", "5")
        await settle(pilot)
        await pilot.press("c", "down", "c")
        await settle(pilot)
    assert copied[0].startswith("kubectl create configmap")
    assert copied[1].startswith("# A connection from")
    assert "2026-11-23T00:00:00Z: the pod" in copied[1]
