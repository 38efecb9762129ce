"""The app's lab: what somebody else started is used and left running; what the app started ends with it."""

from __future__ import annotations

import os
from dataclasses import dataclass

import pytest

from lab import control
from tui.rooms import RealLab


@dataclass(frozen=True)
class Lab:
    """A running lab, as far as the app looks at it."""

    scenario: str
    pid: int


class Labs:
    """Stands in for lab.control: at most one lab runs."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now: Lab | None = None
        self.count = 100
        monkeypatch.setattr(os, "environ", dict(os.environ))
        monkeypatch.setattr(control, "running", lambda: self.now)
        monkeypatch.setattr(control, "start", self.start)
        monkeypatch.setattr(control, "stop", self.stop)
        monkeypatch.setattr(control, "environment", lambda lab: {"LAB": str(lab.pid)})

    def start(self, name: str, leash: int | None = None) -> Lab:
        assert self.now is None
        self.count += 1
        self.now = Lab(name, self.count)
        return self.now

    def stop(self) -> None:
        self.now = None


@pytest.fixture
def labs(monkeypatch: pytest.MonkeyPatch) -> Labs:
    """A machine on which no lab runs."""
    return Labs(monkeypatch)


def test_a_lab_that_runs_already_is_used_and_left_running(labs: Labs) -> None:
    other = labs.start("article")
    room = RealLab()
    assert room.start("article") is False
    assert os.environ["LAB"] == str(other.pid)
    room.stop()
    assert labs.now == other


def test_a_lab_that_the_app_started_ends_with_it(labs: Labs) -> None:
    room = RealLab()
    assert room.start("article") is True
    assert room.start("article") is True
    room.stop()
    assert labs.now is None


def test_a_lab_that_took_the_place_of_the_apps_own_is_left_running(labs: Labs) -> None:
    room = RealLab()
    room.start("article")
    labs.stop()
    other = labs.start("article")
    room.stop()
    assert labs.now == other
