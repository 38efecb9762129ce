"""A route table of 10,000 rows in the app's own widget: opening it, and filtering it as a person types."""

from __future__ import annotations

import asyncio
import time
from ipaddress import IPv4Address

from textual.app import App, ComposeResult

from bench.clock import Times, heading, within
from rules.report.model import RouteRow
from tui.views.routes import columns, line_of
from tui.widgets.grid import Grid

ROWS, RUNS = 10_000, 7
TYPED = ("1", "17", "172", "172.1", "172.16")


def rows() -> list[RouteRow]:
    """Routes to 10,000 ranges, a few of them missing."""
    first = int(IPv4Address("172.16.0.0"))
    return [
        RouteRow(
            dest=f"{IPv4Address(first + (number << 8))}/24",
            kind="static" if number % 3 else "peering-static",
            next_hop=f"VM gke-node-{number:05}",
            priority=1000,
            used="",
            why_not="not-exported" if number % 997 == 0 else None,
            ghost=number % 997 == 0,
        )
        for number in range(ROWS)
    ]


class Table(App[None]):
    """One table and nothing else."""

    def compose(self) -> ComposeResult:
        yield Grid(columns())


def run() -> str:
    """The section's text."""
    opened, filtered = asyncio.run(_measure())
    return "\n".join(
        [
            heading(f"A route table of {ROWS:,} rows"),
            str(opened),
            f"  => aim: 150 ms, {within(opened.least, 0.150)}",
            str(filtered),
            f"  => aim: 50 ms a key, {within(filtered.least, 0.050)}",
        ]
    )


async def _measure() -> tuple[Times, Times]:
    data = rows()
    opened, filtered = [], []
    for _run in range(RUNS):
        app = Table()
        async with app.run_test(size=(120, 36)) as pilot:
            grid = app.query_one(Grid)
            started = time.perf_counter()
            grid.load(line_of(row) for row in data)
            grid.render_lines(grid.region.reset_offset)
            opened.append(time.perf_counter() - started)
            await pilot.pause()
            for word in TYPED:
                started = time.perf_counter()
                grid.filter(word)
                grid.render_lines(grid.region.reset_offset)
                filtered.append(time.perf_counter() - started)
    return Times("opened: loaded, sorted, first screen drawn", tuple(opened)), Times(
        "one key of a filter", tuple(filtered)
    )
