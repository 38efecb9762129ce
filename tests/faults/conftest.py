"""The stage of the faults, once for each process of the tests."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))
play: Any = importlib.import_module("stage")


@pytest.fixture(scope="session")
def on() -> Iterator[Any]:
    """The running servers."""
    with play.stage() as running:
        yield running
