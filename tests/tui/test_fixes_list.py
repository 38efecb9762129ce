"""The list of fixes can be told apart at every width that a terminal in trouble has."""

from __future__ import annotations

from dataclasses import replace

import pytest
from textual.widgets import Static

from tui.views.fixes import FixesView

TITLES = {
    "masquerade-minimal": "Masquerade towards the target's range only",
    "exchange-routes": "Exchange custom routes over the peering",
    "masquerade-article": "Masquerade everything outside the pods' own ranges",
}


@pytest.mark.parametrize("size", [(60, 20), (80, 24), (100, 30), (160, 50)], ids=lambda size: str(size[0]))
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
        head, *rows = str(view.query_one("#fix-list", Static).visual).splitlines()
        for row, (name, title) in zip(rows, TITLES.items(), strict=True):
            assert row[3:].startswith((name + " ", title + " "))
            assert "ok" in row
            assert "enough" in row
            assert "project-a" in row
            assert len(row) <= size[0]
        owners = head.index("owner")
        assert all(row[owners:].startswith("project-a") for row in rows)
        assert "masquerade-minimal" in str(view.query_one("#fix-text", Static).visual)


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
