"""The agent's file, edge by edge, as ip-masq-agent v2.8.0 answered when it was run on these inputs."""

from __future__ import annotations

import json
from ipaddress import IPv4Network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.agent_config import agent_config, default_ranges, go_duration

DEFAULTS = default_ranges(False)
ONE = "nonMasqueradeCIDRs: [10.1.0.0/16]\n"


def nets(*texts: str) -> tuple[IPv4Network, ...]:
    return tuple(map(IPv4Network, texts))


ACCEPTED = [
    ("", DEFAULTS),
    ("# only a comment\n", DEFAULTS),
    ("---\n", DEFAULTS),
    ("null", DEFAULTS),
    ("nonMasqueradeCIDRs:\n", ()),
    ("nonMasqueradeCIDRs: []\n", ()),
    ("nonMasqueradeCIDRs: ~\n", ()),
    ("NonMasqueradeCidrs: [10.1.0.0/16]\n", nets("10.1.0.0/16")),
    ("NONMASQUERADECIDRS: [10.1.0.0/16]\n", nets("10.1.0.0/16")),
    ("nonMasqueradeCidr: [10.1.0.0/16]\n", DEFAULTS),
    ("config: |\n  nonMasqueradeCIDRs: [10.1.0.0/16]\n", DEFAULTS),
    ("nonMasqueradeCIDRs: [10.1.0.0/16]\nnonMasqueradeCIDRs: [10.3.0.0/16]\n", nets("10.3.0.0/16")),
    # Go's decoder sees keys sorted, so the lower-case spelling comes last.
    ("nonMasqueradeCIDRs: [10.1.0.0/16]\nNonMasqueradeCIDRs: [10.3.0.0/16]\n", nets("10.1.0.0/16")),
    ('{"nonMasqueradeCIDRs": ["10.1.0.0/16"], "resyncInterval": "30s"}', nets("10.1.0.0/16")),
    # In JSON the order of the text counts.
    ('{"nonMasqueradeCIDRs": ["10.1.0.0/16"], "NonMasqueradeCIDRs": ["10.3.0.0/16"]}', nets("10.3.0.0/16")),
    ('{"nonMasqueradeCIDRs": ["10.1.0.0/16"], "nonMasqueradeCIDRs": null}', ()),
    ('{\t"nonMasqueradeCIDRs":\t["10.1.0.0/16"]}', nets("10.1.0.0/16")),
    ("nonMasqueradeCIDRs: [0.0.0.0/0]\n", nets("0.0.0.0/0")),
    ("nonMasqueradeCIDRs: [10.2.0.10/32]\n", nets("10.2.0.10/32")),
    ("nonMasqueradeCIDRs: [10.1.0.0/16, 10.1.0.0/16]\n", nets("10.1.0.0/16", "10.1.0.0/16")),
    ("nonMasqueradeCIDRs: [10.1.0.0/08]\n", None),
    ("resyncInterval: 0s\n", DEFAULTS),
    ("masqLinkLocal:\ncidrLimit:\n", DEFAULTS),
    ("cidrLimit: 64.0\n", DEFAULTS),
    # Go decodes into the default list; a null leaves the entry that stood there.
    ("nonMasqueradeCIDRs: [~]\n", nets("10.0.0.0/8")),
    ("nonMasqueradeCIDRs: [10.1.0.0/16, ~]\n", nets("10.1.0.0/16", "172.16.0.0/12")),
    (
        "nonMasqueradeCIDRs:\n  - 172.16.0.0/16 # pods\n  - 10.1.0.0/16 # our own VPC\nresyncInterval: 60s\n",
        nets("172.16.0.0/16", "10.1.0.0/16"),
    ),
    ("nonMasqueradeCIDRs: [10.1.0.0/16]\n---\nnonMasqueradeCIDRs: oops\n", nets("10.1.0.0/16")),
]

REFUSED = [
    ("nonMasqueradeCIDRs: 10.1.0.0/16\n", "cannot unmarshal string"),
    ("nonMasqueradeCIDRs:\n-172.16.0.0/16\n", "YAML"),
    ("nonMasqueradeCIDRs:\n\t- 172.16.0.0/16\n", "YAML"),
    (ONE + "resyncInterval: 60\n", "expected string value"),
    (ONE + "resyncInterval:\n", "expected string value"),
    (ONE + "resyncInterval: 1d\n", "invalid duration"),
    (ONE + 'resyncInterval: ""\n', "invalid duration"),
    (ONE + 'masqLinkLocal: "true"\n', "type bool"),
    ("- 10.1.0.0/16\n", "array"),
    ("just text\n", "string"),
    ("nonMasqueradeCIDRs: [10.1.0.1/16]\n", "not aligned to a CIDR block"),
    ("nonMasqueradeCIDRs: [10.1.0.1]\n", "could not be parsed"),
    ("nonMasqueradeCIDRs: [010.1.0.0/16]\n", "could not be parsed"),
    ("nonMasqueradeCIDRs: [' 10.1.0.0/16']\n", "could not be parsed"),
    ("nonMasqueradeCIDRs: [10.1.0.0/33]\n", "could not be parsed"),
    ("nonMasqueradeCIDRs: [10.1.0.0/255.255.0.0]\n", "could not be parsed"),
    ("nonMasqueradeCIDRs: [a, b, c, ~]\n", "could not be parsed"),
    ("nonMasqueradeCIDRs: [10]\n", "type string"),
    ("nonMasqueradeCIDRs: ['fd00::/8']\n", "ipv6 is not enabled"),
    ("cidrLimit: 0\n", "can only accept up to 0 CIDRs"),
    ("cidrLimit: '64'\n", "type int"),
    ("cidrLimit: 1.5\n", "type int"),
    ("nonMasqueradeCIDRs: []\ncidrLimit: -1\n", "can only accept up to -1 CIDRs"),
    ("{unclosed", "YAML"),
    ("other: .inf\n", "unsupported value"),
    ("? [a]\n: b\n", "YAML"),
    # A brace in front means JSON (apimachinery's yaml.ToJSON): a YAML flow mapping is refused.
    ("{nonMasqueradeCIDRs: [10.1.0.0/16]}", "JSON"),
    ('{"nonMasqueradeCIDRs": ["10.1.0.0/16"],}', "JSON"),
    ('{"nonMasqueradeCIDRs": []} # comment', "JSON"),
    ('{"cidrLimit": 64.0}', "type int"),
    ('{"cidrLimit": NaN}', "JSON"),
]


@pytest.mark.parametrize(("text", "ranges"), ACCEPTED)
def test_what_the_agent_accepts(text: str, ranges: tuple[IPv4Network, ...] | None) -> None:
    found = agent_config(text, all_reserved=False)
    if ranges is None:
        assert "not aligned" in found.error  # 10.1.0.0/08 is read as /8
    else:
        assert (found.error, found.ranges) == ("", ranges)


@pytest.mark.parametrize(("text", "words"), REFUSED)
def test_what_the_agent_refuses(text: str, words: str) -> None:
    assert words in agent_config(text, all_reserved=False).error


def test_no_file_means_the_defaults_of_the_flags() -> None:
    assert agent_config(None, all_reserved=False).ranges == DEFAULTS
    reserved = agent_config(None, all_reserved=True).ranges
    assert len(reserved) == 11
    assert reserved[:3] == DEFAULTS


def test_a_custom_list_overrides_the_reserved_flag() -> None:
    assert agent_config(ONE, all_reserved=True).ranges == nets("10.1.0.0/16")


def test_sixty_four_entries_and_no_more() -> None:
    def text(count: int) -> str:
        return json.dumps({"nonMasqueradeCIDRs": [f"10.0.{number}.0/24" for number in range(count)]})

    assert not agent_config(text(64), all_reserved=False).error
    error = agent_config(text(65), all_reserved=False).error
    assert "can only accept up to 64 CIDRs (excluding link-local)" in error
    raised = json.dumps({**json.loads(text(65)), "cidrLimit": 65})
    assert not agent_config(raised, all_reserved=False).error


def test_ipv6_entries_are_accepted_and_left_out_where_ipv6_is_enabled() -> None:
    found = agent_config("nonMasqueradeCIDRs: ['fd00::/8', 10.1.0.0/16]\n", all_reserved=False, ipv6=True)
    assert (found.error, found.ranges) == ("", nets("10.1.0.0/16"))


@pytest.mark.parametrize("word", ["true", "yes", "on", "Y"])
def test_yaml_1_1_truth_values(word: str) -> None:
    assert agent_config(f"masqLinkLocal: {word}\n", all_reserved=False).masq_link_local is True


def test_unknown_keys_are_named() -> None:
    found = agent_config("nonMasqueradeCidr: []\nextra: 1\n", all_reserved=False)
    assert found.ignored == ("extra", "nonMasqueradeCidr")
    assert not found.given


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("60s", 60),
        ("1m30s", 90),
        ("1h", 3600),
        ("500ms", 0.5),
        (".5s", 0.5),
        ("1.s", 1),
        ("0", 0),
        ("-5s", -5),
        ("+1m", 60),
    ],
)
def test_go_durations(text: str, seconds: float) -> None:
    assert go_duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["", "60", "1d", "s", "1 s", "60S", "--1s", "1s ", ".s", "10000000h"])
def test_what_is_no_go_duration(text: str) -> None:
    with pytest.raises(ValueError, match="invalid duration"):
        go_duration(text)


@given(st.text())
def test_any_text_gives_an_answer(text: str) -> None:
    found = agent_config(text, all_reserved=False)
    assert found.error or found.ranges is not None


cidrs = st.builds(
    lambda number, bits: str(IPv4Network((number >> (32 - bits) << (32 - bits), bits))),
    st.integers(0, 2**32 - 1),
    st.integers(0, 32),
)


@given(st.lists(cidrs, max_size=64))
def test_yaml_and_json_say_the_same(entries: list[str]) -> None:
    as_json = agent_config(json.dumps({"nonMasqueradeCIDRs": entries}), all_reserved=False)
    as_yaml = agent_config("nonMasqueradeCIDRs:" + "".join(f"\n- {entry}" for entry in entries), all_reserved=False)
    assert as_json.ranges == as_yaml.ranges == nets(*entries)
