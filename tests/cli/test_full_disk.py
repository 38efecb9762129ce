"""A disk that takes no more, for a whole wayhome: one sentence, and nothing is changed that no journal tells of."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lab import control

pytestmark = pytest.mark.lab

# The disk is full from the moment on in which the run begins to keep its journal.
FULL = """
import resource, sys
from probes import journal
from tui.cli.dispatch import run
begin = journal.begin
def instead(plan):
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), resource.RLIM_INFINITY))
    return begin(plan)
journal.begin = instead
sys.exit(run(sys.argv[2:]))
"""
QUESTION = ("my-pod", "http://10.2.0.10/health")


def test_what_the_journal_cannot_say_is_not_done(
    started: Callable[..., Any], environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Files may grow to a number of bytes: to nothing, to half of the first line, into the line before the call, and
    into the line after it."""
    wayhome = started("article")
    state = Path(environment["WAYHOME_STATE_DIR"])
    monkeypatch.setenv("WAYHOME_STATE_DIR", str(state))
    running = control.running()
    assert running is not None
    assert wayhome("apply", "exchange-routes", *QUESTION, "--yes", "--no-node-probe").code == 0
    (journal,) = (state / "runs").iterdir()
    lines = [len(line) for line in journal.read_bytes().splitlines(keepends=True)]
    assert wayhome("rollback", "--yes", "--no-node-probe").code == 0

    def limited(size: int) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", FULL, str(size), "apply", "exchange-routes", *QUESTION, "--yes", "--no-node-probe"],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    for size in (0, lines[0] // 2, lines[0] + 20):
        done = limited(size)
        said = [line for line in done.stderr.splitlines() if "cannot be written" in line and "nothing more" in line]
        assert len(said) == 1, done.stderr
        assert (done.returncode, "Traceback" in done.stderr) == (2, False), done.stderr
        assert control.changed(running).differs == (), size

    done = limited(sum(lines[:2]) + 20)  # the call is made, and its answer cannot be written down
    assert done.returncode == 2, done.stderr
    assert "nothing more is changed" in done.stderr
    first = control.changed(running).differs
    assert first == ("compute/project-a/networks vpc-a",), "the other half was not begun"
    newest = json.loads(wayhome("runs", "--json").out)[0]
    assert (newest["state"], newest["can_be_taken_back"]) == ("applying", True)
    assert wayhome("rollback", newest["id"], "--yes", "--no-node-probe").code == 0
    assert control.changed(running).differs == ()
