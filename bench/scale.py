"""Judging a world of 1,000 nodes, 20,000 pods, 5,000 routes and 25 peerings, in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from bench.clock import heading, within
from bench.worlds import large
from rules.snapshot import dumps

PROGRAM = """
import json, resource, sys, time
from pathlib import Path
from rules.snapshot import loads
from rules.evaluate import evaluate
started, spent = time.perf_counter(), time.process_time()
snapshot = loads(Path(sys.argv[1]).read_text("utf-8"))
loaded, spent_loaded = time.perf_counter(), time.process_time()
report = evaluate(snapshot)
ended, spent_ended = time.perf_counter(), time.process_time()
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps({"load": loaded - started, "load_cpu": spent_loaded - spent, "evaluate": ended - loaded,
                  "evaluate_cpu": spent_ended - spent_loaded, "verdict": report.answer.value,
                  "peak": peak / (1 << 20 if sys.platform == "darwin" else 1 << 10)}))
"""
RUNS = 3


def run() -> str:
    """The section's text."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "large.json"
        path.write_text(dumps(large()), "utf-8")
        size = path.stat().st_size / 1e6
        found = [json.loads(_once(path)) for _run in range(RUNS)]
    least = {key: min(one[key] for one in found) for key in found[0] if key != "verdict"}
    return "\n".join(
        [
            heading("A large world: 1,000 nodes, 20,000 pods, 5,000 routes, 25 peerings"),
            f"  Snapshot of {size:.0f} MB, verdict {found[0]['verdict']}, least of {RUNS} runs",
            f"  loaded in {least['load']:.3f} s ({least['load_cpu']:.3f} s of processor)",
            f"  judged in {least['evaluate']:.3f} s ({least['evaluate_cpu']:.3f} s of processor; "
            f"aim: 1 s, {within(least['evaluate'], 1.0)})",
            f"  {least['peak']:.0f} MB at the most (aim: 400 MB, {within(least['peak'], 400)})",
        ]
    )


def _once(path: Path) -> str:
    command = [sys.executable, "-c", PROGRAM, str(path)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout
