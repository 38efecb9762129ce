"""The real command line in a process of its own that ends itself with SIGKILL at a named point.

The points are set from outside: this wraps the functions through which a run writes its journal, calls an API, waits
and measures. The program itself knows nothing of it. A process is forked from one that has imported everything, so
that hundreds of them take minutes and not hours.
"""

from __future__ import annotations

import json
import os
import signal
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from probes import journal, sessionhands, tools, warmup, write
from probes import kube as kubes
from tui.cli import apply, dispatch, rollback, runs  # noqa: F401  loaded before the fork

HALF = "in the middle of "
KINDS = tuple(f"/{resource.plural}" for resource in write.RESOURCES.values())
PROBE_SECONDS = 1  # what a probe waits for an answer that never comes


@dataclass(frozen=True)
class Done:
    """How a command ended: its exit code (minus the signal that killed it), and what it said."""

    code: int
    out: str
    err: str

    @property
    def killed(self) -> bool:
        return self.code == -signal.SIGKILL


def load() -> None:
    """Import what every command needs, once."""
    warmup.kubernetes()
    warmup.google()
    import rules.evaluate  # noqa: F401  loaded before the fork


def run(argv: Sequence[str], environment: Mapping[str, str], *, point: str = "", trail: Path | None = None) -> Done:
    """Run `wayhome ARGV` in a process of its own; kill it at `point`, note on `trail` the points that it passes."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        child = os.fork()
        if child == 0:
            _child(argv, environment, point, trail, out.fileno(), err.fileno())
        _pid, status = os.waitpid(child, 0)
        texts = []
        for file in (out, err):
            file.seek(0)
            texts.append(file.read().decode(errors="replace"))
    return Done(os.waitstatus_to_exitcode(status), *texts)


def _child(
    argv: Sequence[str], environment: Mapping[str, str], point: str, trail: Path | None, out: int, err: int
) -> None:
    code = 99
    try:
        os.environ.update(environment)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(out, 1)
        os.dup2(err, 2)
        tools.SECONDS = PROBE_SECONDS
        _Points(point, trail, Path(environment["WAYHOME_STATE_DIR"]) / "sent").set()
        code = dispatch.run(argv)
    finally:
        os._exit(code)


class _Points:
    """Wraps what a run goes through, so that each step passes a named point."""

    def __init__(self, point: str, trail: Path | None, sent: Path) -> None:
        self._point = point
        self._trail = trail
        self._sent = sent
        self._line = ""

    def _pass(self, name: str) -> None:
        if self._trail is not None:
            _append(self._trail, f"{name}\n")
        if name == self._point:
            os.kill(os.getpid(), signal.SIGKILL)

    def set(self) -> None:
        """Wrap the journal, the hands, and what leaves for the servers."""
        self._set_journal()
        self._set_hands()
        self._set_wire()

    def _set_journal(self) -> None:
        journals: Any = journal.Journal
        real = journals.write

        def wrapped(kept: journal.Journal, step: str, **fields: Any) -> None:
            line = f"the line `{step}`" + (f" of change {fields['change'] + 1}" if "change" in fields else "")
            self._pass(f"before {line}")
            if self._point == f"{HALF}{line}":
                _append(kept.path, json.dumps({"step": step, **fields})[:20])
                os.kill(os.getpid(), signal.SIGKILL)
            real(kept, step, **fields)
            self._line = step
            self._pass(f"after {line}")

        journals.write = wrapped

    def _set_hands(self) -> None:
        hands: Any = sessionhands.SessionHands
        wrote, paused, measured = hands.write, hands.pause, hands.measure

        def writes(one: Any, change: Any, live: Any, wanted: Any, **more: Any) -> Any:
            if more.get("dry_run"):
                return wrote(one, change, live, wanted, **more)
            name = f"the call that changes {change.key.get('peering') or change.key.get('name')}"
            self._pass(f"before {name}")
            left = wrote(one, change, live, wanted, **more)
            self._pass(f"after {name}, before its answer is written down")
            return left

        def pauses(one: Any, seconds: float) -> None:
            if self._line in ("applied", "restored"):
                self._pass("while it waits for the nodes to take the change over")
            paused(one, seconds)

        def measures(one: Any, id: str) -> Any:
            if self._line in ("applied", "restored"):
                self._pass(f"while it measures {id} afresh")
            return measured(one, id)

        hands.write, hands.pause, hands.measure = writes, pauses, measures

    def _set_wire(self) -> None:
        clients: Any = kubes.Kube
        writers: Any = write
        sent, started = clients.send, writers._start

        def sends(one: Any, method: str, path: str, query: Any = None, *rest: Any, **more: Any) -> Any:
            if method != "GET" and any(kind in path for kind in KINDS) and not (query or {}).get("dryRun"):
                _append(self._sent, f"{method} {path}\n")
            return sent(one, method, path, query, *rest, **more)

        def starts(*args: Any) -> Any:
            operation = started(*args)
            _append(self._sent, f"PATCH {args[2]} {args[3]['name']}\n")
            self._pass(f"after Google took the change of {args[3]['name']} on, before it is done")
            return operation

        clients.send, writers._start = sends, starts


def _append(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(descriptor, text.encode())
    finally:
        os.close(descriptor)
