"""Causes of the missing way back, of masquerading that is not in force, and of forwarding inside the cluster's VPC."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from rules.evaluate import evaluate
from rules.report.model import Answer, Report, Status
from rules.snapshot import Snapshot

Seen = Callable[..., Snapshot]
Edit = Callable[[dict[str, Any]], None]

# Scenario, what pod-local node-local node-peer pod-peer see, every cause that blocks (the one to name first in front),
# and how sure that one is.
TABLE = [
    ("rc04-update-awaits-consent", "ok ok ok timeout", ["RC04"], Status.CONFIRMED),
    ("rc05-peer-route-takes-answers", "ok ok ok timeout", ["RC05"], Status.CONFIRMED),
    ("rc06-peer-subnet-inside-slice", "timeout ok ok timeout", ["RC06"], Status.CONFIRMED),
    ("rc08-node-routes-tagged", "ok ok ok timeout", ["RC08"], Status.CONFIRMED),
    ("rc11-public-pod-range-not-imported", "ok ok ok timeout", ["RC11"], Status.CONFIRMED),
    ("rc12-producer-lacks-pod-routes", "ok ok ok timeout", ["RC12"], Status.CONFIRMED),
    ("rc19-agent-not-on-node", "ok ok ok timeout", ["RC19", "RC01"], Status.CONFIRMED),
    ("rc21-config-key-misspelt", "ok ok ok timeout", ["RC21", "RC01"], Status.CONFIRMED),
    ("rc49-node-may-not-forward", "timeout ok ok timeout", ["RC49"], Status.CONFIRMED),
    ("rc54-target-in-pod-range", "ok ok timeout timeout", ["RC54"], Status.CONFIRMED),
]
LATENT = [
    ("rc25-default-snat-disabled", "RC25"),
    ("rc28-two-masquerade-chains", "RC28"),
    ("rc29-pods-masqueraded-to-pods", "RC29"),
]


def blocking(report: Report) -> list[str]:
    return [cause.id for cause in report.causes if cause.blocks]


@pytest.mark.parametrize(("name", "row", "wanted", "status"), TABLE)
def test_the_cause_is_named_first_and_none_is_invented(
    seen: Seen, name: str, row: str, wanted: list[str], status: Status
) -> None:
    report = evaluate(seen(name, row))
    assert blocking(report) == wanted
    assert report.causes[0].status is status
    assert report.answer is Answer.BROKEN
    assert all(cause.evidence and cause.decides for cause in report.causes)


@pytest.mark.parametrize(("name", "row", "wanted", "_status"), TABLE)
def test_the_evidence_predicts_what_is_measured(
    seen: Seen, name: str, row: str, wanted: list[str], _status: Status
) -> None:
    report = evaluate(seen(name))
    assert blocking(report)[:1] == wanted[:1]
    assert [each.predicted for each in report.matrix][:4] == row.split()


@pytest.mark.parametrize(("name", "row", "_wanted", "_status"), TABLE)
def test_an_answer_silences_the_blocker(seen: Seen, name: str, row: str, _wanted: list[str], _status: Status) -> None:
    report = evaluate(seen(name, "ok ok ok ok"))
    assert report.answer is Answer.REACHABLE
    assert blocking(report) == []


@pytest.mark.parametrize(("name", "id"), LATENT)
@pytest.mark.parametrize("nat", [False, True])
def test_what_does_not_block_is_latent(seen: Seen, name: str, id: str, nat: bool) -> None:
    report = evaluate(seen(name, "ok ok ok ok", nat=nat))
    assert report.answer is Answer.REACHABLE
    assert [(cause.id, cause.status, cause.blocks) for cause in report.causes] == [(id, Status.LATENT, False)]
