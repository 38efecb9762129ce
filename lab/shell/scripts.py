"""python3 and perl as far as a network probe needs them: a script that opens one TCP connection and asks one question.

The lab runs no code that comes from outside. A script that works with sockets and is given ADDRESS PORT [PATH] is
taken as the probe it is: it connects, asks with HTTP when there is a path, and ends with curl's exit codes
(7 not connected, 28 timed out, 29 connected but silent, 22 an HTTP error, 52 closed).
"""

from __future__ import annotations

import asyncio
import re

from lab.shell.context import CONNECT_SECONDS, Context, Program
from lab.shell.host import Outcome
from lab.shell.http import answer, stalls

VERSIONS = {"python3": "Python 3.12.7\n", "python": "Python 3.12.7\n", "perl": "This is perl 5, version 36\n"}
_LIMIT = re.compile(r"(?:settimeout\(|timeout=|alarm\s*\(?\s*|Timeout\s*=>\s*)([0-9]+(?:\.[0-9]+)?)")


async def script(context: Context) -> int:
    """python3 -c SCRIPT ADDRESS PORT [PATH], perl -e SCRIPT ADDRESS PORT [PATH]."""
    words = context.args
    flag = "-e" if context.name == "perl" else "-c"
    if words[:1] and words[0] in ("--version", "-V", "-v"):
        await context.out(VERSIONS[context.name])
        return 0
    if words == [flag, ""] or words in ([flag, "pass"], [flag, "1"]):
        return 0
    text = words[1] if words[:1] == [flag] and len(words) > 1 else ""
    given = words[2:]
    if not re.search(r"socket", text, re.IGNORECASE) or len(given) < 2 or not given[1].isdigit():
        await context.err(f"{context.name}: the lab runs no scripts but a socket probe given ADDRESS PORT [PATH]\n")
        return 1
    address = context.host.resolve(given[0])
    perl = context.name == "perl"
    if address is None:
        await context.err("connect: Bad hostname\n" if perl else "[Errno -2] Name or service not known\n")
        return 7
    found = _LIMIT.search(text)
    limit = float(found.group(1)) if found else CONNECT_SECONDS
    reach = await context.host.reach(address, "tcp", int(given[1]))
    if reach.outcome is Outcome.TIMEOUT:
        await asyncio.sleep(min(limit, CONNECT_SECONDS))
        await context.err("connect: timed out\n")
        return 28
    if reach.outcome is not Outcome.OK or reach.server is None:
        number, why = (
            (111, "Connection refused") if reach.outcome is Outcome.REFUSED else (101, "Network is unreachable")
        )
        await context.err(f"connect: {why}\n" if perl else f"[Errno {number}] {why}\n")
        return 7
    path = given[2] if len(given) > 2 else ""
    if not path:
        return 0
    answered = answer(reach.server, "GET", path)
    if reach.server.paths is None or stalls(reach.server, len(path), answered):
        await asyncio.sleep(limit)
        await context.err(f"connected, but no answer within {limit:g} s\n")
        return 29
    head = answered.head().split("\r\n")[0] + "\r\n"
    await context.out(head if perl else answered.head().encode() + answered.body)
    return 22 if answered.status >= 400 else 0


PROGRAMS: dict[str, Program] = dict.fromkeys(VERSIONS, script)
