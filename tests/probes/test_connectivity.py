"""Reading policy-based routes: from the lab, page by page, and where the API was never enabled."""

from __future__ import annotations

from typing import Any

import pytest

from probes import connectivity, rest
from probes.cloud import COMPUTE, CONNECTIVITY, Login
from probes.errors import CallError


def answers(monkeypatch: pytest.MonkeyPatch, *given: Any) -> list[str]:
    asked: list[str] = []
    left = list(given)

    def get(_login: Login, _variable: str, _google: str, path: str, _seconds: float = 0) -> Any:
        asked.append(path)
        found = left.pop(0)
        if isinstance(found, Exception):
            raise found
        return found

    monkeypatch.setattr(rest, "get", get)
    return asked


def test_all_pages_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    pages = ({"policyBasedRoutes": [{"name": "a"}], "nextPageToken": "t/2"}, {"policyBasedRoutes": [{"name": "b"}, 7]})
    asked = answers(monkeypatch, *pages)
    assert connectivity.policy_routes(Login(), "example.com:p") == [{"name": "a"}, {"name": "b"}]
    assert asked[0].startswith("/v1/projects/example.com:p/locations/global/policyBasedRoutes")
    assert asked[1].endswith("&pageToken=t/2")


def test_an_api_that_was_never_enabled_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    never = CallError("forbidden", "Network Connectivity API has not been used in project 1 before or it is disabled.")
    answers(monkeypatch, never)
    assert connectivity.policy_routes(Login(), "p") == []


def test_a_missing_right_is_no_empty_list(monkeypatch: pytest.MonkeyPatch) -> None:
    answers(monkeypatch, CallError("forbidden", "Permission 'networkconnectivity.policyBasedRoutes.list' denied"))
    with pytest.raises(CallError):
        connectivity.policy_routes(Login(), "p")


@pytest.mark.parametrize(
    ("compute", "own", "asked"), [("", "", True), ("http://lab", "", False), ("http://lab", "http://lab", True)]
)
def test_a_lab_that_does_not_serve_it_is_not_asked(
    compute: str, own: str, asked: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise a practice world would be held against Google's own API."""
    for variable, value in ((COMPUTE, compute), (CONNECTIVITY, own)):
        monkeypatch.setenv(variable, value)
    assert connectivity.to_be_asked() is asked
