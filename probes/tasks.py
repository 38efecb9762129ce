"""Work in daemon threads, at most so many at once, each with a deadline.

A thread that hangs past its deadline is left behind and its place is free again: leaving the program never waits
for it, which a ThreadPoolExecutor would.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, wait
from typing import Generic, TypeVar

from probes.errors import CallError, CancelledError
from rules.words import _

S = TypeVar("S")
T = TypeVar("T")

STEP = 0.1


class Task(Generic[T]):
    """One piece of work; `result` waits for it no longer than its deadline."""

    def __init__(self, owner: Tasks, future: Future[T], seconds: float, leave: Callable[[], None]) -> None:
        self._owner = owner
        self._future = future
        self._seconds = seconds
        self._leave = leave
        self.started: Future[float] = Future()

    def result(self) -> T:
        """What the work returned; raises what it raised, or CallError(timeout) after its deadline."""
        until = self._soon(self.started, None) + self._seconds
        try:
            return self._soon(self._future, until)
        except CallError:
            if not self._future.done():
                self._leave()
            raise

    def _soon(self, future: Future[S], until: float | None) -> S:
        """Wait for a future in short steps, so that a cancel is heard."""
        while not future.done():
            self._owner.check()
            remaining = STEP if until is None else min(STEP, until - time.monotonic())
            if remaining <= 0:
                raise CallError("timeout", f"no answer within {self._seconds:g} s")
            wait([future], remaining)
        return future.result()


class Tasks:
    """Starts work in daemon threads, at most `width` at once."""

    def __init__(self, width: int) -> None:
        self._places = threading.Semaphore(width)
        self._cancelled = threading.Event()

    def cancel(self) -> None:
        """Start nothing more."""
        self._cancelled.set()

    @property
    def cancelled(self) -> bool:
        """Whether `cancel` was called."""
        return self._cancelled.is_set()

    def check(self) -> None:
        """Raise CancelledError after `cancel`."""
        if self.cancelled:
            raise CancelledError(_("Stopped."))

    def start(self, work: Callable[[], T], seconds: float) -> Task[T]:
        """Run `work` in a thread of its own as soon as a place is free; it has `seconds` from then on."""
        future: Future[T] = Future()
        left = threading.Lock()

        def leave() -> None:
            if left.acquire(blocking=False):
                self._places.release()

        task = Task(self, future, seconds, leave)

        def run() -> None:
            self._places.acquire()
            task.started.set_result(time.monotonic())
            try:
                self.check()
                future.set_result(work())
            except BaseException as error:
                future.set_exception(error)
            finally:
                leave()

        threading.Thread(target=run, daemon=True, name="wayhome-call").start()
        return task


class Once(Generic[T]):
    """A value that is worked out by the first thread that asks; the others wait for it. A failure is not kept."""

    def __init__(self, work: Callable[[], T]) -> None:
        self._work = work
        self._lock = threading.Lock()
        self._value: list[T] = []

    def __call__(self) -> T:
        with self._lock:
            if not self._value:
                self._value.append(self._work())
            return self._value[0]

    @property
    def known(self) -> T | None:
        """The value if it is there already."""
        return self._value[0] if self._value else None


def left(until: float) -> float:
    """Seconds until the monotonic time `until`; raises CallError(timeout) when it has passed."""
    seconds = until - time.monotonic()
    if seconds <= 0:
        raise CallError("timeout", "the deadline has passed")
    return seconds
