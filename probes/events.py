"""What a Session tells its listener while it works. Frozen, so that threads can hand them over."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from rules.snapshot import Gap, Probe


@dataclass(frozen=True)
class Reading:
    """A read has started; `what` is `kubernetes.nodes`, `compute.routes project-a` and the like."""

    what: str


@dataclass(frozen=True)
class Read:
    """A read has ended well after `seconds`."""

    what: str
    seconds: float


@dataclass(frozen=True)
class GapFound:
    """A read has failed; the Snapshot will say so."""

    gap: Gap


@dataclass(frozen=True)
class Announced:
    """Something is about to be created or removed; `sentence` says what, where and for how long."""

    sentence: str


@dataclass(frozen=True)
class Probing:
    """The probe `id` is being run as `via`."""

    id: str
    via: str


@dataclass(frozen=True)
class Probed:
    """A probe has ended."""

    probe: Probe


Event = Reading | Read | GapFound | Announced | Probing | Probed
Listener = Callable[[Event], None]


def one_at_a_time(listener: Listener) -> Listener:
    """`listener`, called by one thread at a time."""
    lock = threading.RLock()

    def tell(event: Event) -> None:
        with lock:
            listener(event)

    return tell


def nobody(event: Event) -> None:
    """A listener that does not listen."""
