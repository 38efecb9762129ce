"""Label selectors and field selectors, in the grammar that the API takes in query parameters."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from lab.kube.kinds import EVENTS, NAMESPACES, NODES, PODS, Kind
from lab.kube.status import bad_request

Object = dict[str, Any]
Match = Callable[[Object], bool]

_KEY = re.compile(r"([A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?/)?[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?")
_VALUE = re.compile(r"([A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?)?")
_SET = re.compile(r"^(\S+)\s+(in|notin)\s*\(([^()]*)\)$")

FIELDS: dict[str, tuple[str, ...]] = {
    PODS.table: (
        "spec.nodeName",
        "spec.restartPolicy",
        "spec.schedulerName",
        "spec.serviceAccountName",
        "spec.hostNetwork",
        "status.phase",
        "status.podIP",
        "status.nominatedNodeName",
    ),
    NODES.table: ("spec.unschedulable",),
    NAMESPACES.table: ("status.phase",),
    EVENTS.table: (
        "involvedObject.kind",
        "involvedObject.namespace",
        "involvedObject.name",
        "involvedObject.uid",
        "involvedObject.apiVersion",
        "involvedObject.resourceVersion",
        "involvedObject.fieldPath",
        "reason",
        "reportingComponent",
        "source",
        "type",
    ),
}
_BOOLEAN = ("spec.hostNetwork", "spec.unschedulable")


def everything(_: Object) -> bool:
    """Match any object."""
    return True


def labels(text: str) -> Match:
    """A matcher of objects by a label selector such as `app=web,tier in (a,b),!old`; BadRequest when it is none."""
    if not text.strip():
        return everything
    tests = [_requirement(part) for part in _split(text)]

    def match(thing: Object) -> bool:
        held = (thing.get("metadata") or {}).get("labels") or {}
        return all(test(held) for test in tests)

    return match


def fields(text: str, kind: Kind) -> Match:
    """A matcher of objects of `kind` by a field selector such as `spec.nodeName=n1,status.phase!=Failed`."""
    if not text.strip():
        return everything
    tests = [_field(part, kind) for part in text.split(",") if part.strip()]
    return lambda thing: all(test(thing) for test in tests)


def exact_name(text: str) -> str:
    """The name that a field selector pins with metadata.name=NAME, or ""."""
    for part in text.split(","):
        name, operator, value = _halves(part)
        if name == "metadata.name" and operator == "=":
            return value
    return ""


def label_selector(selector: Object | None) -> Match:
    """A matcher by an object's own LabelSelector (matchLabels, matchExpressions); None matches nothing."""
    if selector is None:
        return lambda _: False
    wanted = selector.get("matchLabels") or {}
    tests = [
        _set_test(each.get("key", ""), each.get("operator", "").lower(), each.get("values") or ())
        for each in selector.get("matchExpressions") or ()
    ]

    def match(thing: Object) -> bool:
        held = (thing.get("metadata") or {}).get("labels") or {}
        return all(held.get(key) == value for key, value in wanted.items()) and all(test(held) for test in tests)

    return match


def _split(text: str) -> list[str]:
    parts, depth, start = [], 0, 0
    for position, letter in enumerate(text):
        depth += (letter == "(") - (letter == ")")
        if letter == "," and depth == 0:
            parts.append(text[start:position])
            start = position + 1
    parts.append(text[start:])
    return [part.strip() for part in parts]


def _requirement(part: str) -> Callable[[Object], bool]:
    if found := _SET.match(part):
        key, operator, values = found.groups()
        return _set_test(_label_key(key), operator, [_label_value(value.strip()) for value in values.split(",")])
    if part.startswith("!"):
        return _set_test(_label_key(part[1:].strip()), "doesnotexist", ())
    name, operator, value = _halves(part)
    if not operator:
        return _set_test(_label_key(part), "exists", ())
    return _set_test(_label_key(name), "in" if operator == "=" else "notin", [_label_value(value)])


def _set_test(key: str, operator: str, values: Iterable[str]) -> Callable[[Object], bool]:
    wanted = frozenset(values)
    if operator == "in":
        return lambda held: key in held and held[key] in wanted
    if operator == "notin":
        return lambda held: key not in held or held[key] not in wanted
    if operator == "exists":
        return lambda held: key in held
    return lambda held: key not in held


def _halves(part: str) -> tuple[str, str, str]:
    """A requirement's key, "=" or "!=" or "" (no operator), and value."""
    if "!=" in part:
        key, _, value = part.partition("!=")
        return key.strip(), "!=", value.strip()
    key, operator, value = part.partition("==" if "==" in part else "=")
    return key.strip(), "=" if operator else "", value.strip()


def _label_key(key: str) -> str:
    if not _KEY.fullmatch(key) or len(key.rpartition("/")[2]) > 63:
        raise bad_request(
            f'unable to parse requirement: <nil>: Invalid value: "{key}": name part must consist of alphanumeric '
            "characters, '-', '_' or '.', and must start and end with an alphanumeric character"
        )
    return key


def _label_value(value: str) -> str:
    if not _VALUE.fullmatch(value) or len(value) > 63:
        raise bad_request(
            f'unable to parse requirement: values[0][]: Invalid value: "{value}": a valid label must be an empty '
            "string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an "
            "alphanumeric character"
        )
    return value


def _field(part: str, kind: Kind) -> Match:
    name, operator, value = _halves(part)
    if not operator:
        raise bad_request(f"invalid field selector {part!r}; can't understand {part!r}")
    known = ("metadata.name", "metadata.namespace", *FIELDS.get(kind.table, ()))
    if name not in known or (name == "metadata.namespace" and not kind.namespaced):
        raise bad_request(f"field label not supported: {name}")
    equal = operator == "="
    return lambda thing: (field_value(thing, name) == value) is equal


def field_value(thing: Object, name: str) -> str:
    """A field's value as field selectors compare it: text, "" when absent, true or false for booleans."""
    if name == "source":
        value: Any = (thing.get("source") or {}).get("component") or thing.get("reportingComponent")
    else:
        value = thing
        for step in name.split("."):
            value = value.get(step) if isinstance(value, dict) else None
    if name in _BOOLEAN:
        return "true" if value else "false"
    return "" if value is None else str(value)
