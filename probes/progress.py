"""What apply and rollback tell while they work. Frozen, so that threads can hand it over."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from rules.snapshot import Probe


class Stage(StrEnum):
    """Where a run is, in the order of a run."""

    CHECKING = "checking"
    CALLING = "calling"
    CALLED = "called"
    SKIPPED = "skipped"
    BUSY = "busy"
    WAITING = "waiting"
    IN_FORCE = "in-force"
    MEASURED = "measured"
    REVERTED = "reverted"
    ENDED = "ended"


@dataclass(frozen=True)
class Progress:
    """One step of a run as a sentence; `node` where it concerns one node, `probe` where something was measured."""

    stage: Stage
    sentence: str
    node: str = ""
    probe: Probe | None = None


Watcher = Callable[[Progress], None]


def unwatched(progress: Progress) -> None:
    """A watcher that does not watch."""
