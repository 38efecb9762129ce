"""Draws docs/faults.md and its summary in CONTRIBUTING.md: python tests/faults"""

from __future__ import annotations

from pathlib import Path

import table
from stage import cells, impatient, see, stage

with stage() as on:
    seen = {}
    for fault, call in cells():
        with impatient(fault):
            seen[fault, call] = table.cell(call, see(on, fault, call).sentences)
root = Path(__file__).parent.parent.parent
root.joinpath("docs", "faults.md").write_text(table.draw(seen), "utf-8")
guide = root / "CONTRIBUTING.md"
guide.write_text(table.summarised(guide.read_text("utf-8"), seen), "utf-8")
