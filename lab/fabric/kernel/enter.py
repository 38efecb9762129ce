"""Do something inside another network namespace: one thread that lives in namespaces, so that the loop never moves."""

from __future__ import annotations

import ctypes
import os
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

CLONE_NEWNET = 0x40000000
NAMES = Path("/run/netns")

T = TypeVar("T")

_libc = ctypes.CDLL(None, use_errno=True)
_traveller = ThreadPoolExecutor(max_workers=1, thread_name_prefix="netns")


def inside(namespace: str, act: Callable[[], T]) -> T:
    """Run `act` in `namespace` and return what it returns; OSError when the namespace cannot be entered."""

    def travel() -> T:
        descriptor = os.open(NAMES / namespace, os.O_RDONLY | os.O_CLOEXEC)
        try:
            if _libc.setns(descriptor, CLONE_NEWNET) != 0:
                number = ctypes.get_errno()
                raise OSError(number, os.strerror(number), namespace)
        finally:
            os.close(descriptor)
        return act()

    return _traveller.submit(travel).result()


def listening_socket(namespace: str, address: str, port: int) -> socket.socket:
    """A bound, listening TCP socket that belongs to `namespace` and can be served from anywhere."""

    def bind() -> socket.socket:
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((address, port))
        listener.listen(64)
        listener.setblocking(False)
        return listener

    return inside(namespace, bind)


def device_counters(namespace: str) -> dict[str, tuple[int, int]]:
    """Packets received and sent by each device of `namespace`."""

    def read() -> dict[str, tuple[int, int]]:
        lines = Path("/proc/thread-self/net/dev").read_text(encoding="utf-8").splitlines()[2:]
        counters = {}
        for line in lines:
            name, _, numbers = line.partition(":")
            values = numbers.split()
            counters[name.strip()] = (int(values[1]), int(values[9]))
        return counters

    return inside(namespace, read)


def write_sysctls(namespace: str, values: tuple[tuple[str, str], ...]) -> None:
    """Set net.* keys inside `namespace`."""

    def write() -> None:
        for key, value in values:
            Path("/proc/sys", *key.split(".")).write_text(value, encoding="utf-8")

    inside(namespace, write)
