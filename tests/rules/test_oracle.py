"""A result of Connectivity Tests beside our own walk: what agrees, what contradicts, what is not known or broken."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import googleapiclient
import pytest

from rules import oracle
from rules.evaluate import evaluate
from rules.oracle import OracleError
from rules.report.as_json import to_json
from rules.report.markdown import render as as_markdown
from rules.report.model import TestSays
from rules.report.text import render
from rules.snapshot import Snapshot, dumps, loads

Seen = Callable[..., Snapshot]


def result(
    forward: str = "REACHABLE", back: str = "", *steps: dict[str, Any], lane: str = "return", **more: Any
) -> Any:
    """A connectivity test with its last steps on one lane."""
    here, there = (
        ({"steps": list(steps)}, {"steps": []}) if lane == "forward" else ({"steps": []}, {"steps": list(steps)})
    )
    made: dict[str, Any] = {
        "name": "projects/project-a/locations/global/connectivityTests/pod-to-b",
        "destination": {"ipAddress": "10.2.0.10"},
        "reachabilityDetails": {"result": forward, "traces": [here]},
        **more,
    }
    if back:
        made["returnReachabilityDetails"] = {"result": back, "traces": [there]}
    return made


def drop(cause: str) -> dict[str, Any]:
    return {"state": "DROP", "projectId": "project-b", "causesDrop": True, "drop": {"cause": cause}}


def says(seen: Seen, scenario: str, test: Any) -> TestSays:
    row = "ok ok ok ok" if scenario.startswith("healthy") else "ok ok ok timeout"
    found = evaluate(replace(seen(scenario, row), connectivity_test=test)).connectivity_test
    assert found is not None
    return found


def test_it_agrees_where_both_see_the_answer_lost(seen: Seen) -> None:
    found = says(seen, "article", result("REACHABLE", "UNREACHABLE", drop("NO_ROUTE")))
    assert found.agrees is True
    assert "NO_ROUTE, its name for what is found here: RC01" in found.sentences[0]


@pytest.mark.parametrize(
    ("scenario", "test", "said"),
    [
        ("healthy-routes-based", result("REACHABLE", "UNREACHABLE", drop("NO_ROUTE")), "which is not found here"),
        ("article", result("REACHABLE", "REACHABLE"), "our walk does not"),
        (
            "healthy-masqueraded",
            result(
                "REACHABLE", "REACHABLE", {"ipMasqueradingSkipped": {"reason": "DEFAULT_SNAT_DISABLED"}}, lane="forward"
            ),
            "we say that it is",
        ),
    ],
)
def test_what_contradicts_is_said(seen: Seen, scenario: str, test: Any, said: str) -> None:
    found = says(seen, scenario, test)
    assert found.agrees is False
    assert any(said in sentence for sentence in found.sentences)


def test_what_it_could_not_see_and_what_we_do_not_know_decide_nothing(seen: Seen) -> None:
    blind = result("UNDETERMINED", "", {"state": "ABORT", "abort": {"cause": "PERMISSION_DENIED"}}, lane="forward")
    assert says(seen, "article", blind).agrees is None
    news = result("UNDETERMINED", "", drop("EATEN_BY_A_GRUE"), lane="forward")
    found = says(seen, "article", news)
    assert found.agrees is None
    assert "EATEN_BY_A_GRUE, a name that no cause of this version has" in found.sentences[0]
    assert any("--round-trip" in each for each in says(seen, "article", result()).sentences)


def test_a_test_of_another_destination_is_not_used(seen: Seen) -> None:
    found = says(seen, "article", result("UNREACHABLE", destination={"ipAddress": "10.9.9.9"}))
    assert (found.agrees, len(found.sentences)) == (None, 1)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "[1]",
        "{}",
        '"text"',
        "null",
        "[" * 100_000,
        '{"reachabilityDetails": 1}',
        '{"reachabilityDetails": {"result": 5}}',
        '{"reachabilityDetails": {"traces": [1]}}',
        '{"reachabilityDetails": {"traces": [{"steps": [null]}]}}',
        '{"reachabilityDetails": {}, "returnReachabilityDetails": []}',
        json.dumps([result(), result()]),
    ],
)
def test_anything_else_is_one_sentence(text: str) -> None:
    with pytest.raises(OracleError) as caught:
        oracle.loads(text)
    assert str(caught.value).startswith("It ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("value", [None, 7, "x", [], {}, [None], {"cause": ["x"]}, "[/x]\x1b[31m"])
@pytest.mark.parametrize("key", ["drop", "abort", "ipMasqueradingSkipped", "projectId", "name"])
def test_hostile_values_are_shown_or_left_out(seen: Seen, key: str, value: Any) -> None:
    test = result("UNREACHABLE", "UNREACHABLE", {**drop("NO_ROUTE"), key: value}, lane="forward")
    report = evaluate(
        loads(dumps(replace(seen("article", "ok ok ok timeout"), connectivity_test={**test, "name": value})))
    )
    assert "\x1b" not in render(report)
    assert as_markdown(report)
    json.dumps(to_json(report))


def test_a_damaged_result_in_a_saved_snapshot_is_said(seen: Seen) -> None:
    found = says(seen, "article", {"reachabilityDetails": []})
    assert "no reachabilityDetails" in found.sentences[0]


def test_the_fields_that_are_read_are_the_apis_own() -> None:
    folder = Path(googleapiclient.__file__).parent / "discovery_cache" / "documents"
    schemas = json.loads((folder / "networkmanagement.v1.json").read_text("utf-8"))["schemas"]
    read = {
        "ConnectivityTest": {"name", "displayName", "destination", "reachabilityDetails", "returnReachabilityDetails"},
        "ReachabilityDetails": {"result", "traces"},
        "Trace": {"steps"},
        "Step": {"projectId", "drop", "abort", "ipMasqueradingSkipped"},
        "DropInfo": {"cause"},
        "AbortInfo": {"cause"},
        "IpMasqueradingSkippedInfo": {"reason"},
        "Endpoint": {"ipAddress"},
    }
    for schema, fields in read.items():
        assert fields <= schemas[schema]["properties"].keys(), schema


def test_the_names_that_causes_map_to_are_the_apis_own() -> None:
    from rules import causes

    folder = Path(googleapiclient.__file__).parent / "discovery_cache" / "documents"
    schemas = json.loads((folder / "networkmanagement.v1.json").read_text("utf-8"))["schemas"]
    known = set(schemas["DropInfo"]["properties"]["cause"]["enum"])
    known |= set(schemas["IpMasqueradingSkippedInfo"]["properties"]["reason"]["enum"])
    known |= set(schemas["GkeNetworkPolicySkippedInfo"]["properties"]["reason"]["enum"])
    wrong = {cause.id: set(cause.connectivity_tests) - known for cause in causes.load()}
    assert {cause: names for cause, names in wrong.items() if names} == {}
