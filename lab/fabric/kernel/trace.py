"""Try TCP connections and follow each one's packets through every namespace.

A connection is known everywhere by its initial sequence number: masquerading changes addresses and ports, never that.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
import struct
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from lab.fabric.kernel.enter import inside

ETH_P_IP = 0x0800
ETHERNET, OUTGOING = 14, 4
ICMP, TCP = 1, 6
SYN, RST, ACK = 0x02, 0x04, 0x10
BUFFER = 1 << 20
OUTCOMES = {
    0: "ok",
    errno.ECONNREFUSED: "refused",
    errno.ECONNRESET: "refused",
    errno.EHOSTUNREACH: "unreachable",
    errno.ENETUNREACH: "unreachable",
    errno.EACCES: "unreachable",
    errno.EINVAL: "unreachable",
}


@dataclass
class Seen:
    """One packet at one device: `way` in or out, `kind` request, answer or error."""

    namespace: str
    device: str
    way: str
    kind: str


@dataclass
class Attempt:
    """One connection: what came of it, and where its packets were seen, in the order of each namespace."""

    outcome: str = "timeout"
    sequence: int | None = None
    seen: list[Seen] = field(default_factory=list)


async def attempt(requests: Iterable[dict[str, Any]], watched: Iterable[str], seconds: float) -> list[Attempt]:
    """Connect from each request's `namespace` to its `ip` and `port`, all at once, for `seconds` at the most."""
    ears = {name: _ear(name) for name in watched}
    tries = [(_dial(item["namespace"], item["ip"], item["port"]), item) for item in requests]
    loop = asyncio.get_running_loop()
    results = await asyncio.gather(*(_settled(loop, dialled, seconds) for (dialled, _), _ in tries))
    attempts = []
    ports: dict[tuple[str, int, int], Attempt] = {}
    for ((dialled, early), item), late in zip(tries, results, strict=True):
        found = Attempt(early or late)
        attempts.append(found)
        with contextlib.suppress(OSError):
            ports[item["namespace"], dialled.getsockname()[1], item["port"]] = found
    # the same packet at the same device with the same time to live has been sent again
    heard = list(dict.fromkeys((name, *packet) for name, ear in ears.items() for packet in _heard(ear)))
    by_sequence: dict[int, Attempt] = {}
    for name, _, way, kind, key, sport, dport, _ in heard:
        if kind == "request" and way == "out" and (owner := ports.get((name, sport, dport))) is not None:
            by_sequence[key] = owner
    for name, device, way, kind, key, *_ in heard:
        if (owner := by_sequence.get(key)) is not None:
            owner.seen.append(Seen(name, device, way, kind))
    for (dialled, _), _ in tries:
        dialled.close()
    for ear in ears.values():
        ear.close()
    return attempts


def _ear(namespace: str) -> socket.socket:
    def open_ear() -> socket.socket:
        ear = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0003))
        ear.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
        ear.setblocking(False)
        return ear

    return inside(namespace, open_ear)


def _dial(namespace: str, ip: str, port: int) -> tuple[socket.socket, str]:
    def connect() -> tuple[socket.socket, str]:
        dialled = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        dialled.setblocking(False)
        number = dialled.connect_ex((ip, port))
        return dialled, "" if number == errno.EINPROGRESS else OUTCOMES.get(number, "unreachable")

    return inside(namespace, connect)


async def _settled(loop: asyncio.AbstractEventLoop, dialled: socket.socket, seconds: float) -> str:
    ready: asyncio.Future[None] = loop.create_future()

    def settle() -> None:
        if not ready.done():
            ready.set_result(None)

    loop.add_writer(dialled.fileno(), settle)
    try:
        await asyncio.wait_for(ready, seconds)
    except TimeoutError:
        return "timeout"
    finally:
        loop.remove_writer(dialled.fileno())
    return OUTCOMES.get(dialled.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR), "unreachable")


def _heard(ear: socket.socket) -> Iterable[tuple[str, str, str, int, int, int, int]]:
    """(device, way, kind, sequence number, source port, destination port, time to live) of every TCP packet that
    `ear` caught."""
    while True:
        try:
            data, (device, protocol, packet_type, _, _) = ear.recvfrom(2048)
        except BlockingIOError:
            return
        if protocol != ETH_P_IP or device == "lo":
            continue
        packet = data[ETHERNET:]
        length = (packet[0] & 0x0F) * 4
        way = "out" if packet_type == OUTGOING else "in"
        if packet[9] == ICMP and packet[length] in (3, 11):
            inner = packet[length + 8 :]
            start = (inner[0] & 0x0F) * 4
            if inner[9] == TCP:
                sport, dport, sequence = struct.unpack("!HHI", inner[start : start + 8])
                yield device, way, "error", sequence, sport, dport, packet[8]
        elif packet[9] == TCP:
            sport, dport, sequence, acknowledged = struct.unpack("!HHII", packet[length : length + 12])
            flags = packet[length + 13]
            if flags & (SYN | ACK | RST) == SYN:
                yield device, way, "request", sequence, sport, dport, packet[8]
            elif flags & ACK and flags & (SYN | RST):
                yield device, way, "answer", (acknowledged - 1) & 0xFFFFFFFF, sport, dport, packet[8]
