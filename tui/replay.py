"""Plays what was recorded as if it happened now: rooms for screenshots, made of Snapshots and the steps of one apply.

The first Snapshot is the world as it was found, the second the world after the recorded fix. Nothing is invented:
measurements and sentences are those of the recording.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from lab.practise.record import Record
from probes import plan
from probes.ask import Ask
from probes.plan import Plan
from probes.progress import Progress
from rules.report.model import Offer
from rules.snapshot import Probe, Snapshot
from rules.words import _
from tui import rooms
from tui.ports import Lesson, Listener, Study


@dataclass(frozen=True)
class Recorded:
    """A planned probe of the recording."""

    id: str
    via: str


@dataclass(frozen=True)
class Recording:
    """Before, after, and what applying said in between; `fix` is the remedy that was applied."""

    before: Snapshot
    after: Snapshot
    fix: str
    steps: tuple[Progress, ...]

    @property
    def ask(self) -> Ask:
        """The question of the recording."""
        question = self.before.question
        return Ask(question.pod, question.target, question.local, question.proxy, host=question.host)


class ReplaySession:
    """Answers from the recording, at once."""

    def __init__(self, recording: Recording) -> None:
        self.recording = recording
        self.now = recording.before
        self._probed: set[str] = set()

    def connect(self) -> None:
        """There is nothing to connect to."""

    def read(self) -> None:
        """Everything was read when it was recorded."""

    def plan(self) -> Sequence[Recorded]:
        """The probes of the recording."""
        return tuple(Recorded(probe.id, probe.via) for probe in self.recording.before.probes)

    def probe(self, id: str) -> Probe:
        """The recorded measurement."""
        self._probed.add(id)
        found = self.now.probe(id)
        if found is None:
            raise LookupError(f"the recording holds no {id}")
        return found

    def probe_all(self) -> None:
        """Every measurement of the recording."""
        self._probed = {probe.id for probe in self.now.probes}

    def snapshot(self) -> Snapshot:
        """What would be known by now."""
        return replace(self.now, probes=tuple(probe for probe in self.now.probes if probe.id in self._probed))

    def cancel(self) -> None:
        """Nothing runs."""

    def close(self) -> None:
        """Nothing is open."""


@dataclass(frozen=True)
class ReplayRun:
    """The recorded run."""

    id: str = "recorded"


class ReplayApplier:
    """Plans as the real one does; applying says what the recorded run said, and the world is the one after it."""

    def __init__(self, session: ReplaySession) -> None:
        self._session = session

    def plan(self, offer: Offer) -> Plan:
        """The plan on the objects as they were recorded."""
        return plan.make(offer, [change.before for change in offer.changes])

    def dry_run(self, made: Plan) -> tuple[str, ...]:
        """What the server said."""
        return tuple(
            _("{where}: the server accepts the change (dry run).").format(where=step.where) for step in made.steps
        )

    def apply(self, made: Plan, watcher: Listener) -> ReplayRun:
        """Say the recorded steps."""
        if made.remedy != self._session.recording.fix:
            raise LookupError(f"{made.remedy} is not in the recording")
        for step in self._session.recording.steps:
            watcher(step)
        self._session.now = self._session.recording.after
        return ReplayRun()

    def resume(self, run: ReplayRun, watcher: Listener) -> ReplayRun:  # noqa: ARG002 - one shape for all appliers
        """A recorded run has ended."""
        return run

    def rollback(self, run: ReplayRun, watcher: Listener) -> ReplayRun:
        """Back to the world as it was found."""
        self._session.now = self._session.recording.before
        watcher(f"{run.id}: taken back")
        return run

    def runs(self) -> tuple[ReplayRun, ...]:
        """No journal is kept."""
        return ()


class ReplayLab:
    """The lab's list; a lesson begins at `moment`, on the recording, and nothing runs."""

    def __init__(self, lessons: Sequence[Lesson], moment: str) -> None:
        self._lessons = tuple(lessons)
        self._moment = moment

    def lessons(self) -> tuple[Lesson, ...]:
        """The scenarios."""
        return self._lessons

    def start(self, name: str) -> bool:
        """The recording takes the place of the lab."""
        if name not in {lesson.name for lesson in self._lessons}:
            raise LookupError(f"{name} is not in the recording")
        return False

    def running(self) -> str | None:
        """None runs."""
        return None

    def stop(self) -> None:
        """None runs."""

    def study(self, name: str, learner: str = "") -> Study:
        """The lesson as the lab would begin it."""
        return rooms.study(name, learner=learner or "learner", fabric="simulated", started_at=self._moment)

    def changed(self) -> tuple[int, int]:
        """Nothing changes."""
        return 0, 0

    def turn(self, name: str | None) -> None:
        """Nothing turns."""

    def keep(self, record: Record) -> str:
        """Nothing is kept; where it would be, without the folder."""
        return f"practise/{record.learner}-{record.scenario}.json"
