"""Repeats things and keeps the times."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Times:
    """Seconds of several runs of one thing. The least is what it takes, the median what one meets here."""

    name: str
    seconds: tuple[float, ...]

    @property
    def least(self) -> float:
        return min(self.seconds)

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)

    def __str__(self) -> str:
        return f"{self.name:44} {self.least:8.3f} s min {self.median:8.3f} s median  ({len(self.seconds)} runs)"


def interleaved(runs: int, *things: tuple[str, Callable[[], object]]) -> list[Times]:
    """Time each of `things` `runs` times, taking turns, so that a slow moment of the machine hits all of them."""
    found: dict[str, list[float]] = {name: [] for name, _work in things}
    for _run in range(runs):
        for name, work in things:
            started = time.perf_counter()
            work()
            found[name].append(time.perf_counter() - started)
    return [Times(name, tuple(seconds)) for name, seconds in found.items()]


def ratio(of: Times, to: Times, aim: str) -> str:
    """How many times as long `of` takes as `to`, by the least of each."""
    return f"  => {of.least / to.least:.2f} x ({of.name} / {to.name}; aim: {aim})"


def within(value: float, limit: float) -> str:
    """`met` or `MISSED`, for a figure that is to be at most `limit`."""
    return "met" if value <= limit else "MISSED"


def heading(text: str, notes: Sequence[str] = ()) -> str:
    """A section's title with its notes."""
    return "\n".join(["", text, *(f"  {note}" for note in notes)])
