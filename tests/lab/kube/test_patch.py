"""The patches, against the tables of their RFCs and of Kubernetes' documentation."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.kube import fieldsets
from lab.kube.patch import json_patch, merge, strategic
from lab.kube.status import StatusError

# RFC 7396, appendix A.
MERGES = [
    ({"a": "b"}, {"a": "c"}, {"a": "c"}),
    ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
    ({"a": "b"}, {"a": None}, {}),
    ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
    ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
    ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
    ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
    ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
    (["a", "b"], ["c", "d"], ["c", "d"]),
    ({"a": "b"}, ["c"], ["c"]),
    ({"a": "foo"}, None, None),
    ({"a": "foo"}, "bar", "bar"),
    ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
    ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
    ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
]

# RFC 6902, appendix A.
JSON_PATCHES = [
    ({"foo": "bar"}, [{"op": "add", "path": "/baz", "value": "qux"}], {"foo": "bar", "baz": "qux"}),
    (
        {"foo": ["bar", "baz"]},
        [{"op": "add", "path": "/foo/1", "value": "qux"}],
        {"foo": ["bar", "qux", "baz"]},
    ),
    ({"baz": "qux", "foo": "bar"}, [{"op": "remove", "path": "/baz"}], {"foo": "bar"}),
    ({"foo": ["bar", "qux", "baz"]}, [{"op": "remove", "path": "/foo/1"}], {"foo": ["bar", "baz"]}),
    ({"baz": "qux", "foo": "bar"}, [{"op": "replace", "path": "/baz", "value": "boo"}], {"baz": "boo", "foo": "bar"}),
    (
        {"foo": {"bar": "baz", "waldo": "fred"}, "qux": {"corge": "grault"}},
        [{"op": "move", "from": "/foo/waldo", "path": "/qux/thud"}],
        {"foo": {"bar": "baz"}, "qux": {"corge": "grault", "thud": "fred"}},
    ),
    (
        {"foo": ["all", "grass", "cows", "eat"]},
        [{"op": "move", "from": "/foo/1", "path": "/foo/3"}],
        {"foo": ["all", "cows", "eat", "grass"]},
    ),
    ({"baz": "qux"}, [{"op": "test", "path": "/baz", "value": "qux"}], {"baz": "qux"}),
    ({"foo": ["bar"]}, [{"op": "add", "path": "/foo/-", "value": ["abc"]}], {"foo": ["bar", ["abc"]]}),
    ({"/": 9, "~1": 10}, [{"op": "test", "path": "/~01", "value": 10}], {"/": 9, "~1": 10}),
]

REFUSED = [
    [{"op": "test", "path": "/foo", "value": "other"}],
    [{"op": "add", "path": "/baz/bat", "value": "qux"}],
    [{"op": "remove", "path": "/none"}],
    [{"op": "replace", "path": "/none", "value": 1}],
    [{"op": "jump", "path": "/foo"}],
    [{"op": "add", "path": "foo", "value": 1}],
    [{"op": "add", "path": "/list/5", "value": 1}],
    [{"op": "add"}],
]

POD = {
    "spec": {
        "containers": [{"name": "a", "image": "1", "env": [{"name": "X", "value": "1"}]}, {"name": "b", "image": "2"}],
        "tolerations": [{"key": "t"}],
    },
    "metadata": {"finalizers": ["one"], "labels": {"l": "1"}},
}

# Kubernetes documentation, "Update API Objects in Place Using kubectl patch", and the strategic merge patch design.
STRATEGIC: list[tuple[dict[str, Any], str, Any]] = [
    ({"spec": {"containers": [{"name": "b", "image": "3"}]}}, "containers", ["a:1", "b:3"]),
    ({"spec": {"containers": [{"name": "c", "image": "3"}]}}, "containers", ["a:1", "b:2", "c:3"]),
    ({"spec": {"containers": [{"name": "a", "$patch": "delete"}]}}, "containers", ["b:2"]),
    ({"spec": {"containers": [{"$patch": "replace"}, {"name": "z", "image": "9"}]}}, "containers", ["z:9"]),
    (
        {"spec": {"$setElementOrder/containers": [{"name": "b"}, {"name": "a"}], "containers": []}},
        "containers",
        ["b:2", "a:1"],
    ),
    ({"spec": {"tolerations": [{"key": "u"}]}}, "tolerations", [{"key": "u"}]),
    ({"spec": {"tolerations": None}}, "tolerations", None),
]


@pytest.mark.parametrize(("target", "patch", "result"), MERGES)
def test_merge_patch(target: Any, patch: Any, result: Any) -> None:
    assert merge(target, patch) == result


@pytest.mark.parametrize(("target", "patch", "result"), JSON_PATCHES)
def test_json_patch(target: Any, patch: Any, result: Any) -> None:
    before = copy.deepcopy(target)
    assert json_patch(target, patch) == result
    assert target == before


@pytest.mark.parametrize("patch", REFUSED)
def test_json_patch_that_does_not_fit(patch: Any) -> None:
    with pytest.raises(StatusError) as refused:
        json_patch({"foo": "bar", "list": [1]}, patch)
    assert refused.value.code == 422


@pytest.mark.parametrize(("patch", "field", "result"), STRATEGIC)
def test_strategic_merge_patch(patch: dict[str, Any], field: str, result: Any) -> None:
    found = strategic(POD, patch, "Pod")["spec"].get(field)
    if field == "containers":
        found = [f"{each['name']}:{each['image']}" for each in found]
    assert found == result


def test_strategic_merge_keeps_what_it_does_not_name() -> None:
    patched = strategic(POD, {"spec": {"containers": [{"name": "a", "image": "5"}]}}, "Pod")
    assert patched["spec"]["containers"][0]["env"] == [{"name": "X", "value": "1"}]
    more = strategic(POD, {"metadata": {"finalizers": ["two"], "labels": {"l": None, "m": "2"}}}, "Pod")
    assert more["metadata"] == {"finalizers": ["one", "two"], "labels": {"m": "2"}}
    less = strategic(POD, {"metadata": {"$deleteFromPrimitiveList/finalizers": ["one"]}}, "Pod")
    assert less["metadata"]["finalizers"] == []


LEAVES = st.one_of(st.text(max_size=3), st.integers(), st.booleans())
TREES = st.recursive(LEAVES, lambda inner: st.dictionaries(st.text(max_size=3), inner, max_size=3), max_leaves=8)


@given(st.dictionaries(st.text(max_size=3), TREES, max_size=4), st.dictionaries(st.text(max_size=3), TREES, max_size=4))
def test_a_merge_patch_is_in_the_result_and_is_idempotent(target: dict[str, Any], patch: dict[str, Any]) -> None:
    once = merge(target, patch)
    assert merge(once, patch) == once
    assert all(name in once for name in patch)


def test_fields_v1_round_trip_and_removal() -> None:
    owned = set(fieldsets.owned(POD, "Pod"))
    tree = fieldsets.encode(owned)
    assert fieldsets.decode(tree) == owned
    assert tree["f:spec"]["f:containers"]['k:{"name":"a"}']["f:env"]['k:{"name":"X"}']["f:value"] == {}
    thing = copy.deepcopy(POD)
    fieldsets.remove(thing, ("f:spec", "f:containers", 'k:{"name":"a"}', "f:env", 'k:{"name":"X"}'))
    fieldsets.remove(thing, ("f:metadata", "f:labels", "f:l"))
    assert "env" not in thing["spec"]["containers"][0]
    assert "labels" not in thing["metadata"]
