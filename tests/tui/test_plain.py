"""Text from outside becomes text to draw."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.plain import content, fit, plain, width_of


@given(st.text())
def test_nothing_that_moves_a_terminal_survives(text):
    for character in plain(text):
        assert unicodedata.category(character) not in {"Cc", "Zl", "Zp"}
        assert character not in "\u202e\u2066\u200f"


@given(st.text(), st.integers(0, 60))
def test_fit_takes_exactly_its_cells(text, width):
    assert width_of(fit(plain(text), width)) == width


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred\x1b[0m", "�[31mred�[0m"),
        ("a\tb", "a   b"),
        ("a\nb", "a b"),
        ("\u202egnp.exe", "�gnp.exe"),
        ("東京", "東京"),
    ],
)
def test_plain_shows_what_was_there(text, shown):
    assert plain(text) == shown


def test_content_is_never_markup():
    assert content("[/x] [red]x").plain == "[/x] [red]x"
    assert content("a\nb").plain == "a\nb"


def test_wide_characters_are_cut_between_cells():
    assert fit("東京都", 5) == "東京…"
    assert fit("東京都", 4) == "東… "
