"""`wayhome lab fault` from the command line, and the one sentence that `wayhome diagnose` then ends in."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.lab

Wayhome = Callable[..., Any]
QUESTION = ("my-pod", "http://10.2.0.10/health", "--no-record")


def test_faults_are_listed_asked_for_and_cleared(started: Callable[..., Wayhome]) -> None:
    wayhome = started("article")
    assert "Asked for now" not in wayhome("lab", "fault", "list").out
    asked = wayhome("lab", "fault", "403", "--on", "compute.routes.list", "--times", "3")
    assert (asked.code, asked.out) == (0, "")
    assert "403 on compute.routes.list" in asked.err
    listed = wayhome("lab", "fault", "list").out
    assert listed.rpartition("Asked for now:")[2].split() == ["403", "compute.routes.list", "3", "more"]
    assert wayhome("lab", "fault", "clear").code == 0
    assert "Asked for now" not in wayhome("lab", "fault", "list").out
    unknown = wayhome("lab", "fault", "418")
    assert (unknown.code, unknown.out) == (2, "")
    assert "418" in unknown.sentence
    assert wayhome("lab", "fault", "403", "--times", "0").code == 2


def shown(done: Any) -> str:
    """What a terminal would get, in one line; fails where it holds control characters."""
    text = done.out + done.err
    assert not any(ord(character) < 32 and character not in "\n\t" for character in text)
    assert "Traceback" not in text
    assert len(text) < 40_000
    return " ".join(text.split())


def test_a_fault_of_the_first_call_ends_in_one_sentence(
    started: Callable[..., Wayhome], environment: dict[str, str]
) -> None:
    wayhome = started("article")
    environment["WAYHOME_PATIENCE"] = "0.3"
    for fault, said in (("401", "gcloud auth login"), ("html", "a web page"), ("hang", "does not answer")):
        assert wayhome("lab", "fault", fault, "--on", "kubernetes.pods.get").code == 0
        done = wayhome("diagnose", *QUESTION)
        assert (done.code, done.out) == (3, ""), shown(done)
        assert said in done.sentence
        assert said in shown(done)
        assert wayhome("lab", "fault", "clear").code == 0


def test_faults_of_reads_are_gaps_and_all_else_is_kept(
    started: Callable[..., Wayhome], environment: dict[str, str], tmp_path: Path
) -> None:
    wayhome = started("article")
    for fault, on, *times in (
        ("hang", "compute.networks.getEffectiveFirewalls"),
        ("html", "compute.routes.list"),
        ("429", "kubernetes.nodes.list", "--times", "1"),
        ("429-later", "kubernetes.services.list"),
    ):
        assert wayhome("lab", "fault", fault, "--on", on, *times).code == 0
    environment["WAYHOME_PATIENCE"] = "0.8"
    kept = tmp_path / "case.json"
    done = wayhome("diagnose", *QUESTION, "--no-node-probe", "--save", str(kept))
    assert done.code in (1, 4), shown(done)
    said = shown(done)
    for sentence in ("no answer in time", "the answer is a web page", "Too many requests"):
        assert sentence in said
    case = json.loads(kept.read_text("utf-8"))
    assert {gap["read"] for gap in case["gaps"]} == {
        "compute.networks.getEffectiveFirewalls", "compute.routes.list", "kubernetes.services.list",
    }  # fmt: skip
    assert len(case["kubernetes"]["nodes"]["items"]) == 2
    assert all(case["compute"]["project-a"][kind] for kind in ("networks", "subnetworks", "instances", "peeringRoutes"))
    assert {probe["id"]: probe["outcome"] for probe in case["probes"]}["pod-peer"] == "timeout"


def test_commands_that_misbehave_are_sentences_and_the_reads_are_kept(
    started: Callable[..., Wayhome], environment: dict[str, str], tmp_path: Path
) -> None:
    wayhome = started("article")
    environment["WAYHOME_PATIENCE"] = "0.8"
    kept = tmp_path / "case.json"
    options = ("--no-node-probe", "--local", "10.1.0.21", "--save", str(kept))
    for fault, said in (
        ("exec-escapes", ""),
        ("exec-flood", "The command printed without end and was stopped."),
        ("exec-endless", "The command did not end in time, so it says nothing about the network."),
    ):
        assert wayhome("lab", "fault", fault, "--on", "exec").code == 0
        done = wayhome("diagnose", *QUESTION, *options)
        assert done.code in (1, 4), shown(done)
        assert said in shown(done)
        case = json.loads(kept.read_text("utf-8"))
        outcome = {probe["id"]: probe["outcome"] for probe in case["probes"]}["pod-peer"]
        assert outcome == ("not-run" if said else "timeout")
        assert all(gap["read"] == "node_nat" for gap in case["gaps"])
        assert all(case["compute"][project]["routes"] for project in ("project-a", "project-b"))
        assert wayhome("lab", "fault", "clear").code == 0
