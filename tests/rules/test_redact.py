"""A redacted Snapshot tells the same story about other names."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab import scenario
from rules import ranges, schemas
from rules.evaluate import evaluate
from rules.redact import redact
from rules.redact.addresses import CLASSES, PUBLISHED, Addresses
from rules.redact.pseudonyms import Pseudonyms, stays
from rules.redact.text import Texts
from rules.report.as_json import to_json as report_json
from rules.snapshot import Gap, Outcome, Probe, Snapshot, dumps, loads, to_json

KEY = b"a key of the tests 0"
"""Under it, no pseudonym of a short name happens to be another short name of the scenarios."""

NAMED = {"name", "podCIDR", "networkIP", "nodeName", "rangeName", "providerID", "podIP", "uid", "email", "selfLink"}

Seen = Callable[..., Snapshot]


def told(snapshot: Snapshot) -> dict[str, Any]:
    """What the Report says, without the names in it."""
    found = report_json(evaluate(snapshot))
    return {
        "verdict": found["verdict"],
        "broken": {key: (found["broken"] or {}).get(key) for key in ("direction", "reason")},
        "matrix": [(row["observed"], row["predicted"], row["agrees"]) for row in found["matrix"]],
        "masquerade": {key: (found["masquerade"] or {}).get(key) for key in ("masqueraded", "reason")},
        "ways": [[(hop["kind"], hop["verdict"]) for hop in found[way]] for way in ("forward", "return")],
        "routes": [
            sorted((row["kind"], row["priority"], str(row["used"]), str(row["why_not"])) for row in rows)
            for rows in found["routes"].values()
        ],
        "causes": [(one["id"], one["status"], one["blocks"], len(one["evidence"])) for one in found["causes"]],
        "remedies": [
            (
                one["id"],
                one["complete"],
                one["predicted"],
                [need["met"] for need in one["preconditions"]],
                *(len(one[part]) for part in ("changes", "blast_radius", "commands")),
            )
            for one in found["remedies"]
        ],
        "next": found["next"] and [probe.split("=")[0] for probe in found["next"]["probes"]],
        "unknowns": [one["permission"] for one in found["unknowns"]],
    }


def names(value: Any, key: str = "") -> set[str]:
    """Every name and address in the JSON of a Snapshot that is not made of everybody's words alone."""
    if isinstance(value, dict):
        return set().union(*(names(item, name) for name, item in value.items()))
    if isinstance(value, list):
        return set().union(*(names(item, key) for item in value))
    if not isinstance(value, str) or key not in NAMED:
        return set()
    parts = re.findall(r"[^\W_]+", value)
    return {value} if re.search(r"[A-Za-z]-\d", value) or not all(map(stays, parts)) else set()


@pytest.mark.parametrize("name", scenario.names())
def test_a_redacted_scenario_has_the_same_report_and_none_of_its_names(seen: Seen, name: str) -> None:
    snapshot = seen(name, "ok ok ok timeout", nat=True)
    redacted = redact(snapshot, KEY)
    assert told(redacted) == told(snapshot)

    text = dumps(redacted)
    jsonschema.validate(json.loads(text), json.loads(schemas.snapshot()))
    assert loads(text) == redacted
    originals = names(to_json(snapshot))
    assert len(originals) > 30
    assert [original for original in sorted(originals) if re.search(rf"(?<!\w){re.escape(original)}(?!\w)", text)] == []


def test_no_address_of_the_private_networks_is_left(seen: Seen) -> None:
    snapshot = seen("article", "ok ok ok timeout", nat=True)
    before, after = (
        {text for text in re.findall(r"\b10(?:\.\d+){3}\b", dumps(one)) if not text.startswith("10.0.0.")}
        for one in (snapshot, redact(snapshot, KEY))
    )
    assert len(before) == len(after) > 5
    assert not before & after


def test_pseudonyms_hold_under_one_key_and_change_with_it(seen: Seen) -> None:
    article, other = (
        seen("article"),
        seen("healthy-two-peers"),
    )
    assert redact(article, KEY).question.pod == redact(other, KEY).question.pod
    assert redact(article, KEY).question.pod != redact(article, b"another key").question.pod


def test_secrets_are_left_out(seen: Seen) -> None:
    def edit(data: dict[str, Any]) -> None:
        pod = data["kubernetes"]["pods"]["items"][0]
        pod["metadata"]["annotations"] = {"kubectl.kubernetes.io/last-applied-configuration": "hunter2"}
        pod["metadata"]["managedFields"] = [{"manager": "hunter2"}]
        own = {"name": "main", "image": "registry.acme.example/shop:1", "args": ["--password=hunter2"]}
        pod["spec"]["containers"].append({**own, "env": [{"name": "PASSWORD", "value": "hunter2"}]})
        vm = data["compute"]["project-a"]["instances"][0]
        vm["metadata"] = {"items": [{"key": "ssh-keys", "value": "hunter2"}]}

    text = dumps(redact(seen("article", "", edit), KEY))
    assert "hunter2" not in text
    assert "acme" not in text


def test_names_inside_sentences_and_commands_are_found(seen: Seen) -> None:
    via = "kubectl exec -n payroll my-pod -- curl -m 3 http://10.2.0.10/salaries"
    said = 'User "jane.doe@acme.example" cannot get resource "pods" in the namespace "payroll": gke-node-01 is away'
    probe = Probe("pod-peer", Outcome.TIMEOUT, via=via, stdout="<h1>Acme salaries</h1>", stderr=said)
    gap = Gap("compute.networks.get", "project-b/vpc-b", "forbidden", "compute.networks.get", said)
    redacted = redact(replace(seen("article"), probes=(probe,), gaps=(gap,)), KEY)

    made = redacted.probes[0]
    assert re.fullmatch(r"kubectl exec -n \w+ \w+-pod -- curl -m 3 http://10\.\d+\.0\.10/\w+", made.via)
    for text in (made.via, made.stdout, made.stderr, redacted.gaps[0].detail):
        assert not re.search("payroll|jane|acme|salaries|node-01|my-pod", text, re.IGNORECASE)
    assert made.stderr.startswith('User "')
    assert ' cannot get resource "pods" in the namespace "' in made.stderr
    assert redacted.gaps[0].of != gap.of
    assert (redacted.gaps[0].read, redacted.gaps[0].permission) == (gap.read, gap.permission)


def test_settings_keep_their_keys_and_lose_their_comments(seen: Seen) -> None:
    texts = Texts(Pseudonyms(KEY), Addresses(KEY))
    made = texts.settings("nonMasqueradeCIDR:\n  - 10.1.0.0/16  # Acme payroll\nresyncInterval: 60s\n")
    assert re.fullmatch(r"nonMasqueradeCIDR:\n  - 10\.\d+\.0\.0/16  # [A-Z]\w{3} \w{7}\nresyncInterval: 60s\n", made)
    assert "payroll" not in made


NETWORKS = st.builds(
    lambda number, length: IPv4Network((number, length), strict=False),
    st.integers(0, 2**32 - 1),
    st.integers(0, 32),
)
ADDRESSES = st.integers(0, 2**32 - 1).map(IPv4Address)


@given(ADDRESSES, NETWORKS, st.lists(NETWORKS, max_size=3))
def test_an_address_is_in_a_range_exactly_if_its_pseudonym_is(
    address: IPv4Address, network: IPv4Network, subnets: list[IPv4Network]
) -> None:
    mapping = Addresses(KEY, subnets)
    mapped = IPv4Address(mapping.address(str(address)))
    inside = IPv4Network(mapping.network(str(network.network_address), network.prefixlen))  # strict: no host bits
    assert (mapped in inside) == (address in network)
    for known in (*CLASSES, *PUBLISHED):
        if known.version == 4:
            assert (mapped in known) == (address in known)
    assert ranges.internal(mapped) == ranges.internal(address)
    if any(address in known for known in PUBLISHED):
        assert mapped == address


@given(NETWORKS, NETWORKS)
def test_ranges_contain_each_other_as_before(one: IPv4Network, other: IPv4Network) -> None:
    mapping = Addresses(KEY)
    first, second = (IPv4Network(mapping.network(str(it.network_address), it.prefixlen)) for it in (one, other))
    assert first.subnet_of(second) == one.subnet_of(other)
    assert (first == second) == (one == other)


@given(st.data())
def test_words_are_mapped_one_to_one(data: st.DataObject) -> None:
    words = st.text("abcdef0123456789xyzXY", min_size=1, max_size=9)
    one, other = data.draw(words), data.draw(words)
    mapping = Pseudonyms(KEY)
    assert (mapping.word(one) == mapping.word(other)) == (one == other)
    assert len(mapping.word(one)) == len(one)
    assert stays(mapping.word(one)) == stays(one)
