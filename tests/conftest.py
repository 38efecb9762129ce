"""What all tests share."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings

# No test measures time, so that a busy machine fails none.
settings.register_profile("wayhome", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("wayhome")

# Whatever locale the tests are run in, the program meets the one that most terminals have.
for _name in ("LC_ALL", "LC_CTYPE", "LC_MESSAGES", "LANGUAGE"):
    os.environ.pop(_name, None)
os.environ["LANG"] = "C.UTF-8"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Where the tier `cluster` finds a cluster that it did not start."""
    group = parser.getgroup("cluster", "a cluster of one's own for the tests marked `cluster`, such as kind or GKE")
    group.addoption("--kubeconfig", metavar="FILE", help="use this cluster instead of starting one")
    group.addoption("--cluster", metavar="FILE", help="the line that a running `python -m lab.cluster` has printed")
    group.addoption(
        "--image",
        metavar="KIND=IMAGE",
        action="append",
        default=[],
        help="an image that this cluster can pull; KIND is tools (curl), busybox (no curl) or distroless (no shell)",
    )
