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
    ("rc07-peer-subnet-holds-slice", "timeout ok ok timeout", ["RC07"], Status.CONFIRMED),
    ("rc08-node-routes-tagged", "ok ok ok timeout", ["RC08"], Status.CONFIRMED),
    ("rc09-route-quota-reached", "timeout ok ok timeout", ["RC09"], Status.CONFIRMED),
    ("rc10-node-route-not-yet-there", "timeout ok ok timeout", ["RC10"], Status.LIKELY),
    ("rc11-public-pod-range-not-imported", "ok ok ok timeout", ["RC11"], Status.CONFIRMED),
    ("rc12-producer-lacks-pod-routes", "ok ok ok timeout", ["RC12"], Status.CONFIRMED),
    ("rc19-agent-not-on-node", "ok ok ok timeout", ["RC19", "RC01"], Status.CONFIRMED),
    ("rc21-config-key-misspelt", "ok ok ok timeout", ["RC21", "RC01"], Status.CONFIRMED),
    ("rc26-default-list-widened", "ok ok ok timeout", ["RC26", "RC01"], Status.CONFIRMED),
    ("rc27-egress-nat-policy-keeps-pods", "ok ok ok timeout", ["RC27", "RC30"], Status.CONFIRMED),
    ("rc49-node-may-not-forward", "timeout ok ok timeout", ["RC49"], Status.CONFIRMED),
    ("rc54-target-in-pod-range", "ok ok timeout timeout", ["RC54"], Status.CONFIRMED),
]
# As above, where the cause needs a measurement, or a node's nat table.
MEASURED = [
    ("rc23-fix-not-yet-in-force", "ok ok ok timeout", False, ["RC23"], Status.LIKELY),
    ("rc23-fix-not-yet-in-force", "ok ok ok timeout", True, ["RC23", "RC01"], Status.CONFIRMED),
    ("rc24-agent-gone-from-new-nodes", "ok ok ok timeout", True, ["RC24", "RC01"], Status.CONFIRMED),
    ("rc51-policy-route-takes-pods", "ok ok ok timeout", False, ["RC51"], Status.LIKELY),
    ("rc52-answers-diverted-in-peer", "ok ok ok timeout", False, ["RC52"], Status.LIKELY),
    ("rc53-service-has-target-address", "ok ok refused refused", False, ["RC53"], Status.CONFIRMED),
    ("rc55-pod-leaves-by-other-network", "ok ok ok timeout", False, ["RC55"], Status.LIKELY),
]
# Reached by exclusion: never more than possible, whatever is measured.
UNREAD = [
    ("rc13-target-answers-by-other-interface", "ok ok ok timeout", "RC13"),
    ("rc14-guest-bridge-overlaps-pods", "ok ok ok timeout", "RC14"),
    ("rc50-node-does-not-forward", "timeout ok ok timeout", "RC50"),
    ("rc56-masquerade-ports-used-up", "ok ok ok timeout", "RC56"),
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


@pytest.mark.parametrize(("name", "row", "nat", "wanted", "status"), MEASURED)
def test_a_measurement_decides(seen: Seen, name: str, row: str, nat: bool, wanted: list[str], status: Status) -> None:
    report = evaluate(seen(name, row, nat=nat))
    assert blocking(report) == wanted
    assert report.causes[0].status is status
    assert report.answer is Answer.BROKEN
    assert all(cause.evidence and cause.decides for cause in report.causes)
    answered = evaluate(seen(name, "ok ok ok ok", nat=nat))
    assert answered.answer is Answer.REACHABLE
    assert blocking(answered) == []


@pytest.mark.parametrize(("name", "row", "wanted"), UNREAD)
def test_what_no_api_shows_is_possible_and_says_what_would_decide(seen: Seen, name: str, row: str, wanted: str) -> None:
    report = evaluate(seen(name, row))
    first = report.causes[0]
    assert (first.id, first.status, first.blocks) == (wanted, Status.POSSIBLE, False)
    assert first.decides
    assert report.answer is Answer.UNKNOWN
    assert report.next is not None
    assert report.next.command
    assert evaluate(seen(name, "ok ok ok ok")).causes == ()
