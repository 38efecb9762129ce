"""The record of what was changed: one append-only file of JSON lines a run, on disk before and after every call.

A line is {"at": UTC time, "step": word, …}. The file begins with the plan, so that a run can be finished or taken
back by a program that was not there when it began. Clocks may jump: order in the file is what counts, never `at`.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import re
import secrets
import socket
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from rules.words import _

FORMAT = "wayhome.run/1"
_NAME = re.compile(r"[0-9]{8}T[0-9]{6}Z-[0-9a-f]{6}")


class JournalError(Exception):
    """The journal cannot be kept or read; `sentence` says why and what to do."""

    def __init__(self, sentence: str, exit_code: int = 2) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.exit_code = exit_code


class State(StrEnum):
    """Where a run stands."""

    PLANNED = "planned"
    APPLYING = "applying"
    APPLIED = "applied"
    PROVEN = "proven"
    NOT_PROVEN = "not-proven"
    WAITING_FOR_PEER = "waiting-for-peer"
    FAILED = "failed"
    ROLLING_BACK = "rolling-back"
    ROLLED_BACK = "rolled-back"
    ROLLBACK_FAILED = "rollback-failed"


def state_dir() -> Path:
    """Where this person's wayhome keeps its files: $WAYHOME_STATE_DIR, or the platform's place for state."""
    named = os.environ.get("WAYHOME_STATE_DIR")
    if named:
        return Path(named).expanduser()
    from platformdirs import user_state_dir

    return Path(user_state_dir("wayhome"))


@dataclass(frozen=True)
class Run:
    """What a journal says about one run: the lines in order, and what follows from them."""

    id: str
    lines: tuple[Mapping[str, Any], ...]
    torn: bool = False

    @property
    def plan(self) -> Mapping[str, Any]:
        """The plan as the first line holds it."""
        return self.lines[0] if self.lines else {}

    @property
    def state(self) -> State:
        """Where the run stands: what the last line that names a state says."""
        named = [State(line["state"]) for line in self.lines if line.get("state") in set(State)]
        return named[-1] if named else State.PLANNED

    @property
    def half_done(self) -> bool:
        """True when something was begun and not ended. While somebody is at work on it, that is as it should be."""
        called = {line.get("change") for line in self.lines if line.get("step") == "calling"}
        begun = any(not (isinstance(index, int) and self.refused(index)) for index in called)
        return begun and self.state in (
            State.APPLYING,
            State.FAILED,
            State.ROLLING_BACK,
            State.ROLLBACK_FAILED,
        )

    @property
    def started_at(self) -> str:
        return str(self.plan.get("at", ""))

    def refused(self, index: int) -> bool:
        """Whether the last call for change number `index` was refused before it changed anything."""
        failed = self.last("failed", index)
        at = max(
            (
                number
                for number, line in enumerate(self.lines)
                if line.get("step") == "calling" and line.get("change") == index
            ),
            default=-1,
        )
        return failed is not None and failed.get("refused") is True and failed in self.lines[at + 1 :]

    def last(self, step: str, index: int) -> Mapping[str, Any] | None:
        """The last line of `step` about change number `index`, or None."""
        found = [line for line in self.lines if line.get("step") == step and line.get("change") == index]
        return found[-1] if found else None


class Journal:
    """The open journal of one run. Every line is on disk when `write` returns."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.id = path.stem

    def write(self, step: str, **fields: Any) -> None:
        """Append one line. Raises JournalError when it cannot be made durable; then nothing may be changed."""
        line = {"at": datetime.now(UTC).isoformat(timespec="milliseconds"), "step": step, **fields}
        try:
            descriptor = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
            try:
                _append(descriptor, json.dumps(line, ensure_ascii=False).encode() + b"\n")
            finally:
                os.close(descriptor)
            _sync_folder(self.path.parent)
        except OSError as error:
            raise JournalError(
                _("The journal {path} cannot be written ({reason}), so nothing more is changed.").format(
                    path=self.path, reason=error.strerror
                )
            ) from error


def begin(plan: Mapping[str, Any]) -> Journal:
    """Open a new run whose first line is `plan`. Raises JournalError."""
    folder = _runs()
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise JournalError(
            _("No journal can be kept in {path} ({reason}); name a folder in WAYHOME_STATE_DIR.").format(
                path=folder, reason=error.strerror
            )
        ) from error
    journal = Journal(folder / f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}.jsonl")
    journal.write("plan", format=FORMAT, state=State.PLANNED.value, **plan)
    return journal


def reopen(run: Run) -> Journal:
    """The journal of an earlier run, to go on with."""
    return Journal(_runs() / f"{run.id}.jsonl")


def read(id: str) -> Run:
    """The run called `id`. Raises JournalError when there is none or its file is not a journal."""
    path = _runs() / f"{id}.jsonl"
    if not _NAME.fullmatch(id) or not path.is_file():
        raise JournalError(_("There is no run {id!r}; `wayhome runs` lists them.").format(id=id))
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise JournalError(
            _("The journal {path} cannot be read ({reason}).").format(path=path, reason=error.strerror)
        ) from error
    whole, _newline, rest = raw.rpartition(b"\n")
    lines = []
    for number, text in enumerate(whole.split(b"\n") if whole else [], start=1):
        try:
            line = json.loads(text)
        except ValueError:
            line = None
        if not isinstance(line, dict):
            # A line torn by a crash has been closed by the run that came after it.
            rest = text
            continue
        lines.append(line)
        if number == 1 and line.get("format") != FORMAT:
            raise JournalError(_("{path} is not a journal that this version can read.").format(path=path))
    return Run(id, tuple(lines), torn=bool(rest))


def runs() -> tuple[Run, ...]:
    """All runs, the newest first. Journals that cannot be read are left out."""
    found = []
    for path in sorted(_runs().glob("*.jsonl"), reverse=True):
        with contextlib.suppress(JournalError):
            found.append(read(path.stem))
    return tuple(found)


@contextlib.contextmanager
def only_one() -> Iterator[None]:
    """Hold the lock that lets one wayhome at a time change things. Raises JournalError that says who has it."""
    path = state_dir() / "lock"
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise JournalError(
            _("No lock can be kept at {path} ({reason}); name a folder in WAYHOME_STATE_DIR.").format(
                path=path, reason=error.strerror
            )
        ) from error
    try:
        if not _lock(descriptor):
            who = os.pread(descriptor, 500, 0).decode(errors="replace").strip()
            raise JournalError(
                _("Another wayhome is changing something: {who}. Wait until it has ended.").format(who=who or "?")
            )
        who = _("process {pid} on {host} since {time}").format(
            pid=os.getpid(), host=socket.gethostname(), time=datetime.now(UTC).isoformat(timespec="seconds")
        )
        with contextlib.suppress(OSError):  # a courtesy; whether the disk takes the journal shows when that is written
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, who.encode(), 0)
        yield
    finally:
        os.close(descriptor)


def someone_at_work() -> bool:
    """True while a wayhome holds the lock: an open run is then going on, not dead."""
    try:
        descriptor = os.open(state_dir() / "lock", os.O_RDWR)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def _lock(descriptor: int) -> bool:
    """Take the lock; try for a moment, because `someone_at_work` holds it while it looks."""
    for _attempt in range(5):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(0.02)
        else:
            return True
    return False


def _append(descriptor: int, line: bytes) -> None:
    size = os.fstat(descriptor).st_size
    if size and os.pread(descriptor, 1, size - 1) != b"\n":
        line = b"\n" + line  # a crash tore the last line: close it, so that it cannot swallow this one
    while line:
        line = line[os.write(descriptor, line) :]
    os.fsync(descriptor)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _runs() -> Path:
    return state_dir() / "runs"
