"""Judge random worlds: print how many predictions agreed with the kernel, and each that did not."""

from __future__ import annotations

import argparse
import os
import sys
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path

from lab.fabric.kernel.client import KernelUnavailableError
from lab.judge.sitting import Tally, read_seeds, run_here

CHUNK = 50


def main() -> int:
    """Read the arguments, judge on every processor, say what was found; 1 when the two disagree anywhere."""
    parser = argparse.ArgumentParser(prog="python -m lab.judge", description=__doc__)
    parser.add_argument("--worlds", type=int, default=10_000, help="how many (default 10000)")
    parser.add_argument("--first", type=int, default=0, help="the first world's number")
    parser.add_argument("--seeds", type=Path, help="a file of numbers, one a line; # begins a remark")
    arguments = parser.parse_args()
    seeds = list(range(arguments.first, arguments.first + arguments.worlds))
    if arguments.seeds:
        seeds = read_seeds(arguments.seeds.read_text(encoding="utf-8"))
    tally = Tally()
    try:
        with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn")) as pool:
            chunks = [pool.submit(run_here, seeds[at : at + CHUNK]) for at in range(0, len(seeds), CHUNK)]
            for done in as_completed(chunks):
                found = done.result()
                tally += found
                for sentence in found.wrong:
                    print(sentence, flush=True)  # noqa: T201  the program's output
                print(f"\r{tally.worlds} of {len(seeds)} worlds", end="", file=sys.stderr, flush=True)  # noqa: T201
    except KernelUnavailableError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 2
    print(file=sys.stderr)  # noqa: T201
    print(tally)  # noqa: T201
    return 1 if tally.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
