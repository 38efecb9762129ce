"""Judge random worlds: print how many connections agreed, and each that did not."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from lab.fabric.kernel.client import KeeperClient
from lab.judge.court import Finding, judge

AT_ONCE = 2


@dataclass
class Tally:
    """What came of all worlds so far."""

    worlds: int = 0
    connections: int = 0
    untold: int = 0
    wrong: list[Finding] = field(default_factory=list)

    def add(self, found: Sequence[Finding]) -> None:
        """Count one world."""
        self.worlds += 1
        self.connections += len(found)
        self.untold += sum(not each.told for each in found)
        self.wrong += [each for each in found if not each.agrees]


async def _work(seeds: asyncio.Queue[int], tally: Tally) -> None:
    client = KeeperClient()
    await client.start()
    try:
        while not seeds.empty():
            found = await judge(client, seeds.get_nowait())
            tally.add(found)
            for each in found:
                if not each.agrees:
                    print(each, flush=True)  # noqa: T201  the program's output
            if tally.worlds % 500 == 0:
                print(f"{tally.worlds} worlds", file=sys.stderr, flush=True)  # noqa: T201
    finally:
        await client.stop()


async def run(seeds: Sequence[int]) -> Tally:
    """Judge the worlds of `seeds`, a few at once."""
    queue: asyncio.Queue[int] = asyncio.Queue()
    for seed in seeds:
        queue.put_nowait(seed)
    tally = Tally()
    await asyncio.gather(*(_work(queue, tally) for _ in range(AT_ONCE)))
    return tally


def main() -> int:
    """Read the arguments, judge, say what was found; 1 when the two disagree anywhere."""
    parser = argparse.ArgumentParser(prog="python -m lab.judge", description=__doc__)
    parser.add_argument("--worlds", type=int, default=200)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--seeds", type=Path, help="a file of numbers, one a line; # begins a remark")
    arguments = parser.parse_args()
    if arguments.seeds:
        lines = arguments.seeds.read_text(encoding="utf-8").splitlines()
        seeds = [int(line.split("#")[0]) for line in lines if line.split("#")[0].strip()]
    else:
        seeds = list(range(arguments.first, arguments.first + arguments.worlds))
    tally = asyncio.run(run(seeds))
    wrong = sorted({each.seed for each in tally.wrong})
    agreed = tally.connections - tally.untold - len(tally.wrong)
    print(  # noqa: T201
        f"{tally.worlds} worlds, {tally.connections} connections: {agreed} agree, "
        f"{len(tally.wrong)} disagree (in {len(wrong)} worlds{': ' + ' '.join(map(str, wrong)) if wrong else ''}), "
        f"{tally.untold} not told by the model"
    )
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
