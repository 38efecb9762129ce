"""A change as lines to read: what goes, what comes."""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from rules.report.model import Change
from rules.words import _

TextLine = tuple[str, str]


def name_of(change: Change) -> str:
    """The name of the thing that a change touches, as a person types it to consent."""
    for key in ("peering", "name"):
        if change.key.get(key):
            return str(change.key[key])
    return change.kind


def consent_word(changes: Sequence[Change]) -> str:
    """What must be typed: the name of the first thing that will change, as `wayhome apply` asks for it too."""
    return name_of(changes[0]) if changes else ""


def title_of(change: Change) -> str:
    """What the change does to what, and whose it is."""
    place = "/".join(str(value) for value in change.key.values())
    verb = _("create") if change.before is None else _("delete") if change.after is None else _("change")
    return _("{verb} {kind} {place} (owner {owner})").format(
        verb=verb, kind=change.kind, place=place, owner=change.owner
    )


def lines_of(changes: Sequence[Change]) -> list[TextLine]:
    """All changes as a diff with roles: strong titles, removed and added lines."""
    lines: list[TextLine] = []
    for change in changes:
        if lines:
            lines.append(("", "plain"))
        lines.append((title_of(change), "strong"))
        before, after = _text(change.before), _text(change.after)
        lines += roles(difflib.ndiff(before, after))
    return lines


def roles(diff: Any) -> list[TextLine]:
    """Lines of a diff with their roles, by the sign that they begin with."""
    kinds = {"+": "added", "-": "removed", "@": "quiet"}
    return [(line.rstrip("\n"), kinds.get(line[:1], "plain")) for line in diff if not line.startswith("?")]


def _text(value: Mapping[str, Any] | None) -> list[str]:
    return [] if value is None else list(_lines(value, ""))


def _lines(value: Any, indent: str) -> list[str]:
    lines = []
    for key, item in value.items():
        if isinstance(item, Mapping):
            lines += [f"{indent}{key}:", *_lines(item, indent + "  ")]
        elif isinstance(item, str) and "\n" in item:
            lines += [f"{indent}{key}: |", *(f"{indent}  {line}" for line in item.splitlines())]
        else:
            lines.append(f"{indent}{key}: {item if isinstance(item, str) else json.dumps(item)}")
    return lines
