"""The message for the other side: complete for somebody who has never heard of this program, and true."""

from __future__ import annotations

import re
import shlex
from dataclasses import replace

import pytest

from lab import scenario, truth
from lab.build import populate
from lab.store import Store
from rules.evaluate import evaluate
from rules.report import handoff
from rules.report.handoff_print import as_markdown, as_text
from rules.snapshot import Outcome, Probe, Snapshot, Vpc

PROBES = (
    Probe("pod-local", Outcome.OK, started_at="2026-01-01T00:00:01Z", seconds=0.02),
    Probe("pod-peer", Outcome.TIMEOUT, started_at="2026-01-01T00:00:02Z", seconds=3.0),
    Probe("node-peer", Outcome.NOT_RUN, why="not asked"),
)


def seen(name: str) -> Snapshot:
    store = Store()
    populate(store, scenario.load(name))
    found = truth.snapshot(store, "2026-01-01T00:00:00Z")
    return replace(found, probes=PROBES)


def message(shot: Snapshot, remedy: str) -> handoff.Handoff:
    report = evaluate(shot)
    offer = next(one for one in report.remedies if one.id == remedy)
    return handoff.make(shot, report, offer)


@pytest.fixture(scope="module")
def exchange() -> handoff.Handoff:
    return message(seen("article"), "exchange-routes")


def typed(made: handoff.Handoff) -> list[str]:
    return [
        line for section in made.sections for block in section.blocks if block.kind == "code" for line in block.lines
    ]


def test_it_names_no_tool_but_gcloud(exchange: handoff.Handoff) -> None:
    assert {shlex.split(command)[0] for command in typed(exchange)} == {"gcloud"}
    for text in (as_markdown(exchange), as_text(exchange)):
        assert not re.search("wayhome|kubectl|masquerade", text, re.IGNORECASE)


def test_it_has_the_evidence_with_utc_times(exchange: handoff.Handoff) -> None:
    text = as_text(exchange)
    assert "2026-01-01T00:00:02Z: the pod (172.16.1.2) to http://10.2.0.10/health" in text
    assert "no answer within 3.0 s" in text
    assert "the node" not in text.split("What is missing")[0].split("What was measured")[1]
    assert "172.16.1.0/24" in text


def test_each_command_has_a_before_and_an_after_and_a_way_back(exchange: handoff.Handoff) -> None:
    assert exchange.to == "project-b"
    text = as_text(exchange)
    do, undo = (
        f"gcloud compute networks peerings update b-to-a --network vpc-b --project project-b --{flag}"
        for flag in ("import-custom-routes", "no-import-custom-routes")
    )
    todo, rest = text.split("What our side does")
    assert do in todo
    assert undo in rest
    flat = " ".join(todo.split())
    assert "shows: column IMPORT_CUSTOM_ROUTES: False" in flat
    assert "shows: column IMPORT_CUSTOM_ROUTES: True" in flat
    assert "accepted for 172.16.1.0/24, 172.16.2.0/24" in flat
    assert "a-to-b" not in "".join(line for line in todo.splitlines() if line.startswith("    "))
    assert "machines of project-b/vpc-b can then open connections" in " ".join(text.split())


def test_a_peer_that_cannot_be_read_is_asked_for_the_name(exchange: handoff.Handoff) -> None:
    shot = seen("article")
    ours = {name: data for name, data in shot.compute.items() if name != "project-b"}
    report = evaluate(shot)
    offer = next(one for one in report.remedies if one.id == "exchange-routes")
    nameless = tuple(command.replace("b-to-a", "PEERING") for command in offer.commands)
    peer = replace(shot.question, peer=Vpc("project-b", "vpc-b"))
    blind = replace(shot, compute=ours, question=peer)
    text = as_text(handoff.make(blind, report, replace(offer, commands=nameless)))
    assert "Put the name of your peering" in text
    assert "gcloud compute networks peerings list --network vpc-b --project project-b" in text


def test_text_is_narrow_but_for_commands(exchange: handoff.Handoff) -> None:
    for line in as_text(exchange).splitlines():
        assert len(line) <= 78 or line.startswith("    gcloud") or " " not in line.strip()


def test_words_from_outside_are_no_markup() -> None:
    shot = seen("article")
    hostile = Probe("pod-peer", Outcome.TIMEOUT, started_at="**bold** [x](y)", seconds=3.0)
    made = message(replace(shot, probes=(hostile,)), "exchange-routes")
    assert r"\*\*bold\*\* \[x\](y)" in as_markdown(made)


def test_without_measurements_it_says_so() -> None:
    made = message(replace(seen("article"), probes=()), "exchange-routes")
    assert "Nothing was measured" in as_text(made)
