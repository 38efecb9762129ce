"""Blocking work in daemon threads, so that leaving never waits for it.

A thread worker of Textual keeps the process until it returns; a daemon thread does not. Each errand carries a run
number; an answer of a run that was superseded or cancelled is dropped before it reaches a screen.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count

from textual.message import Message
from textual.message_pump import MessagePump

log = logging.getLogger("wayhome.tui")


@dataclass
class ErrandFailed(Message, bubble=False):
    """An errand ended with an exception."""

    run: int
    errand: str
    error: Exception


@dataclass
class Spoke(Message, bubble=False):
    """Something reported progress while an errand was under way."""

    run: int
    errand: str
    event: object


class Errands:
    """The errands of one screen, by name. A new errand of a name supersedes the one before it."""

    _numbers = count(1)

    def __init__(self, home: MessagePump) -> None:
        self._home = home
        self._runs: dict[str, int] = {}

    def start(self, name: str, work: Callable[[int], Message | None]) -> int:
        """Run `work(run)` in a thread and post the message that it returns. Returns the run number."""
        run = next(self._numbers)
        self._runs[name] = run
        threading.Thread(target=self._body, args=(name, run, work), name=f"wayhome {name}", daemon=True).start()
        return run

    def _body(self, name: str, run: int, work: Callable[[int], Message | None]) -> None:
        message: Message | None
        try:
            message = work(run)
        except Exception as error:
            log.info("errand %s failed", name, exc_info=True)
            message = ErrandFailed(run, name, error)
        if message is not None:
            self.post(name, run, message)

    def post(self, name: str, run: int, message: Message) -> None:
        """Post `message` home from any thread, unless its run is no longer wanted."""
        if not self.current(name, run):
            return
        try:
            self._home.post_message(message)
        except RuntimeError:
            log.info("nobody is there to hear of %s", name)

    def speaker(self, name: str, run: int) -> Callable[[object], None]:
        """A listener that turns progress of a run into `Spoke` messages."""
        return lambda event: self.post(name, run, Spoke(run, name, event))

    def current(self, name: str, run: int) -> bool:
        """Whether `run` is the latest errand called `name` and was not dropped."""
        return self._runs.get(name) == run

    def busy(self, name: str) -> bool:
        """Whether an errand called `name` is under way."""
        return name in self._runs

    def done(self, name: str) -> None:
        """Forget `name`: its answer has arrived, or is no longer wanted."""
        self._runs.pop(name, None)

    def drop_all(self) -> None:
        """No answer of anything under way is wanted any more."""
        self._runs.clear()
