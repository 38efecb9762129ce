"""One read at a time: announced, timed, bounded by a deadline; a failure becomes a Gap and never stops the others."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from typing import TypeVar

from probes import patience
from probes.errors import CallError, CancelledError
from probes.events import GapFound, Listener, Read, Reading
from probes.evidence import Evidence
from probes.tasks import Tasks

T = TypeVar("T")

SECONDS = 20.0
# The call's own deadline comes first and says more.
GRACE = 1.0


class Reader:
    """Reads for one Snapshot. Safe to use from many threads."""

    def __init__(self, evidence: Evidence, tasks: Tasks, listener: Listener) -> None:
        self.evidence = evidence
        self.tasks = tasks
        self._listener = listener

    def call(self, read: str, of: str, work: Callable[[], T], seconds: float = SECONDS) -> T:
        """Do one read; raises CallError when it fails, CancelledError after a cancel."""
        what = f"{read} {of}".strip()
        self._listener(Reading(what))
        started = time.monotonic()
        try:
            found = self.tasks.start(work, patience.times(seconds) + GRACE).result()
        except (CallError, CancelledError):
            raise
        except Exception as error:
            raise CallError("error", f"{type(error).__name__}: {error}") from error
        self._listener(Read(what, time.monotonic() - started))
        return found

    def read(self, read: str, of: str, permission: str, work: Callable[[], T], seconds: float = SECONDS) -> T | None:
        """Do one read; None and a Gap when it fails."""
        try:
            return self.call(read, of, work, seconds)
        except CallError as error:
            self.gap(error, read, of, permission)
            return None

    def gap(self, error: CallError, read: str, of: str, permission: str) -> None:
        """Record a failure as a Gap."""
        gap = error.gap(read, of, permission)
        if self.evidence.gap(gap):
            self._listener(GapFound(gap))


def first_failure(*work: Callable[[], object]) -> BaseException | None:
    """Do everything at once, each in a daemon thread; give back the first failure as soon as it happens."""
    ends: queue.SimpleQueue[BaseException | None] = queue.SimpleQueue()

    def run(one: Callable[[], object]) -> None:
        try:
            one()
        except BaseException as error:
            ends.put(error)
        else:
            ends.put(None)

    for one in work:
        threading.Thread(target=run, args=(one,), daemon=True, name="wayhome-work").start()
    for _one in work:
        failure = ends.get()
        if failure is not None:
            return failure
    return None


def together(*work: Callable[[], object]) -> None:
    """Do everything at once, each in a daemon thread; then raise the first failure, if any."""
    failures: list[BaseException] = []

    def run(one: Callable[[], object]) -> None:
        try:
            one()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=run, args=(one,), daemon=True, name="wayhome-work") for one in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
