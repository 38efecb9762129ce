"""The next step is one that its reader may take."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lab import scenario, truth
from lab.build import populate
from lab.store import Store
from rules.evaluate import evaluate
from rules.snapshot import Outcome, Probe

REFUSED = (
    'You may not run commands in default/my-pod: pods "my-pod" is forbidden: User "lab" cannot create resource '
    '"pods/exec" in API group "" in the namespace "default"'
)


@pytest.mark.parametrize(
    ("why", "begins"),
    [(REFUSED, "kubectl create role wayhome-get-create-pods-exec "), ("not asked for", "kubectl exec -n default")],
)
def test_who_may_not_run_commands_is_not_told_to_run_one(why: str, begins: str) -> None:
    store = Store()
    populate(store, scenario.load("article"))
    whole = truth.snapshot(store, "2026-01-01T00:00:00Z")
    unmade = Probe("pod-peer", Outcome.NOT_RUN, why=why)
    report = evaluate(replace(whole, compute={}, kubernetes={"pods": whole.kubernetes["pods"]}, probes=(unmade,)))
    assert report.next is not None
    assert report.next.command.startswith(begins)
