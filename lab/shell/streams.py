"""File descriptors of the lab's shell: where bytes come from and where they go."""

from __future__ import annotations

import asyncio

from lab.fabric.base import Read, Write

PIPE_BYTES = 65536


class BrokenPipe(Exception):  # noqa: N818 - the name of the signal's error in every Unix program
    """Nobody reads any more; the writer ends, as by SIGPIPE."""


class Stream:
    """One open file description. By itself it is /dev/null. `rest` was read from it by line and not used up."""

    def __init__(self) -> None:
        self.rest = b""

    async def read(self) -> bytes:
        """Some bytes; b"" at the end."""
        return b""

    async def write(self, data: bytes) -> None:
        """Write all of `data`."""

    async def close(self) -> None:
        """No more of this end."""


class Outside(Stream):
    """The streams of the caller who ran the command."""

    def __init__(self, read: Read | None = None, write: Write | None = None) -> None:
        super().__init__()
        self._read = read
        self._write = write

    async def read(self) -> bytes:
        return b"" if self._read is None else await self._read()

    async def write(self, data: bytes) -> None:
        if self._write is not None and data:
            await self._write(data)


class Text(Stream):
    """Bytes to be read; or written bytes, collected."""

    def __init__(self, data: bytes = b"") -> None:
        super().__init__()
        self.data = data

    async def read(self) -> bytes:
        data, self.data = self.data, b""
        return data

    async def write(self, data: bytes) -> None:
        self.data += data


class Pipe(Stream):
    """Between two programs of a pipeline."""

    def __init__(self) -> None:
        super().__init__()
        self._data = bytearray()
        self._changed = asyncio.Condition()
        self._ended = False
        self._abandoned = False

    async def read(self) -> bytes:
        async with self._changed:
            await self._changed.wait_for(lambda: self._data or self._ended)
            data = bytes(self._data)
            self._data.clear()
            self._changed.notify_all()
            return data

    async def write(self, data: bytes) -> None:
        async with self._changed:
            await self._changed.wait_for(lambda: len(self._data) < PIPE_BYTES or self._abandoned)
            if self._abandoned:
                raise BrokenPipe
            self._data += data
            self._changed.notify_all()

    async def close(self) -> None:
        async with self._changed:
            self._ended = True
            self._changed.notify_all()

    async def abandon(self) -> None:
        """The reader has gone."""
        async with self._changed:
            self._abandoned = True
            self._changed.notify_all()


class Lines:
    """Lines out of a stream. What is read too far stays with the stream for the next reader."""

    def __init__(self, stream: Stream) -> None:
        self.stream = stream

    async def line(self) -> bytes:
        """The next line with its newline; the last one may have none; b"" at the end."""
        while b"\n" not in self.stream.rest:
            more = await self.stream.read()
            if not more:
                line, self.stream.rest = self.stream.rest, b""
                return line
            self.stream.rest += more
        line, _, self.stream.rest = self.stream.rest.partition(b"\n")
        return line + b"\n"

    async def some(self) -> bytes:
        """What is there, at once where possible; b"" at the end."""
        if self.stream.rest:
            data, self.stream.rest = self.stream.rest, b""
            return data
        return await self.stream.read()

    async def all(self) -> bytes:
        """Everything up to the end."""
        parts = []
        while more := await self.some():
            parts.append(more)
        return b"".join(parts)
