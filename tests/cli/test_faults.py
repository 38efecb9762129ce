"""`wayhome lab fault` from the command line, and the one sentence that `wayhome diagnose` then ends in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.lab

Wayhome = Callable[..., Any]
QUESTION = ("my-pod", "http://10.2.0.10/health", "--no-record")


def test_faults_are_listed_asked_for_and_cleared(started: Callable[..., Wayhome]) -> None:
    wayhome = started("article")
    assert "Asked for now" not in wayhome("lab", "fault", "list").out
    asked = wayhome("lab", "fault", "403", "--on", "compute.routes.list", "--times", "3")
    assert (asked.code, asked.out) == (0, "")
    assert "403 on compute.routes.list" in asked.err
    listed = wayhome("lab", "fault", "list").out
    assert listed.rpartition("Asked for now:")[2].split() == ["403", "compute.routes.list", "3", "more"]
    assert wayhome("lab", "fault", "clear").code == 0
    assert "Asked for now" not in wayhome("lab", "fault", "list").out
    unknown = wayhome("lab", "fault", "418")
    assert (unknown.code, unknown.out) == (2, "")
    assert "418" in unknown.sentence
    assert wayhome("lab", "fault", "403", "--times", "0").code == 2


@pytest.mark.parametrize(
    ("fault", "on", "code", "said"),
    [
        ("401", "kubernetes.pods.get", 3, "gcloud auth login"),
    ],
)
def test_a_fault_ends_in_a_sentence(
    started: Callable[..., Wayhome], environment: dict[str, str], fault: str, on: str, code: int, said: str
) -> None:
    wayhome = started("article")
    environment["WAYHOME_PATIENCE"] = "0.3"
    assert wayhome("lab", "fault", fault, "--on", on).code == 0
    done = wayhome("diagnose", *QUESTION)
    shown = " ".join((done.out + done.err).split())
    assert done.code == code, shown
    assert said in shown
    assert "\x1b" not in done.out + done.err
    assert not any(ord(character) < 32 and character not in "\n\t" for character in done.out + done.err)
    assert len(shown) < 20_000
