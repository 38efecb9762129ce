"""Every live run leaves a recording under pseudonyms; `wayhome open` lists and shows it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from rules import schemas

Wayhome = Callable[..., Any]
POD, TARGET = "my-pod", "http://10.2.0.10/health"
NAMES = re.compile(r"\bmy-pod\b|\bproject-[ab]\b|\bvpc-[ab]\b|gke-node-01|cluster-1\b|a-to-b|10\.2\.0\.10|10\.1\.0\.11")


@pytest.fixture
def folder(environment: dict[str, str]) -> Path:
    return Path(environment["WAYHOME_STATE_DIR"]) / "recordings"


def recorded(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.json"))


def test_live_runs_are_recorded_and_judged_alike(
    started: Callable[..., Wayhome], folder: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    wayhome = started("article")
    assert wayhome("diagnose", POD, TARGET, "--no-record").code == 1
    assert recorded(folder) == []

    saved, shown = tmp_path / "whole.json", tmp_path / "redacted.json"
    live = wayhome("diagnose", POD, TARGET, "--json", "--save", str(saved))
    (first,) = recorded(folder)
    text = first.read_text("utf-8")
    jsonschema.validate(json.loads(text), json.loads(schemas.snapshot()))
    # Pseudonyms of a random key may happen to be a name of one letter's difference; the long ones cannot.
    assert not re.search(r"gke-node-01|a-to-b|10\.2\.0\.10|10\.1\.0\.11|my-pod", text)
    assert NAMES.search(saved.read_text("utf-8"))
    again = wayhome("diagnose", "--snapshot", str(first), "--json")
    assert again.code == live.code == 1
    then, now = json.loads(live.out), json.loads(again.out)
    assert [(one["id"], one["status"]) for one in now["causes"]] == [
        (one["id"], one["status"]) for one in then["causes"]
    ]
    assert [(one["id"], one["complete"]) for one in now["remedies"]] == [
        (one["id"], one["complete"]) for one in then["remedies"]
    ]
    assert now["broken"]["reason"] == then["broken"]["reason"]

    listed = wayhome("open")
    assert listed.code == 0
    row = listed.out.split()
    assert row[0] == first.stem
    assert row[2] == "broken"
    assert (
        row[3] == json.loads(text)["question"]["pod"]["namespace"] + "/" + json.loads(text)["question"]["pod"]["name"]
    )
    assert "needs a terminal" in wayhome("open", first.stem).sentence

    wayhome("diagnose", POD, TARGET, "--no-redact", "--save", str(shown), "--redact")
    assert any("my-pod" in path.read_text("utf-8") for path in recorded(folder))
    assert "my-pod" not in shown.read_text("utf-8")
    assert json.loads(shown.read_text("utf-8"))["question"]["pod"] == json.loads(text)["question"]["pod"]

    before = set(recorded(folder))
    assert wayhome("apply", "masquerade-minimal", POD, TARGET, "--yes").code == 0
    made = [path.stem.rpartition("-")[2] for path in recorded(folder) if path not in before]
    assert sorted(made) == ["broken", "reachable"]


def test_a_folder_that_takes_nothing_is_one_remark(started: Callable[..., Wayhome], folder: Path) -> None:
    wayhome = started("article")
    folder.write_text("in the way", "utf-8")
    done = wayhome("diagnose", POD, TARGET)
    assert done.code == 1
    assert "BROKEN" in done.out
    assert done.err.count("--no-record") == 1


def test_nothing_recorded_yet_is_said(wayhome: Wayhome) -> None:
    done = wayhome("open")
    assert (done.code, done.out) == (0, "")
    assert "Nothing has been recorded yet" in done.err


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "not complete JSON"),
        (b'{"schema": "wayhome.snapshot/1", "question": {"pod"', "not complete JSON"),
        (b'{"schema": "wayhome.snapshot/9"}', "schema wayhome.snapshot/9"),
        (b'{"schema": ["[/x]\\u001b[31m"]}', "schema"),
        (b'{"schema": "wayhome.snapshot/1", "question": {"pod": 3, "target": []}}', "damaged"),
        (b'{"schema": "wayhome.snapshot/1"}', "damaged"),
        (b"[" * 100_000, "not complete JSON"),
        (b'{"schema": ' + b"9" * 5000 + b"}", "not complete JSON"),
        (b"\xff\xfe\x00", "not UTF-8"),
        (b"[]", "not a Snapshot"),
    ],
    ids=["empty", "cut", "later", "markup", "types", "bare", "deep", "digits", "bytes", "list"],
)
def test_a_file_that_is_no_recording_is_one_sentence(wayhome: Wayhome, tmp_path: Path, data: bytes, words: str) -> None:
    path = tmp_path / "case.json"
    path.write_bytes(data)
    done = wayhome("open", str(path))
    assert done.code == 2
    assert done.out == ""
    assert words in done.sentence
    assert "\x1b" not in done.err
    assert len(done.sentence) < 400


def test_a_file_larger_than_any_recording_is_not_read(wayhome: Wayhome, tmp_path: Path) -> None:
    path = tmp_path / "large.json"
    with path.open("wb") as file:
        file.truncate(600 * 1024 * 1024)
    done = wayhome("open", str(path))
    assert (done.code, done.sentence.endswith("is larger than 512 MiB; that is not one Snapshot.")) == (2, True)


def test_a_recording_that_does_not_exist_is_one_sentence(wayhome: Wayhome) -> None:
    assert "cannot be read" in wayhome("open", "20261125T200000Z-000000-broken").sentence
