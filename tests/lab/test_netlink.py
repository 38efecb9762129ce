"""Our own netlink messages leave the kernel as `ip` does, line for line."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from lab.fabric.kernel.blueprint import Blueprint, difference
from lab.fabric.kernel.netlink import UnknownLineError, encode
from lab.judge.court import made
from lab.judge.worlds import world

TWIN = Path(__file__).with_name("netlink_twin.py")
ADDED = (
    "neigh replace 169.254.1.1 lladdr 02:00:00:00:00:01 dev left nud permanent",
    "neigh replace 169.254.1.1 lladdr 02:00:00:00:00:02 dev right nud permanent",
    "addr add 10.1.0.11/32 dev left",
    "addr add 10.1.0.12/24 dev right",
    "route add default via 169.254.1.1 dev left onlink src 10.1.0.11",
    "route add 172.16.1.2/32 via 169.254.1.1 dev right onlink src 10.1.0.11",
    "route add 10.2.0.0/16 via 169.254.1.1 dev left onlink table 100 metric 10",
    "route add 10.2.0.0/24 via 169.254.1.1 dev right onlink table 1000 metric 7",
    "route add blackhole 10.3.0.0/16 table 100 metric 50",
    "route add 10.4.0.0/16 table 101 metric 9 "
    "nexthop via 169.254.1.1 dev left onlink nexthop via 169.254.1.1 dev right onlink",
    "route add 10.5.0.0/16 dev left",
    "rule add pref 100 iif left lookup 100",
    "rule add pref 150 iif right lookup 1000",
    "rule add pref 300 blackhole",
)
REMOVED = tuple(line.replace(" add ", " del ") for line in reversed(ADDED[2:]))


def left_by(way: str, lines: tuple[str, ...]) -> str:
    if shutil.which("unshare") is None or shutil.which("ip") is None:
        if os.environ.get("CI"):
            pytest.fail("unshare and ip are missing")
        pytest.skip("needs unshare and ip")
    identity = () if os.geteuid() == 0 else ("--user", "--map-root-user")
    done = subprocess.run(
        ["unshare", *identity, "--net", sys.executable, str(TWIN), way],
        input="".join(f"{line}\n" for line in lines),
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        capture_output=True,
        text=True,
        timeout=60,
    )
    if done.returncode and "unshare" in done.stderr and not os.environ.get("CI"):
        pytest.skip(f"no network namespaces here: {done.stderr.strip()}")
    assert done.returncode == 0, done.stderr
    return in_order(re.sub(r"\d+sec|@if\d+|\d+: ", "", done.stdout))


def in_order(shown: str) -> str:
    """The neighbours sorted, as the kernel lists them by a hash that it seeds anew in every namespace."""
    lines = shown.splitlines()
    neighbours = sorted(line for line in lines if "PERMANENT" in line)
    return "\n".join([line for line in lines if "PERMANENT" not in line] + neighbours)


@pytest.mark.parametrize("lines", [ADDED, ADDED + REMOVED], ids=["added", "removed"])
def test_the_kernel_looks_as_after_ip(lines: tuple[str, ...]) -> None:
    own = left_by("own", lines)
    assert own == left_by("ip", lines)
    assert ("10.2.0.0/16" in own) == (lines == ADDED)


@pytest.mark.parametrize(
    "line", ["link add docker0 type bridge", "route add 10.0.0.0/8 dev gone", "rule add pref x", "", "addr show"]
)
def test_what_is_not_spoken_is_left_to_ip(line: str) -> None:
    with pytest.raises(UnknownLineError):
        encode(line, 0, {"left": 2})


def test_the_worlds_of_the_judge_are_spoken() -> None:
    plan = made(world(3), 3)[1]
    steps = difference(Blueprint(), plan).steps
    assert steps
    for step in steps:
        devices = dict.fromkeys(step.add.split(), 2)
        for number, line in enumerate(step.add.splitlines()):
            assert encode(line, number, devices)
