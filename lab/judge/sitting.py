"""Judge many worlds and count what came of them."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Sequence
from dataclasses import dataclass, field

from lab.fabric.kernel.client import KeeperClient
from lab.judge.court import judge

AT_ONCE = 2
"""Worlds under way in one process: one waits for its connections while the next is built."""


@dataclass
class Tally:
    """What came of some worlds. A pod's connection has two predictions: with the nodes' nat
    tables read, and without."""

    worlds: int = 0
    predictions: int = 0
    untold: int = 0
    wrong: list[str] = field(default_factory=list)
    seeds: set[int] = field(default_factory=set)

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            self.worlds + other.worlds,
            self.predictions + other.predictions,
            self.untold + other.untold,
            self.wrong + other.wrong,
            self.seeds | other.seeds,
        )

    def __str__(self) -> str:
        agreed = self.predictions - self.untold - len(self.wrong)
        worlds = f" in worlds {' '.join(map(str, sorted(self.seeds)))}" if self.seeds else ""
        return (
            f"{self.worlds} worlds, {self.predictions} predictions: {agreed} agree with the kernel, "
            f"{len(self.wrong)} disagree{worlds}, {self.untold} times the model does not dare to say"
        )


async def run(seeds: Sequence[int], *, at_once: int = AT_ONCE) -> Tally:
    """Judge the worlds of `seeds` in this process."""
    queue = list(reversed(seeds))

    async def work() -> Tally:
        tally, client = Tally(), KeeperClient()
        await client.start()
        try:
            while queue:
                seed = queue.pop()
                found = await judge(client, seed)
                wrong = [str(each) for each in found if not each.agrees]
                untold = sum(not each.told for each in found)
                tally += Tally(1, len(found), untold, wrong, {seed} if wrong else set())
        finally:
            await client.stop()
        return tally

    return sum(await asyncio.gather(*(work() for _ in range(min(at_once, len(queue))))), Tally())


def run_here(seeds: Sequence[int]) -> Tally:
    """`run`, for a process of a pool, which has no time to look for garbage often."""
    gc.set_threshold(200_000, 20, 20)
    return asyncio.run(run(seeds))


def read_seeds(text: str) -> list[int]:
    """The numbers of a list of worlds, one a line; # begins a remark."""
    lines = (line.partition("#")[0].strip() for line in text.splitlines())
    return [int(line) for line in lines if line]
