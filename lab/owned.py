"""Names that say which process they belong to: what a killed process left behind is told from a living one's.

A name is `wayhome-PID-BORN-WHAT`; BORN is the process's start time, so that another process with the same id is not
taken for it.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from lab import state

_NAME = re.compile(r"wayhome-([0-9]+)-([0-9]+)-.+")


def name(what: str) -> str:
    """A name for `what` that belongs to this process."""
    pid = os.getpid()
    return f"wayhome-{pid}-{state.born(pid)}-{what}"


def orphans(folder: Path) -> list[Path]:
    """What in `folder` has such a name, belongs to this user, and whose process has ended."""
    try:
        entries = sorted(folder.iterdir())
    except OSError:
        return []
    return [entry for entry in entries if _orphaned(entry)]


def _orphaned(entry: Path) -> bool:
    found = _NAME.fullmatch(entry.name)
    if found is None or state.born(int(found.group(1))) == found.group(2):
        return False
    try:
        return entry.lstat().st_uid == os.getuid()
    except OSError:
        return False
