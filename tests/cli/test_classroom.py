"""An instructor's commands, and the marks of a class, through the command line."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lab.practise import record as records
from tests.lab.test_practise import PERFECT

Wayhome = Callable[..., Any]
QUESTION = ("my-pod", "http://10.2.0.10/health", "--no-node-probe")


@pytest.fixture
def handed_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("WAYHOME_STATE_DIR", str(tmp_path / "class"))
    records.save(PERFECT)
    records.save(replace(PERFECT, learner="=cmd|'/C'!A0", hints=3, revealed=True))
    return records.folder()


def test_marks_of_a_class_as_csv(wayhome: Wayhome, handed_in: Path) -> None:
    done = wayhome("lab", "grade", "--csv", str(handed_in))
    assert (done.code, done.err) == (0, "")
    rows = list(csv.DictReader(io.StringIO(done.out)))
    assert [(row["learner"], row["total"], row["hints"]) for row in rows] == [
        ("'=cmd|'/C'!A0", "45", "-15"),
        ("mari", "100", "0"),
    ]


def test_marks_of_a_class_as_a_table(wayhome: Wayhome, handed_in: Path) -> None:
    done = wayhome("lab", "grade", str(handed_in))
    assert done.code == 0
    assert len(done.out.splitlines()) == 3


def test_what_is_no_record_is_named_and_the_rest_is_graded(wayhome: Wayhome, handed_in: Path) -> None:
    (handed_in / "zzz.json").write_text("{}", encoding="utf-8")
    done = wayhome("lab", "grade", "--csv", str(handed_in))
    assert done.code == 0
    assert "zzz.json is left out" in done.sentence
    assert len(done.out.splitlines()) == 3


def test_nothing_to_grade_is_said(wayhome: Wayhome, tmp_path: Path) -> None:
    assert "No lesson is here yet" in wayhome("lab", "grade").sentence
    done = wayhome("lab", "grade", str(tmp_path / "gone.json"))
    assert (done.code, "There is no file" in done.sentence) == (2, True)


@pytest.mark.parametrize("words", [["inject", "article"], ["reset"]])
def test_without_a_lab_there_is_nothing_to_turn(wayhome: Wayhome, words: list[str]) -> None:
    done = wayhome("lab", *words)
    assert (done.code, "No lab is running" in done.sentence) == (2, True)


@pytest.mark.lab
def test_a_fault_is_injected_and_taken_out_while_the_lab_runs(started: Callable[..., Wayhome]) -> None:
    wayhome = started("healthy-routes-based", "--speed", "50")
    assert wayhome("diagnose", *QUESTION).code == 0
    assert wayhome("lab", "inject", "rc57-peering-inactive").code == 0
    assert "rc57-peering-inactive" in wayhome("lab", "status").out
    assert "RC57" in wayhome("diagnose", *QUESTION).out
    assert wayhome("lab", "inject", "healthy-routes-based").code == 0
    assert wayhome("diagnose", *QUESTION).code == 0
    assert "no scenario" in wayhome("lab", "inject", "nonsense").sentence


@pytest.mark.lab
def test_a_change_is_shown_and_put_back(started: Callable[..., Wayhome]) -> None:
    wayhome = started("article", "--speed", "50")
    assert wayhome("apply", "masquerade-minimal", *QUESTION[:2], "--yes").code == 0
    assert "kube/configmaps kube-system/ip-masq-agent" in wayhome("lab", "status").out
    done = wayhome("lab", "reset")
    assert (done.code, "kube-system/ip-masq-agent" in done.err) == (0, True)
    assert wayhome("diagnose", *QUESTION).code == 1
    assert "Nothing had been changed" in wayhome("lab", "reset").err
    assert wayhome("lab", "stop").code == 0
