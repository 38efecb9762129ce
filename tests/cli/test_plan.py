"""A plan shows what will change and nothing else, keeps what belongs to others, and insists on what was read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes import plan
from probes.errors import ChangedMeanwhileError
from rules.report.model import Change, Offer

KEY = {"namespace": "kube-system", "name": "ip-masq-agent"}
LIST = "nonMasqueradeCIDRs:\n- 10.0.0.0/8\n"
SHORT = "nonMasqueradeCIDRs:\n- 172.16.0.0/12\n"


def config_map(**data: str) -> dict[str, object]:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {**KEY, "resourceVersion": "7", "labels": {"theirs": "yes"}},
        "data": data,
    }


def change(before: object, after: object) -> Change:
    return Change("kubernetes", "ConfigMap", KEY, "project-a", before, after)  # type: ignore[arg-type]  # Json or None


def peering(before: dict[str, bool], after: dict[str, bool]) -> Change:
    key = {"project": "project-a", "network": "vpc-a", "peering": "a-to-b"}
    return Change("compute", "peering", key, "project-a", before, after)


def offer(*changes: Change) -> Offer:
    return Offer("r", "Title", "Sentence.", True, True, "project-a", "ok", (), changes, (), (), (), ())


def test_a_new_config_map_is_shown_line_by_line() -> None:
    made = plan.make(offer(change(None, {"data": {"config": SHORT}})), [None])
    assert made.diff == (
        "ConfigMap kube-system/ip-masq-agent will be made\n+config: |\n+  nonMasqueradeCIDRs:\n+  - 172.16.0.0/12"
    )
    assert made.name == "ip-masq-agent"
    assert made.steps[0].wanted == {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": KEY,
        "data": {"config": SHORT},
    }


def test_foreign_keys_and_metadata_stay() -> None:
    before = config_map(config=LIST, other="x")
    made = plan.make(offer(change(before, {"data": {"config": SHORT, "other": "x"}})), [before])
    assert made.steps[0].wanted == {**before, "data": {"config": SHORT, "other": "x"}}
    assert "-  - 10.0.0.0/8\n+  - 172.16.0.0/12" in made.diff
    assert "+other" not in made.diff


def test_a_peering_shows_its_flags() -> None:
    made = plan.make(
        offer(peering({"exportCustomRoutes": False}, {"exportCustomRoutes": True})), [{"exportCustomRoutes": False}]
    )
    assert made.diff == (
        "peering a-to-b of project-a/vpc-a will be changed\n-exportCustomRoutes: false\n+exportCustomRoutes: true"
    )
    assert made.name == "a-to-b"
    assert not made.steps[0].settled


@pytest.mark.parametrize(
    ("before", "live"),
    [
        (None, config_map(config=LIST)),
        (config_map(config=LIST), None),
        (config_map(config=LIST), config_map(config="else")),
    ],
    ids=["made meanwhile", "deleted meanwhile", "edited meanwhile"],
)
def test_an_object_that_moved_is_planned_again(before: object, live: dict[str, object] | None) -> None:
    with pytest.raises(ChangedMeanwhileError) as caught:
        plan.make(offer(change(before, {"data": {"config": SHORT}})), [live])
    assert "diagnose again" in caught.value.sentence


def test_an_edit_elsewhere_in_the_object_does_not_matter() -> None:
    live = config_map(config=LIST, other="new")
    made = plan.make(offer(change(config_map(config=LIST), {"data": {"config": SHORT}})), [live])
    assert made.steps[0].wanted == {**live, "data": {"config": SHORT, "other": "new"}}


def test_what_was_absent_is_deleted_again() -> None:
    made = change(None, {"data": {"config": SHORT}})
    left = config_map(config=SHORT)
    assert plan.undone(plan.Step(made, None, left), left, left) is None


def test_keys_that_others_added_since_survive_the_way_back() -> None:
    made = change(None, {"data": {"config": SHORT}})
    left, now = config_map(config=SHORT), config_map(config=SHORT, theirs="x")
    assert plan.undone(plan.Step(made, None, left), now, left) == {**now, "data": {"theirs": "x"}}


def test_the_way_back_stops_at_a_foreign_edit_and_shows_both() -> None:
    made = change(None, {"data": {"config": SHORT}})
    with pytest.raises(ChangedMeanwhileError) as caught:
        plan.undone(plan.Step(made, None, None), config_map(config=LIST), config_map(config=SHORT))
    assert "-  - 172.16.0.0/12" in caught.value.sentence
    assert "+  - 10.0.0.0/8" in caught.value.sentence


def other(kind: str, before: object, after: object) -> Change:
    key = KEY if kind == "DaemonSet" else {"name": "default"}
    return Change("kubernetes", kind, key, "project-a", before, after)  # type: ignore[arg-type]  # Json or None


def policy(*ranges: str, **more: object) -> dict[str, object]:
    return {"spec": {"action": "NoSNAT", "destinations": [{"cidr": each} for each in ranges]}, **more}


DAEMON_SET = {"kind": "DaemonSet", "metadata": {"name": "ip-masq-agent"}, "spec": {"template": {"spec": {"x": [1]}}}}
SERVED = {
    "kind": "DaemonSet",
    "metadata": {"name": "ip-masq-agent", "uid": "u", "resourceVersion": "9"},
    "spec": {"template": {"spec": {"x": [1], "dnsPolicy": "ClusterFirst"}}, "revisionHistoryLimit": 10},
    "status": {"numberReady": 2},
}


def test_an_agent_is_made_whole_and_taken_back_by_its_deletion() -> None:
    made = plan.make(offer(other("DaemonSet", None, DAEMON_SET)), [None])
    (step,) = made.steps
    assert made.diff.startswith("DaemonSet kube-system/ip-masq-agent will be made\n+spec:")
    assert step.wanted == DAEMON_SET
    assert plan.undone(step, SERVED, SERVED) is None
    assert plan.alike(step, SERVED, step.wanted), "what the server fills in is no change"
    assert not step.settled


def test_an_agent_that_somebody_changed_since_is_not_deleted() -> None:
    (step,) = plan.make(offer(other("DaemonSet", None, DAEMON_SET)), [None]).steps
    theirs = {**SERVED, "spec": {**SERVED["spec"], "template": {"spec": {"x": [2]}}}}  # type: ignore[dict-item]  # JSON
    with pytest.raises(ChangedMeanwhileError, match="left alone"):
        plan.undone(step, theirs, SERVED)
    with pytest.raises(ChangedMeanwhileError, match="left alone"):
        plan.undone(step, None, SERVED)


def test_an_agent_that_came_meanwhile_is_planned_again() -> None:
    with pytest.raises(ChangedMeanwhileError):
        plan.make(offer(other("DaemonSet", None, DAEMON_SET)), [SERVED])


def test_of_a_policy_the_spec_alone_is_changed_and_put_back() -> None:
    before, after = policy("10.0.0.0/8"), policy("10.3.0.0/16")
    live = policy("10.0.0.0/8", metadata={"name": "default", "labels": {"theirs": "yes"}}, status={"conditions": []})
    made = plan.make(offer(other("EgressNATPolicy", before, after)), [live])
    (step,) = made.steps
    assert made.name == "default"
    assert "EgressNATPolicy default will be changed" in made.diff
    assert "-  - cidr: 10.0.0.0/8\n+  - cidr: 10.3.0.0/16" in made.diff
    assert step.wanted == {**live, "spec": after["spec"]}
    left = {**live, "spec": after["spec"], "status": {"conditions": [{"type": "Ready"}]}}
    assert plan.undone(step, left, step.wanted) == {**left, "spec": before["spec"]}
    with pytest.raises(ChangedMeanwhileError, match="left alone"):
        plan.undone(step, policy("192.168.0.0/16"), step.wanted)
    with pytest.raises(ChangedMeanwhileError, match="changed since it was read"):
        plan.make(offer(other("EgressNATPolicy", before, after)), [policy("192.168.0.0/16")])


datas = st.dictionaries(st.sampled_from(["config", "a", "b", "c"]), st.sampled_from(["", "1", "2\n"]), max_size=4)


@given(datas, datas, datas)
def test_forth_and_back_is_where_one_came_from(
    live: dict[str, str], before: dict[str, str], after: dict[str, str]
) -> None:
    """Whatever a change does to an object that holds more than it knows of, undoing it gives the object back."""
    now = config_map(**{**live, **before})
    for key in after.keys() - before.keys():
        now["data"].pop(key, None)  # type: ignore[attr-defined]  # a dict
    forth = change(config_map(**before), {"data": after})
    sent = plan.wanted(forth, now)
    assert sent is not None
    assert plan.undone(plan.Step(forth, now, sent), sent, sent) == now
