"""What must hold whatever is readable: no crash, valid reports, and nothing proven by evidence that is not there."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import product
from typing import Any

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rules import schemas
from rules.evaluate import evaluate
from rules.report import as_json, markdown, text
from rules.report.model import Answer, Report, Status
from rules.snapshot import Snapshot, loads, to_json

Seen = Callable[..., Snapshot]

REPORT = jsonschema.Draft202012Validator(json.loads(schemas.report()))

MATRIX = {
    "article": "ok ok ok timeout",
    "rc02-peer-does-not-import": "ok ok ok timeout",
    "rc03-own-side-does-not-export": "ok ok ok timeout",
    "rc16-config-under-another-key": "ok ok ok timeout",
    "rc17-config-in-another-namespace": "ok ok ok timeout",
    "rc18-no-agent": "ok ok ok timeout",
    "rc20-invalid-config": "ok ok ok timeout",
    "rc22-config-still-holds-target": "ok ok ok timeout",
    "rc30-peer-firewall-admits-nodes-only": "ok ok ok timeout",
    "rc31-no-routes-and-firewall": "ok ok ok timeout",
    "rc48-node-route-missing": "timeout ok ok timeout",
    "rc57-peering-inactive": "ok ok timeout timeout",
    "rc66-target-stopped": "ok ok timeout timeout",
    "healthy-routes-based": "ok ok ok ok",
    "healthy-vpc-native": "ok ok ok ok",
}


def proven(report: Report) -> set[str]:
    return {cause.id for cause in report.causes if cause.status is Status.CONFIRMED}


def reads(data: dict[str, Any]) -> list[tuple[str, ...]]:
    """Every part of a Snapshot that could have been unreadable."""
    found: list[tuple[str, ...]] = [("kubernetes", kind) for kind in data["kubernetes"]]
    found += [("compute", project, kind) for project, kinds in data["compute"].items() for kind in kinds]
    found += [("compute", project) for project in data["compute"]]
    return [*found, ("container",)]


def without(data: dict[str, Any], parts: list[tuple[str, ...]]) -> None:
    for part in parts:
        if part == ("container",):
            data["container"] = {}
            continue
        place = data
        for key in part[:-1]:
            place = place.get(key, {})
        place.pop(part[-1], None)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), name=st.sampled_from(sorted(MATRIX)))
def test_less_evidence_proves_nothing_new(seen: Seen, data: st.DataObject, name: str) -> None:
    whole = json.loads(json.dumps(to_json(seen(name, MATRIX[name]))))
    known = proven(evaluate(loads(json.dumps(whole))))
    parts = data.draw(st.lists(st.sampled_from(reads(whole)), max_size=6, unique=True))
    without(whole, parts)
    report = evaluate(loads(json.dumps(whole)))
    assert proven(report) <= known
    REPORT.validate(as_json.to_json(report))
    assert text.render(report)
    assert markdown.render(report)
    if name.startswith("healthy"):
        assert report.answer is Answer.REACHABLE
        assert all(not cause.blocks for cause in report.causes)


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 70000) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), name=st.sampled_from(["article", "rc20-invalid-config", "rc57-peering-inactive"]))
def test_odd_objects_crash_nothing(seen: Seen, data: st.DataObject, name: str) -> None:
    """Any value inside an API object may be of another type than the API documents."""
    whole = json.loads(json.dumps(to_json(seen(name, MATRIX[name]))))
    places: list[tuple[Any, Any]] = []

    def collect(value: Any) -> None:
        keys = value.keys() if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
        for key in keys:
            places.append((value, key))
            collect(value[key])

    for kinds in (*whole["compute"].values(), whole["container"]):
        for items in kinds.values():
            collect(items)
    for listing in whole["kubernetes"].values():
        collect(listing["items"])
    for _turn in range(data.draw(st.integers(1, 4))):
        holder, key = places[data.draw(st.integers(0, len(places) - 1))]
        holder[key] = data.draw(JUNK)
    report = evaluate(loads(json.dumps(whole)))
    REPORT.validate(as_json.to_json(report))
    assert text.render(report)


@pytest.mark.parametrize(("exports", "imports", "admitted", "masked"), list(product([False, True], repeat=4)))
def test_the_two_flags_the_door_and_the_mask(
    seen: Seen, exports: bool, imports: bool, admitted: bool, masked: bool
) -> None:
    """Every mixture of the article's levers: what blocks is listed whole, and nothing else."""

    def edit(data: dict[str, Any]) -> None:
        for project, field, value in (
            ("project-a", "exportCustomRoutes", exports),
            ("project-b", "importCustomRoutes", imports),
        ):
            for network in data["compute"][project]["networks"]:
                for peering in network["peerings"]:
                    peering[field] = value
                    peering.pop("connectionStatus", None)
        if not admitted:
            for entry in data["compute"]["project-b"]["effectiveFirewalls"]:
                entry["firewalls"] = [rule for rule in entry["firewalls"] if rule["name"] != "allow-from-a-pods"]
        if masked:
            body = "nonMasqueradeCIDRs: [172.16.0.0/16, 10.1.0.0/16]\n"
            metadata = {"name": "ip-masq-agent", "namespace": "kube-system"}
            data["kubernetes"]["configmaps"]["items"].append({"metadata": metadata, "data": {"config": body}})

    works = masked or (exports and imports and admitted)
    report = evaluate(seen("article", f"ok ok ok {'ok' if works else 'timeout'}", edit))
    wanted = set()
    if not works:
        route = {(False, False): "RC01", (True, False): "RC02", (False, True): "RC03"}.get((exports, imports))
        wanted = {each for each in (route, None if admitted else "RC30") if each}
        if len(wanted) == 2:
            wanted.add("RC31")
    assert {cause.id for cause in report.causes} == wanted
    assert report.answer is (Answer.REACHABLE if works else Answer.BROKEN)
    assert [row.predicted for row in report.matrix][:4] == ["ok", "ok", "ok", "ok" if works else "timeout"]
    assert report.unexplained == ()
    if not works:
        complete = {offer.id for offer in report.remedies if offer.complete}
        names = {(False, False): "exchange-routes", (True, False): "import-routes", (False, True): "export-routes"}
        by_routes = {names[exports, imports]} if admitted and not (exports and imports) else set()
        by_door = {"peer-firewall"} if exports and imports and not admitted else set()
        assert complete == {"masquerade-minimal", "masquerade-article"} | by_routes | by_door
