"""The Report printed: golden text for every scenario, JSON that its schema accepts, hostile names made harmless."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from rules import schemas
from rules.evaluate import evaluate
from rules.report import as_json, markdown, text
from rules.report.model import Role
from rules.report.plain import cells
from rules.snapshot import Snapshot, to_json

Seen = Callable[..., Snapshot]

GOLDEN = Path(__file__).with_name("golden")
UPDATE = os.environ.get("WAYHOME_UPDATE_GOLDEN") == "1"

CASES = [
    ("article", "ok ok ok timeout"),
    ("healthy-routes-based", "ok ok ok ok"),
    ("healthy-vpc-native", "ok ok ok ok"),
    ("rc02-peer-does-not-import", "ok ok ok timeout"),
    ("rc03-own-side-does-not-export", "ok ok ok timeout"),
    ("rc16-config-under-another-key", "ok ok ok timeout"),
    ("rc17-config-in-another-namespace", "ok ok ok timeout"),
    ("rc18-no-agent", "ok ok ok timeout"),
    ("rc20-invalid-config", "ok ok ok timeout"),
    ("rc22-config-still-holds-target", "ok ok ok timeout"),
    ("rc30-peer-firewall-admits-nodes-only", "ok ok ok timeout"),
    ("rc31-no-routes-and-firewall", "ok ok ok timeout"),
    ("rc48-node-route-missing", "timeout ok ok timeout"),
    ("rc57-peering-inactive", "ok ok timeout timeout"),
    ("rc66-target-stopped", "ok ok timeout timeout"),
]

REPORT = jsonschema.Draft202012Validator(json.loads(schemas.report()))
SNAPSHOT = jsonschema.Draft202012Validator(json.loads(schemas.snapshot()))


def commands(printed: str) -> list[str]:
    """Lines that may be wider: commands and the files they write, indented for copying."""
    return [line for line in printed.split("\n") if line.startswith(("      ", "    gcloud"))]


@pytest.mark.parametrize(("name", "row"), CASES)
def test_the_text_is_as_it_was_agreed(seen: Seen, name: str, row: str) -> None:
    """Set WAYHOME_UPDATE_GOLDEN=1 to write the files anew; then read the difference."""
    printed = text.render(evaluate(seen(name, row)))
    path = GOLDEN / f"{name}.txt"
    if UPDATE:
        path.parent.mkdir(exist_ok=True)
        path.write_text(printed, encoding="utf-8")
    assert printed == path.read_text(encoding="utf-8")


@pytest.mark.parametrize(("name", "row"), CASES)
@pytest.mark.parametrize("width", [60, 80, 120])
def test_no_line_but_a_command_is_too_wide(seen: Seen, name: str, row: str, width: int) -> None:
    printed = text.render(evaluate(seen(name, row)), width=width)
    long = [line for line in printed.split("\n") if cells(line) > width]
    assert set(long) <= set(commands(printed))


@pytest.mark.parametrize(("name", "row"), CASES)
def test_ascii_is_ascii(seen: Seen, name: str, row: str) -> None:
    printed = text.render(evaluate(seen(name, row)), ascii=True)
    assert printed.isascii()
    assert "\\u" not in printed
    assert "\\x" not in printed


def test_colour_changes_nothing_but_colour(seen: Seen) -> None:
    report = evaluate(seen("article", "ok ok ok timeout"))
    coloured = text.render(report, color=True)
    assert "\x1b[" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == text.render(report)


@pytest.mark.parametrize(("name", "row"), [*CASES, *((name, "") for name, _row in CASES)])
def test_json_is_what_the_schema_says(seen: Seen, name: str, row: str) -> None:
    snapshot = seen(name, row)
    SNAPSHOT.validate(to_json(snapshot))
    data = as_json.to_json(evaluate(snapshot))
    REPORT.validate(data)
    assert json.loads(as_json.dumps(evaluate(snapshot))) == data


def test_the_contract_in_json(seen: Seen) -> None:
    """The example of the contract: the article's incident."""
    data = as_json.to_json(evaluate(seen("article", "ok ok ok timeout")))
    assert data["schema"] == "wayhome.report/1"
    assert data["verdict"] == "broken"
    assert data["broken"] == {
        "direction": "return",
        "reason": "NO_ROUTE",
        "at": {"project": "project-b", "network": "vpc-b"},
        "place": "project-b/vpc-b",
        "owner": "project-b",
    }
    assert {row["probe"]: row["predicted"] for row in data["matrix"]} == {
        "pod-local": "ok",
        "node-local": "ok",
        "node-peer": "ok",
        "pod-peer": "timeout",
        "pod-proxy": "unknown",
    }
    masquerade = data["masquerade"]
    assert (masquerade["masqueraded"], masquerade["source"]) == (False, "172.16.1.2")
    assert masquerade["reason"] == "DESTINATION_IP_IN_DEFAULT_NON_MASQUERADE_RANGE"
    assert masquerade["range"] == "10.0.0.0/8"
    ours = data["routes"]["project-a/vpc-a"]
    assert [(row["dest"], row["kind"], row["used"]) for row in ours if row["used"]] == [
        ("10.2.0.0/16", "peering-subnet", "forward")
    ]
    theirs = {row["dest"]: row for row in data["routes"]["project-b/vpc-b"]}
    assert theirs["172.16.1.0/24"]["ghost"] is True
    assert theirs["172.16.1.0/24"]["why_not"] == "not-exported"
    assert theirs["0.0.0.0/0"]["why_not"] == "internet-gateway"
    assert [each["id"] for each in data["remedies"]][:3] == [
        "masquerade-minimal",
        "exchange-routes",
        "masquerade-article",
    ]


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data.pop("verdict"),
        lambda data: data.update(verdict="maybe"),
        lambda data: data["broken"].update(direction="sideways"),
        lambda data: data["matrix"][0].update(predicted="fine"),
        lambda data: data["causes"][0].update(status="proven"),
        lambda data: data["causes"][0].update(id="cause 1"),
        lambda data: data["routes"]["project-b/vpc-b"][0].update(why_not="because"),
        lambda data: data["remedies"][0].update(predicted="timeout"),
        lambda data: data.update(causes=[]),
        lambda data: data.update(verdict="reachable"),
        lambda data: data.update(schema="wayhome.report/2"),
    ],
)
def test_the_report_schema_refuses_what_is_not_a_report(seen: Seen, damage: Callable[[dict[str, Any]], Any]) -> None:
    data = as_json.to_json(evaluate(seen("article", "ok ok ok timeout")))
    damage(data)
    assert list(REPORT.iter_errors(data))


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data["question"]["target"].update(ip="10.2.0"),
        lambda data: data["question"]["target"].update(port=0),
        lambda data: data["probes"][0].update(outcome="fine"),
        lambda data: data["probes"][0].update(id="pod-elsewhere"),
        lambda data: data["probes"].append({"id": "pod-peer", "outcome": "not-run", "why": ""}),
        lambda data: data["gaps"].append({"read": "x", "of": "y", "why": "because"}),
        lambda data: data.pop("kubernetes"),
        lambda data: data.update(schema="wayhome.snapshot/2"),
        lambda data: data.update(taken_at="yesterday"),
    ],
)
def test_the_snapshot_schema_refuses_what_is_not_one(seen: Seen, damage: Callable[[dict[str, Any]], Any]) -> None:
    data = json.loads(json.dumps(to_json(seen("article", "ok ok ok timeout"))))
    damage(data)
    assert list(SNAPSHOT.iter_errors(data))


HOSTILE = "\x1b]0;owned\x07\x1b[2J[red]x[/x]`|*<b>\u202e日本"


def hostile(data: dict[str, Any]) -> None:
    """Names that try to be terminal commands, markup, or another line."""
    data["compute"]["project-b"]["networks"][0]["peerings"][0]["name"] = HOSTILE
    for rule in data["compute"]["project-b"]["effectiveFirewalls"][0]["firewalls"]:
        rule["name"] = HOSTILE + "\nINJECTED"
    for item in data["kubernetes"]["configmaps"]["items"]:
        item["data"] = {HOSTILE: "nonMasqueradeCIDRs: [172.16.0.0/16]\n"}
    data["probes"][0]["via"] = HOSTILE
    data["gaps"].append({"read": HOSTILE, "of": HOSTILE, "why": "error", "permission": HOSTILE, "detail": HOSTILE})


@pytest.mark.parametrize("ascii", [False, True])
def test_hostile_names_reach_no_terminal(seen: Seen, ascii: bool) -> None:
    report = evaluate(seen("rc16-config-under-another-key", "ok ok ok timeout", hostile))
    assert report.causes[0].id == "RC16"
    printed = text.render(report, ascii=ascii)
    bad = [char for char in printed if char != "\n" and unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp")]
    assert bad == []
    assert "\nINJECTED" not in printed
    assert "owned" in printed
    REPORT.validate(as_json.to_json(report))


def test_hostile_names_are_no_markdown(seen: Seen) -> None:
    printed = markdown.render(evaluate(seen("rc16-config-under-another-key", "ok ok ok timeout", hostile)))
    assert "\x1b" not in printed
    assert "<b>" not in re.sub(r"(?<![\\`])(`+)(?!`).*?(?<!`)\1(?!`)", "", printed, flags=re.DOTALL)
    assert "\u202e" not in printed


def test_only_what_is_enough_is_told_whole(seen: Seen) -> None:
    report = evaluate(seen("article", "ok ok ok timeout"))
    told = text.render(report).partition("\nFixes\n")[2]
    enough = {name for one in report.fix_sets for name in one.remedies}
    assert enough
    assert {offer.id for offer in report.remedies if offer.role is not Role.ADVICE} > enough
    for offer in report.remedies:
        part = re.split(r"^  \S+ (?=[a-z-]+: )", told, flags=re.MULTILINE)
        (own,) = [one for one in part if one.startswith(f"{offer.id}: ")]
        own = own.partition("\n\n")[0].replace("\\\n", "")
        assert ("by hand:" in own) == (offer.id in enough), offer.id
        verb = {Role.HAND_OFF: "handoff", Role.APPLY: "apply"}.get(offer.role, "")
        assert (f"wayhome {verb} {offer.id} default/my-pod" in own) == (bool(verb) and offer.id not in enough), offer.id


def test_markdown_tells_the_whole_story(seen: Seen) -> None:
    printed = markdown.render(evaluate(seen("article", "ok ok ok timeout")))
    for head in (
        "Probes",
        "Request",
        "Answer",
        "Routes of project-a/vpc-a",
        "Routes of project-b/vpc-b",
        "Causes",
        "Fixes",
    ):
        assert f"## {head}" in printed
    assert "```sh\ngcloud compute networks peerings update a-to-b" in printed
    assert printed.count("```") % 2 == 0


def test_judging_needs_neither_screen_nor_client() -> None:
    """A fresh interpreter: rules.evaluate and the three printers import nothing heavy."""
    code = (
        "import sys, rules.evaluate, rules.report.text, rules.report.as_json, rules.report.markdown, rules.schemas;"
        "print([name for name in ('textual', 'rich', 'google', 'kubernetes', 'networkx', 'requests', 'aiohttp')"
        " if name in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
