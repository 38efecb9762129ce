"""The right answers of every lesson, its choices, a learner's record on the disk, and the marks for it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from lab import scenario
from lab.practise import key as keys
from lab.practise import record as records
from lab.practise.marks import marks
from lab.practise.record import Prediction, Record, RecordError

PERFECT = Record(
    learner="mari",
    scenario="article",
    title="The answer",
    fabric="simulated",
    started_at="2026-11-23T00:00:00Z",
    predictions=(Prediction("pod-local", "ok", True, "ok"), Prediction("pod-peer", "timeout", True, "timeout")),
    evidence=("routes", "object default-route-b"),
    answers={"cause": "RC01", "leg": "return", "owner": "project-b", "fix": "masquerade-minimal"},
    key={"cause": ("RC01",), "leg": ("return",), "owner": ("project-b",), "fix": ("masquerade-minimal", "x")},
    repaired=True,
    needed=1,
    writes=2,
    left=0,
)


@pytest.mark.parametrize("name", scenario.names())
def test_every_lesson_has_its_right_answers_among_its_choices(name: str) -> None:
    plan = scenario.load(name)
    known = keys.key(plan)
    assert known.cause == (plan.answer or (keys.NONE,))
    for question in keys.QUESTIONS:
        offered = keys.choices(plan, known, question)
        assert set(known.right(question)) <= set(offered)
        assert keys.NONE in offered
        assert len(offered) == len(set(offered)) >= 3
    assert keys.hints(known)


def test_the_incident_is_answered_by_the_return_leg_of_the_peer() -> None:
    known = keys.key(scenario.load("article"))
    assert (known.cause, known.leg, known.owner) == (("RC01",), ("return",), ("project-b",))
    assert {"masquerade-minimal", "exchange-routes"} <= set(known.fix)


def test_a_perfect_lesson_is_worth_all() -> None:
    assert marks(PERFECT).total == 100


@pytest.mark.parametrize(
    ("change", "total"),
    [
        ({"hints": 2}, 90),
        ({"revealed": True}, 60),
        ({"answers": {**PERFECT.answers, "cause": "RC02"}}, 84),
        ({"evidence": ("routes",)}, 95),
        ({"left": 1}, 90),
        ({"writes": 7}, 90),
        ({"writes": 0, "repaired": False}, 95),
        ({"predictions": (Prediction("pod-peer", "ok", True, "timeout"),)}, 70),
        ({"predictions": (Prediction("pod-peer", "ok", False, "timeout"),)}, 78),
        ({"predictions": (Prediction("pod-peer", "timeout", False, "timeout"),)}, 92),
        ({"predictions": (Prediction("pod-peer", "ok", True, "not-run"),)}, 100),
        ({"writes": None, "left": None}, 100),
        ({"key": {**PERFECT.key, "leg": ()}}, 100),
        ({"hints": 40}, 0),
    ],
)
def test_what_each_fault_costs(change: dict[str, object], total: int) -> None:
    assert marks(replace(PERFECT, **change)).total == total  # type: ignore[arg-type]  # fields by name


def test_a_record_comes_back_as_it_was_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAYHOME_STATE_DIR", str(tmp_path))
    path = records.save(PERFECT)
    assert path.parent == tmp_path / "practise"
    assert records.read(path) == PERFECT
    assert records.save(PERFECT) == path
    hostile = records.save(replace(PERFECT, learner="../../[/x]\x1b[31m", scenario="/etc/passwd"))
    assert hostile.parent == path.parent
    assert records.read(hostile).learner == "../../[/x]\x1b[31m"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        "[" * 100_000,
        '{"schema": "wayhome.practise/2"}',
        '{"schema": "wayhome.practise/1"}',
        json.dumps(records.to_json(PERFECT) | {"predictions": [{"probe": 1}]}),
        json.dumps(records.to_json(PERFECT) | {"hints": "many"}),
        json.dumps(records.to_json(PERFECT) | {"learner": None}),
        json.dumps(records.to_json(PERFECT) | {"surprise": 1}),
        json.dumps(records.to_json(PERFECT) | {"key": 7}),
    ],
)
def test_what_is_no_record_is_refused_in_one_sentence(text: str, tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(RecordError) as refused:
        records.read(path)
    assert "\n" not in str(refused.value)
