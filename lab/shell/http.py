"""The other end of a TCP connection: a small web server, or one that listens and says nothing."""

from __future__ import annotations

import asyncio
import email.utils
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

from lab.shell.host import Server
from lab.shell.streams import Stream

SERVER = "nginx/1.27.2"
NOT_FOUND = "404 page not found\n"
HEADERS = 40
"""Bytes of IP and TCP before the data."""


@dataclass(frozen=True)
class Answer:
    """An HTTP answer: its head as sent (with the empty line) and its body."""

    status: int
    reason: str
    headers: Mapping[str, str]
    body: bytes

    def head(self, version: str = "1.1") -> str:
        """Status line and headers, as they travel."""
        lines = [
            f"HTTP/{version} {self.status} {self.reason}",
            *(f"{key}: {value}" for key, value in self.headers.items()),
        ]
        return "\r\n".join(lines) + "\r\n\r\n"


def answer(server: Server, method: str, path: str) -> Answer:
    """What an HTTP server answers."""
    found = (server.paths or {}).get(path.split("?")[0].split("#")[0])
    status, reason, text = (404, "Not Found", NOT_FOUND) if found is None else (200, "OK", found)
    if server.error is not None:
        status, text = server.error
        reason = HTTPStatus(status).phrase
    elif method not in ("GET", "HEAD", "POST"):
        status, reason, text = 405, "Method Not Allowed", "405 method not allowed\n"
    body = text.encode()
    headers = {
        "Server": SERVER,
        "Date": email.utils.formatdate(time.time(), usegmt=True),
        "Content-Type": "text/plain; charset=utf-8",
        "Content-Length": str(len(body)),
        "Connection": "keep-alive",
    }
    return Answer(status, reason, headers, b"" if method == "HEAD" else body)


def stalls(server: Server, asked: int, made: Answer) -> bool:
    """Whether a request of `asked` bytes or its answer never arrives: data that fills a packet is lost each time."""
    head = made.head()
    return any(server.loses(size + HEADERS) for size in (asked, len(head) + len(made.body)))


class Peer(Stream):
    """A connection to `server` as a stream: bytes of requests in, bytes of answers out."""

    def __init__(self, server: Server) -> None:
        super().__init__()
        self.server = server
        self._asked = b""
        self._answer = b""
        self._done = False

    async def write(self, data: bytes) -> None:
        self._asked += data
        if (self.server.paths is None and self.server.error is None) or self._done:
            return
        head, found, _ = self._asked.partition(b"\r\n\r\n")
        if not found:
            head, found, _ = self._asked.partition(b"\n\n")
        if not found:
            return
        words = head.decode("latin-1").split("\n")[0].split()
        self._done = True
        if len(words) < 2:
            self._answer = b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"
            return
        made = answer(self.server, words[0], words[1])
        if stalls(self.server, len(self._asked), made):
            self._done = False
            return
        self._answer = made.head().encode() + made.body

    async def read(self) -> bytes:
        """The answer, then the end; a server that says nothing is waited for until somebody gives up."""
        if not self._done:
            await asyncio.Event().wait()
        data, self._answer = self._answer, b""
        return data
