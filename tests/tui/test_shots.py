"""The pictures in screenshots/ are what the recording of the lab draws today."""

from __future__ import annotations

from pathlib import Path

import pytest

from tui import shots

DRAWN = (
    "path-broken",
    "routes",
    "fixes",
    "consent",
    "proof",
    "verdict",
    "contradictions",
    "handoff",
    "report",
    "marks",
)
FOLDER = Path("screenshots")
SHOTS = {shot.name: shot for shot in shots.SHOTS}


@pytest.mark.screen
@pytest.mark.parametrize("name", DRAWN)
async def test_pictures_have_not_drifted(monkeypatch, name):
    monkeypatch.delenv("NO_COLOR", raising=False)
    recording = shots.load(FOLDER / "recording", SHOTS[name].world)
    assert await shots.draw(SHOTS[name], recording) == (FOLDER / f"{name}.svg").read_text(encoding="utf-8")


def test_every_picture_is_committed_and_none_is_left_over():
    assert {path.stem for path in FOLDER.glob("*.svg")} == set(SHOTS)


def test_the_recording_says_nothing_of_the_machine_that_made_it():
    for path in (FOLDER / "recording").iterdir():
        text = path.read_text(encoding="utf-8")
        assert str(Path.home()) not in text
        assert "/tmp/" not in text  # noqa: S108 - looked for, not used
