"""Sees whether somebody takes a change back, as a GitOps controller does a minute later."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from probes import plan, trace
from probes.errors import ProbeError
from probes.hands import Hands
from probes.plan import Step
from probes.run import Run
from rules.words import _

PAUSE = 5.0

Stop = Callable[[], bool]


def never() -> bool:
    """Nobody asks to stop."""
    return False


def look(hands: Hands, steps: Sequence[Step]) -> str:
    """A sentence when one of the objects is no longer as it was made; what cannot be read now is looked at later."""
    for step in steps:
        try:
            live = hands.read(step.change)
        except ProbeError:
            continue
        if plan.alike(step, live, step.wanted):
            continue
        who = trace.by_whom(hands, step, live) or _("somebody (the API does not tell who)")
        as_before = plan.alike(step, live, step.live)
        words = (
            _("{where} was put back to what it was before, by {who}; an automatism that owns it will do so again.")
            if as_before
            else _("{where} was changed after this run had changed it, by {who}.")
        )
        return words.format(where=step.where, who=who)
    return ""


def until_reverted(hands: Hands, run: Run, steps: Sequence[Step], seconds: float, stop: Stop) -> str:
    """Look every few seconds for `seconds`, or until `stop`; the sentence of `look`, empty when all stayed."""
    made = [step for index, step in enumerate(steps) if run.last("called", index) is not None]
    until = time.monotonic() + seconds
    while not stop():
        found = look(hands, made)
        left = until - time.monotonic()
        if found or left <= 0:
            return found
        hands.pause(min(PAUSE, left))
    return ""
