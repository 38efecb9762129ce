"""What `w` writes: a picture of the path that can be read alone, route tables three ways; hostile names stay text."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from rules.evaluate import evaluate
from rules.snapshot import loads
from tui.path_svg import svg
from tui.screens.write import WriteScreen
from tui.writers import WRITERS

NS = "{http://www.w3.org/2000/svg}"
HOSTILE = "</text><script>alert(1)</script> & \"'[/x] \x1b[2J \ud800 \ufffe \u202eevil 東京 " + "A" * 200


def parsed(picture):
    return ElementTree.fromstring(picture)  # noqa: S314 - the program's own text


@pytest.fixture
def made(article):
    shot = article["snapshot"]("pod-local", "node-peer", "pod-peer")
    return shot, article["report"](shot)


def test_the_picture_of_the_path_says_everything_by_itself(made):
    _shot, report = made
    root = parsed(svg(report))
    texts = ["".join(text.itertext()) for text in root.iter(f"{NS}text")]
    page = "\n".join(texts)
    assert "default/my-pod → http://10.2.0.10/health" in page
    assert report.headline in page
    assert "THERE" in page
    assert "BACK" in page
    assert all(word in page for word in ("✓ passes", "✗ stops the packet", "? not known", "· not reached"))
    boxes = [box for box in root.iter(f"{NS}rect") if "box" in box.get("class", "").split()]
    assert len(boxes) == len(report.walk.hops)
    broken = [box for box in boxes if "broken" in box.get("class", "").split()]
    assert ["dropped" in box.findtext(f"{NS}title", "") for box in broken] == [True]
    wide, tall = float(root.get("width", "0")), float(root.get("height", "0"))
    for part in (*root.iter(f"{NS}text"), *boxes):
        extent = float(part.get("textLength") or part.get("width") or 0)
        assert 0 <= float(part.get("x", "-1")) <= wide - extent
        assert 0 < float(part.get("y", "-1")) + float(part.get("height") or 0) < tall


def test_a_whole_path_has_no_broken_box(article):
    shot = article["snapshot"]("pod-peer", broken=False)
    root = parsed(svg(article["report"](shot, broken=False)))
    assert not [box for box in root.iter(f"{NS}rect") if "broken" in box.get("class", "").split()]


def test_where_nothing_was_walked_the_picture_says_so(made):
    _shot, report = made
    page = "".join(parsed(svg(replace(report, walk=None))).itertext())
    assert "No path could be drawn" in page
    assert report.headline in page


def test_hostile_names_stay_text_in_the_picture(made):
    _shot, report = made
    walk = report.walk
    poisoned = tuple(replace(hop, at=HOSTILE, sentence=HOSTILE) for hop in walk.forward)
    hostile = replace(report, headline=HOSTILE, taken_at=HOSTILE, walk=replace(walk, forward=poisoned))
    drawn = svg(hostile)
    root = parsed(drawn)
    assert {part.tag.removeprefix(NS) for part in root.iter()} == {"svg", "title", "style", "rect", "text"}
    assert "\x1b" not in drawn
    assert "\u202e" not in drawn
    drawn.encode("utf-8")


def test_route_tables_say_the_same_as_text_json_and_csv(made):
    shot, report = made
    printed = {name: WRITERS[name][2](shot, report) for name in ("routes-text", "routes-json", "routes")}
    rows = [(str(vpc), row) for vpc, table in report.routes.items() for row in table]
    data = json.loads(printed["routes-json"])["routes"]
    assert [(vpc, row["dest"]) for vpc, table in data.items() for row in table] == [(v, r.dest) for v, r in rows]
    sheet = list(csv.DictReader(io.StringIO(printed["routes"])))
    assert [(row["vpc"], row["dest"]) for row in sheet] == [(v, r.dest) for v, r in rows]
    lines = printed["routes-text"].splitlines()
    for _vpc, row in rows:
        assert [line for line in lines if f" {row.dest} " in line and row.next_hop in line]
    assert [line for line in lines if line.startswith("✗ 172.16.1.0/24") and "MISSING: not-exported" in line]


@pytest.mark.parametrize("name", WRITERS)
def test_everything_that_can_be_written_is_made_from_a_real_case(name):
    shot = loads(Path("screenshots/recording/before.json").read_text(encoding="utf-8"))
    assert len(WRITERS[name][2](shot, evaluate(shot))) > 200


@pytest.mark.parametrize("name", WRITERS)
async def test_each_file_is_written_and_its_place_said(house, settle, tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    app = house.app()
    async with app.run_test(size=(60, 20)) as pilot:
        await settle(pilot)
        await pilot.press("w")
        await settle(pilot)
        assert isinstance(app.screen, WriteScreen)
        listing = app.screen.query_one("OptionList")
        listing.highlighted = listing.get_option_index(name)
        await pilot.press("enter")
        await settle(pilot)
        (written,) = tmp_path.iterdir()
        assert written.name == f"wayhome-my-pod-{WRITERS[name][1]}"
        assert f"Written: {written}" in house.said
