"""What to look at next: the cheapest repeat that separates, what repeats teach, and what cannot be so."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from rules.build import build
from rules.case import Case
from rules.causes.cause import Cause, Finding, cells
from rules.evaluate import evaluate
from rules.observations import separating
from rules.report.model import Answer, Status
from rules.snapshot import Outcome, Probe, Snapshot

Seen = Callable[..., Snapshot]
SILENT = "ok ok ok timeout"


def more(snapshot: Snapshot, **outcomes: str) -> Snapshot:
    """The snapshot with further probes: `pod-peer@` is put in front of each name, `_` stands for `=`."""
    probes = [
        Probe("pod-peer@" + name.replace("__", "-").replace("_", "="), Outcome(word)) for name, word in outcomes.items()
    ]
    return replace(snapshot, probes=(*snapshot.probes, *probes))


def open_cause(id: str, **repeats: str) -> tuple[Cause, Finding]:
    finding = Finding(Status.POSSIBLE, False, f"{id} may be so.", ("nothing",))
    return Cause(id, lambda: id, lambda _case: finding, cells(f"{SILENT} ok", **repeats)), finding


def beside(data: dict[str, Any]) -> None:
    """A pod of another team."""
    pods = data["kubernetes"]["pods"]["items"]
    mine = next(pod for pod in pods if pod["metadata"]["name"] == "my-pod")
    theirs = json.loads(json.dumps(mine).replace("172.16.1.2", "172.16.1.77"))
    theirs["metadata"] |= {"namespace": "team-b", "name": "theirs"}
    pods.append(theirs)


def case_of(snapshot: Snapshot) -> Case:
    return Case(build(snapshot), snapshot.question, snapshot.probes)


def test_the_cheapest_repeat_that_separates_is_chosen(seen: Seen) -> None:
    snapshot = seen("healthy-routes-based", SILENT, beside)
    two = [open_cause("RC38", namespace="timeout", node="timeout"), open_cause("RC44", namespace="ok", node="timeout")]
    chosen = separating(case_of(snapshot), two)
    assert chosen is not None
    assert chosen.probes == ("pod-peer@namespace=team-b",)
    assert "An answer speaks for RC44." in chosen.sentence
    assert "kubectl run" in chosen.command
    both = [open_cause("RC38", node="timeout"), open_cause("RC50", node="ok|timeout", protocol="ok")]
    chosen = separating(case_of(snapshot), both)
    assert chosen is not None
    assert chosen.probes == ("pod-peer@gke-node-02",)


def test_nothing_is_asked_that_separates_nothing_or_was_asked_already(seen: Seen) -> None:
    snapshot = seen("healthy-routes-based", SILENT)
    same = [open_cause("RC38", node="timeout"), open_cause("RC13", node="timeout")]
    assert separating(case_of(snapshot), same) is None
    two = [open_cause("RC38", node="timeout"), open_cause("RC50", node="ok|timeout")]
    asked = more(snapshot, gke__node__02="timeout")
    assert separating(case_of(asked), two) is None


def test_what_nothing_explains_is_asked_again_then_elsewhere_then_watched(seen: Seen) -> None:
    snapshot = seen("healthy-routes-based", SILENT, beside)
    first = evaluate(snapshot)
    assert first.next is not None
    assert first.next.probes == ("pod-peer@try=2",)
    second = evaluate(more(snapshot, try_2="timeout"))
    assert second.next is not None
    assert second.next.probes == ("pod-peer@gke-node-02",)
    asked: dict[str, str] = {"try_2": "timeout", "gke__node__02": "timeout"}
    third = evaluate(more(snapshot, **asked))
    assert third.next is not None
    for probe in third.next.probes:
        asked[probe.partition("@")[2].replace("-", "__").replace("=", "_")] = "timeout"
    last = evaluate(more(snapshot, **asked))
    assert last.next is not None
    assert last.next.probes == ()


def test_what_heals_and_what_differs_by_node_is_said(seen: Seen) -> None:
    snapshot = seen("healthy-routes-based", SILENT)
    report = evaluate(more(snapshot, try_2="ok"))
    assert any("second try" in said for said in report.unexplained)
    report = evaluate(more(snapshot, gke__node__02="ok"))
    assert any("differs by node" in said and "gke-node-01 are not" in said for said in report.unexplained)
    assert [row.probe for row in report.matrix][-1] == "pod-peer@gke-node-02"
    assert report.matrix[-1].agrees is True


REPEATS = [
    "pod-peer@size=8000",
    "pod-peer@namespace=team-b",
    "pod-peer@port=443",
    "pod-peer@protocol=icmp",
    "pod-peer@colour=red",
    "pod-local@try=2",
    "pod-peer@[/x]",
]


@pytest.mark.parametrize("id", REPEATS)
def test_every_repeat_is_shown_and_none_breaks_a_report(seen: Seen, id: str) -> None:
    snapshot = seen("article", SILENT)
    snapshot = replace(snapshot, probes=(*snapshot.probes, Probe(id, Outcome.OK)))
    report = evaluate(snapshot)
    assert report.matrix[-1].probe == id
    assert report.answer is Answer.BROKEN


@pytest.mark.parametrize(
    ("scenario", "row", "rules"),
    [
        ("article", "ok ok ok timeout", []),
        ("article", "timeout timeout ok timeout", ["I6"]),
        ("article", "ok ok timeout ok", ["I5"]),
        ("article", "ok ok ok refused", ["I3"]),
        ("healthy-vpc-native", "ok ok ok ok", []),
    ],
)
def test_impossible_measurements_are_named(seen: Seen, scenario: str, row: str, rules: list[str]) -> None:
    report = evaluate(seen(scenario, row))
    assert [each.rule for each in report.contradictions] == rules
    assert all(each.reasons and each.sentence in report.unexplained for each in report.contradictions)


def test_a_hostnetwork_pod_and_its_node_must_agree(seen: Seen) -> None:
    def on_node(data: dict[str, Any]) -> None:
        for pod in data["kubernetes"]["pods"]["items"]:
            if pod["metadata"]["name"] == "my-pod":
                pod["spec"]["hostNetwork"] = True
                pod["status"]["podIP"] = pod["status"]["hostIP"]

    report = evaluate(seen("article", "ok ok ok timeout", on_node))
    assert [each.rule for each in report.contradictions] == ["I1"]
    assert "the measurement is wrong, not the network" in report.contradictions[0].sentence
