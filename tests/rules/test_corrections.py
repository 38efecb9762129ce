"""The agent's file put right: what the real parser refuses or overlooks, with the least that has to change."""

from __future__ import annotations

import pytest
import yaml

from rules.agent_config import agent_config
from rules.remedies.corrections import mended

PODS, OWN = "172.16.0.0/16", "10.1.0.0/16"

# What is written, what becomes of it; a text on the right means that nothing else of the file may change.
GOOD = "nonMasqueradeCIDRs:\n- 172.16.0.0/16\n- 10.1.0.0/16\n"
DEEP = "nonMasqueradeCIDRs:\n  - 172.16.0.0/16\n  - 10.1.0.0/16\n"
FLOW = "nonMasqueradeCIDRs: [172.16.0.0/16, 10.1.0.0/16]\n"
TABLE = [
    (GOOD.replace("10.1.0.0/16", "10.1.0.1/16 # own"), GOOD.replace("10.1.0.0/16", "10.1.0.0/16 # own")),
    ("# ours\n" + GOOD.replace("CIDRs", "CIDR"), "# ours\n" + GOOD),
    ("'nonMasqueradeCidrsList'" + GOOD[18:], "'nonMasqueradeCIDRs'" + GOOD[18:]),
    ("config: |\n  nonMasqueradeCIDRs:\n    - 172.16.0.0/16\n    - 10.1.0.0/16\n", None),
    ("config:\n  nonMasqueradeCIDRs:\n    - 172.16.0.0/16\n    - 10.1.0.0/16\n", DEEP),
    (FLOW + "resyncInterval: 60\n", FLOW + "resyncInterval: 60s\n"),
    (FLOW + "resyncInterval:\n", None),
    (GOOD.replace("- ", "-"), GOOD),
    ("nonMasqueradeCIDRs: 172.16.0.0/16, 10.1.0.0/16\n", None),
    (DEEP.replace("  -", "\t-"), DEEP),
    ("- 172.16.0.0/16\n- 10.1.0.0/16\n", GOOD),
    (FLOW.replace("10.1", "010.1"), FLOW),
    ("nonMasqueradeCIDRs: ['fd00::/8', 172.16.0.0/16, 10.1.0.0/16]\n", None),
    (FLOW + "masqLinkLocal: 'true'\n", None),
    (FLOW + "cidrLimit: 0\n", None),
]


@pytest.mark.parametrize(("text", "becomes"), TABLE)
def test_what_was_meant_is_written(text: str, becomes: str | None) -> None:
    before = agent_config(text, all_reserved=True)
    assert before.error or not before.given
    found = mended(text, all_reserved=True)
    assert found is not None
    config = agent_config(found.text, all_reserved=True)
    assert config.error == ""
    assert config.given
    assert [str(entry) for entry in config.ranges] == [PODS, OWN]
    assert found.notes
    if becomes is not None:
        assert found.text == becomes


@pytest.mark.parametrize(
    "text",
    [
        "nonMasqueradeCIDRs: [172.16.0.0/16]\n",
        "nonMasqueradeCIDRs: [my-network]\n",
        "nonMasqueradeCIDRs: [10.0.0.0/33]\n",
        "nonMasqueradeCIDRs: {a: b}\n",
        "team: net\n",
        "plain words",
        "{broken: [yaml",
        "",
    ],
)
def test_what_is_right_or_cannot_be_understood_is_left_alone(text: str) -> None:
    assert mended(text, all_reserved=True) is None


def test_more_ranges_than_the_agent_takes_are_joined() -> None:
    entries = [f"10.1.{number}.0/24" for number in range(128)]
    found = mended(yaml.safe_dump({"nonMasqueradeCIDRs": entries}), all_reserved=True)
    assert found is not None
    assert [str(entry) for entry in found.ranges] == ["10.1.0.0/17"]


def test_a_bare_address_becomes_a_range_of_one() -> None:
    found = mended("nonMasqueradeCIDRs: [10.1.0.7]\n", all_reserved=True)
    assert found is not None
    assert found.text == "nonMasqueradeCIDRs: [10.1.0.7/32]\n"


def test_other_keys_of_the_file_stay() -> None:
    found = mended("team: net\nnonMasqueradeCIDRs: 10.1.0.0/16\nmasqLinkLocal: true\n", all_reserved=True)
    assert found is not None
    assert yaml.safe_load(found.text) == {
        "team": "net",
        "nonMasqueradeCIDRs": ["10.1.0.0/16"],
        "masqLinkLocal": True,
    }
