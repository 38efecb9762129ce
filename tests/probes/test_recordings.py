"""Recordings: kept under pseudonyms, bounded, listed newest first; what cannot be kept is one sentence."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from probes import recordings
from rules.snapshot import PodRef, Question, Snapshot, Target, dumps, loads

SEEN = Snapshot("2026-11-23T00:00:00Z", "0.1.0", Question(PodRef("payroll", "salaries-7d8b5"), Target("10.2.0.10")))


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("WAYHOME_STATE_DIR", str(tmp_path))
    return tmp_path / "recordings"


def test_a_recording_holds_no_name_and_a_pod_keeps_its_pseudonym(state: Path) -> None:
    first, second = recordings.keep(SEEN, "broken"), recordings.keep(SEEN, "broken")
    assert first != second
    assert first.read_text("utf-8") == second.read_text("utf-8")
    kept = loads(first.read_text("utf-8"))
    assert kept.redacted
    assert "payroll" not in first.read_text("utf-8")
    assert kept.question.target.ip.startswith("10.")
    assert kept.question.target.ip != "10.2.0.10"
    assert {path.stat().st_mode & 0o077 for path in state.iterdir()} == {0}
    assert state.stat().st_mode & 0o077 == 0


def test_names_are_kept_on_request(state: Path) -> None:
    kept = recordings.keep(SEEN, "broken", redacted=False)
    assert kept.read_text("utf-8") == dumps(SEEN)
    assert not (state / "key").exists()


def test_recordings_are_listed_newest_first_with_verdict_and_pod(state: Path) -> None:
    assert recordings.listed() == ()
    state.mkdir()
    (state / "20260101T000000Z-aaaaaa-unknown.json").write_text("not JSON", "utf-8")
    (state / "20261399T000000Z-aaaaaa-broken.json").write_text("[]", "utf-8")
    (state / "notes.txt").write_text("mine", "utf-8")
    new = recordings.keep(SEEN, "broken", redacted=False)
    found = recordings.listed()
    assert [one.verdict for one in found if one.at.year == 2026 and one.at.month == 1] == ["unknown"]
    assert {one.path: (one.verdict, one.pod) for one in found}[new] == ("broken", "payroll/salaries-7d8b5")
    assert [one.path.name for one in found] == sorted((one.path.name for one in found), reverse=True)
    assert len(found) == 3
    assert recordings.find(new.stem) == recordings.find(new.name) == new
    assert recordings.find("../recordings/" + new.name) is None
    assert recordings.find("key") is None


def test_the_oldest_go_when_there_are_too_many_or_they_are_too_large(
    state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recordings, "MOST", 3)
    state.mkdir()
    for day in range(1, 6):
        (state / f"202601{day:02}T000000Z-aaaaaa-broken.json").write_bytes(b"x" * 1000)
    new = recordings.keep(SEEN, "reachable")
    left = [one.path.name for one in recordings.listed()]
    assert left == [new.name, "20260105T000000Z-aaaaaa-broken.json", "20260104T000000Z-aaaaaa-broken.json"]

    monkeypatch.setattr(recordings, "MOST_BYTES", 1)
    last = recordings.keep(SEEN, "reachable")
    assert [one.path for one in recordings.listed()] == [last]


def test_a_recording_stands_for_the_earlier_one_of_its_run(state: Path) -> None:
    first = recordings.keep(SEEN, "unknown")
    second = recordings.keep(SEEN, "broken", instead_of=first)
    assert [one.path for one in recordings.listed()] == [second]


@pytest.mark.parametrize("spoil", ["file in the way", "full"])
def test_what_cannot_be_kept_is_one_sentence(state: Path, monkeypatch: pytest.MonkeyPatch, spoil: str) -> None:
    if spoil == "full":

        def full(*_args: object) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(os, "fdopen", full)
    else:
        state.write_text("", "utf-8")
    with pytest.raises(recordings.RecordingError, match="--no-record") as caught:
        recordings.keep(SEEN, "broken")
    assert caught.value.sentence.count("\n") == 0
    if spoil == "full":
        assert list(state.iterdir()) == []


def test_a_spoilt_key_is_replaced(state: Path) -> None:
    recordings.keep(SEEN, "broken")
    (state / "key").write_bytes(b"short")
    kept = recordings.keep(SEEN, "broken")
    assert len((state / "key").read_bytes()) == recordings.KEY_BYTES
    assert json.loads(kept.read_text("utf-8"))["redacted"] is True
