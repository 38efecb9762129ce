"""How fast the kernel fabric builds worlds, against one process for each `ip` command, which is what one would type."""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import subprocess
import sys
import time

from bench.clock import heading
from lab.fabric.kernel.blueprint import Blueprint, difference
from lab.fabric.kernel.client import KeeperClient, KernelUnavailableError
from lab.judge.court import made
from lab.judge.worlds import world
from lab.scenario import load

WORLDS = 20
WAYS = 12


def run() -> str:
    """The section's text."""
    title = heading("The kernel fabric: a world built from nothing, and one world turned into the next")
    try:
        article, single, changes, namespaces = asyncio.run(_measure())
    except KernelUnavailableError as error:
        return f"{title}\n  not measured: {error}"
    plan = made(load("article"))[1]
    commands = _commands(plan)
    total = sum(changes)
    return "\n".join(
        [
            title,
            f"  `article` ({len(plan.namespaces)} namespaces, {commands} ip commands) in {article * 1000:.0f} ms; "
            f"one process for each command would be {single * commands / article:.1f} times as slow",
            f"  a random world turned into the next: median {statistics.median(changes) * 1000:.0f} ms, "
            f"{namespaces / total:.0f} namespaces shaped a second",
            _ways(),
        ]
    )


def _ways() -> str:
    """Addresses, routes and rules of fresh worlds by netlink, through `ip -batch` and by pyroute2."""
    identity = () if os.geteuid() == 0 else ("--user", "--map-root-user")
    script = 'mount -t tmpfs tmpfs /run && exec "$0" -m bench.netlink "$1"'
    done = subprocess.run(
        ["unshare", *identity, "--net", "--mount", "sh", "-c", script, sys.executable, str(WAYS)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        return f"  ways to shape namespaces: not measured: {done.stderr.strip().splitlines()[-1]}"
    took = json.loads(done.stdout)
    least = took["netlink"]
    others = ", ".join(f"{way} {took[way] / least:.1f} times as long" for way in took if way != "netlink")
    return f"  addresses, routes and rules of {WAYS} worlds by netlink in {least * 1000:.0f} ms; {others}"


def _commands(plan: Blueprint) -> int:
    found = difference(Blueprint(), plan)
    lines = sum(step.add.count("\n") for step in found.steps)
    return len(found.made) + len(found.laid) + lines


async def _measure() -> tuple[float, float, list[float], int]:
    client = KeeperClient()
    await client.start()
    try:
        article = await _apply(client, made(load("article"))[1])
        started = time.perf_counter()
        for _turn in range(WORLDS):
            process = await asyncio.create_subprocess_exec(
                "ip", "link", "show", "lo", stdout=asyncio.subprocess.DEVNULL
            )
            await process.wait()
        single = (time.perf_counter() - started) / WORLDS
        plans = [made(world(seed), seed)[1] for seed in range(WORLDS)]
        changes = [await _apply(client, plan) for plan in plans]
        return article, single, changes, sum(len(plan.namespaces) for plan in plans)
    finally:
        await client.stop()


async def _apply(client: KeeperClient, plan: Blueprint) -> float:
    started = time.perf_counter()
    await client.apply(plan)
    return time.perf_counter() - started
