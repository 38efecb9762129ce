"""A remedy that is not offered: it would mend nothing, or too little could be read to tell; and which of the two."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from rules.evaluate import evaluate
from rules.report.model import Report
from rules.snapshot import loads
from tui.cli.apply import find_offer
from tui.cli.failures import CliError

Edit = Callable[[dict[str, Any]], None]


def nothing(_data: dict[str, Any]) -> None:
    pass


def unread(data: dict[str, Any]) -> None:
    """No answer from the Compute API, in either project."""
    data["compute"] = {}
    for project in ("project-a", "project-b"):
        data["gaps"].append({"read": "compute.networks.list", "of": project, "why": "timeout", "detail": "30 s"})


def judged(text: str, edit: Edit) -> Report:
    data = json.loads(text)
    edit(data)
    return evaluate(loads(json.dumps(data)))


@pytest.mark.parametrize(
    ("edit", "remedy", "code", "words"),
    [
        (nothing, "egress-nat-policy", 2, ("egress-nat-policy would mend nothing here", "masquerade-minimal")),
        (
            unread,
            "exchange-routes",
            4,
            ("Whether exchange-routes would help cannot be told", "(no answer in time", "Nothing was changed"),
        ),
    ],
)
def test_a_remedy_that_is_not_offered(
    article_text: str, edit: Edit, remedy: str, code: int, words: tuple[str, ...]
) -> None:
    with pytest.raises(CliError) as caught:
        find_offer(judged(article_text, edit), remedy)
    assert caught.value.exit_code == code
    assert [each for each in words if each not in caught.value.sentence] == [], caught.value.sentence
