"""Cells against measurements: what excludes a cause, what does not, and the order of the rest."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from rules import causes
from rules.build import build
from rules.case import PROBES, Case
from rules.causes.cause import Cause, Finding, Prior, cells
from rules.ranking import ranked
from rules.repeats import Repeat, parse
from rules.report.model import Status
from rules.snapshot import Outcome, Snapshot

Seen = Callable[..., Snapshot]


@pytest.fixture
def case(seen: Seen) -> Case:
    """The article's incident, measured."""
    snapshot = seen("article", "ok ok ok timeout")
    return Case(build(snapshot), snapshot.question, snapshot.probes)


def made(id: str, status: Status = Status.CONFIRMED, **more: object) -> Cause:
    """A cause that is always found."""
    finding = Finding(status, status is not Status.POSSIBLE, f"{id} is so.", ("a field",))
    return replace(Cause(id, lambda: f"cause {id}", lambda _case: finding), **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("cause", causes.load(), ids=lambda cause: cause.id)
def test_every_cause_says_what_it_predicts(cause: Cause) -> None:
    assert cause.cells.probes.keys() == set(PROBES)
    for shape in (cause.prior.routes_based, cause.prior.vpc_native, cause.prior.public_pods, cause.prior.autopilot):
        assert 0 <= shape <= 9
    assert all(name.isupper() for name in cause.connectivity_tests)


@pytest.mark.parametrize(
    ("five", "probe", "seen", "contradicts"),
    [
        ("ok ok timeout timeout timeout", "node-peer", Outcome.OK, True),
        ("ok ok timeout timeout timeout", "node-peer", Outcome.REFUSED, True),
        ("ok ok timeout timeout timeout", "node-peer", Outcome.UNREACHABLE, False),
        ("ok ok ok timeout ok", "pod-local", Outcome.TIMEOUT, False),  # a second fault may lie in front
        ("ok ok ok refused ok", "pod-peer", Outcome.TIMEOUT, False),
        ("ok ok ok refused ok", "pod-peer", Outcome.OK, True),
        ("ok ok ok ok|timeout ok", "pod-peer", Outcome.OK, False),
        ("any any any any any", "pod-peer", Outcome.OK, False),
        ("ok ok dns dns ok", "pod-peer", Outcome.OK, False),  # a name that fails says nothing of an address
        ("ok ok ok timeout ok", "pod-peer", Outcome.DNS, False),
    ],
)
def test_only_an_answer_contradicts(five: str, probe: str, seen: Outcome, contradicts: bool) -> None:
    assert cells(five).contradicts(probe, seen) is contradicts


def test_a_repeat_contradicts_where_the_cause_speaks_of_it() -> None:
    assert cells("ok ok ok timeout ok", namespace="timeout").contradicts("pod-peer@namespace=b", Outcome.OK)
    assert not cells("ok ok ok timeout ok", namespace="timeout").contradicts("pod-peer@gke-node-02", Outcome.OK)
    assert not cells("ok ok ok timeout ok").contradicts("pod-peer@namespace=b", Outcome.OK)


@pytest.mark.parametrize("five", ["ok ok ok timeout", "ok ok ok slow ok", ""])
def test_cells_that_are_wrong_are_refused(five: str) -> None:
    with pytest.raises(ValueError, match=r"matrix|not a valid Outcome"):
        cells(five)


def test_what_contradicts_a_measurement_is_excluded_with_the_reason(case: Case) -> None:
    found = ranked(case, [made("RC57", cells=cells("ok ok timeout timeout timeout")), made("RC01")])
    assert [cause.id for cause, _finding in found.found] == ["RC01"]
    (out,) = found.excluded
    assert (out.id, out.probe) == ("RC57", "node-peer")
    assert out.why == "node → peer would end in timeout, and was ok"


def test_a_latent_fault_explains_nothing_and_is_not_excluded(case: Case) -> None:
    found = ranked(case, [made("RC48", Status.LATENT, cells=cells("timeout ok ok timeout timeout"))])
    assert [cause.id for cause, _finding in found.found] == ["RC48"]


def test_what_is_reached_by_exclusion_is_never_more_than_possible(case: Case) -> None:
    found = ranked(case, [made("RC38", by_exclusion=True)])
    (item,) = found.found
    assert (item[1].status, item[1].blocks) == (Status.POSSIBLE, False)
    found = ranked(case, [made("RC38", by_exclusion=True), made("RC01")])
    assert [cause.id for cause, _finding in found.found] == ["RC01"]
    assert [(out.id, out.probe) for out in found.excluded] == [("RC38", "")]


def test_evidence_goes_before_explanation_before_the_special_case_before_the_prior(case: Case) -> None:
    usual = made("RC09", prior=Prior(routes_based=9))
    order = [
        made("RC05", cells=cells("ok ok ok timeout ok"), rank=10),
        usual,
        made("RC08", prior=Prior(routes_based=2)),
        made("RC02", Status.LIKELY, rank=1),
        made("RC03", Status.POSSIBLE, rank=1),
    ]
    assert [cause.id for cause, _finding in ranked(case, reversed(order)).found] == [cause.id for cause in order]


@pytest.mark.parametrize(
    ("id", "wanted"),
    [
        ("pod-peer", None),
        ("pod-peer@gke-node-02", Repeat("pod-peer", "node", "gke-node-02")),
        ("pod-peer@namespace=team-b", Repeat("pod-peer", "namespace", "team-b")),
        ("pod-peer@size=8000", Repeat("pod-peer", "size", "8000")),
        ("pod-peer@size=many", None),
        ("pod-peer@node=x", None),
        ("pod-peer@", None),
        ("pod-peer@colour=red", None),
        ("pod-peer@port=", None),
    ],
)
def test_names_of_repeats(id: str, wanted: Repeat | None) -> None:
    assert parse(id) == wanted
    assert wanted is None or str(wanted) == id
