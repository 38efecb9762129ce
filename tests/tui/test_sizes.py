"""Every view at every size: the footer stays, nothing crashes, a terminal without UTF-8 gets ASCII alone."""

from __future__ import annotations

import pytest

from tui.app import Start
from tui.ascii import to_ascii
from tui.screens.case import MAKERS

SIZES = [(60, 20), (80, 24), (120, 36), (160, 50)]


def drawn(app):
    strips = app.screen._compositor.render_strips()
    return ["".join(segment.text for segment in strip if not segment.control) for strip in strips]


def footer(app):
    return [key for key in app.screen.query("FooterKey") if key.region.height]


@pytest.mark.parametrize("ascii", [False, True], ids=["utf8", "ascii"])
async def test_every_view_keeps_its_footer_at_every_size(house, settle, ascii):
    app = house.app(ascii=ascii)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await pilot.press("a")
        await settle(pilot)
        for number in range(1, len(MAKERS) + 1):
            await pilot.press(str(number))
            await settle(pilot)
            for size in SIZES:
                await pilot.resize_terminal(*size)
                await settle(pilot)
                keys = footer(app)
                assert keys
                assert {key.region.y for key in keys} == {size[1] - 1}
                lines = drawn(app)
                assert len(lines) == size[1]
                if ascii:
                    assert [line for line in lines if not line.isascii()] == []


@pytest.mark.parametrize("keys", [["f1"], ["w"], ["f9"], ["5", "enter"]], ids=lambda keys: "-".join(keys))
async def test_every_dialog_keeps_its_footer_at_every_size(house, settle, keys):
    app = house.app(ascii=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await pilot.press("a")
        await settle(pilot)
        for key in keys:
            await pilot.press(key)
            await settle(pilot)
        for size in SIZES:
            await pilot.resize_terminal(*size)
            await settle(pilot)
            keys_shown = footer(app)
            assert keys_shown
            assert {key.region.y for key in keys_shown} == {size[1] - 1}
            assert [line for line in drawn(app) if not line.isascii()] == []


async def test_the_start_screen_is_ascii_too(house, settle):
    app = house.app(Start(), ascii=True)
    async with app.run_test(size=(60, 20)) as pilot:
        await settle(pilot)
        assert footer(app)
        assert [line for line in drawn(app) if not line.isascii()] == []


@pytest.mark.parametrize(
    ("text", "expected"), [("pod → peer…", "pod > peer~"), ("東京 ok", "???? ok"), ("╭─│╯", "+-|+"), ("é", "?")]
)
def test_ascii_takes_as_many_cells(text, expected):
    assert to_ascii(text) == expected
