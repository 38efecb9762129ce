"""Work in threads: deadlines, places, cancelling, and values that are worked out once."""

from __future__ import annotations

import threading
import time

import pytest

from probes import tasks
from probes.errors import CallError, CancelledError
from probes.reader import first_failure, together
from probes.tasks import Once, Tasks


def test_a_task_gives_back_what_its_work_returned_or_raised() -> None:
    pool = Tasks(2)
    assert pool.start(lambda: 3, 5).result() == 3
    with pytest.raises(ZeroDivisionError):
        pool.start(lambda: 1 / 0, 5).result()


def test_a_task_that_hangs_is_left_behind_and_its_place_is_free() -> None:
    pool, release = Tasks(1), threading.Event()
    hanging = pool.start(release.wait, 0.05)
    with pytest.raises(CallError, match="timeout"):
        hanging.result()
    assert pool.start(lambda: 3, 5).result() == 3
    release.set()


def test_no_more_run_at_once_than_there_are_places() -> None:
    pool, running, most, lock = Tasks(2), [0], [0], threading.Lock()

    def work() -> None:
        with lock:
            running[0] += 1
            most[0] = max(most[0], running[0])
        threading.Event().wait(0.02)
        with lock:
            running[0] -= 1

    started = [pool.start(work, 5) for _ in range(6)]
    for one in started:
        one.result()
    assert most[0] == 2


def test_a_cancel_is_heard_at_once() -> None:
    pool, release = Tasks(1), threading.Event()
    hanging, waiting = pool.start(release.wait, 60), pool.start(lambda: 3, 60)
    threading.Timer(0.05, pool.cancel).start()
    started = time.monotonic()
    for one in (hanging, waiting):
        with pytest.raises(CancelledError):
            one.result()
    assert time.monotonic() - started < 5
    release.set()


def test_once() -> None:
    counted: list[int] = []
    once: Once[int] = Once(lambda: counted.append(1) or len(counted))
    assert once.known is None
    assert (once(), once(), once.known) == (1, 1, 1)
    once.forget(1)
    assert once() == 2


def test_a_failure_is_tried_again_and_a_poor_value_later(monkeypatch: pytest.MonkeyPatch) -> None:
    answers: list[object] = [ValueError("first"), None, 3]

    def work() -> object:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    once: Once[object] = Once(work, lambda value: value is not None)
    with pytest.raises(ValueError, match="first"):
        once()
    assert once() is None
    assert once() is None  # those who waited do not each try again
    monkeypatch.setattr(tasks.time, "monotonic", lambda: time.perf_counter() + 1e9)
    assert once() == 3


def test_everything_at_once() -> None:
    done: list[int] = []
    barrier = threading.Barrier(3, timeout=5)

    def work() -> None:
        barrier.wait()
        done.append(1)

    together(work, work, work)
    assert done == [1, 1, 1]
    with pytest.raises(ZeroDivisionError):
        together(lambda: done.append(2), lambda: 1 / 0)
    assert done[-1] == 2


def test_the_first_failure_does_not_wait_for_the_others() -> None:
    release = threading.Event()
    assert isinstance(first_failure(lambda: 1 / 0, release.wait), ZeroDivisionError)
    release.set()
    assert first_failure(lambda: 1, lambda: 2) is None
