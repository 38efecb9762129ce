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


def ascii_only() -> bool:
    """Whether the terminal can only be trusted with ASCII: asked for, or its encoding is not UTF-8."""
    if os.environ.get("WAYHOME_ASCII", "") not in {"", "0"}:
        return True
    encoding = (getattr(sys.__stderr__, "encoding", "") or "utf-8").lower().replace("-", "")
    return encoding not in {"utf8", "utf_8"}


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
