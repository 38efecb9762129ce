"""Worlds for the tests of judgement: the lab's scenarios as Snapshots, with measurements written down by hand."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from lab import build as lab_build
from lab import scenario as lab_scenario
from lab.store import Store
from lab.truth import snapshot
from rules.snapshot import Outcome, Probe, Snapshot, dumps, loads

IDS = ("pod-local", "node-local", "node-peer", "pod-peer", "pod-proxy")

Edit = Callable[[dict[str, Any]], None]


def probes(row: str) -> tuple[Probe, ...]:
    """`ok ok ok timeout` as probes in the order of IDS; `-` is not run."""
    found = []
    for probe, word in zip(IDS, row.split(), strict=False):
        if word == "-":
            found.append(Probe(probe, Outcome.NOT_RUN, why="not asked for"))
        else:
            found.append(Probe(probe, Outcome(word), via=f"kubectl exec … # {probe}"))
    return tuple(found)


@pytest.fixture
def seen() -> Callable[..., Snapshot]:
    """seen(scenario, "ok ok ok timeout", edit, nat=False): the scenario's whole truth with these measurements.

    `edit` changes the Snapshot's JSON first; the nodes' nat tables are left out unless `nat`.
    """

    def make(name: str, row: str = "", edit: Edit | None = None, *, nat: bool = False) -> Snapshot:
        store = Store()
        lab_build.populate(store, lab_scenario.load(name), datetime(2026, 11, 23, tzinfo=UTC))
        found = snapshot(store, taken_at="2026-11-23T00:00:00Z")
        if not nat:
            found = replace(found, node_nat={})
        data = json.loads(dumps(replace(found, probes=probes(row))))
        if edit is not None:
            edit(data)
        return loads(json.dumps(data))

    return make


@pytest.fixture
def forbid() -> Callable[[str], Edit]:
    """forbid("project-b"): an edit that leaves nothing readable of a project, with the gaps that say so.

    The other side still lists the routes that it imported, as a live reading would.
    """

    def make(project: str) -> Edit:
        def edit(data: dict[str, Any]) -> None:
            data["compute"].pop(project, None)
            incoming = {"destRange": "10.2.0.0/16", "type": "SUBNET_PEERING_ROUTE", "priority": 0, "imported": True}
            listed = {"network": "vpc-a", "peering": "a-to-b", "direction": "INCOMING", "region": "asia-northeast1"}
            data["compute"]["project-a"].setdefault("peeringRoutes", []).append({**listed, "items": [incoming]})
            for read in ("networks.get", "routes.list", "subnetworks.aggregatedList", "instances.aggregatedList"):
                data["gaps"].append(
                    {
                        "read": f"compute.{read}",
                        "of": project,
                        "why": "forbidden",
                        "permission": f"compute.{read.split('.')[0]}.list",
                        "detail": "",
                    }
                )

        return edit

    return make
