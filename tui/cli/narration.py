"""What a Session does, told line by line on stderr; quiet but for what is created when nobody watches."""

from __future__ import annotations

import sys
import threading

from probes.events import Announced, Event, GapFound, Probed, Probing
from probes.progress import Progress
from rules.words import _
from tui.cli.output import say


class Narrator:
    """A Session's listener. Reads and probes are told on a terminal alone; what is created is told always."""

    def __init__(self) -> None:
        self._watched = sys.stderr.isatty()
        self._lock = threading.Lock()

    def __call__(self, event: Event) -> None:
        line = self._line(event)
        if line:
            with self._lock:
                say(line)

    def _line(self, event: Event) -> str:
        if isinstance(event, Announced):
            return event.sentence
        if not self._watched:
            return ""
        if isinstance(event, Probing):
            return _("measuring {id}: {via}").format(id=event.id, via=event.via)
        if isinstance(event, Probed):
            probe = event.probe
            return _("{id}: {outcome} after {seconds:.1f} s").format(
                id=probe.id, outcome=probe.outcome.value, seconds=probe.seconds
            )
        if isinstance(event, GapFound):
            gap = event.gap
            return _("could not read {read} of {of}: {why}").format(read=gap.read, of=gap.of, why=gap.why)
        return ""


class Teller:
    """A watcher of apply and rollback: every step once, however often it is measured while waiting."""

    def __init__(self) -> None:
        self._last = ""

    def __call__(self, progress: Progress) -> None:
        if progress.sentence != self._last:
            say(progress.sentence)
        self._last = progress.sentence
