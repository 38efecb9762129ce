"""Each remedy that wayhome applies, through the command line: applied, proven, and taken back to the letter."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.lab

QUESTION = ("my-pod", "http://10.2.0.10/health")
SERVER_MADE = ("resourceVersion", "generation", "managedFields", "creationTimestamp", "uid")
KINDS = ("configmaps", "daemonsets", "egressnatpolicies")

# Scenario, remedy, what `diagnose` says after it has been taken back: an agent leaves its rules on the nodes.
TABLE = [
    ("article", "masquerade-minimal", 1),
    ("article", "masquerade-article", 1),
    ("article", "exchange-routes", 1),
    ("rc02-peer-does-not-import", "import-routes", 1),
    ("rc03-own-side-does-not-export", "export-routes", 1),
    ("rc16-config-under-another-key", "mend-config", 1),
    ("rc17-config-in-another-namespace", "mend-config", 1),
    ("rc21-config-key-misspelt", "mend-config", 1),
    ("rc27-egress-nat-policy-keeps-pods", "egress-nat-policy", 1),
    ("rc18-no-agent", "deploy-agent", 0),
]


def test_every_remedy_is_applied_proven_and_taken_back(started: Callable[..., Any], tmp_path: Path) -> None:
    lab = started("article")
    for number, (scenario, remedy, after) in enumerate(TABLE):
        turned = lab("lab", "inject", scenario)
        assert turned.code == 0, turned.err
        first, last = tmp_path / f"{number}-before.json", tmp_path / f"{number}-after.json"
        assert lab("diagnose", *QUESTION, "--save", str(first)).code == 1, scenario
        done = lab("apply", remedy, *QUESTION, "--yes", seconds=300)
        assert done.code == 0, (scenario, remedy, done.out, done.err)
        assert ": proven" in done.out, (scenario, remedy, done.out)
        assert "Who may do it needs:" in done.out
        assert "Takes effect:" in done.out
        taken = lab("rollback", "--yes", seconds=300)
        assert taken.code == 0, (scenario, remedy, taken.out, taken.err)
        assert ": rolled-back" in taken.out
        left = lab("diagnose", *QUESTION, "--save", str(last))
        assert left.code == after, (scenario, remedy, left.out)
        assert objects(last) == objects(first), (scenario, remedy)


def objects(saved: Path) -> dict[str, Any]:
    """What remedies change, as the APIs show it in a saved Snapshot, without what the servers make by themselves."""
    seen = json.loads(saved.read_text("utf-8"))
    peerings = {
        f"{project}/{network['name']}": network.get("peerings", [])
        for project, read in seen["compute"].items()
        for network in read["networks"]
    }
    assert any(peerings.values())
    held = {kind: [whole(item) for item in seen["kubernetes"][kind]["items"]] for kind in KINDS}
    return {**held, **peerings}


def whole(item: dict[str, Any]) -> dict[str, Any]:
    """An object but for its status and what the server makes."""
    metadata = {key: value for key, value in item["metadata"].items() if key not in SERVER_MADE}
    return {**{key: value for key, value in item.items() if key != "status"}, "metadata": metadata}


def test_what_is_handed_over_is_shown_and_never_applied(started: Callable[..., Any]) -> None:
    wayhome = started("rc30-peer-firewall-admits-nodes-only")
    shown = wayhome("apply", "peer-firewall", *QUESTION, "--dry-run")
    assert shown.code == 0, shown.err
    assert "gcloud compute firewall-rules create" in shown.out
    refused = wayhome("apply", "peer-firewall", *QUESTION, "--yes")
    assert refused.code != 0
    assert "handoff" in refused.err + refused.out
    message = wayhome("handoff", "peer-firewall", *QUESTION)
    assert message.code == 0, message.err
    assert "gcloud compute firewall-rules create" in message.out
