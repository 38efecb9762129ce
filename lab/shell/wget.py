"""wget, BusyBox's and GNU's."""

from __future__ import annotations

import asyncio
import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import IPv4Address

from lab.shell.basic import seconds
from lab.shell.context import CONNECT_SECONDS, Context
from lab.shell.curl import Fault, Url, _url
from lab.shell.files import FileFault, opened
from lab.shell.host import Outcome, Reach
from lab.shell.http import Answer, answer, stalls
from lab.shell.options import UsageFault, last, options

BUSYBOX_SECONDS = 900.0
_LONG = {
    "connect-timeout": "T", "continue": "c", "debug": "d", "header": "header=", "help": "h",
    "no-check-certificate": "-",
    "no-proxy": "-", "no-verbose": "-nv", "output-document": "O", "post-data": "post=", "proxy": "proxy=", "quiet": "q",
    "read-timeout": "read=", "server-response": "S", "spider": "spider", "timeout": "T", "tries": "t",
    "user-agent": "U", "verbose": "v", "version": "V", "waitretry": "waitretry=", "retry-connrefused": "-",
}  # fmt: skip
_REASONS = {
    Outcome.TIMEOUT: ("Operation timed out", "Connection timed out"),
    Outcome.REFUSED: ("Connection refused", "Connection refused"),
    Outcome.UNREACHABLE: ("Network unreachable", "Network is unreachable"),
}


@dataclass
class _Asked:
    """One download: `flags` without values, timeouts in seconds (None: the program's own)."""

    url: Url
    text: str
    flags: set[str]
    limit: float | None
    tries: int
    output: str

    @property
    def quiet(self) -> bool:
        return "q" in self.flags


async def wget(context: Context) -> int:
    """wget [-q] [-O FILE] [-T SECONDS] [-t TRIES] [-S] [--spider] URL."""
    busybox = context.kind.busybox
    try:
        found, words = options(context.args, "qcSdhvV46N", "OTtUYPonwe", long=_LONG)
        limit = seconds(last(found, "T", "0"))
        tries = last(found, "t", "20")
        if limit is None or not re.fullmatch(r"[0-9]{1,4}|inf", tries):
            raise UsageFault("-T" if limit is None else "-t")
        asked = _Asked(
            url=_url(words[0]) if words else Url("", "", 0, ""),
            text=words[0] if words else "",
            flags={name for name, _ in found},
            limit=limit or None,
            tries=int(tries) if tries.isdigit() and tries != "0" else 20,
            output=last(found, "O", ""),
        )
    except UsageFault as fault:
        name = str(fault).split(" ", 1)[0]
        await context.err(
            f"wget: unrecognized option: {name.lstrip('-')}\n" if busybox else f"wget: unrecognized option '{name}'\n"
        )
        return 1 if busybox else 2
    except Fault:
        await context.err(f"wget: not an http or ftp url: {words[0]}\n" if busybox else f"{words[0]}: Invalid URL.\n")
        return 1
    if not words:
        await context.err(
            "BusyBox v1.36.1 multi-call binary.\n"
            if busybox
            else "wget: missing URL\nUsage: wget [OPTION]... [URL]...\n"
        )
        return 1
    address = context.host.resolve(asked.url.host)
    if address is None:
        host = asked.url.host
        text = f"wget: bad address '{host}'\n" if busybox else f"wget: unable to resolve host address ‘{host}’\n"
        await context.err(text)
        return 1 if busybox else 4
    return await (_busybox if busybox else _gnu)(context, asked, address)


async def _connect(context: Context, asked: _Asked, address: IPv4Address, limit: float) -> Reach:
    begun = time.monotonic()
    reach = await context.host.reach(address, "tcp", asked.url.port)
    if reach.outcome is Outcome.TIMEOUT:
        await asyncio.sleep(max(0.0, min(limit, CONNECT_SECONDS) - (time.monotonic() - begun)))
    return reach


async def _busybox(context: Context, asked: _Asked, address: IPv4Address) -> int:
    limit = asked.limit or BUSYBOX_SECONDS
    if not asked.quiet:
        await context.err(f"Connecting to {asked.url.host} ({address}:{asked.url.port})\n")
    reach = await _connect(context, asked, address, limit)
    if reach.outcome is Outcome.TIMEOUT and limit < CONNECT_SECONDS:
        await context.err("wget: download timed out\n")
        return 1
    if reach.outcome is not Outcome.OK or reach.server is None:
        await context.err(f"wget: can't connect to remote host ({address}): {_REASONS[reach.outcome][0]}\n")
        return 1
    answered = answer(reach.server, "GET", asked.url.path)
    if reach.server.paths is None or stalls(reach.server, len(asked.url.path), answered):
        await asyncio.sleep(limit)
        await context.err("wget: download timed out\n")
        return 1
    if "S" in asked.flags:
        await context.err("".join(f"  {line}\n" for line in answered.head().split("\r\n") if line))
    if answered.status >= 400:
        await context.err(f"wget: server returned error: HTTP/1.1 {answered.status} {answered.reason}\n")
        return 1
    if "spider" in asked.flags:
        await context.err("" if asked.quiet else "remote file exists\n")
        return 0
    return await _save(context, asked, answered.body)


async def _gnu(context: Context, asked: _Asked, address: IPv4Address) -> int:
    where = (
        f"{asked.url.host}:{asked.url.port}"
        if asked.url.host == str(address)
        else (f"{asked.url.host} ({asked.url.host})|{address}|:{asked.url.port}")
    )
    for number in range(1, asked.tries + 1):
        again = f"(try:{number:2d})  " if number > 1 else ""
        await _say(context, asked, f"--{datetime.now(UTC):%Y-%m-%d %H:%M:%S}--  {again}{asked.text}\n")
        await _say(context, asked, f"Connecting to {where}... ")
        reach = await _connect(context, asked, address, asked.limit or CONNECT_SECONDS)
        if reach.outcome is Outcome.OK and reach.server is not None:
            await _say(context, asked, "connected.\n")
            answered = answer(reach.server, "GET", asked.url.path)
            if reach.server.paths is not None and not stalls(reach.server, len(asked.url.path), answered):
                return await _answered(context, asked, answered)
            await _say(context, asked, "HTTP request sent, awaiting response... ")
            await asyncio.sleep(asked.limit or BUSYBOX_SECONDS)
            await _say(context, asked, "Read error (Connection timed out) in headers.\n")
        else:
            await _say(context, asked, f"failed: {_REASONS[reach.outcome][1]}.\n")
            if reach.outcome is not Outcome.TIMEOUT:
                return 4
        if number < asked.tries:
            await _say(context, asked, "Retrying.\n\n")
            await asyncio.sleep(min(number, 10))
    await _say(context, asked, "Giving up.\n\n")
    return 4


async def _answered(context: Context, asked: _Asked, answered: Answer) -> int:
    await _say(context, asked, "HTTP request sent, awaiting response... ")
    if "S" in asked.flags:
        await context.err("\n" + "".join(f"  {line}\n" for line in answered.head().split("\r\n") if line))
    await _say(context, asked, f"{answered.status} {answered.reason}\n")
    if answered.status >= 400:
        await _say(
            context, asked, f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} ERROR {answered.status}: {answered.reason}.\n\n"
        )
        return 8
    length = f"Length: {len(answered.body)} [{answered.headers['Content-Type'].split(';')[0]}]\n"
    await _say(context, asked, length)
    return 0 if "spider" in asked.flags else await _save(context, asked, answered.body)


async def _say(context: Context, asked: _Asked, text: str) -> None:
    if not asked.quiet:
        await context.err(text)


async def _save(context: Context, asked: _Asked, body: bytes) -> int:
    name = asked.output or asked.url.path.split("?")[0].rsplit("/", 1)[-1] or "index.html"
    if name == "-":
        await context.out(body)
        return 0
    try:
        stream = opened(name, context, context.streams, writing=True)
    except FileFault as fault:
        busybox = context.kind.busybox
        await context.err(f"wget: can't open '{name}': {fault}\n" if busybox else f"{name}: {fault}\n")
        return 1 if busybox else 3
    await stream.write(body)
    return 0
