"""`make crash`: kill apply and rollback at every step, on both fabrics; writes docs/crash.md."""

from __future__ import annotations

import argparse
import os
import sys
from concurrent.futures import ProcessPoolExecutor, as_completed
from difflib import unified_diff
from multiprocessing import get_context

from crash import page
from crash.sweep import sweep


def main() -> int:
    """Read the arguments, kill, write the page; 1 when something was wrong anywhere."""
    parser = argparse.ArgumentParser(prog="python -m crash", description=__doc__)
    parser.add_argument("--fabric", choices=page.FABRICS, action="append", help="only on this one (default both)")
    parser.add_argument("--remedy", choices=page.REMEDIES, action="append", help="only this one (default all)")
    parser.add_argument("--check", action="store_true", help="write nothing: 1 when the page says anything else")
    parser.add_argument("--sample", type=int, metavar="N", help="kill at every Nth step alone, and check those")
    parser.add_argument("--jobs", type=int, default=(os.cpu_count() or 1) * 2, help="how many labs at once")
    arguments = parser.parse_args()
    wanted = [
        (remedy, fabric) for remedy in arguments.remedy or page.REMEDIES for fabric in arguments.fabric or page.FABRICS
    ]
    if arguments.sample:
        return _sampled(wanted, arguments.sample)
    parts = max(1, arguments.jobs // len(wanted))
    rows = {key: list(enumerate(found)) for key, found in page.told().items()}
    for remedy, fabric in wanted:
        for way in page.WAYS:
            rows[remedy, fabric, way] = []
    with ProcessPoolExecutor(arguments.jobs, mp_context=get_context("spawn")) as pool:
        jobs = [pool.submit(sweep, *each, part, parts) for each in wanted for part in range(parts)]
        for done in as_completed(jobs):
            for key, found in done.result().items():
                rows[key] += found
    ordered = {key: [row for _place, row in sorted(found, key=lambda each: each[0])] for key, found in rows.items()}
    text = page.render(ordered)
    if arguments.check:
        was = page.FILE.read_text("utf-8").splitlines()
        print("\n".join(unified_diff(was, text.splitlines(), "docs/crash.md", "now", lineterm="", n=0)))  # noqa: T201
        return int(text.splitlines() != was)
    page.FILE.write_text(text, encoding="utf-8")
    wrong = [row for found in ordered.values() for row in found if row.wrong]
    print(f"{sum(map(len, ordered.values())) - len(wrong)} of {sum(map(len, ordered.values()))} kills went well")  # noqa: T201
    return 1 if wrong else 0


def _sampled(wanted: list[tuple[str, str]], every: int) -> int:
    """Kill at every `every`-th step and hold what comes of it against the page; 1 where it says anything else."""
    told, apart = page.told(), 0
    for remedy, fabric in wanted:
        first = len(told[remedy, fabric, page.WAYS[0]])
        for key, found in sweep(remedy, fabric, 0, every).items():
            for number, row in found:
                at = number - (0 if key[2] == page.WAYS[0] else first)
                was = told[key][at] if 0 <= at < len(told[key]) else None
                if row != was:
                    apart += 1
                    print(f"{' '.join(key)}: {was and page.line(was)} is now {page.line(row)}")  # noqa: T201
    return int(apart > 0)


if __name__ == "__main__":
    sys.exit(main())
