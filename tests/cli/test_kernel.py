"""The incident and both ways out of it on a real kernel, through the command line alone."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.lab

Wayhome = Callable[..., Any]
QUESTION = ("my-pod", "http://10.2.0.10/health")
TARGET, ROUTER = "vm project-b/target-gce-01", "project-b/vpc-b router"


@pytest.fixture
def kernel(started: Callable[..., Wayhome]) -> Wayhome:
    """The article on the kernel fabric; a machine without namespaces skips, CI does not."""
    try:
        return started("article", "--fabric", "kernel")
    except AssertionError as error:
        if os.environ.get("CI") or "--fabric simulated" not in str(error):
            raise
        pytest.skip(f"no network namespaces here: {error}")


def legs(wayhome: Wayhome) -> dict[tuple[str, str], int]:
    """Packets by wire, as `lab status --legs` prints them."""
    rows = [line.split("→") for line in wayhome("lab", "status", "--legs").out.splitlines()]
    return {(start.strip(), end.rsplit(None, 1)[0].strip()): int(end.split()[-1]) for start, end in rows}


def test_the_counters_show_where_the_answer_is_lost(kernel: Wayhome) -> None:
    before = legs(kernel)
    done = kernel("diagnose", *QUESTION, "--json", "--no-node-probe")
    after = legs(kernel)
    assert done.code == 1
    broken = json.loads(done.out)["broken"]
    assert (broken["direction"], broken["reason"], broken["owner"]) == ("return", "NO_ROUTE", "project-b")
    passed = {leg: after[leg] - before[leg] for leg in after}
    assert passed[ROUTER, TARGET] > 0
    assert passed[TARGET, ROUTER] > 0
    assert passed[ROUTER, "project-a/vpc-a router"] == 0


def _children(pid: int) -> set[int]:
    found = set()
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                if int((entry / "stat").read_text("utf-8").rpartition(")")[2].split()[1]) == pid:
                    found |= {int(entry.name)} | _children(int(entry.name))
    return found


@pytest.mark.parametrize("victim", ["lab", "keeper"])
def test_nothing_is_left_when_a_process_is_killed(kernel: Wayhome, environment: dict[str, str], victim: str) -> None:
    state = json.loads((Path(environment["WAYHOME_STATE_DIR"]) / "lab" / "lab.json").read_text("utf-8"))
    family = _children(state["pid"])
    assert len(family) >= 3  # unshare, the keeper, the room in which commands run
    os.kill(state["pid"] if victim == "lab" else min(family), signal.SIGKILL)
    for _turn in range(500):
        if not any(Path(f"/proc/{pid}/ns").exists() for pid in family):
            break
        time.sleep(0.02)
    else:
        pytest.fail("namespaces outlived their owner")
    if victim == "lab":
        assert kernel("lab", "status").code == 2
        assert kernel("lab", "start", "article", "--fabric", "kernel").code == 0
    else:
        assert kernel("diagnose", *QUESTION, "--no-node-probe").code == 1


@pytest.mark.parametrize("remedy", ["masquerade-minimal", "masquerade-article", "exchange-routes"])
def test_a_remedy_turns_it_green_and_is_taken_back(kernel: Wayhome, remedy: str) -> None:
    assert kernel("apply", remedy, *QUESTION, "--yes").code == 0
    assert kernel("diagnose", *QUESTION).code == 0
    assert kernel("rollback", "--yes").code == 0
    assert kernel("diagnose", *QUESTION).code == 1
