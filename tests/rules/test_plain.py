"""Text from outside: printable, measured, wrapped."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.report.plain import cells, cut, pad, plain, wrap


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x1b[2Jb", "a\\x1b[2Jb"),
        ("\x9b31m", "\\x9b31m"),
        ("one\ntwo\ttab", "one\\ntwo\\ttab"),
        ("abc\u202edcba", "abc\\u202edcba"),
        ("\u2028", "\\u2028"),
        ("\ud800", "\\ud800"),
        ("日本語 ✓ é", "日本語 ✓ é"),
    ],
)
def test_control_characters_are_spelled_out(text: str, shown: str) -> None:
    assert plain(text) == shown


@given(st.text())
def test_nothing_a_terminal_obeys_is_left(text: str) -> None:
    assert not [char for char in plain(text) if unicodedata.category(char) in ("Cc", "Cf", "Cs")]


@pytest.mark.parametrize(("text", "wide"), [("abc", 3), ("日本", 4), ("é", 1), ("ｆ", 2), ("✓", 1)])
def test_cells(text: str, wide: int) -> None:
    assert cells(text) == wide


@given(st.text(), st.integers(1, 60))
def test_pad_fills_exactly(text: str, width: int) -> None:
    assert cells(pad(plain(text), width)) == width


@given(st.text(), st.integers(1, 60))
def test_cut_never_exceeds(text: str, width: int) -> None:
    assert cells(cut(plain(text), width)) <= width


@given(st.text(), st.integers(20, 90))
def test_wrap_keeps_the_text_and_the_width(text: str, width: int) -> None:
    text = plain(text)
    lines = wrap(text, width, first="  - ", rest="    ")
    assert all(cells(line) <= width for line in lines)
    assert "".join("".join(lines).split()).removeprefix("-") == "".join(text.split())


def test_japanese_breaks_without_spaces() -> None:
    lines = wrap("戻りの経路がありません。" * 6, 40, first="  ", rest="  ")
    assert len(lines) > 1
    assert all(cells(line) > 34 for line in lines[:-1])


@pytest.mark.parametrize("width", range(14, 40))
def test_no_japanese_line_begins_with_a_stop_or_ends_with_an_opening_bracket(width: int) -> None:
    lines = wrap("応答が、戻りの区間（VPC の先）で失われます (b の側)。route「b-to-a」へ。" * 3, width)
    assert not [line for line in lines if line[0] in "、。）」)" or line[-1] in "（「("]
    assert all(cells(line) <= width for line in lines)


def test_latin_words_stay_whole_among_wide_characters() -> None:
    assert wrap("宛先はpeeringの先です", 10) == ["宛先は", "peeringの", "先です"]
