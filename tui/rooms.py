"""The real rooms behind the screens. Nothing here imports a cloud client before it is called from a thread."""

from __future__ import annotations

import getpass
import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from rules.words import _
from tui.ports import Lab, Lesson, Listener, Rooms, Study

if TYPE_CHECKING:
    from pathlib import Path

    from lab.practise.record import Record
    from probes.ask import Ask
    from probes.recordings import Recording
    from probes.run import Run
    from rules.report.model import Report
    from rules.snapshot import Snapshot


def _session(ask: Ask, listener: Listener) -> Any:
    from probes.session import Session

    return Session(ask, listener)


def _applier(session: Any) -> Any:
    from probes.apply import Applier

    return Applier(session)


def _evaluate(snapshot: Snapshot) -> Report:
    from rules.evaluate import evaluate

    return evaluate(snapshot)


def _runs() -> Sequence[Run]:
    from probes import journal, lock
    from tui import old_runs

    return () if lock.someone_at_work() else old_runs.open_runs(journal.runs())


def _leave(run: Run) -> None:
    from probes.apply import leave

    leave(run)


def _warm_up() -> None:
    from probes import warmup

    warmup.google()


def lesson(name: str) -> Lesson:
    """A scenario of the lab as one may choose it."""
    from lab import scenario
    from probes.ask import Ask

    made = scenario.load(name)
    question = made.question
    ask = Ask(question.pod, question.target, question.local, question.proxy, host=question.host)
    return Lesson(name, _(made.title) if made.title else name, ask)


def study(name: str, *, learner: str, fabric: str, started_at: str) -> Study:
    """What a learner is asked about a scenario, and the record that begins."""
    from lab import scenario
    from lab.practise import key as keys
    from lab.practise.record import Record
    from rules import causes, remedies

    plan = scenario.load(name)
    known = keys.key(plan)
    record = Record(
        learner=learner,
        scenario=plan.name,
        title=plan.title,
        fabric=fabric,
        started_at=started_at,
        key={question: known.right(question) for question in keys.QUESTIONS},
    )
    labels = {cause.id: f"{cause.id}  {cause.title}" for cause in causes.load()}
    labels |= {remedy.id: remedy.title for remedy in remedies.load()}
    labels |= {
        "forward": _("forward: the request is lost"),
        "return": _("return: the answer is lost"),
        keys.NONE: _("none: nothing is broken, or nobody can tell"),
    }
    choices = {question: keys.choices(plan, known, question) for question in keys.QUESTIONS}
    return Study(record, choices, labels, keys.hints(known))


class RealLab:
    """The lab as lab.control runs it. While a scenario is asked about, this process's environment points at it.

    A lab that was running before belongs to whoever started it: it is used, and outlives the app. One that was started
    here ends with this process, also when that is killed, or leaves while the lab still starts.
    """

    def __init__(self) -> None:
        self._started: int | None = None
        self._leash: int | None = None

    def lessons(self) -> Sequence[Lesson]:
        from lab import scenario

        return [lesson(name) for name in scenario.names()]

    def start(self, name: str) -> bool:
        from lab import control

        now = control.running()
        if now is None or now.scenario != name:
            if now is not None:
                control.stop()
            held, self._leash = self._leash, None
            if held is not None:
                os.close(held)
            end, self._leash = os.pipe()
            try:
                now = control.start(name, leash=end)
            finally:
                os.close(end)
            self._started = now.pid
        os.environ.update(control.environment(now))
        return now.pid == self._started

    def running(self) -> str | None:
        from lab import control

        now = control.running()
        return None if now is None else str(now.scenario)

    def stop(self) -> None:
        from lab import control

        now = control.running()
        if now is not None and now.pid == self._started:
            control.stop()

    def study(self, name: str, learner: str = "") -> Study:
        from lab import control

        running = control.running()
        return study(
            name,
            learner=learner or os.environ.get("WAYHOME_LEARNER") or getpass.getuser(),
            fabric=running.fabric if running is not None else "",
            started_at=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        )

    def changed(self) -> tuple[int, int]:
        from lab import control

        now = control.running()
        found = control.changed(now) if now is not None else None
        return (found.writes, len(found.differs)) if found is not None else (0, 0)

    def turn(self, name: str | None) -> None:
        from lab import control

        now = control.running()
        if now is not None:
            control.turn(now, name)

    def keep(self, record: Record) -> str:
        from lab.practise.record import save

        return str(save(record))


def _recordings() -> Sequence[Recording]:
    from probes import recordings

    return recordings.listed()


def _recorder(*, redacted: bool) -> Callable[[Snapshot, Report, Path | None], Path]:
    def record(snapshot: Snapshot, judged: Report, instead_of: Path | None) -> Path:
        from probes import recordings

        return recordings.keep(snapshot, judged.answer.value, redacted=redacted, instead_of=instead_of)

    return record


def real(*, record: bool = True, redacted: bool = True) -> Rooms:
    """The rooms of this house; whether live runs are recorded, and with their names under pseudonyms."""
    house_lab: Lab = RealLab()
    rooms = Rooms(
        session=_session,
        applier=_applier,
        evaluate=_evaluate,
        lab=lambda: house_lab,
        warm_up=_warm_up,
        runs=_runs,
        leave=_leave,
        recordings=_recordings,
    )
    return replace(rooms, record=_recorder(redacted=redacted)) if record else rooms
