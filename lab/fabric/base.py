"""What every fabric can do."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from rules.snapshot import PodRef

Write = Callable[[bytes], Awaitable[None]]
Read = Callable[[], Awaitable[bytes]]


@dataclass(frozen=True)
class Place:
    """Where a command runs: in `pod`'s `container`. A hostNetwork pod runs on its node's network.

    `tty`: a person sits at a terminal in raw mode, so the command's side echoes and edits lines.
    """

    pod: PodRef
    container: str
    tty: bool = False


@dataclass(frozen=True)
class LegCount:
    """One wire in one direction and how many packets have arrived over it since the lab started."""

    start: str
    end: str
    packets: int


class Fabric(Protocol):
    """Carries packets between the lab's machines. It reads the store and nothing else."""

    async def start(self) -> None:
        """Be ready to run commands."""

    async def stop(self) -> None:
        """Leave nothing behind."""

    async def legs(self) -> list[LegCount]:
        """What has crossed each wire; empty where there are no wires."""
        ...

    async def run(self, place: Place, argv: Sequence[str], stdin: Read, stdout: Write, stderr: Write) -> int:
        """Run `argv` at `place` and return its exit code; cancelled when the caller goes away.

        `stdin` returns b"" at the end. A command that does not exist ends with 127 and a line on stderr.
        """
        ...
