"""`make catalogue`: every cause against its scenarios, alone and in pairs; writes docs/catalogue.md."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context

from catalogue import page, typed, verdicts, worlds
from catalogue.page import FABRICS, Results
from catalogue.worlds import World


def main() -> int:
    """Read the arguments, judge, write the page; 1 when a verdict was wrong anywhere."""
    parser = argparse.ArgumentParser(prog="python -m catalogue", description=__doc__)
    parser.add_argument("--fabric", choices=FABRICS, action="append", help="only on this one (default both)")
    parser.add_argument("--quick", action="store_true", help="in this process alone: no server, no command line")
    parser.add_argument("--only", metavar="WORD", help="try only scenarios with WORD in their name by the command line")
    parser.add_argument(
        "--untried", action="store_true", help="only what the page does not show as right on the kernel"
    )
    parser.add_argument("--pages", action="store_true", help="only type the commands of the causes' pages")
    parser.add_argument("--jobs", type=int, default=(os.cpu_count() or 1) * 2, help="how many labs at once")
    arguments = parser.parse_args()
    known = worlds.singles()
    results = Results(known, page.told())
    fabrics = arguments.fabric or FABRICS
    for world in known:
        why = verdicts.wrong(world, verdicts.at_once(world))
        if why or (world.name, "simulated") not in results.told:
            results.alone[world.name, "simulated"] = why or page.RIGHT
    pairs(results)
    if not arguments.quick:
        chosen = [world for world in known if world.own and (arguments.only or "") in world.name]
        _by_hand(results, chosen, arguments.jobs)
    if not (arguments.quick or arguments.pages):
        tried = [world for world in known if (arguments.only or "") in world.name]
        if arguments.untried:
            tried = [world for world in tried if results.cell(world, "kernel") not in page.NAMED]
        _by_command(results, tried, fabrics, arguments.jobs)
    page.FILE.write_text(page.render(results), encoding="utf-8")
    for line in results.failures:
        print(line)  # noqa: T201  the program's output
    judged = (
        len(results.proofs)
        + len({*results.alone, *((world.name, "simulated") for world in known)})
        + sum(1 for why in results.pairs.values() if why is not None)
    )
    print(f"{judged - len(results.failures)} of {judged} verdicts are right")  # noqa: T201
    return 1 if results.failures else 0


def pairs(results: Results) -> None:
    """Judge every two of the likeliest causes that can both hold."""
    results.ids = worlds.likeliest()
    for one, other, world in worlds.pairs(results.ids):
        results.pairs[one, other] = (
            verdicts.wrong_pair(world, verdicts.at_once(world)) if isinstance(world, World) else None
        )


def _by_hand(results: Results, known: Iterable[World], jobs: int) -> None:
    """Type the commands of each cause's page on the first of its scenarios."""
    first: dict[str, World] = {}
    for world in known:
        first.setdefault(world.own, world)
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        waiting = {pool.submit(typed.proven, world.name): own for own, world in first.items()}
        for number, done in enumerate(as_completed(waiting), 1):
            results.proofs[waiting[done]] = done.result()
            print(f"\r{number} of {len(first)} pages", end="", file=sys.stderr, flush=True)  # noqa: T201  how far it is
    print(file=sys.stderr)  # noqa: T201  the line ends


def _by_command(results: Results, known: Iterable[World], fabrics: Iterable[str], jobs: int) -> None:
    wanted = [(world.name, fabric) for world in known for fabric in fabrics if fabric in world.fabrics]
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        waiting = {pool.submit(typed.told, *each): each for each in wanted}
        for number, done in enumerate(as_completed(waiting), 1):
            results.alone[waiting[done]] = _worse(results.alone.get(waiting[done]), done.result())
            page.FILE.write_text(page.render(results), encoding="utf-8")
            print(f"\r{number} of {len(wanted)} labs", end="", file=sys.stderr, flush=True)  # noqa: T201  how far it is
    print(file=sys.stderr)  # noqa: T201  the line ends


def _worse(before: str | None, now: str) -> str:
    """What was wrong in this process stays wrong, whatever the command line says."""
    return now if before in (None, page.RIGHT) else before


if __name__ == "__main__":
    sys.exit(main())
