"""egress-nat-policy: what becomes of Autopilot's list, as a table, and when the remedy is no remedy."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from typing import Any

import pytest

from rules.build import build
from rules.case import Case
from rules.remedies import egress_nat_policy
from rules.remedies.remedy import Draft
from rules.snapshot import Snapshot

Seen = Callable[..., Snapshot]
SCENARIO, OUT = "rc27-egress-nat-policy-keeps-pods", "ok ok ok timeout"
PRIVATE = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"]
# 10.0.0.0/8 without the target's subnet, 10.2.0.0/16.
AROUND = [
    *("10.0.0.0/15", "10.3.0.0/16", "10.4.0.0/14", "10.8.0.0/13", "10.16.0.0/12", "10.32.0.0/11", "10.64.0.0/10"),
    "10.128.0.0/9",
]


def policy(name: str, *ranges: str, action: str | None = "NoSNAT") -> dict[str, Any]:
    spec = {"destinations": [{"cidr": each} for each in ranges], **({"action": action} if action else {})}
    return {"metadata": {"name": name}, "spec": spec}


def drafted(seen: Seen, *policies: dict[str, Any]) -> Draft | None:
    def edit(data: dict[str, Any]) -> None:
        data["kubernetes"]["egressnatpolicies"] = {"kind": "List", "items": list(policies)}

    snapshot = seen(SCENARIO, OUT, edit)
    return egress_nat_policy.REMEDY.draft(Case(build(snapshot), snapshot.question, snapshot.probes))


@pytest.mark.parametrize(
    ("given", "left"),
    [
        (["10.0.0.0/8"], AROUND),
        (PRIVATE, [*AROUND, "172.16.0.0/12", "192.168.0.0/16"]),
        (["10.2.0.0/16"], []),
        (["10.2.0.0/24"], []),
        (["10.2.0.0/15"], ["10.3.0.0/16"]),
        (["10.2.0.0/16", "10.0.0.0/8"], AROUND),
        (["10.2.0.0/16", "fd00::/8"], ["fd00::/8"]),
    ],
)
def test_the_targets_range_is_taken_out_and_the_rest_stays(seen: Seen, given: list[str], left: list[str]) -> None:
    draft = drafted(seen, policy("default", *given))
    assert draft is not None
    assert draft.applicable
    (change,) = draft.changes
    assert (change.kind, dict(change.key), change.owner) == ("EgressNATPolicy", {"name": "default"}, "project-a")
    assert change.before == {"spec": policy("default", *given)["spec"]}
    assert change.after is not None
    assert change.after["spec"]["action"] == "NoSNAT"
    assert sorted(each["cidr"] for each in change.after["spec"]["destinations"]) == sorted(left)
    typed, back = (json.loads(shlex.split(lines[0])[-1]) for lines in (draft.commands, draft.undo))
    assert typed["spec"]["destinations"] == change.after["spec"]["destinations"]
    assert [each["cidr"] for each in back["spec"]["destinations"]] == given


@pytest.mark.parametrize(
    "policies",
    [
        [],
        [policy("gke-bla", "10.0.0.0/8")],
        [policy("default", "172.16.0.0/12")],
        [policy("default")],
        [policy("default", "10.0.0.0/8", action="SNAT")],
        [policy("default", "nonsense")],
    ],
    ids=["none", "only one that GKE manages", "another range", "an empty list", "another action", "no range"],
)
def test_where_the_list_does_not_hold_the_target_there_is_nothing_to_take_out(
    seen: Seen, policies: list[dict[str, Any]]
) -> None:
    assert drafted(seen, *policies) is None


def test_a_policy_that_gke_manages_and_that_names_the_target_too_makes_it_useless(seen: Seen) -> None:
    draft = drafted(seen, policy("default", "10.0.0.0/8"), policy("gke-peers", "10.2.0.0/16"))
    assert draft is not None
    assert not draft.applicable
    assert "gke-peers" in draft.sentence
    assert draft.preconditions[0].met is False


def test_without_an_action_the_list_keeps_addresses(seen: Seen) -> None:
    """`action` has one value today, and the API's own default is that."""
    draft = drafted(seen, policy("default", "10.2.0.0/16", action=None))
    assert draft is not None
    assert draft.changes[0].after == {"spec": {"destinations": []}}


def test_it_is_for_autopilot_alone(seen: Seen) -> None:
    snapshot = seen("article", OUT)
    assert egress_nat_policy.REMEDY.draft(Case(build(snapshot), snapshot.question, snapshot.probes)) is None
