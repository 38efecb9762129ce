"""All trials of one remedy on one fabric."""

from __future__ import annotations

import sys

from crash import page, trial, victim
from crash.page import Key
from crash.trial import Row


def sweep(remedy: str, fabric: str, part: int = 0, parts: int = 1) -> dict[Key, list[tuple[int, Row]]]:
    """Every `parts`-th trial of one remedy on one fabric, in a lab of its own, with its place in the order."""
    victim.load()
    with trial.lab(remedy, fabric) as running:
        on = trial.course(remedy, running)
        found: dict[Key, list[tuple[int, Row]]] = {(remedy, fabric, way): [] for way in page.WAYS}
        points = [("apply", trial.forth, point) for point in on.forth] + [
            ("rollback", trial.back, point) for point in on.back
        ]
        for number, (way, kill, point) in enumerate(points):
            if number % parts == part:
                row = kill(on, point)
                print(f"{fabric} {way} {page.line(row)}", file=sys.stderr, flush=True)  # noqa: T201
                found[remedy, fabric, way].append((number, row))
        return found
