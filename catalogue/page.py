"""docs/catalogue.md: every cause, the scenarios in which it is true, and what was named there."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from catalogue.worlds import World
from rules import causes
from rules.causes.cause import Cause

FILE = Path(__file__).parent.parent / "docs" / "catalogue.md"
FABRICS = ("simulated", "kernel")
RIGHT, ASKED, APART, UNPLAYED, UNTRIED = "✓", "✓ with `--ask`", "·", "–", "untried"
NAMED = (RIGHT, ASKED)

ONLY_MISLEAD = {
    "RC67": "a NAT gateway never sees what crosses a peering, so it loses nothing that does",
    "RC71": "a Windows node only lets its own pods through where others fail",
}
"""Causes that keep no packet back, so that another is named first wherever something fails."""


@dataclass
class Results:
    """What was found by scenario and fabric, a few words where it was not one of NAMED; and by pair, '' where right.

    `told` is what an earlier run found, by the same keys; a pair is None where the two cannot both hold.
    """

    worlds: tuple[World, ...]
    told: Mapping[tuple[str, str], str] = field(default_factory=dict)
    alone: dict[tuple[str, str], str] = field(default_factory=dict)
    ids: tuple[str, ...] = ()
    pairs: dict[tuple[str, str], str | None] = field(default_factory=dict)
    proofs: dict[str, str] = field(default_factory=dict)
    """By cause, what was wrong with its page's commands; '' where they did and showed what the page says."""

    @property
    def failures(self) -> list[str]:
        """One line for everything that was wrong."""
        found = [f"{name} ({fabric}): {why}" for (name, fabric), why in self.alone.items() if why not in NAMED]
        found += [f"the page of {own}: {why}" for own, why in self.proofs.items() if why]
        return found + [f"{one} + {other}: {why}" for (one, other), why in self.pairs.items() if why]

    def cell(self, world: World, fabric: str) -> str:
        """One cell; what was not tried this time is as the page told it."""
        if fabric not in world.fabrics:
            return UNPLAYED
        return self.alone.get((world.name, fabric)) or self.told.get((world.name, fabric), UNTRIED)


def told() -> dict[tuple[str, str], str]:
    """What the page says, by scenario and fabric."""
    if not FILE.exists():
        return {}
    row = r"`([a-z0-9-]+)` \|(?: [^|`]+ \|)? ([^|]+) \| ([^|]+) \|$"
    rows = re.findall(row, FILE.read_text(encoding="utf-8"), re.MULTILINE)
    cells = {(name, fabric): cell for name, *found in rows for fabric, cell in zip(FABRICS, found, strict=True)}
    return {key: cell for key, cell in cells.items() if cell not in (UNPLAYED, UNTRIED)}


def render(results: Results) -> str:
    """The page as Markdown."""
    return "\n".join(_lines(results)) + "\n"


def _lines(results: Results) -> Iterator[str]:
    known = causes.load()
    own: Mapping[str, list[World]] = {cause.id: [] for cause in known}
    for world in results.worlds:
        if world.own in own:
            own[world.own].append(world)
    proofs = {name: [world for world in worlds if _right(results, world)] for name, worlds in own.items()}
    proven = sum(bool(worlds) for worlds in proofs.values())
    led = {world.answer[0] for worlds in proofs.values() for world in worlds}
    beside = [f"{name} ({ONLY_MISLEAD.get(name, 'no reason known')})" for name in proofs if name not in led]
    healthy = [world for world in results.worlds if world.healthy]
    real = sum(any(results.cell(world, "kernel") in NAMED for world in worlds) for worlds in own.values())
    yield "# The catalogue, held against the lab"
    yield ""
    yield "`make catalogue` builds every scenario, diagnoses it, and compares what is named with what is true there; it"
    yield "writes this page. A ✓ means: the first of the scenario's truths is named first, every other is named too,"
    yield f"and no cause is invented. {ASKED}: so only after the observation that the report named as the next one."
    yield f"{UNPLAYED} means that the fabric cannot play the scenario."
    yield ""
    yield f"- Causes: {proven} of {len(known)} are named in scenarios of their own, {real} on a real kernel; all are"
    yield f"  named first{', but those that only mislead beside another:' if beside else '.'}"
    yield from (f"  - {each}." for each in beside)
    yield f"- {len(healthy)} healthy worlds raise no alarm."
    if results.pairs:
        both = [why for why in results.pairs.values() if why is not None]
        right = [why for why in both if not why]
        yield (
            f"- {len(both)} of the {len(results.pairs)} pairs of the {len(results.ids)} likeliest causes can both hold;"
            f" both are named, and nothing else, in {len(right)}."
        )
    yield from (
        "",
        "## Causes",
        "",
        "| cause | what it is | Connectivity Tests | scenario | simulated | kernel |",
        "|---|---|---|---|---|---|",
    )
    for cause in known:
        yield from _rows(results, cause, own[cause.id])
    yield from ("", "## Healthy worlds", "", "| scenario | what it is | simulated | kernel |", "|---|---|---|---|")
    for world in healthy:
        cells = " | ".join(results.cell(world, fabric) for fabric in FABRICS)
        yield f"| `{world.name}` | {world.scenario.title} | {cells} |"
    if results.pairs:
        yield from _pairs(results)


def _right(results: Results, world: World) -> bool:
    return all(results.alone.get((world.name, fabric), RIGHT) in NAMED for fabric in world.fabrics)


def _rows(results: Results, cause: Cause, worlds: list[World]) -> Iterator[str]:
    tests = ", ".join(f"`{name}`" for name in cause.connectivity_tests)
    for world in worlds:
        cells = " | ".join(results.cell(world, fabric) for fabric in FABRICS)
        yield f"| {cause.id} | {cause.title} | {tests} | `{world.name}` | {cells} |"
    if not worlds:
        yield f"| {cause.id} | {cause.title} | {tests} | none yet | {UNPLAYED} | {UNPLAYED} |"


def _pairs(results: Results) -> Iterator[str]:
    ids = results.ids
    yield from ("", "## Two faults at once", "")
    yield f"The {len(ids)} likeliest causes, two at a time, on the simulated fabric. {RIGHT}: both are named and"
    yield f"nothing is invented. {APART}: they cannot both hold, such as two states of one setting."
    yield from ("", "| | " + " | ".join(ids[1:]) + " |", "|---|" + "---|" * (len(ids) - 1))
    for row, one in enumerate(ids[:-1]):
        cells = []
        for column, other in enumerate(ids[1:], 1):
            why = results.pairs.get((one, other))
            cells.append("" if column <= row else APART if why is None else why or RIGHT)
        yield f"| {one} | " + " | ".join(cells) + " |"
