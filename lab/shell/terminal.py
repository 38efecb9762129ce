"""The container's side of `kubectl exec -it`: echo, line editing, ^C and ^D, as a Linux terminal does them."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from lab.fabric.base import Read, Write
from lab.shell.streams import Stream

INTERRUPTED = 130
MAX_LINE = 4096


class Terminal(Stream):
    """A terminal in cooked mode. `foreground` is what ^C ends."""

    def __init__(self, read: Read, write: Write) -> None:
        super().__init__()
        self._read = read
        self._write = write
        self._lines: asyncio.Queue[bytes] = asyncio.Queue()
        self._ended = False
        self.foreground: asyncio.Task[int] | None = None
        self.interrupted = False

    async def read(self) -> bytes:
        """The next line that was finished with enter; b"" after ^D."""
        if self._ended and self._lines.empty():
            return b""
        return await self._lines.get()

    async def write(self, data: bytes) -> None:
        await self._write(data.replace(b"\n", b"\r\n"))

    async def listen(self) -> None:
        """Take in what is typed, until the client goes away."""
        line = bytearray()
        while data := await self._read():
            for byte in data:
                await self._key(byte, line)
        self._ended = True
        await self._lines.put(b"")

    async def _key(self, byte: int, line: bytearray) -> None:
        if byte in (0x0D, 0x0A):
            await self._write(b"\r\n")
            await self._lines.put(bytes(line) + b"\n")
            line.clear()
        elif byte in (0x7F, 0x08):
            if line:
                # One key may be several bytes of UTF-8.
                while line and line[-1] & 0xC0 == 0x80:
                    line.pop()
                line.pop()
                await self._write(b"\b \b")
        elif byte == 0x15:
            await self._write(b"\b \b" * len(line.decode("utf-8", "replace")))
            line.clear()
        elif byte == 0x03:
            await self._write(b"^C\r\n")
            line.clear()
            await self._interrupt()
        elif byte == 0x04:
            if not line:
                await self._lines.put(b"")
        elif (byte >= 0x20 or byte == 0x09) and len(line) < MAX_LINE:
            line.append(byte)
            await self._write(bytes((byte,)))

    async def _interrupt(self) -> None:
        if self.foreground is not None and not self.foreground.done():
            self.interrupted = True
            self.foreground.cancel()
        else:
            await self._lines.put(b"\n")

    async def run(self, task: asyncio.Task[int]) -> int:
        """Wait for `task` in the foreground; 130 when ^C ended it."""
        outer, self.foreground, self.interrupted = self.foreground, task, False
        try:
            return await task
        except asyncio.CancelledError:
            current = asyncio.current_task()
            if not self.interrupted or (current is not None and current.cancelling()):
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
                raise
            return INTERRUPTED
        finally:
            self.foreground, self.interrupted = outer, False
