"""Words on their way out: columns, near names, streams that cannot show everything."""

from __future__ import annotations

import io
import sys

import pytest

from tui.cli import output


def test_columns_line_up_and_the_last_is_free() -> None:
    assert output.table([("a", "bb", "c c"), ("aaa", "b", "")]) == "a    bb  c c\naaa  b"
    assert output.table([]) == ""


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("masq", " Did you mean masquerade-minimal or masquerade-article?"),
        ("exchange", " Did you mean exchange-routes?"),
        ("exhcange-routes", " Did you mean exchange-routes?"),
        ("EXCHANGE-ROUTES", " Did you mean exchange-routes?"),
        ("zzz", ""),
        ("", ""),
    ],
)
def test_near_names(word: str, said: str) -> None:
    assert output.near(word, ["masquerade-minimal", "masquerade-article", "exchange-routes"]) == said


@pytest.mark.parametrize(
    ("encoding", "shown"), [("utf-8", "✗ [/x] ü\n"), ("ascii", "? [/x] ?\n"), ("latin-1", "? [/x] ü\n")]
)
def test_what_a_stream_cannot_show_becomes_a_question_mark(
    monkeypatch: pytest.MonkeyPatch, encoding: str, shown: str
) -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding=encoding)
    monkeypatch.setattr(sys, "stdout", stream)
    output.report("✗ [/x] ü")
    stream.flush()
    assert raw.getvalue().decode(encoding) == shown


def test_colours_are_for_terminals_that_want_them(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert output.is_colourful(Terminal())
    assert not output.is_colourful(io.StringIO())
    monkeypatch.setenv("NO_COLOR", "1")
    assert not output.is_colourful(Terminal())
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("TERM", "dumb")
    assert not output.is_colourful(Terminal())


def test_words_from_outside_give_the_terminal_no_orders(capsys: pytest.CaptureFixture[str]) -> None:
    hostile = "a\x1b[2Jb\u202ec\x9bd\re\n[/x]f"
    output.report(hostile)
    output.say(hostile)
    output.complain(hostile)
    shown = capsys.readouterr()
    for text in (shown.out, shown.err):
        assert "\\x1b[2Jb\\u202ec\\x9bd\\re\n[/x]f\n" in text
        assert not set("\x1b\x9b\u202e\r") & set(text)
    output.report("\x1b[1mbold\x1b[0m", finished=True)
    assert capsys.readouterr().out == "\x1b[1mbold\x1b[0m\n"
