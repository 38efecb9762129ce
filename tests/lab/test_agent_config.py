"""The stand-in reads its file as the real agent did, edge by edge; and the rules read it alike."""

from __future__ import annotations

import json

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from lab.agent.config import PRIVATE, RESERVED, SECOND, Config, defaults, go_duration, parse
from lab.agent.goyaml import GoError
from rules.masquerade import agent_config

ARTICLE = """\
nonMasqueradeCIDRs:
  - 172.16.0.0/16   # pods
  - 10.1.0.0/16     # own network
resyncInterval: 60s
"""

# ip-masq-agent v2.8.0's syncConfig, run on each of these files; None: refused, the last good configuration stays.
EDGES = [
    ("", PRIVATE),
    ("# only a comment\n", PRIVATE),
    ("---\n", PRIVATE),
    ("nonMasqueradeCIDRs:\n", ()),
    ("nonMasqueradeCIDRs: []\n", ()),
    ("NonMasqueradeCidrs: [10.1.0.0/16]\n", ("10.1.0.0/16",)),
    ("nonMasqueradeCidr: [10.1.0.0/16]\n", PRIVATE),
    ("config: |\n  nonMasqueradeCIDRs: [10.1.0.0/16]\n", PRIVATE),
    ("nonMasqueradeCIDRs: 10.1.0.0/16\n", None),
    ("nonMasqueradeCIDRs:\n-172.16.0.0/16\n", None),
    ("nonMasqueradeCIDRs:\n\t- 172.16.0.0/16\n", None),
    ("resyncInterval: 60\n", None),
    ("resyncInterval:\n", None),
    ("resyncInterval: 1d\n", None),
    ("resyncInterval: 0s\n", PRIVATE),
    ('masqLinkLocal: "true"\n', None),
    ("- 10.1.0.0/16\n", None),
    ("plain text\n", None),
    ("nonMasqueradeCIDRs: [10.1.0.0/16]\nnonMasqueradeCIDRs: [10.2.0.0/16]\n", ("10.2.0.0/16",)),
    ("nonMasqueradeCIDRs: [10.1.0.1/16]\n", None),
    ("nonMasqueradeCIDRs: [10.1.0.1]\n", None),
    ("nonMasqueradeCIDRs: [010.1.0.0/16]\n", None),
    ('nonMasqueradeCIDRs: [" 10.1.0.0/16"]\n', None),
    ("nonMasqueradeCIDRs: [10.1.0.0/33]\n", None),
    ("nonMasqueradeCIDRs: [0.0.0.0/0, 10.2.0.10/32]\n", ("0.0.0.0/0", "10.2.0.10/32")),
    ("nonMasqueradeCIDRs: [10.1.0.0/16, 10.1.0.0/16]\n", ("10.1.0.0/16", "10.1.0.0/16")),
    ("nonMasqueradeCIDRs: ['fd00::/8']\n", None),
    ("cidrLimit: 0\n", None),
    ('{"nonMasqueradeCIDRs": ["10.1.0.0/16"]}', ("10.1.0.0/16",)),
    (ARTICLE, ("172.16.0.0/16", "10.1.0.0/16")),
]


@pytest.mark.parametrize(("text", "ranges"), EDGES)
def test_edges_of_the_real_agent(text: str, ranges: tuple[str, ...] | None) -> None:
    if ranges is None:
        with pytest.raises(GoError):
            parse(text, all_reserved=False)
    else:
        assert parse(text, all_reserved=False).ranges == ranges


@pytest.mark.parametrize(("text", "ranges"), EDGES)
def test_rules_read_the_edges_alike(text: str, ranges: tuple[str, ...] | None) -> None:
    found = agent_config(text, all_reserved=False)
    assert bool(found.error) == (ranges is None)
    if ranges is not None:
        assert tuple(map(str, found.ranges)) == ranges


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("nonMasqueradeCIDRs: [10.1.0.1/16]", 'CIDR "10.1.0.1/16" is not aligned to a CIDR block, ip: "10.1.0.1"'),
        ("nonMasqueradeCIDRs: [10.1.0.1]", 'CIDR "10.1.0.1" could not be parsed, invalid CIDR address: 10.1.0.1'),
        ("nonMasqueradeCIDRs: ['fd00::/8']", "ipv6 is not enabled, but ipv6 cidr fd00::/8 provided"),
        ("cidrLimit: 1", "the daemon can only accept up to 1 CIDRs (excluding link-local)"),
        ("resyncInterval: 60", 'expected string value for unmarshal to field of type Duration, got "60"'),
        ("resyncInterval: 1d", 'time: unknown unit "d" in duration "1d"'),
        ("resyncInterval: '5'", 'time: missing unit in duration "5"'),
        ("nonMasqueradeCIDRs: {a: b}", "cannot unmarshal object into Go struct field MasqConfig.nonMasqueradeCIDRs"),
        ("{nonMasqueradeCIDRs: [10.1.0.0/16]}", "JSON"),
        ('{"cidrLimit": 64.0}', "cannot unmarshal number 64.0"),
        ("a: &a [*a]", "yaml:"),
    ],
)
def test_refusals_in_the_agents_words(text: str, words: str) -> None:
    with pytest.raises(GoError) as caught:
        parse(text, all_reserved=False)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("60s", 60), ("1m30s", 90), ("1.5h", 5400), ("0", 0), (".5s", 0.5), ("-2s", -2), ("100ms", 0.1), ("3us", 3e-6)],
)
def test_go_durations(text: str, seconds: float) -> None:
    assert go_duration(text) == round(seconds * SECOND)


@pytest.mark.parametrize("text", ["", "s", "1", "1 s", "1d", "--1s", ".", "1.s.", "9999999999h"])
def test_go_refuses_durations(text: str) -> None:
    with pytest.raises(GoError):
        go_duration(text)


def test_defaults_follow_the_flag() -> None:
    assert defaults(False) == Config(PRIVATE)
    assert parse(None, all_reserved=True).ranges == PRIVATE + RESERVED
    assert parse("nonMasqueradeCIDRs: [10.1.0.0/16]", all_reserved=True).ranges == ("10.1.0.0/16",)


def test_old_agents_ignore_cidr_limit() -> None:
    assert parse("cidrLimit: 0", all_reserved=False, has_limit=False).ranges == PRIVATE


def test_null_in_the_list_keeps_what_was_there() -> None:
    """encoding/json decodes into the old array, and null leaves an element alone."""
    assert parse("nonMasqueradeCIDRs: [null, 10.9.0.0/16]", all_reserved=False).ranges == ("10.0.0.0/8", "10.9.0.0/16")


def test_yaml_of_go_is_not_pyyamls() -> None:
    assert parse("masqLinkLocal: y", all_reserved=False).link_local is True
    with pytest.raises(GoError, match="2001-01-01"):
        parse("nonMasqueradeCIDRs: [2001-01-01]", all_reserved=False)
    with pytest.raises(GoError, match="1:30"):
        parse("resyncInterval: 1:30", all_reserved=False)
    assert parse("cidrLimit: 1e2", all_reserved=False).limit == 100


CIDRS = st.one_of(
    st.tuples(st.integers(0, 2**32 - 1), st.integers(0, 34)).map(
        lambda pair: f"{'.'.join(str(pair[0] >> shift & 255) for shift in (24, 16, 8, 0))}/{pair[1]}"
    ),
    st.sampled_from(
        ["10.0.0.0/8", "10.1.0.0/16", "172.16.0.0/16", "0.0.0.0/0", "10.2.0.10/32", "fd00::/8", "", "10/8"]
    ),
)
KEYS = st.one_of(
    st.sampled_from(["nonMasqueradeCIDRs", "NonMasqueradeCIDRs", "nonmasqueradecidrs", "cidrLimit", "masqLinkLocal"]),
    st.sampled_from(["MASQLINKLOCAL", "masqLinkLocalIPv6", "resyncInterval", "ResyncInterval", "other", "config"]),
)
VALUES = st.one_of(
    st.lists(CIDRS, max_size=5),
    st.lists(st.sampled_from(["10.1.0.0/16", "172.16.0.0/12"]), min_size=60, max_size=70),
    st.lists(st.sampled_from([None, "10.1.0.0/16"]), max_size=5),
    st.none(),
    st.booleans(),
    st.integers(-3, 100),
    st.sampled_from(
        [0.5, 64.0, "60s", "1m", "0s", "1d", "60", "true", "y", "no", "", "~", {"a": 1}, [1], [True], [[]]]
    ),
)


@given(st.dictionaries(KEYS, VALUES, max_size=4), st.booleans(), st.booleans())
def test_rules_and_stand_in_agree(data: dict[str, object], flow: bool, all_reserved: bool) -> None:
    text = "# a file\n" + yaml.safe_dump(data, default_flow_style=flow)
    _compare(text, all_reserved)


@given(st.dictionaries(KEYS, VALUES, max_size=4))
def test_rules_and_stand_in_agree_on_json(data: dict[str, object]) -> None:
    _compare(json.dumps(data), False)


WORDS = ["nonMasqueradeCIDRs", "10.1.0.0/16", "y", "masqLinkLocal: ", "true", "resyncInterval: ", "60s", "cidrLimit: 3"]
SIGNS = [":", ": ", "\n", "- ", "-", " ", "  ", "[", "]", ",", "#", "'", '"', "{", "}", "---\n", "&a ", "*a", "<<: "]
MORE_SIGNS = ["? ", "null", "\t", "|\n", "...\n", "\\", "%", "@", "é", "0x1f", "1_0", "~"]
PIECES = st.lists(st.sampled_from([*WORDS, *SIGNS, *MORE_SIGNS]), max_size=12)


@given(PIECES)
def test_rules_and_stand_in_agree_on_scraps(pieces: list[str]) -> None:
    _compare("".join(pieces), False)


def _compare(text: str, all_reserved: bool) -> None:
    rules = agent_config(text, all_reserved=all_reserved)
    mine: Config | None = None
    refusal = ""
    try:
        mine = parse(text, all_reserved=all_reserved)
    except GoError as error:
        refusal = str(error)
    if mine is None:
        assert rules.error, (text, refusal)
        return
    assert not rules.error, (text, rules.error)
    assert [str(each) for each in rules.ranges] == [
        f"{each.split('/')[0]}/{int(each.split('/')[1])}" for each in mine.ranges
    ]
    assert rules.masq_link_local == mine.link_local
    assert rules.resync == pytest.approx(mine.resync / SECOND)


def test_control_characters_are_refused_not_stumbled_over() -> None:
    with pytest.raises(GoError, match="yaml: "):
        parse("nonMasqueradeCIDRs: [10.0.0.0/8]\n\x07", all_reserved=False)
