"""A lab of one's own for each app of a class: a folder beside those of others, cleared away when its app has ended."""

from __future__ import annotations

import logging
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from lab import control, state

log = logging.getLogger(__name__)

FOLDER = "labs"
_NAME = re.compile(r"([0-9]+)-.*")


def take() -> None:
    """Give this process a lab of its own, beside those of others."""
    os.environ["WAYHOME_LAB"] = f"{FOLDER}/{_name(os.getpid())}"


def sweep() -> None:
    """Clear away what apps left that were ended the hard way: their labs, and the folders of these."""
    for folder in _left():
        found = state.read(folder)
        if found is not None and state.alive(found):
            try:
                control.end(found)
            except control.LabError as error:
                log.warning("%s", error)
                continue
        shutil.rmtree(folder, ignore_errors=True)


def _name(pid: int) -> str:
    """The process and when it started, so that another process with the same id is not taken for it."""
    return f"{pid}-" + re.sub(r"[^0-9A-Za-z]+", "-", state.born(pid) or "")


def _left() -> Iterator[Path]:
    place = state.state_dir() / FOLDER
    for folder in sorted(place.iterdir()) if place.is_dir() else []:
        found = _NAME.fullmatch(folder.name)
        if found is not None and folder.is_dir() and folder.name != _name(int(found.group(1))):
            yield folder
