"""The record of what was changed: one append-only file of JSON lines a run, on disk before and after every call.

A line is {"at": UTC time, "step": word, …}. The file begins with the plan, so that a run can be finished or taken
back by a program that was not there when it began. Clocks may jump: order in the file is what counts, never `at`.
"""

from __future__ import annotations

import json
import os
import re
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from probes.run import Run, State
from rules.words import _

FORMAT = "wayhome.run/1"
_NAME = re.compile(r"[0-9]{8}T[0-9]{6}Z-[0-9a-f]{6}")


class JournalError(Exception):
    """The journal cannot be kept or read; `sentence` says why and what to do."""

    def __init__(self, sentence: str, exit_code: int = 2) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.exit_code = exit_code


def state_dir() -> Path:
    """Where this person's wayhome keeps its files: $WAYHOME_STATE_DIR, or the platform's place for state."""
    named = os.environ.get("WAYHOME_STATE_DIR")
    if named:
        return Path(named).expanduser()
    from platformdirs import user_state_dir

    return Path(user_state_dir("wayhome"))


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
        if not folder.is_dir():
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            _sync_folder(folder.parent)
    except OSError as error:
        raise JournalError(
            _("No journal can be kept in {path} ({reason}); name a folder in WAYHOME_STATE_DIR.").format(
                path=folder, reason=error.strerror
            )
        ) from error
    number = 1 + max((run.number for run in runs()), default=0)
    journal = Journal(folder / f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}.jsonl")
    journal.write("plan", format=FORMAT, number=number, state=State.PLANNED.value, **plan)
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
    lines, torn = [], bool(rest)
    for number, text in enumerate(whole.split(b"\n") if whole else []):
        line = _line(text)
        if line is None:
            torn = True  # torn by a crash and closed by the run that came after it, or spoilt since
        elif number == 0 and line.get("format") != FORMAT:
            raise JournalError(_("{path} is not a journal that this version can read.").format(path=path))
        else:
            lines.append(line)
        if number == 0 and line is None:
            raise JournalError(
                _(
                    "The first line of the journal {path} is damaged: it held the plan, so this run can be neither "
                    "completed nor taken back from here; compare the objects that the later lines name by hand."
                ).format(path=path)
            )
    return Run(id, tuple(lines), torn=torn)


def runs() -> tuple[Run, ...]:
    """All runs, the newest first by their own count. Journals that cannot be read are left out (see `unreadable`)."""
    return tuple(sorted(_all()[0], key=lambda run: (run.number, run.id), reverse=True))


def unreadable() -> tuple[str, ...]:
    """A sentence for each journal that cannot be read."""
    return _all()[1]


def _all() -> tuple[list[Run], tuple[str, ...]]:
    found, said = [], []
    for path in sorted(_runs().glob("*.jsonl")):
        if not _NAME.fullmatch(path.stem):
            continue
        try:
            found.append(read(path.stem))
        except JournalError as error:
            said.append(error.sentence)
    return found, tuple(said)


def _line(text: bytes) -> dict[str, Any] | None:
    try:
        line = json.loads(text)
    except ValueError:
        return None
    return line if isinstance(line, dict) else None


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
