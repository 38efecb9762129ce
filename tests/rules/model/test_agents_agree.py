"""Two readings of the agent's file, written apart: the rules' and the lab's stand-in."""

from __future__ import annotations

import json

from hypothesis import example, given, settings
from hypothesis import strategies as st

from lab.agent.config import parse
from lab.agent.goyaml import GoError
from rules.agent_config import agent_config

scalars = st.sampled_from(
    [
        "10.1.0.0/16", "10.1.0.1/16", "172.16.0.0/16", "10.0.0.0/8", "0.0.0.0/0", "10.2.0.10/32",
        "10.1.0.1",
        "010.1.0.0/16", "10.1.0.0/33", "10.1.0.0/08", "fd00::/8", "fd00::1/8", "::/0", "x", "", "60", "60s",
        "1m30s", "1d", "0s", "-1s",
        "true", "yes", "on", "off", "n", "~", "null", "64", "0", "1", "65.0", "1.5", "-1",
        "'true'", '"60s"', "[]", "{}", "0x10", "1e1", "1_0",
        "2001-01-01", "1:30", "<<", "=", ".5", "+1", "!!str 60", '"10.1.0.0\\/16"',
    ]
)  # fmt: skip
keys = st.sampled_from(
    [
        "nonMasqueradeCIDRs", "NonMasqueradeCidrs", "nonmasqueradecidrs", "nonMasqueradeCidr", "masqLinkLocal",
        "MASQLINKLOCAL", "masqLinkLocalIPv6", "resyncInterval", "ResyncInterval", "cidrLimit", "cidrlimit", "config",
        "nonMaſqueradeCIDRs", "1", "true",
    ]
)  # fmt: skip
lists = st.lists(scalars, max_size=4).map(lambda found: "".join(f"\n  - {entry}" for entry in found))
flow = st.lists(scalars, max_size=4).map(lambda found: " [" + ", ".join(found) + "]")
values = st.one_of(scalars.map(lambda found: f" {found}"), lists, flow, st.just(""))
lines = st.lists(st.tuples(keys, values).map(lambda pair: f"{pair[0]}:{pair[1]}"), max_size=4)
yaml_texts = lines.map(lambda found: "\n".join(found) + "\n")
json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-2, 70), st.floats(-2, 2), scalars),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(keys, inner, max_size=2)),
    max_leaves=6,
)
json_texts = st.one_of(json_values, st.dictionaries(keys, json_values, max_size=4)).map(json.dumps)
printable = st.characters(exclude_categories=["Cc", "Cs", "Cn", "Co"], exclude_characters="!")
texts = st.one_of(yaml_texts, json_texts, st.text(printable, max_size=30), st.text("-: \n[]{}#'\"10./nmC", max_size=20))


@settings(max_examples=1500, deadline=None)
@given(texts, st.booleans(), st.booleans())
@example("nonMasqueradeCIDRs:\n-172.16.0.0/16\n", False, False)
def test_both_take_and_refuse_the_same_files(text: str, reserved: bool, ipv6: bool) -> None:
    found = agent_config(text, all_reserved=reserved, ipv6=ipv6)
    try:
        other = parse(text, all_reserved=reserved, ipv6=ipv6)
    except GoError:
        other = None
    assert bool(found.error) == (other is None), found.error
    if other is None:
        return
    v4 = tuple(entry for entry in other.ranges if ":" not in entry)
    assert tuple(str(each) for each in found.ranges) == tuple(entry.replace("/08", "/8") for entry in v4)
    assert found.masq_link_local == other.link_local
    assert abs(found.resync - other.resync / 1e9) < 1e-6
    assert found.limit == other.limit
