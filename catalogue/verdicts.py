"""What wayhome says of a world, held against what is true in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from catalogue import quick
from catalogue.worlds import World
from rules.evaluate import evaluate
from rules.report.as_json import to_json


@dataclass(frozen=True)
class Named:
    """A verdict, the causes in the order in which they are named, and those of them that block."""

    verdict: str
    causes: tuple[str, ...]
    blocking: tuple[str, ...]
    loud: tuple[str, ...]
    contradictions: tuple[str, ...]
    masqueraded: bool | None = None


def named(report: dict[str, Any]) -> Named:
    """What a Report (`wayhome.report/1` as JSON) names; `loud` is whatever is more than latent."""
    causes = report["causes"]
    return Named(
        verdict=report["verdict"],
        causes=tuple(each["id"] for each in causes),
        blocking=tuple(each["id"] for each in causes if each["blocks"]),
        loud=tuple(each["id"] for each in causes if each["status"] != "latent"),
        contradictions=tuple(report["unexplained"]),
        masqueraded=(report["masquerade"] or {}).get("masqueraded"),
    )


@cache
def at_once(world: World) -> Named:
    """The verdict on a world of the simulated fabric, measured in this process."""
    return named(to_json(evaluate(quick.snapshot(world.scenario))))


def wrong(world: World, found: Named) -> str:
    """What is wrong with a verdict, in a few words; '' when it is right.

    The first name is the one that the scenario puts first, every other truth is named, and no cause blocks that is
    not true. A healthy world is reachable, with nothing above latent.
    """
    if world.healthy:
        if found.verdict != "reachable":
            return f"verdict {found.verdict}"
        return f"alarm: {_ids(found.loud)}" if found.loud else _ids(found.contradictions)
    if found.causes[:1] != world.answer[:1]:
        return f"{found.causes[0]} first" if found.causes else "nothing named"
    return _missing(world.answer, found.causes) or _invented(world.answer, found.blocking)


def wrong_pair(world: World, found: Named) -> str | None:
    """The same for two faults at once, where either may be named first.

    None where one takes away what the other rests on: whose address the packet wears.
    """
    if any(at_once(part).masqueraded != found.masqueraded for part in world.parts):
        return None
    return _missing(world.answer, found.causes) or _invented(world.answer, found.blocking)


def _missing(answer: Sequence[str], causes: Sequence[str]) -> str:
    missing = [each for each in answer if each not in causes]
    return f"not named: {_ids(missing)}" if missing else ""


def _invented(answer: Sequence[str], blocking: Sequence[str]) -> str:
    invented = [each for each in blocking if each not in answer]
    return f"invented: {_ids(invented)}" if invented else ""


def _ids(ids: Sequence[str]) -> str:
    return ", ".join(ids)
