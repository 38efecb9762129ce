"""Partial responses, by the examples of Google's "Working with partial resources"."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.compute import fields
from lab.compute.errors import ApiError

VALUE: dict[str, Any] = {
    "kind": "k",
    "items": [
        {"title": "t1", "author": {"uri": "u1", "name": "n1"}, "scopes": {"a": {"x": 1, "y": 2}}},
        {"title": "t2", "author": {"uri": "u2", "name": "n2"}},
    ],
    "nextPageToken": "p",
}


@pytest.mark.parametrize(
    ("mask", "expected"),
    [
        ("kind", {"kind": "k"}),
        ("kind,nextPageToken", {"kind": "k", "nextPageToken": "p"}),
        (" kind , nextPageToken ", {"kind": "k", "nextPageToken": "p"}),
        ("items/title", {"items": [{"title": "t1"}, {"title": "t2"}]}),
        ("items(title,author/uri)", {"items": [{"title": f"t{n}", "author": {"uri": f"u{n}"}} for n in (1, 2)]}),
        ("items/author(name)", {"items": [{"author": {"name": "n1"}}, {"author": {"name": "n2"}}]}),
        ("items/scopes/*/y", {"items": [{"scopes": {"a": {"y": 2}}}, {}]}),
        ("items/title,items/author/uri", {"items": [{"title": f"t{n}", "author": {"uri": f"u{n}"}} for n in (1, 2)]}),
        ("items,items/title", VALUE | {"kind": None, "nextPageToken": None}),
        ("*", VALUE),
        ("nothing", {}),
    ],
)
def test_selections(mask: str, expected: dict[str, Any]) -> None:
    wanted = {key: value for key, value in expected.items() if value is not None}
    assert fields.select(VALUE, fields.parse(mask)) == wanted


@pytest.mark.parametrize(
    "mask", ["items(", "items)", "items(title", ",", "a,,b", "items/", "/a", "a b!", "a(" * 100, "()"]
)
def test_what_is_no_selection_is_refused(mask: str) -> None:
    with pytest.raises(ApiError) as caught:
        fields.parse(mask)
    assert (caught.value.status, caught.value.reason) == (400, "invalidParameter")


@given(st.text(alphabet="abc,/()* .", max_size=40))
def test_garbage_is_a_selection_or_is_refused(mask: str) -> None:
    try:
        parsed = fields.parse(mask)
    except ApiError:
        return
    assert fields.select(VALUE, parsed) is not None
