"""Names in the machine's /run/netns for namespaces that other programs are to live in, such as a real cluster's nodes.

A name is a bind mount of the namespace. It keeps the namespace when the keeper ends, so whoever published it withdraws
it; what a killed process left behind is known by its name (`lab.owned`) and swept away by the next one.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
from pathlib import Path

from lab import owned

FOLDER = Path("/run/netns")
MS_BIND, MNT_DETACH = 4096, 2

_libc = ctypes.CDLL(None, use_errno=True)


def publish(descriptor: int, what: str) -> str:
    """Give the namespace behind `descriptor` a name of this process's own; OSError when the kernel refuses."""
    name = owned.name(what)
    FOLDER.mkdir(parents=True, exist_ok=True)
    place = FOLDER / name
    place.touch(mode=0o444, exist_ok=False)
    if _libc.mount(f"/proc/self/fd/{descriptor}".encode(), bytes(place), None, MS_BIND, None) != 0:
        number = ctypes.get_errno()
        place.unlink()
        raise OSError(number, os.strerror(number), str(place))
    return name


def withdraw(name: str) -> None:
    """Take a name away; the namespace ends with the last process in it."""
    place = FOLDER / name
    _libc.umount2(bytes(place), MNT_DETACH)
    with contextlib.suppress(FileNotFoundError):
        place.unlink()


def sweep() -> list[str]:
    """Withdraw the names that processes which have ended left behind; returns them."""
    found = [place.name for place in owned.orphans(FOLDER)]
    for name in found:
        withdraw(name)
    return found
