"""The real rooms behind the screens. Nothing here imports a cloud client before it is called from a thread."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tui.ports import Lab, Lesson, Listener, Rooms

if TYPE_CHECKING:
    from probes.ask import Ask
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


def _warm_up() -> None:
    from probes import warmup

    warmup.kubernetes()
    warmup.google()


class RealLab:
    """The lab as lab.control runs it. While a scenario is asked about, this process's environment points at it.

    A lab that was running before belongs to whoever started it: it is used, and outlives the app.
    """

    def __init__(self) -> None:
        self._started: int | None = None

    def lessons(self) -> Sequence[Lesson]:
        from lab import scenario
        from probes.ask import Ask

        found = []
        for name in scenario.names():
            made = scenario.load(name)
            question = made.question
            ask = Ask(question.pod, question.target, question.local, question.proxy)
            found.append(Lesson(name, made.title, ask))
        return found

    def start(self, name: str) -> bool:
        from lab import control

        now = control.running()
        if now is None or now.scenario != name:
            if now is not None:
                control.stop()
            now = control.start(name)
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


def real() -> Rooms:
    """The rooms of this house."""
    house_lab: Lab = RealLab()
    return Rooms(session=_session, applier=_applier, evaluate=_evaluate, lab=lambda: house_lab, warm_up=_warm_up)
