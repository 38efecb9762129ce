"""Commands in pods that do not behave: a fabric around the real one, for the requests that are marked."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar

from lab.fabric.base import Fabric, LegCount, Place, Read, Write

_asked: ContextVar[str] = ContextVar("fault", default="")
ESCAPES = b"\x1b]0;owned\x07\x1b[2J\x1b[31;5mERASED\x1b[0m\x1b]52;c;b3duZWQ=\x07\x9b31m\x07\r"
FLOOD = 50
_MEGABYTE = b"x" * 1_000_000
LINE_SECONDS = 0.1


@contextmanager
def marked(name: str) -> Iterator[None]:
    """Let the command of the request that is handled inside have the fault `name`."""
    token = _asked.set(name)
    try:
        yield
    finally:
        _asked.reset(token)


def faulty(fabric: Fabric) -> Fabric:
    """The fabric that runs the command of the request that is handled here."""
    name = _asked.get()
    return _Faulty(name, fabric) if name else fabric


class _Faulty:
    """Runs commands with one fault."""

    def __init__(self, name: str, fabric: Fabric) -> None:
        self._name = name
        self._fabric = fabric

    async def start(self) -> None:
        """The fabric beneath runs already."""

    async def stop(self) -> None:
        """The fabric beneath is not ours."""

    async def legs(self) -> list[LegCount]:
        """Those of the fabric beneath."""
        return await self._fabric.legs()

    async def run(self, place: Place, argv: Sequence[str], stdin: Read, stdout: Write, stderr: Write) -> int:
        """Run `argv` and misbehave."""
        match self._name:
            case "exec-flood":
                for _part in range(FLOOD):
                    await stdout(_MEGABYTE)
                return 0
            case "exec-endless":
                while True:
                    await stdout(b"still here\n")
                    await asyncio.sleep(LINE_SECONDS)
            case "exec-silent":
                await asyncio.Event().wait()
            case "exec-escapes":
                await stdout(ESCAPES)
                await stderr(ESCAPES)
            case "exec-close":
                await stdout(b"half of the out")
                raise ConnectionResetError("the lab closes the connection")
        return await self._fabric.run(place, argv, stdin, stdout, stderr)
