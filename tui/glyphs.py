"""State said three times: a glyph, a word and a colour. The glyphs are single-cell; ASCII has its own."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from enum import StrEnum

from rules.words import _


class State(StrEnum):
    """What can be said about a step, a hop, a cause or a prediction."""

    OK = "ok"
    FAIL = "fail"
    DOUBT = "doubt"
    WAIT = "wait"
    IDLE = "idle"
    WARN = "warn"


@dataclass(frozen=True)
class Look:
    """How a state is drawn: glyph, ASCII glyph, and the theme's colour variable."""

    glyph: str
    ascii: str
    colour: str


LOOKS = {
    State.OK: Look("✓", "+", "$ok"),
    State.FAIL: Look("✗", "x", "$fail"),
    State.DOUBT: Look("?", "?", "$doubt"),
    State.WAIT: Look("▸", ">", "$active"),
    State.IDLE: Look("·", ".", "$quiet"),
    State.WARN: Look("!", "!", "$warn"),
}


def ascii_only(stream: object = None) -> bool:
    """Whether `stream` (the app's stderr unless told) can only be trusted with ASCII.

    It was asked for (WAYHOME_ASCII), the stream's encoding is not UTF-8, or somebody chose the C locale: there Python
    writes UTF-8 all the same, and the terminal may not know it.
    """
    if os.environ.get("WAYHOME_ASCII", "") not in {"", "0"}:
        return True
    encoding = getattr(stream or sys.__stderr__, "encoding", None) or "utf-8"
    return encoding.lower().replace("-", "").replace("_", "") != "utf8" or _in_the_c_locale()


def _in_the_c_locale() -> bool:
    given = os.environ.get
    # Where LANG is C and nothing else is said, Python itself sets LC_CTYPE to one of these.
    ctype = "" if given("LC_CTYPE") in {"C.UTF-8", "C.utf8", "UTF-8"} else given("LC_CTYPE")
    return (given("LC_ALL") or ctype or given("LANG")) in {"C", "POSIX"}


def glyph(state: State, *, ascii: bool = False) -> str:
    """The single-cell sign of `state`."""
    return LOOKS[state].ascii if ascii else LOOKS[state].glyph


def colour(state: State) -> str:
    """The theme variable of `state`, as Content styles name it."""
    return LOOKS[state].colour


def of_outcome(outcome: str | None) -> State:
    """The state of a probe by its outcome; None: not run."""
    if outcome is None or outcome == "not-run":
        return State.IDLE
    if outcome == "ok":
        return State.OK
    return State.DOUBT if outcome == "unknown" else State.FAIL


def outcome_word(outcome: str | None) -> str:
    """The word for a probe's outcome."""
    words = {
        "ok": _("ok"),
        "timeout": _("no answer"),
        "refused": _("refused"),
        "unreachable": _("unreachable"),
        "stalled": _("stalled"),
        "dns": _("name not found"),
        "app-error": _("answered with an error"),
        "not-run": _("not run"),
        "unknown": _("cannot tell"),
    }
    return words.get(str(outcome or "not-run"), str(outcome))
