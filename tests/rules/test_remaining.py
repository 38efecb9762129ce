"""With the cluster alone readable, the true cause is named or listed as still possible, in every scenario."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from lab import scenario
from rules import causes
from rules.evaluate import evaluate
from rules.remaining import _DECIDES
from rules.report import as_json, markdown, text
from rules.report.model import Answer
from rules.snapshot import Outcome, Snapshot

Seen = Callable[..., Snapshot]
FORBIDDEN = {"read": "compute.instances.get", "of": "project-a/gke-node-01", "why": "forbidden", "detail": ""}
TOLD = {name: scenario.load(name).answer for name in scenario.names()}
IDS = ("pod-local", "node-local", "node-peer", "pod-peer")
# RC22 is said as whose address the packet wears, RC53 as a hop; the others show themselves by an answer, or by another
# measurement.
OTHERWISE = {"RC22", "RC53", "RC40", "RC41", "RC45", "RC68", "RC69", "RC70", "RC73"}
ROWS = ("ok ok ok timeout", "ok ok timeout timeout", "timeout ok ok timeout", "timeout ok timeout timeout")


def cluster_alone(data: dict[str, Any]) -> None:
    """What somebody reads who has no rights at Google at all."""
    data["compute"], data["container"] = {}, {}
    data["question"]["network"] = data["question"]["peer"] = None
    data["gaps"] = [
        {**FORBIDDEN, "read": read, "permission": read}
        for read in ("compute.instances.get", "container.clusters.get", "networkconnectivity.policyBasedRoutes.list")
    ]


def row_of(name: str) -> str:
    """A row of measurements that the scenario's cause allows, with pod-peer in silence; '' where there is none."""
    (cause,) = (cause for cause in causes.load() if cause.id == TOLD[name][0])
    for row in ROWS:
        cells = zip(IDS, row.split(), strict=True)
        if not any(cause.cells.contradicts(probe, Outcome(seen)) for probe, seen in cells):
            return row
    return ""


@pytest.mark.parametrize(
    "name", [name for name, answer in TOLD.items() if answer and answer[0] not in OTHERWISE and row_of(name)]
)
def test_the_true_cause_is_never_lost(seen: Seen, name: str) -> None:
    report = evaluate(seen(name, row_of(name), cluster_alone, nat=True))
    told = {one.id for part in (report.causes, report.remaining) for one in part}
    told |= {cause.id for cause in causes.load() if cause.by_exclusion}
    assert report.answer is not Answer.UNKNOWN or TOLD[name][0] in told, report.masquerade


def test_the_article_by_the_cluster_alone(seen: Seen) -> None:
    report = evaluate(seen("article", "ok ok ok timeout", cluster_alone))
    assert report.answer is Answer.UNKNOWN
    open_ = [one.id for one in report.remaining]
    assert {"RC01", "RC02", "RC03", "RC30"} <= set(open_[:8])
    assert not {"RC16", "RC18", "RC22", "RC57"} & set(open_)  # what was read, or measured, says otherwise
    assert "which routes really cross the peering" in report.remaining[0].why
    shown = text.render(report)
    assert "Still possible" in shown
    assert "RC01 Custom routes are not exchanged over the peering" in shown
    assert "Still possible" in markdown.render(report)
    assert as_json.to_json(report)["remaining"][0].keys() == {"id", "title", "why"}


def test_nothing_remains_where_all_is_read_or_the_target_answers(seen: Seen) -> None:
    assert evaluate(seen("article", "ok ok ok timeout")).remaining == ()
    assert evaluate(seen("article", "ok ok ok ok", cluster_alone)).remaining == ()


def test_one_unread_part_leaves_open_what_it_decides(seen: Seen) -> None:
    def edit(data: dict[str, Any]) -> None:
        cluster_alone(data)
        data["kubernetes"].pop("networkpolicies")
        data["gaps"].append({**FORBIDDEN, "read": "kubernetes.networkpolicies.list", "of": "default"})

    found = {one.id: one.why for one in evaluate(seen("article", "ok ok ok timeout", edit)).remaining}
    assert "whether a NetworkPolicy stops the pod" in found["RC42"]


def test_every_cause_of_the_table_exists() -> None:
    assert {name for ids in _DECIDES.values() for name in ids.split()} <= {cause.id for cause in causes.load()}
