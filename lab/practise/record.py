"""What a learner did in one lesson, as it is kept: one JSON file a lesson, `wayhome.practise/1`."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from lab.state import state_dir
from rules.words import _

SCHEMA = "wayhome.practise/1"
LARGEST = 1 << 20


KINDS = ("ok", "timeout", "refused", "other")
"""What may be predicted of a probe: an answer, silence, a refusal, or anything else."""

UNSEEN = "not-run"
"""What was seen of a probe that could not be run; its prediction counts for nothing."""


def kind(outcome: str) -> str:
    """The KIND of a probe's outcome."""
    return outcome if outcome in KINDS else "other"


class RecordError(ValueError):
    """A file that is no lesson's record; the message says so in one sentence."""


@dataclass(frozen=True)
class Prediction:
    """What was said before a probe ran, whether the learner was sure, and what was seen."""

    probe: str
    said: str
    sure: bool
    saw: str

    @property
    def right(self) -> bool:
        """Whether it came as predicted."""
        return self.said == self.saw


@dataclass(frozen=True)
class Record:
    """One lesson. `evidence` are the views and objects that were opened before the answers, `answers` and `key` by
    question; `repaired`: a fix was applied and proven; `writes` and `left` are the changes that were made to the
    lab's world and the objects that still differ; None where that was not asked."""

    learner: str
    scenario: str
    title: str
    fabric: str
    started_at: str
    ended_at: str = ""
    predictions: tuple[Prediction, ...] = ()
    hints: int = 0
    evidence: tuple[str, ...] = ()
    answers: Mapping[str, str] = field(default_factory=dict)
    key: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    revealed: bool = False
    repaired: bool = False
    needed: int = 0
    writes: int | None = None
    left: int | None = None


def to_json(record: Record) -> dict[str, Any]:
    """The record as its file holds it."""
    return {"schema": SCHEMA, **asdict(record)}


def from_json(data: Any) -> Record:
    """The record of a file's JSON. Raises RecordError."""
    if not isinstance(data, dict) or data.get("schema") != SCHEMA:
        raise RecordError(_("it is not the record of a lesson ({schema})").format(schema=SCHEMA))
    try:
        rest = {key: value for key, value in data.items() if key != "schema"}
        rest["predictions"] = tuple(Prediction(**each) for each in rest.get("predictions", ()))
        rest["evidence"] = tuple(map(str, rest.get("evidence", ())))
        rest["answers"] = {str(key): str(value) for key, value in dict(rest.get("answers", {})).items()}
        rest["key"] = {str(key): tuple(map(str, value)) for key, value in dict(rest.get("key", {})).items()}
        record = Record(**rest)
        if not all(isinstance(record.__dict__[name], str) for name in ("learner", "scenario", "started_at")):
            raise TypeError("a name is no text")
        if not isinstance(record.hints, int) or not all(isinstance(each.said, str) for each in record.predictions):
            raise TypeError("a count is no number")
    except (TypeError, ValueError, AttributeError) as error:
        raise RecordError(_("the record is damaged ({error})").format(error=error)) from error
    return record


def folder() -> Path:
    """Where lessons are kept."""
    return state_dir() / "practise"


def save(record: Record) -> Path:
    """Write the record into `folder()` and return its path; the same lesson is written over. Raises OSError."""
    place = folder()
    place.mkdir(parents=True, exist_ok=True, mode=0o700)
    name = re.sub(r"[^A-Za-z0-9]+", "-", f"{record.started_at}-{record.learner}-{Path(record.scenario).stem}")
    path = place / f"{name.strip('-')[:120]}.json"
    beside = path.with_suffix(f".{os.getpid()}")
    beside.write_text(json.dumps(to_json(record), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    beside.replace(path)
    return path


def read(path: Path) -> Record:
    """The record in a file. Raises RecordError, OSError."""
    if path.stat().st_size > LARGEST:
        raise RecordError(_("it is too large to be the record of a lesson"))
    try:
        return from_json(json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, RecursionError) as error:
        if isinstance(error, RecordError):
            raise
        raise RecordError(_("it is not JSON ({error})").format(error=error)) from error
