"""A remedy made concrete: each object as it is now, as it will be, and the difference in a person's words.

Pure: what is live comes in, what to send comes out. A plan holds on to the versions it was made from, so that a
write can insist on them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import unified_diff
from typing import Any

from probes.errors import ChangedMeanwhileError
from rules.report.model import Change, Offer
from rules.snapshot import Json
from rules.words import _


@dataclass(frozen=True)
class Step:
    """One change with the object as it was read (`live`) and as it will be sent (`wanted`); None means absent.

    Objects of Kubernetes are whole, with their metadata; of a peering these are the fields that change.
    """

    change: Change
    live: Json | None
    wanted: Json | None

    @property
    def name(self) -> str:
        """The name of the thing changed, as a person types it to consent."""
        return str(self.change.key["peering"] if self.change.kind == "peering" else self.change.key["name"])

    @property
    def where(self) -> str:
        """The thing changed with its kind and address, for headings and messages."""
        key = self.change.key
        if self.change.kind == "peering":
            return _("peering {name} of {project}/{network}").format(
                name=key["peering"], project=key["project"], network=key["network"]
            )
        return f"{self.change.kind} {'/'.join(str(key[part]) for part in ('namespace', 'name') if part in key)}"

    def reversed(self) -> Step:
        """The step that leads back."""
        return Step(self.change, self.wanted, self.live)

    @property
    def settled(self) -> bool:
        """True when the object is already as it is wanted."""
        return self.same(self.live, self.wanted)

    def same(self, one: Json | None, other: Json | None) -> bool:
        """Whether two states of the object are equal in all that a person edits."""
        first, second = content(self.change, one), content(self.change, other)
        return (one is None) == (other is None) and first.keys() == second.keys() and _equal(first, second)


@dataclass(frozen=True)
class Plan:
    """All that a remedy will do, in order.

    `predicted` is what pod-peer should do afterwards; `others` are the projects that have a part in the remedy which
    is not among the steps.
    """

    remedy: str
    title: str
    predicted: str
    steps: tuple[Step, ...]
    others: tuple[str, ...] = ()

    @property
    def changes(self) -> tuple[Change, ...]:
        return tuple(step.change for step in self.steps)

    @property
    def diff(self) -> str:
        """Every object's difference, readable without colour."""
        return "\n".join(diff(step) for step in self.steps)

    @property
    def name(self) -> str:
        """What a person types to consent: the name of the first thing changed."""
        return self.steps[0].name


def make(offer: Offer, lives: Sequence[Json | None]) -> Plan:
    """The plan of `offer` on the objects as they are now, one per change.

    Raises ChangedMeanwhileError when an object is no longer what the offer was made from.
    """
    steps = []
    for change, live in zip(offer.changes, lives, strict=True):
        step = Step(change, live, wanted(change, live))
        theirs = {key: value for key, value in content(change, live).items() if key in _touched(change)}
        ours = {key: value for key, value in content(change, change.before).items() if key in _touched(change)}
        if theirs != ours or (live is None) != (change.before is None):
            raise ChangedMeanwhileError(
                _("{where} has changed since it was read; diagnose again and look at the new plan.").format(
                    where=step.where
                )
            )
        steps.append(step)
    owners = {change.owner for change in offer.changes}
    others = tuple(owner for owner in offer.owner.split(", ") if owner and owner not in owners)
    return Plan(offer.id, offer.title, offer.predicted, tuple(steps), others)


def wanted(change: Change, live: Json | None) -> Json | None:
    """The object to send: the live one with what the change touches put in its place, and nothing else."""
    if change.kind == "peering":
        return change.after
    if change.after is None:
        return None
    if change.kind != "ConfigMap":
        return change.after if live is None else {**live, "spec": change.after["spec"]}
    namespace, name = change.key["namespace"], change.key["name"]
    whole: dict[str, Any] = (
        dict(live)
        if live is not None
        else {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {**_part(change.after, "metadata"), "namespace": namespace, "name": name},
        }
    )
    whole["data"] = _merged(_part(live, "data"), _part(change.before, "data"), _part(change.after, "data"))
    return whole


def undone(step: Step, live: Json | None, left: Json | None) -> Json | None:
    """The object that takes `step` back, given what is `live` now and what we `left`; None: delete it.

    Foreign keys stay. Raises ChangedMeanwhileError, showing both, when somebody else has touched what we touched.
    """
    change = step.change
    now, then = content(change, live), content(change, left)
    if (live is None) != (left is None) or any(not _equal(now.get(key), then.get(key)) for key in _touched(change)):
        raise ChangedMeanwhileError(
            _("{where} has been changed by someone else since; it was left alone.\n{diff}").format(
                where=step.where, diff=_compared(then, now)
            )
        )
    if change.kind == "peering":
        return change.before
    if live is None:
        return _without_versions(step.live or {})
    if change.kind != "ConfigMap":
        return None if change.before is None else {**live, "spec": change.before["spec"]}
    data = _merged(now, _part(change.after, "data"), _part(change.before, "data"))
    return None if change.before is None and not data else {**live, "data": data}


def content(change: Change, value: Json | None) -> Mapping[str, Any]:
    """The part of an object that a person edits: a ConfigMap's data, the spec of other objects of Kubernetes, a
    peering's fields; empty when it is absent."""
    if value is None:
        return {}
    if change.kind == "peering":
        return value
    return _part(value, "data") if change.kind == "ConfigMap" else {"spec": _part(value, "spec")}


def _equal(one: Any, other: Any) -> bool:
    """Whether two states say the same: what the server fills in by itself counts for nothing."""
    return _covers(one, other) or _covers(other, one)


def _covers(whole: Any, part: Any) -> bool:
    if isinstance(whole, Mapping) and isinstance(part, Mapping):
        return all(key in whole and _covers(whole[key], value) for key, value in part.items())
    if isinstance(whole, list) and isinstance(part, list):
        return len(whole) == len(part) and all(map(_covers, whole, part))
    return bool(whole == part)


def diff(step: Step) -> str:
    """One object's difference under a heading that says what happens to it."""
    if step.wanted is None:
        heading = _("{where} will be deleted")
    elif step.live is None:
        heading = _("{where} will be made")
    elif step.settled:
        heading = _("{where} is already so")
    else:
        heading = _("{where} will be changed")
    body = _compared(content(step.change, step.live), content(step.change, step.wanted))
    return "\n".join([heading.format(where=step.where), *([body] if body else [])])


def alike(step: Step, one: Json | None, other: Json | None) -> bool:
    """Whether two states of the object are equal in all that the step touches; other keys may differ."""
    first, second = content(step.change, one), content(step.change, other)
    same = all(_equal(first.get(key), second.get(key)) for key in _touched(step.change))
    return (one is None) == (other is None) and same


def shown(step: Step, live: Json | None) -> str:
    """What is there now, held against what the step wanted, as a difference."""
    if live is None:
        return _("{where} is not there.").format(where=step.where)
    return _compared(content(step.change, step.wanted), content(step.change, live))


def lines(value: Any, indent: int = 0) -> list[str]:
    """JSON as lines in the manner of YAML, texts of several lines as blocks."""
    pad = "  " * indent
    found: list[str] = []
    for key, one in sorted(value.items()):
        if isinstance(one, Mapping):
            found += [f"{pad}{key}:", *lines(one, indent + 1)]
        elif isinstance(one, str) and "\n" in one:
            found += [f"{pad}{key}: |", *(f"{pad}  {line}" for line in one.rstrip("\n").split("\n"))]
        elif isinstance(one, list):
            found += [f"{pad}{key}:", *_items(one, indent)]
        elif isinstance(one, bool):
            found.append(f"{pad}{key}: {str(one).lower()}")
        else:
            found.append(f"{pad}{key}: {one}")
    return found


def _items(values: list[Any], indent: int) -> list[str]:
    found: list[str] = []
    pad = "  " * indent
    for one in values:
        if isinstance(one, Mapping) and one:
            first, *rest = lines(one, indent + 1)
            found += [f"{pad}- {first.strip()}", *rest]
        else:
            found.append(f"{pad}- {one}")
    return found


def _compared(before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    compared = list(unified_diff(lines(before), lines(after), lineterm="", n=3))[2:]
    return "\n".join(line for line in compared if not line.startswith("@@"))


def _touched(change: Change) -> frozenset[str]:
    before, after = content(change, change.before), content(change, change.after)
    return frozenset(key for key in {*before, *after} if before.get(key) != after.get(key))


def _merged(live: Mapping[str, Any], before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    kept = {key: value for key, value in live.items() if key not in before or key in after}
    changed = {key: value for key, value in after.items() if before.get(key) != value}
    return {**kept, **changed}


def _without_versions(whole: Json) -> Json:
    server_made = ("resourceVersion", "uid", "creationTimestamp", "managedFields")
    metadata = {key: value for key, value in _part(whole, "metadata").items() if key not in server_made}
    return {**whole, "metadata": metadata}


def _part(value: Json | None, key: str) -> Mapping[str, Any]:
    found = (value or {}).get(key)
    return found if isinstance(found, Mapping) else {}
