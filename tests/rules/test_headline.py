"""The headline claims of a pod only what such a pod can do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from rules.evaluate import evaluate
from rules.snapshot import Snapshot

Seen = Callable[..., Snapshot]
ROW = "- ok ok -"


def of_phase(phase: str, *, address: bool) -> Callable[[dict[str, Any]], None]:
    def edit(data: dict[str, Any]) -> None:
        (pod,) = (one for one in data["kubernetes"]["pods"]["items"] if one["metadata"]["name"] == "my-pod")
        pod["status"]["phase"] = phase
        if not address:
            pod["status"].pop("podIP", None)
            pod["status"].pop("podIPs", None)

    return edit


@pytest.mark.parametrize("phase", ["Succeeded", "Failed"])
def test_a_pod_that_has_ended_loses_no_answer(seen: Seen, phase: str) -> None:
    headline = evaluate(seen("article", ROW, of_phase(phase, address=True))).headline
    assert headline.startswith(
        f"default/my-pod has ended ({phase}) and sends nothing; of a pod that runs in its place: "
    )
    assert "no route to the pod's address" in headline


@pytest.mark.parametrize("phase", ["Succeeded", "Failed", "Pending"])
def test_a_pod_without_an_address_sends_nothing(seen: Seen, phase: str) -> None:
    headline = evaluate(seen("article", ROW, of_phase(phase, address=False))).headline
    assert headline == f"default/my-pod has no address (phase {phase}) and sends nothing; choose a pod that runs."


def test_a_pod_that_runs_is_spoken_of_as_ever(seen: Seen) -> None:
    headline = evaluate(seen("article", ROW, of_phase("Running", address=True))).headline
    assert headline.startswith("The answer is lost on the return leg")
