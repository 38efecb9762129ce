"""nc, BusyBox's and OpenBSD's: connect, or only look whether a port is open."""

from __future__ import annotations

import asyncio
import re
import time
from ipaddress import IPv4Address

from lab.shell.basic import seconds
from lab.shell.context import CONNECT_SECONDS, Context
from lab.shell.host import Outcome
from lab.shell.http import Peer
from lab.shell.options import UsageFault, last, options

SERVICES = {22: "ssh", 53: "domain", 80: "http", 443: "https", 3306: "mysql", 5432: "postgresql", 8080: "http-alt"}


async def nc(context: Context) -> int:
    """nc [-z] [-v] [-n] [-u] [-w SECONDS] ADDRESS PORT[-PORT]."""
    busybox = context.kind.busybox
    try:
        found, words = options(context.args, "46DdhklnNrtUuvzbC", "wpsqiIOVxXPT")
    except UsageFault as fault:
        name = str(fault).split(" ", 1)[0]
        await context.err(
            f"nc: {'unrecognized option: ' + name.lstrip('-') if busybox else 'invalid option -- ' + name}\n"
        )
        return 1
    flags = {name for name, _ in found}
    if "l" in flags or "u" in flags:
        await context.err("nc: the lab's nc connects over TCP; it neither listens nor sends datagrams\n")
        return 1
    if len(words) != 2 or not re.fullmatch(r"[0-9]{1,5}(-[0-9]{1,5})?", words[1]):
        await context.err(
            f"nc: port number invalid: {words[1]}\n" if len(words) == 2 else "usage: nc [-vz] [-w seconds] host port\n"
        )
        return 1
    limit = seconds(last(found, "w", ""))
    address = context.host.resolve(words[0])
    if address is None:
        text = (
            f"nc: bad address '{words[0]}'"
            if busybox
            else (f'nc: getaddrinfo for host "{words[0]}" port {words[1]}: Name or service not known')
        )
        await context.err(f"{text}\n")
        return 1
    first, _, final = words[1].partition("-")
    code = 1
    for port in range(int(first), int(final or first) + 1)[:1024]:
        one = await _port(context, words[0], address, port, flags, limit)
        code = min(code, one)
    return code


async def _port(
    context: Context, name: str, address: IPv4Address, port: int, flags: set[str], limit: float | None
) -> int:
    busybox, begun = context.kind.busybox, time.monotonic()
    reach = await context.host.reach(address, "tcp", port)
    if reach.outcome is Outcome.TIMEOUT:
        wait = min(limit or CONNECT_SECONDS, CONNECT_SECONDS)
        await asyncio.sleep(max(0.0, wait - (time.monotonic() - begun)))
    if reach.outcome is not Outcome.OK or reach.server is None:
        await context.err(_failed(name, address, port, reach.outcome, busybox=busybox, limit=limit, flags=flags))
        return 1
    if "v" in flags:
        service = "*" if "n" in flags else SERVICES.get(port, "*")
        await context.err(
            f"{name} ({address}:{port}) open\n"
            if busybox
            else f"Connection to {name} {port} port [tcp/{service}] succeeded!\n"
        )
    if "z" in flags:
        return 0
    peer = Peer(reach.server)
    await peer.write(await context.input.all())
    try:
        async with asyncio.timeout(limit):
            while data := await peer.read():
                await context.out(data)
    except TimeoutError:
        if busybox:
            await context.err("nc: timed out\n")
            return 1
    return 0


def _failed(
    name: str, address: IPv4Address, port: int, outcome: Outcome, *, busybox: bool, limit: float | None, flags: set[str]
) -> str:
    if busybox:
        if outcome is Outcome.TIMEOUT and limit:
            return "nc: timed out\n"
        reason = {
            Outcome.TIMEOUT: "Operation timed out",
            Outcome.REFUSED: "Connection refused",
            Outcome.UNREACHABLE: "Network unreachable",
        }[outcome]
        return f"nc: {name} ({address}:{port}): {reason}\n"
    if "v" not in flags:
        return ""
    if outcome is Outcome.TIMEOUT:
        late = "timed out: Operation now in progress" if limit else "failed: Connection timed out"
        return f"nc: connect to {name} port {port} (tcp) {late}\n"
    reason = "Connection refused" if outcome is Outcome.REFUSED else "Network is unreachable"
    return f"nc: connect to {name} port {port} (tcp) failed: {reason}\n"
