"""Behind every statement there is an object, and every file that is written can be used."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path

import jsonschema
import pytest

from rules.evaluate import evaluate
from rules.snapshot import loads
from tui import evidence, shots
from tui.screens.write import WRITERS, free_path

RECORDING = Path("screenshots/recording")


@pytest.fixture(scope="module", params=["before", "after"])
def seen(request):
    recording = shots.load(RECORDING)
    snapshot = getattr(recording, request.param)
    return snapshot, evaluate(snapshot)


def test_every_hop_of_the_path_has_the_object_that_decided(seen):
    snapshot, report = seen
    found = {hop: evidence.of_hop(snapshot, hop) for hop in report.walk.hops}
    assert [hop for hop, exhibit in found.items() if exhibit is None] == []
    kinds = {hop.kind: exhibit.kind for hop, exhibit in found.items()}
    assert kinds["masquerade"] == "nat table"
    assert kinds["peering"] == "network"
    assert kinds["ingress-firewall"] == "firewall"
    assert kinds["route"] == "route"


def test_every_row_of_the_route_tables_has_its_object(seen):
    snapshot, report = seen
    for rows in report.routes.values():
        for row in rows:
            exhibit = evidence.find(snapshot, row.object or row.name)
            assert exhibit is not None
            assert exhibit.value["destRange"] == row.dest


def test_an_object_that_was_not_read_is_not_made_up(seen):
    snapshot, _report = seen
    assert evidence.find(snapshot, "") is None
    assert evidence.find(snapshot, "no-such-thing") is None


def test_every_object_is_listed_and_can_be_read_as_text(seen):
    snapshot, _report = seen
    every = evidence.exhibits(snapshot)
    assert len(every) > 30
    assert {"probe", "node", "pod", "network", "route", "nat table"} <= {item.kind for item in every}
    assert all(item.text for item in every)


@pytest.mark.parametrize("name", WRITERS)
def test_what_is_written_can_be_used(seen, name):
    snapshot, report = seen
    _title, file, writer = WRITERS[name]
    text = writer(snapshot, report)
    assert text.endswith("\n")
    if name == "snapshot":
        assert loads(text) == snapshot
    elif name == "routes-json":
        assert set(json.loads(text)) == {"schema", "taken_at", "question", "routes"}
    elif file.endswith(".json"):
        schema = json.loads((files("rules.schemas") / "report.schema.json").read_text(encoding="utf-8"))
        jsonschema.validate(json.loads(text), schema)
    elif name in {"markdown", "text"}:
        assert "10.2.0.10" in text


def test_a_file_never_takes_the_place_of_another(tmp_path):
    first = free_path(tmp_path, "a.md")
    first.write_text("x")
    second = free_path(tmp_path, "a.md")
    second.write_text("y")
    assert [path.name for path in (first, second, free_path(tmp_path, "a.md"))] == ["a.md", "a-2.md", "a-3.md"]
