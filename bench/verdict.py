"""The verdict on `article` in the lab, against its slowest probe: reading and measuring go on at once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from bench.clock import Times, heading, within
from lab import control

RUNS = 3
CLIENTS = "import kubernetes.client, kubernetes.config.kube_config, google.cloud.compute_v1"
QUESTION = ("my-pod", "http://10.2.0.10/health")

WARM = """
import sys, time
from probes import parse, warmup
from probes.ask import Ask
from probes.session import Session
from rules.evaluate import evaluate
warmup.kubernetes(); warmup.google()
started = time.perf_counter()
session = Session(Ask(parse.pod(sys.argv[1]), parse.target(sys.argv[2])))
snapshot = session.collect()
evaluate(snapshot)
print(time.perf_counter() - started, max(probe.seconds for probe in snapshot.probes))
session.close()
"""


def run() -> str:
    """The section's text."""
    with tempfile.TemporaryDirectory() as state:
        os.environ["WAYHOME_STATE_DIR"] = state
        try:
            environment = {**os.environ, **control.environment(control.start("article"))}
            turns = [
                (_whole(environment, Path(state) / "case.json"), _loading(), _warm(environment)) for _run in range(RUNS)
            ]
        finally:
            control.stop()
    whole, loading, warm = zip(*turns, strict=True)
    alone = Times("Python with both clients loaded, and nothing else", loading)
    over = min(seconds - probe for seconds, probe in whole)
    return "\n".join(
        [
            heading("A verdict from the lab (scenario article), from the start of the process to its end"),
            *_lines("whole command", whole),
            str(alone),
            f"  => what the command adds to its slowest probe is {over / alone.least:.2f} x that",
            *_lines("clients loaded, as in the app", warm),
        ]
    )


def _loading() -> float:
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", CLIENTS], check=True)
    return time.perf_counter() - started


def _lines(name: str, found: Sequence[tuple[float, float]]) -> list[str]:
    times = Times(name, tuple(seconds for seconds, _probe in found))
    over = min(seconds - probe for seconds, probe in found)
    ratio = min(seconds / probe for seconds, probe in found)
    return [str(times), f"  => {ratio:.2f} x its slowest probe, {over:.2f} s over it (aim: 1 s, {within(over, 1.0)})"]


def _whole(environment: dict[str, str], path: Path) -> tuple[float, float]:
    started = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "tui", "diagnose", *QUESTION, "--save", str(path)],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
    )
    seconds = time.perf_counter() - started
    return seconds, max(probe["seconds"] for probe in json.loads(path.read_text("utf-8"))["probes"])


def _warm(environment: dict[str, str]) -> tuple[float, float]:
    done = subprocess.run(
        [sys.executable, "-c", WARM, *QUESTION], env=environment, capture_output=True, text=True, check=True
    )
    seconds, probe = done.stdout.split()
    return float(seconds), float(probe)
