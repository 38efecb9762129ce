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
RETRY = 5.0


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
                raise CallError("timeout", _("no answer in time"))
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
    """A value that is worked out by the first thread that asks; the others wait for it.

    An exception is not kept. A value that `lasts` says no to is kept for RETRY seconds, so that those who waited for
    it do not each try again, and whoever asks later does.
    """

    def __init__(self, work: Callable[[], T], lasts: Callable[[T], bool] = lambda _value: True) -> None:
        self._work = work
        self._lasts = lasts
        self._lock = threading.Lock()
        self._value: list[T] = []
        self._until = 0.0

    def __call__(self) -> T:
        with self._lock:
            if not self._value or time.monotonic() > self._until:
                value = self._work()
                self._until = float("inf") if self._lasts(value) else time.monotonic() + RETRY
                self._value = [value]
            return self._value[0]

    @property
    def known(self) -> T | None:
        """The value if it is there already."""
        value = self._value
        return value[0] if value else None

    @property
    def working(self) -> bool:
        """Whether a thread is working it out right now."""
        return self._lock.locked()

    def forget(self, value: T) -> None:
        """Work it out again next time, if it still is `value`."""
        with self._lock:
            if self._value and self._value[0] is value:
                self._value = []


def left(until: float) -> float:
    """Seconds until the monotonic time `until`; raises CallError(timeout) when it has passed."""
    seconds = until - time.monotonic()
    if seconds <= 0:
        raise CallError("timeout", _("no answer in time"))
    return seconds


def same_page() -> str:
    """Said of a list whose pages do not follow one another."""
    return _("every page names the same next page")


def too_many(pages: int) -> str:
    """Said of a list that does not end."""
    return _("the list does not end after {pages} pages").format(pages=pages)
