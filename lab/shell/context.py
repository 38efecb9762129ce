"""What a program gets when it starts."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from lab.shell.host import Host
from lab.shell.images import Kind
from lab.shell.streams import Lines, Stream
from lab.shell.terminal import Terminal

NOT_FOUND = 127
CONNECT_SECONDS = 131.0
"""How long Linux goes on sending SYNs by itself (tcp_syn_retries 6: 1+2+4+…+64 s, and a little)."""


class Exit(Exception):  # noqa: N818 - it is a way to end, not an error
    """The program ends here with this code."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


@dataclass
class Context:
    """Arguments (the name first), streams by descriptor, environment, machine; `start` runs another program."""

    argv: Sequence[str]
    host: Host
    kind: Kind
    streams: Mapping[int, Stream]
    environment: Mapping[str, str]
    start: Callable[[Context], Awaitable[int]]

    @property
    def name(self) -> str:
        """What the program was called as."""
        return self.argv[0].rsplit("/", 1)[-1]

    @property
    def input(self) -> Lines:
        """Standard input."""
        return Lines(self.streams.get(0, Stream()))

    @property
    def args(self) -> list[str]:
        """The arguments behind the name."""
        return list(self.argv[1:])

    @property
    def terminal(self) -> Terminal | None:
        """The terminal that standard output goes to, if it goes to one."""
        found = self.streams.get(1)
        return found if isinstance(found, Terminal) else None

    async def out(self, text: str | bytes) -> None:
        """Write to standard output."""
        await self.write(1, text)

    async def err(self, text: str | bytes) -> None:
        """Write to standard error."""
        await self.write(2, text)

    async def write(self, fd: int, text: str | bytes) -> None:
        """Write to a descriptor; nothing when it is closed."""
        stream = self.streams.get(fd)
        if stream is not None:
            await stream.write(text.encode("utf-8", "surrogateescape") if isinstance(text, str) else text)

    async def run(self, argv: Sequence[str], environment: Mapping[str, str] | None = None) -> int:
        """Run another program with the same streams."""
        env = self.environment if environment is None else environment
        return await self.start(Context(argv, self.host, self.kind, self.streams, env, self.start))


Program = Callable[[Context], Awaitable[int]]
