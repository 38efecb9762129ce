"""The kernel judges the model on a few hundred random worlds, and on every world they ever disagreed about."""

from __future__ import annotations

import asyncio
import os
from importlib.resources import files

import pytest

from lab.fabric.kernel.client import KernelUnavailableError
from lab.judge.court import made
from lab.judge.sitting import Tally, read_seeds, run
from lab.judge.worlds import world

CHUNK = 25
WORLDS = 300
REGRESSIONS = read_seeds(files("lab.judge").joinpath("regressions.txt").read_text(encoding="utf-8"))


def judged(seeds: list[int]) -> Tally:
    try:
        return asyncio.run(run(seeds))
    except KernelUnavailableError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"no network namespaces here: {error}")


@pytest.mark.parametrize("first", range(0, WORLDS, CHUNK))
def test_kernel_and_model_agree_on_random_worlds(first: int) -> None:
    tally = judged(list(range(first, first + CHUNK)))
    assert tally.wrong == []
    assert tally.untold < tally.predictions / 20


def test_kernel_and_model_agree_where_they_once_did_not() -> None:
    tally = judged(REGRESSIONS)
    assert tally.wrong == []


@pytest.mark.parametrize("seed", [0, 7, 4711])
def test_a_number_always_makes_the_same_world(seed: int) -> None:
    assert world(seed) == world(seed)
    assert made(world(seed), seed)[1] == made(world(seed), seed)[1]
