"""Japanese folds beside its characters, never before what closes, and English as Textual folds it."""

from __future__ import annotations

import pytest
from rich._wrap import divide_line
from textual.app import App
from textual.content import Content
from textual.widgets import Static

from rules.report.plain import cells
from tui import folding

TEXT = (
    "このポッドは 10.2.0.10 に届きません。応答の帰り道（172.16.1.0/24）が"
    "ピアの VPC にありません、とレポートは言います。"
)


def pieces(text, width):
    ends = folding.divide(text, width)
    return [text[a:b] for a, b in zip([0, *ends], [*ends, len(text)], strict=True)]


@pytest.mark.parametrize("width", range(2, 90))
def test_no_line_is_wider_than_asked_and_nothing_is_lost(width):
    found = pieces(TEXT, width)
    assert "".join(found) == TEXT
    assert max(cells(line.rstrip()) for line in found) <= width


@pytest.mark.parametrize("width", range(20, 90))
def test_no_line_begins_with_what_closes_or_ends_with_what_opens(width):
    found = pieces(TEXT, width)
    assert not [line for line in found if line[0] in "。、）"]
    assert not [line for line in found if line.rstrip()[-1] == "（"]
    assert min(cells(line) for line in found[:-1]) > width - 20  # the longest word, and what must stay with it


@pytest.mark.parametrize("width", [4, 10, 33])
@pytest.mark.parametrize("text", ["", " ", "one two  three", "a" * 50, "  led by spaces and a-very-long-word-indeed"])
def test_english_folds_as_textual_folds_it(text, width):
    assert folding.divide(text, width) == divide_line(text, width)


async def test_what_a_screen_shows_folds_so(house):
    folding.install()

    class Shown(App):
        def compose(self):
            yield Static(Content(TEXT))

    async with Shown().run_test(size=(40, 10)) as pilot:
        await pilot.pause()
        drawn = [strip.text.rstrip() for strip in pilot.app.screen._compositor.render_strips()]
    shown = [line for line in drawn if line]
    assert shown == [line.rstrip() for line in pieces(TEXT, 40)]
