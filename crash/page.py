"""docs/crash.md: what became of every kill."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from crash.trial import Row

FILE = Path(__file__).parent.parent / "docs" / "crash.md"
REMEDIES = ("masquerade-minimal", "exchange-routes", "deploy-agent", "egress-nat-policy")
FABRICS = ("simulated", "kernel")
WAYS = ("apply", "rollback")
INTRODUCTION = """# Killed at every step

`make crash` starts the lab on the article's incident (for `deploy-agent` and `egress-nat-policy` on one that they are
for), kills `wayhome apply` and `wayhome rollback` with SIGKILL at every step, and writes this page. After each kill it
holds fast:

- what `wayhome runs` says at the next start;
- that `wayhome apply --resume RUN` completes the run and proves it, with no call more than an undisturbed run makes;
- that `wayhome rollback RUN` takes it back, so that nothing in the lab is different from its beginning.

A ✓ means that all of this held. The steps are every line of the journal (before it, torn in its middle, after it),
every call that changes something (before it, after the server took it on, after its answer), the wait and the proof.
"""

Key = tuple[str, str, str]


def render(rows: Mapping[Key, Iterable[Row]]) -> str:
    """The page; `rows` by remedy, fabric and way (apply or rollback)."""
    return "\n".join(_lines(rows)) + "\n"


def _lines(rows: Mapping[Key, Iterable[Row]]) -> Iterator[str]:
    yield INTRODUCTION.rstrip()
    for (remedy, fabric, way), found in sorted(rows.items()):
        yield from ("", f"## {way} of {remedy}, {fabric} fabric", "")
        yield "| killed | `wayhome runs` says | | completing | taking back | |"
        yield "|---|---|---|---|---|---|"
        yield from (line(row) for row in found)


def line(row: Row) -> str:
    """One row of a table."""
    mark = f"✗ {row.wrong}".replace("|", "/").replace("\n", " ") if row.wrong else "✓"
    return f"| {row.point} | {row.state} | {row.says} | {row.completed} | {row.taken_back} | {mark} |"


def told() -> dict[Key, tuple[Row, ...]]:
    """What the page says now."""
    found: dict[Key, list[Row]] = {}
    key: Key | None = None
    for text in FILE.read_text("utf-8").splitlines() if FILE.exists() else ():
        heading = re.fullmatch(r"## (\w+) of ([\w-]+), (\w+) fabric", text)
        if heading:
            key = (heading[2], heading[1 + 2], heading[1])
        elif key and text.startswith("| ") and not text.startswith("| killed"):
            point, state, says, completed, taken, mark = (cell.strip() for cell in text.strip("|").split("|"))
            wrong = mark.removeprefix("✗ ") if mark.startswith("✗") else ""
            found.setdefault(key, []).append(Row(point, state, says, completed, taken, wrong))
    return {key: tuple(rows) for key, rows in found.items()}
