"""`diagnose --snapshot` as a whole process, against a Python that does nothing."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from bench.clock import heading, interleaved, ratio, within
from bench.worlds import article
from rules.snapshot import dumps

RUNS = 9


def run() -> str:
    """The section's text."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "article.json"
        path.write_text(dumps(article()))
        diagnose = [sys.executable, "-m", "tui", "diagnose", "--snapshot", str(path)]
        nothing = [sys.executable, "-c", "pass"]
        bare, whole = interleaved(
            RUNS,
            ("python -c pass", lambda: subprocess.run(nothing, check=True)),
            ("wayhome diagnose --snapshot", lambda: subprocess.run(diagnose, stdout=subprocess.DEVNULL, check=False)),
        )
    return "\n".join(
        [
            heading("A verdict from a file, start-up included"),
            str(bare),
            str(whole),
            ratio(whole, bare, f"under 1 s: {within(whole.least, 1.0)}"),
        ]
    )
