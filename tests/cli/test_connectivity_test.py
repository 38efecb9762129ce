"""`wayhome diagnose --connectivity-test FILE` and `--ask`, as a person types them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Wayhome = Callable[..., Any]


def test_a_result_is_shown_and_kept(wayhome: Wayhome, article_file: str, tmp_path: Path) -> None:
    step = {"projectId": "project-b", "drop": {"cause": "NO_ROUTE"}}
    result = {
        "reachabilityDetails": {"result": "REACHABLE"},
        "returnReachabilityDetails": {"result": "UNREACHABLE", "traces": [{"steps": [step]}]},
    }
    given, kept = tmp_path / "test.json", tmp_path / "kept.json"
    given.write_text(json.dumps(result), "utf-8")
    words = ("diagnose", "--snapshot", article_file, "--connectivity-test", str(given), "--json", "--save", str(kept))
    said = json.loads(wayhome(*words).out)["connectivity_test"]
    assert (said["result"], said["return_result"], said["agrees"]) == ("REACHABLE", "UNREACHABLE", True)
    again = wayhome("diagnose", "--snapshot", str(kept))
    assert "forward REACHABLE, return UNREACHABLE; it agrees with the walk." in " ".join(again.out.split())


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", "\x00", '{"reachabilityDetails": []}'])
def test_a_file_that_is_none_is_one_sentence(wayhome: Wayhome, article_file: str, tmp_path: Path, text: str) -> None:
    given = tmp_path / "test.json"
    given.write_text(text, "utf-8")
    done = wayhome("diagnose", "--snapshot", article_file, "--connectivity-test", str(given))
    assert done.code == 2
    assert str(given) in done.sentence


def test_files_that_cannot_be_read_are_one_sentence(wayhome: Wayhome, article_file: str, tmp_path: Path) -> None:
    huge, binary = tmp_path / "huge.json", tmp_path / "binary.json"
    with huge.open("wb") as file:
        file.truncate(17 * 1024 * 1024)
    binary.write_bytes(b"\xff\xfe\x00")
    for path in (huge, binary, tmp_path, tmp_path / "none.json"):
        done = wayhome("diagnose", "--snapshot", article_file, "--connectivity-test", str(path))
        assert done.code == 2
        assert str(path) in done.sentence


def test_a_file_cannot_be_asked(wayhome: Wayhome, article_file: str) -> None:
    done = wayhome("diagnose", "--snapshot", article_file, "--ask")
    assert done.code == 2
    assert "--ask" in done.err


@pytest.mark.lab
def test_a_lab_is_asked_until_nothing_more_can_tell(started: Callable[..., Wayhome]) -> None:
    """The node lets no pod's packet out, which no API shows; pods elsewhere are answered."""
    wayhome = started("rc50-node-does-not-forward")
    done = wayhome("diagnose", "my-pod", "http://10.2.0.10/health", "--ask", "--json")
    report = json.loads(done.out)
    rows = {row["probe"]: row["observed"] for row in report["matrix"]}
    assert rows["pod-peer"] == "timeout"
    assert rows["pod-peer@gke-node-02"] == "ok"
    assert any("differs by node" in said for said in report["unexplained"])
    assert "gke-node-02 to ask the same from there" in done.err
