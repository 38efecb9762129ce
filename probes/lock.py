"""One wayhome at a time changes things: a lock on a file of the state folder that says who holds it."""

from __future__ import annotations

import contextlib
import fcntl
import os
import socket
import time
from collections.abc import Iterator
from datetime import UTC, datetime

from probes.journal import JournalError, state_dir
from rules.words import _


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
