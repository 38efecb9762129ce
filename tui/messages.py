"""What happened, said by threads to screens. Each carries the number of the run that it belongs to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.message import Message

if TYPE_CHECKING:
    from lab.practise.record import Record
    from probes.ask import Ask
    from probes.recordings import Recording
    from probes.run import Run
    from rules.report.model import Report
    from rules.snapshot import Probe, Snapshot
    from tui.ports import Lesson, Plan, Planned, Study


@dataclass
class Connected(Message, bubble=False):
    """The cluster answered; the probes are planned."""

    run: int
    plan: Sequence[Planned]


@dataclass
class ConfigurationRead(Message, bubble=False):
    """Every configuration read has come back or become a gap; the plan may know more addresses now."""

    run: int
    plan: Sequence[Planned]


@dataclass
class ProbeFinished(Message, bubble=False):
    """One measurement is there."""

    run: int
    probe: Probe


@dataclass
class Judged(Message, bubble=False):
    """The rules have looked at `snapshot`."""

    run: int
    snapshot: Snapshot
    report: Report


@dataclass
class RecordingOpened(Message, bubble=False):
    """A Snapshot was read from a file and judged."""

    run: int
    snapshot: Snapshot
    report: Report
    name: str


@dataclass
class LessonsListed(Message, bubble=False):
    """The lab's scenarios are known, and which of them runs."""

    run: int
    lessons: Sequence[Lesson]
    running: str | None


@dataclass
class LabStarted(Message, bubble=False):
    """A scenario runs and can be asked about."""

    run: int
    lesson: Lesson
    study: Study | None


@dataclass
class PlanMade(Message, bubble=False):
    """A remedy has become a plan; `dry_run` is what the server said to trying it, or ''."""

    run: int
    plan: Plan
    dry_run: str


@dataclass
class PlanApplied(Message, bubble=False):
    """A plan was carried out and measured again; `run_made` is what a rollback needs."""

    run: int
    run_made: object


@dataclass
class RolledBack(Message, bubble=False):
    """A run was taken back."""

    run: int
    outcome: object


@dataclass
class Remeasured(Message, bubble=False):
    """After a change everything was read and probed again."""

    run: int
    snapshot: Snapshot
    report: Report


@dataclass
class RunsFound(Message, bubble=False):
    """The runs of the journal that somebody should decide about."""

    run: int
    runs: Sequence[Run]


@dataclass
class RecordingsFound(Message, bubble=False):
    """The recordings of earlier runs, the newest first."""

    run: int
    recordings: Sequence[Recording]


@dataclass
class Written(Message, bubble=False):
    """A file was written."""

    run: int
    path: str


@dataclass
class LessonBegun(Message, bubble=False):
    """The lab is as a lesson needs it, and the lesson is made."""

    run: int
    ask: Ask | None
    study: Study


@dataclass
class LessonKept(Message, bubble=False):
    """A lesson's record is on the disk."""

    run: int
    record: Record
    path: str
