"""Recordings: what a live run saw, kept in the state folder, under pseudonyms unless asked otherwise.

A file's name is the time and the verdict. The folder holds at most MOST files and MOST_BYTES; the oldest go first.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from probes.journal import state_dir
from rules.redact import redact
from rules.snapshot import Snapshot, dumps
from rules.words import _

MOST = 100
MOST_BYTES = 256 * 1024 * 1024
KEY_BYTES = 32
HEAD = 4096
"""Bytes at the beginning of a recording that hold its question."""

_NAME = re.compile(r"(?P<time>[0-9]{8}T[0-9]{6}Z)-[0-9a-f]{6}-(?P<verdict>[a-z]+)\.json")


class RecordingError(Exception):
    """Recordings cannot be kept or read; `sentence` says why, and what to do."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


@dataclass(frozen=True)
class Recording:
    """One file of the folder: when it was made, the verdict of then, and the pod's name in it ('' where unreadable)."""

    path: Path
    at: datetime
    verdict: str
    pod: str


def folder() -> Path:
    """Where recordings are kept."""
    return state_dir() / "recordings"


def keep(snapshot: Snapshot, verdict: str, *, redacted: bool = True, instead_of: Path | None = None) -> Path:
    """Write `snapshot` as a new recording, which may stand for an earlier one of the same run, and make room.

    Raises RecordingError.
    """
    where = folder()
    try:
        where.mkdir(parents=True, exist_ok=True, mode=0o700)
        text = dumps(redact(snapshot, _key(where)) if redacted else snapshot)
        path = where / f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}-{verdict}.json"
        _write(path, text.encode())
        if instead_of is not None:
            instead_of.unlink(missing_ok=True)
        _make_room(where, path)
    except (OSError, UnicodeEncodeError) as error:
        raise RecordingError(
            _("This run could not be recorded in {folder} ({reason}); --no-record does without.").format(
                folder=where, reason=getattr(error, "strerror", None) or error
            )
        ) from error
    return path


def key() -> bytes:
    """The key of this machine's pseudonyms. Raises RecordingError when it can be neither read nor kept."""
    try:
        folder().mkdir(parents=True, exist_ok=True, mode=0o700)
        return _key(folder())
    except OSError as error:
        raise RecordingError(
            _("The folder {folder} cannot be read ({reason}).").format(folder=folder(), reason=error.strerror)
        ) from error


def listed() -> tuple[Recording, ...]:
    """The recordings, newest first. Raises RecordingError when the folder cannot be read."""
    try:
        found = [(path, match) for path in folder().iterdir() if (match := _NAME.fullmatch(path.name))]
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise RecordingError(
            _("The folder {folder} cannot be read ({reason}).").format(folder=folder(), reason=error.strerror)
        ) from error
    found.sort(key=lambda item: item[0].name, reverse=True)
    return tuple(Recording(path, _time(match["time"]), match["verdict"], _pod(path)) for path, match in found)


def find(name: str) -> Path | None:
    """The recording called `name`, with or without its ending; None where there is none."""
    path = folder() / (name if name.endswith(".json") else f"{name}.json")
    return path if _NAME.fullmatch(path.name) and path.name.startswith(name) and path.is_file() else None


def _time(text: str) -> datetime:
    try:
        return datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        return datetime.fromtimestamp(0, UTC)


def _pod(path: Path) -> str:
    """The pod that the file asks about, from its first lines alone: a folder of large files is listed at once."""
    try:
        with path.open("rb") as file:
            head = file.read(HEAD).decode(errors="replace")
        question, _end = json.JSONDecoder().raw_decode(head.partition('"question":')[2].lstrip())
        pod = question["pod"]
        return f"{pod['namespace']}/{pod['name']}"
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def _key(where: Path) -> bytes:
    """The key of this folder's pseudonyms: made once, so that a pod has one pseudonym on this machine."""
    path = where / "key"
    try:
        found = path.read_bytes()
    except FileNotFoundError:
        found = b""
    if len(found) != KEY_BYTES:
        _write(path, secrets.token_bytes(KEY_BYTES), new=not found)
        found = path.read_bytes()
    return found


def _write(path: Path, data: bytes, *, new: bool = False) -> None:
    """Write whole or not at all, for the owner alone; with `new`, leave a file that another run made meanwhile."""
    descriptor, part = tempfile.mkstemp(prefix=".part-", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        if new:
            with contextlib.suppress(FileExistsError):
                os.link(part, path)
            Path(part).unlink()
        else:
            Path(part).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(part).unlink()
        raise


def _make_room(where: Path, newest: Path) -> None:
    """Remove the oldest recordings beyond the limits; never the one just made."""
    files = sorted((path for path in where.iterdir() if _NAME.fullmatch(path.name)), reverse=True)
    kept, size = 0, 0
    for path in [newest, *(path for path in files if path != newest)]:
        with contextlib.suppress(FileNotFoundError):  # another run made room as well
            size += path.stat().st_size
            kept += 1
            if path != newest and (kept > MOST or size > MOST_BYTES):
                path.unlink()
