"""What the screens ask of the other rooms, as small Protocols, and the real rooms behind them.

Every heavy import happens inside a function that runs in a thread after the first paint.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from pathlib import Path

    from lab.practise.record import Record
    from probes.ask import Ask
    from probes.recordings import Recording
    from probes.run import Run
    from rules.report.model import Change, Offer, Report
    from rules.snapshot import Probe, Snapshot

Listener = Callable[[Any], None]


class Planned(Protocol):
    """A probe that will be run: its id, and what a person would type to do the same."""

    @property
    def id(self) -> str: ...

    @property
    def via(self) -> str: ...


class Session(Protocol):
    """One question asked of one cluster. Every call blocks and is made from a thread."""

    def connect(self) -> None: ...

    def read(self) -> None: ...

    def plan(self) -> Sequence[Planned]: ...

    def probe(self, id: str) -> Probe: ...

    def probe_all(self) -> Any: ...

    def snapshot(self) -> Snapshot: ...

    def cancel(self) -> None: ...

    def close(self) -> None: ...


class Plan(Protocol):
    """A remedy made concrete: the changes and their diff."""

    @property
    def changes(self) -> Sequence[Change]: ...

    @property
    def diff(self) -> str: ...

    @property
    def name(self) -> str: ...


class Made(Protocol):
    """A run of apply, as the journal keeps it."""

    @property
    def id(self) -> str: ...


class Applier(Protocol):
    """Carries a plan out, waits until it is in force, measures again, and can take it back."""

    def plan(self, offer: Offer) -> Plan: ...

    def dry_run(self, made: Any) -> Sequence[str]: ...

    def apply(self, made: Any, watcher: Listener) -> Made: ...

    def resume(self, run: Any, watcher: Listener) -> Made: ...

    def rollback(self, run: Any, watcher: Listener) -> Made: ...

    def runs(self) -> Sequence[Made]: ...


@dataclass(frozen=True)
class Lesson:
    """A scenario of the lab as the list shows it, with the question it comes with."""

    name: str
    title: str
    question: Ask


@dataclass(frozen=True)
class Study:
    """A lesson about to begin: its empty record with the right answers, and what may be answered and what helps."""

    record: Record
    choices: Mapping[str, tuple[str, ...]]
    labels: Mapping[str, str]
    hints: tuple[str, ...]


class Lab(Protocol):
    """The lab: its scenarios, and starting one (from a thread).

    `start` says whether the lab that runs now is one that this program started; `stop` ends no other. `study` makes a
    lesson of a scenario; `changed` gives the writes to the lab's world and how many objects differ from its beginning;
    `turn` makes its world that of another scenario, or with None puts it back; `keep` writes a record and says where.
    """

    def lessons(self) -> Sequence[Lesson]: ...

    def start(self, name: str) -> bool: ...

    def running(self) -> str | None: ...

    def stop(self) -> None: ...

    def study(self, name: str, learner: str = "") -> Study: ...

    def changed(self) -> tuple[int, int]: ...

    def turn(self, name: str | None) -> None: ...

    def keep(self, record: Record) -> str: ...


def _unrecorded(_snapshot: Snapshot, _judged: Report, _instead_of: Path | None) -> Path | None:
    return None


@dataclass(frozen=True)
class Rooms:
    """Everything outside the screens, made replaceable.

    `runs` are those of the journal that did not end or wait for the other side, the newest first, while nobody is at
    work on one; `leave` closes one without touching anything. `record` keeps what a live run saw, in place of an
    earlier recording of the same run, and gives the new one's path; `recordings` are those there are, the newest first.
    """

    session: Callable[[Ask, Listener], Session]
    applier: Callable[[Any], Applier]
    evaluate: Callable[[Snapshot], Report]
    lab: Callable[[], Lab]
    warm_up: Callable[[], None]
    runs: Callable[[], Sequence[Run]] = tuple
    leave: Callable[[Run], None] = lambda _run: None
    record: Callable[[Snapshot, Report, Path | None], Path | None] = _unrecorded
    recordings: Callable[[], Sequence[Recording]] = tuple
    clock: Callable[[], float] = time.monotonic
