"""ping, BusyBox's and iputils'."""

from __future__ import annotations

import asyncio
import re
import time
from dataclasses import dataclass, field
from ipaddress import IPv4Address

from lab.shell.basic import seconds
from lab.shell.context import Context
from lab.shell.host import Outcome
from lab.shell.options import UsageFault, last, options

LINGER = 10.0
TTL = 62


@dataclass
class _Count:
    sent: int = 0
    errors: int = 0
    times: list[float] = field(default_factory=list)
    begun: float = field(default_factory=time.monotonic)


async def ping(context: Context) -> int:
    """ping [-c COUNT] [-W SECONDS] [-w SECONDS] [-i SECONDS] [-q] [-n] ADDRESS."""
    busybox = context.kind.busybox
    try:
        found, words = options(context.args, "46nqAbdDfhLOrRUvVB", "cWwisItTMlpQS")
    except UsageFault as fault:
        name = str(fault).split(" ", 1)[0].lstrip("-")
        missing = "requires an argument" in str(fault)
        if busybox:
            await context.err(f"ping: {'option requires an argument:' if missing else 'unrecognized option:'} {name}\n")
        else:
            await context.err(f"ping: {'option requires an argument' if missing else 'invalid option'} -- '{name}'\n")
        return 1 if busybox else 2
    if len(words) != 1:
        await context.err(
            "BusyBox v1.36.1 multi-call binary.\n" if busybox else "ping: usage error: Destination address required\n"
        )
        return 1
    numbers = {}
    for name, default in (("c", "0"), ("W", "10"), ("w", "0"), ("i", "1"), ("s", "56")):
        text = last(found, name, default)
        number = seconds(text)
        if number is None or (name == "c" and not re.fullmatch(r"[1-9][0-9]{0,8}", text) and text != default):
            await context.err(f"ping: invalid number '{text}'\n" if busybox else f"ping: invalid argument: '{text}'\n")
            return 1
        numbers[name] = number
    address = context.host.resolve(words[0])
    if address is None:
        why = f"bad address '{words[0]}'" if busybox else f"{words[0]}: Name or service not known"
        await context.err(f"ping: {why}\n")
        return 1 if busybox else 2
    quiet = any(name == "q" for name, _ in found)
    return await _run(context, words[0], address, numbers, quiet=quiet)


async def _run(context: Context, name: str, address: IPv4Address, numbers: dict[str, float], *, quiet: bool) -> int:
    busybox, size, count = context.kind.busybox, int(numbers["s"]), _Count()
    sizes = f"{size} data bytes" if busybox else f"{size}({size + 28}) bytes of data."
    await context.out(f"PING {name} ({address}){':' if busybox else ''} {sizes}\n")
    try:
        await _send(context, address, numbers, count, quiet=quiet)
    except asyncio.CancelledError:
        task = asyncio.current_task()
        if context.terminal is None or not context.terminal.interrupted or task is None:
            raise
        task.uncancel()
    await context.out(_statistics(name, count, busybox=busybox))
    return 0 if count.times else 1


async def _send(
    context: Context, address: IPv4Address, numbers: dict[str, float], count: _Count, *, quiet: bool
) -> None:
    busybox, size = context.kind.busybox, int(numbers["s"])
    deadline = count.begun + numbers["w"] if numbers["w"] else None
    wanted = int(numbers["c"])
    while not wanted or count.sent < wanted:
        sent = time.monotonic()
        reached = await context.host.reach(address, "icmp", None)
        lost = reached.server is not None and reached.server.loses(size + 28)
        reply = Outcome.TIMEOUT if lost else reached.outcome
        took = time.monotonic() - sent
        count.sent += 1
        if reply is Outcome.OK:
            count.times.append(took * 1000)
            if not quiet:
                await context.out(_reply(address, size, count.sent, took * 1000, busybox=busybox))
        elif reply is Outcome.UNREACHABLE:
            count.errors += 1
            gateway = context.host.machine.gateway
            if not busybox and not quiet:
                await context.out(f"From {gateway} icmp_seq={count.sent} Destination Net Unreachable\n")
        final = bool(wanted) and count.sent >= wanted
        if final and reply is not Outcome.TIMEOUT:
            break
        wait = numbers["W"] if final else numbers["i"]
        until = sent + wait
        if deadline is not None:
            until = min(until, deadline)
        await asyncio.sleep(max(0.0, until - time.monotonic()))
        if deadline is not None and time.monotonic() >= deadline:
            break


def _reply(address: IPv4Address, size: int, number: int, took: float, *, busybox: bool) -> str:
    if busybox:
        return f"{size + 8} bytes from {address}: seq={number - 1} ttl={TTL} time={took:.3f} ms\n"
    return f"{size + 8} bytes from {address}: icmp_seq={number} ttl={TTL} time={_three(took)} ms\n"


def _three(value: float) -> str:
    """Three significant digits, as iputils prints times."""
    return (
        f"{value:.3f}"
        if value < 1
        else f"{value:.2f}"
        if value < 10
        else f"{value:.1f}"
        if value < 100
        else f"{value:.0f}"
    )


def _statistics(name: str, count: _Count, *, busybox: bool) -> str:
    received = len(count.times)
    loss = 100 * (count.sent - received) // count.sent if count.sent else 0
    lines = ["", f"--- {name} ping statistics ---"]
    if busybox:
        lines.append(f"{count.sent} packets transmitted, {received} packets received, {loss}% packet loss")
        if received:
            average = sum(count.times) / received
            lines.append(f"round-trip min/avg/max = {min(count.times):.3f}/{average:.3f}/{max(count.times):.3f} ms")
        return "\n".join(lines) + "\n"
    spent = int((time.monotonic() - count.begun) * 1000) if count.sent > 1 else 0
    errors = f", +{count.errors} errors" if count.errors else ""
    lines.append(f"{count.sent} packets transmitted, {received} received{errors}, {loss}% packet loss, time {spent}ms")
    if received:
        average = sum(count.times) / received
        deviation = (sum((each - average) ** 2 for each in count.times) / received) ** 0.5
        lines.append(
            f"rtt min/avg/max/mdev = {min(count.times):.3f}/{average:.3f}/{max(count.times):.3f}/{deviation:.3f} ms"
        )
    else:
        lines.append("")
    return "\n".join(lines) + "\n"
