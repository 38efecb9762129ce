"""Three ways to give fresh namespaces their addresses, routes and rules. Runs in namespaces of its own, prints JSON."""

from __future__ import annotations

import asyncio
import json
import socket
import subprocess
import sys
import time
from functools import partial
from typing import Any

from pyroute2 import IPRoute

from lab.fabric.kernel.blueprint import Blueprint, Wire, difference, mac
from lab.fabric.kernel.enter import NAMES, inside
from lab.fabric.kernel.netlink import shape
from lab.judge.court import made
from lab.judge.worlds import world

PERMANENT, ONLINK = 0x80, 4


def library(lines: list[str]) -> None:
    """The lines by pyroute2, one request each."""
    indexes = {name: index for index, name in socket.if_nameindex()}
    with IPRoute() as kernel:
        for line in lines:
            kind, verb, *words = line.split()
            getattr(kernel, kind)(verb, **_request(kind, words, indexes))


def _request(kind: str, words: list[str], indexes: dict[str, int]) -> dict[str, Any]:
    match kind, words:
        case "link", [device, "up"]:
            return {"index": indexes[device], "state": "up"}
        case "neigh", [address, "lladdr", mac, "dev", device, *_]:
            return {"dst": address, "lladdr": mac, "ifindex": indexes[device], "state": PERMANENT}
        case "addr", [prefix, "dev", device]:
            return {"index": indexes[device], "address": prefix.partition("/")[0], "prefixlen": 32}
        case "rule", ["pref", pref, "blackhole"]:
            return {"priority": int(pref), "action": "FR_ACT_BLACKHOLE", "table": 0}
        case "rule", ["pref", pref, "iif", device, "lookup", table]:
            return {"priority": int(pref), "iifname": device, "table": int(table)}
        case "route", ["blackhole", *rest]:
            return {"type": "blackhole", **_route(rest, indexes)}
    return _route(words, indexes)


def _route(words: list[str], indexes: dict[str, int]) -> dict[str, Any]:
    names = {"table": "table", "metric": "priority", "via": "gateway", "dev": "oif", "src": "prefsrc"}
    found: dict[str, Any] = {"dst": "0.0.0.0/0" if words[0] == "default" else words[0]}
    rest = words[1:]
    while rest:
        word = rest.pop(0)
        if word == "onlink":
            found["flags"] = ONLINK
        elif word == "nexthop":
            _via, gateway, _dev, device, _onlink = (rest.pop(0) for _ in range(5))
            hop = {"gateway": gateway, "oif": indexes[device], "flags": ONLINK}
            found.setdefault("multipath", []).append(hop)
        else:
            value = rest.pop(0)
            found[names[word]] = indexes[value] if word == "dev" else int(value) if value.isdigit() else value
    return found


async def _ip(batch: str, namespace: str = "") -> None:
    words = ("ip", *(("-n", namespace) if namespace else ()), "-batch", "-")
    process = await asyncio.create_subprocess_exec(*words, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    await process.communicate(batch.encode())
    if process.returncode:
        raise RuntimeError(f"{' '.join(words)} ended with {process.returncode}")


def _veth(wire: Wire) -> str:
    left, right = (f"{end.device} netns {end.namespace} address {mac(end)}" for end in (wire.left, wire.right))
    return f"link add {left} type veth peer name {right}\n"


async def measure(worlds: int) -> dict[str, float]:
    """Seconds for all worlds, by way."""
    took = dict.fromkeys(("netlink", "ip -batch", "pyroute2"), 0.0)
    for seed in range(worlds):
        change = difference(Blueprint(), made(world(seed), seed)[1])
        for way in took:
            await _ip("".join(f"netns add {name}\n" for name in change.made))
            await _ip("".join(_veth(wire) for wire in change.laid))
            started = time.perf_counter()
            if way == "ip -batch":
                await asyncio.gather(*(_ip(step.add, step.namespace) for step in change.steps))
            else:
                for step in change.steps:
                    inside(step.namespace, partial(shape if way == "netlink" else library, step.add.splitlines()))
            took[way] += time.perf_counter() - started
            await _ip("".join(f"netns del {name}\n" for name in change.made))
    return took


if __name__ == "__main__":
    NAMES.mkdir(parents=True, exist_ok=True)
    json.dump(asyncio.run(measure(int(sys.argv[1]))), sys.stdout)
