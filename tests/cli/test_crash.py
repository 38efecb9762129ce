"""Every step of apply and of rollback is a place to be killed at, and docs/crash.md says what became of it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from crash import page

pytestmark = pytest.mark.lab
ROOT = Path(__file__).parents[2]


def test_the_page_has_every_remedy_fabric_and_way_and_nothing_went_wrong() -> None:
    told = page.told()
    assert set(told) == {
        (remedy, fabric, way) for remedy in page.REMEDIES for fabric in page.FABRICS for way in page.WAYS
    }
    for rows in told.values():
        assert len(rows) > 15
        assert not [row for row in rows if row.wrong]
    assert page.render(told) == page.FILE.read_text("utf-8")


@pytest.mark.parametrize(("remedy", "fabric"), [("exchange-routes", "simulated"), ("masquerade-minimal", "kernel")])
def test_killed_at_some_steps(remedy: str, fabric: str) -> None:
    """What becomes of a kill is what the page says; `make crash` kills at every step."""
    done = subprocess.run(
        [sys.executable, "-m", "crash", "--sample", "8", "--remedy", remedy, "--fabric", fabric],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=1800,
        check=False,
    )
    if fabric == "kernel" and "--fabric simulated" in done.stderr and not os.environ.get("CI"):
        pytest.skip("no network namespaces here")
    assert done.returncode == 0, done.stdout + done.stderr[-2000:]
