"""The filter language, by the examples in Google's description of the `filter` parameter, and what gcloud sends."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.compute.errors import ApiError
from lab.compute.query import compile_filter

BASE = "https://www.googleapis.com/compute/v1/"
VM: dict[str, Any] = {
    "name": "my-instance",
    "cpuPlatform": "Intel Skylake",
    "zone": f"{BASE}projects/p/zones/asia-northeast1-a",
    "scheduling": {"automaticRestart": True, "onHostMaintenance": "MIGRATE"},
    "labels": {"owner": "alice"},
    "priority": 1000,
    "id": "12",
    "tags": {"items": ["web", "gke-node"]},
    "networkInterfaces": [
        {"networkIP": "10.1.0.21", "network": f"{BASE}projects/p/global/networks/vpc-a"},
        {"networkIP": "10.9.0.2", "network": f"{BASE}projects/p/global/networks/vpc-c"},
    ],
}


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("name = my-instance", True),
        ('name = "my-instance"', True),
        ("name=my-instance", True),
        ("name != my-instance", False),
        ("name != example-instance", True),
        ("name = my-*", True),
        ("name = *-thing", False),
        ("name:instance", True),
        ("name:INSTANCE", True),
        ("name:other", False),
        ("labels.owner:*", True),
        ("labels.team:*", False),
        ("labels:owner", True),
        ("scheduling.automaticRestart = false", False),
        ('(scheduling.automaticRestart = true) (cpuPlatform = "Intel Skylake")', True),
        ('(scheduling.automaticRestart = true) (cpuPlatform = "Intel Broadwell")', False),
        ('(cpuPlatform = "Intel Skylake") OR (cpuPlatform = "Intel Broadwell")', True),
        ('(cpuPlatform = "Skylake") OR (cpuPlatform = "Intel Skylake") AND (scheduling.automaticRestart = true)', True),
        ('(cpuPlatform = "Intel Skylake") OR (cpuPlatform = "x") AND (scheduling.automaticRestart = false)', False),
        ("NOT name = my-instance", False),
        ("-name = my-instance", False),
        ("NOT (name = a OR name = b)", True),
        ("priority < 1001 AND priority >= 1000", True),
        ("priority > 1000", False),
        ("priority = 1000", True),
        ("priority = 1000.0", True),
        ("networkInterfaces.networkIP = 10.1.0.21", True),
        ('networkInterfaces.networkIP="10.9.0.2"', True),
        ("networkInterfaces.networkIP = 10.9.0.3", False),
        ("tags.items = web", True),
        (f"zone = {BASE}projects/p/zones/asia-northeast1-a", True),
        ("zone = https://compute.googleapis.com/compute/v1/projects/p/zones/asia-northeast1-a", True),
        ("zone = asia-northeast1-a", False),
        ("missing = x", False),
        ("missing != x", True),
        ("name eq my-instance", True),
        ("name eq my", False),
        ("name eq .*instance", True),
        ("name ne .*instance", False),
        ("name eq 'my-.*'", True),
        ('name eq "my-.*"', True),
        ("name eq (my|your)-instance", True),
        ('(name eq "my-.*") (cpuPlatform ne ".*Broadwell")', True),
        ("(name eq my-.*) (cpuPlatform eq .*Broadwell)", False),
        (r'zone eq ".*\basia\-northeast1\-a\b.*"', True),
        (r'name eq ".*(^my|your).*"', True),
        ("scheduling.automaticRestart eq true", True),
        ("priority eq 1000", True),
        ("priority eq 100", False),
        ("networkInterfaces.networkIP eq 10.1.0.21", True),
        ("missing ne .*", True),
        (r'name eq "my\"instance"', False),
    ],
)
def test_filters(text: str, holds: bool) -> None:
    assert compile_filter(text)(VM) is holds


@pytest.mark.parametrize(
    "text",
    [
        "name",
        "name =",
        "= x",
        "name eq",
        "name eq [",
        "name = a OR",
        "(name = a",
        "name = a)",
        'name = "a',
        "name ~ a",
        "AND name = a",
        "name = a AND",
        "NOT",
        "(name eq a) (name = b)",
        "name eq (a+)+b",
        "name = (a b)",
        "()",
        "(" * 500 + "name = a" + ")" * 500,
        "x" * 10_000,
    ],
)
def test_what_is_no_filter_is_refused_in_googles_words(text: str) -> None:
    with pytest.raises(ApiError) as caught:
        compile_filter(text)
    assert (caught.value.status, caught.value.reason) == (400, "invalid")
    assert caught.value.message.startswith("Invalid value for field 'filter': '")


@given(st.text(alphabet=st.sampled_from("name eq=!<>:()\"'\\ANDORNT*.-a1 \t\n[]+{}|"), max_size=60))
def test_garbage_is_a_filter_or_is_refused(text: str) -> None:
    try:
        test = compile_filter(text)
    except ApiError:
        return
    assert test(VM) in (True, False)
