"""The fields of the kinds: names and types, from the Kubernetes API's own description (schema.json).

`read` turns a request's JSON into an object as the API server decodes it: nulls are absent, values of a wrong type are
refused, unknown fields are dropped and reported.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from lab.kube.kinds import Kind
from lab.kube.status import bad_request

Object = dict[str, Any]

QUANTITY = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)(([KMGTPE]i)|[numkMGTPE]|[eE][+-]?[0-9]+)?")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
_SCALARS = ("string", "int", "bool", "number", "any", "time", "quantity")
_MOST = 100


@cache
def types() -> dict[str, dict[str, str]]:
    """Type name → field → type: a scalar, another type's name, `[T]` for a list, `{T}` for a map."""
    text = Path(__file__).with_name("schema.json").read_text(encoding="utf-8")
    found: dict[str, dict[str, str]] = json.loads(text)
    return found


@dataclass
class Decoded:
    """An object as read: `value`, and the paths of `unknown` fields that were left out of it."""

    value: Object
    unknown: list[str] = field(default_factory=list)


def read(kind: Kind, value: Object) -> Decoded:
    """`value` as an object of `kind`; BadRequest where a type is wrong."""
    decoded = Decoded({})
    decoded.value = _object(kind, kind.type, value, "", decoded)
    return decoded


def _read(kind: Kind, type: str, value: Any, path: str, decoded: Decoded) -> Any:
    if type.startswith("["):
        if not isinstance(value, list):
            raise _wrong(kind, value, path, "list")
        inner = type[1:-1]
        return [_element(kind, inner, each, f"{path}[{number}]", decoded) for number, each in enumerate(value)]
    if type.startswith("{"):
        if not isinstance(value, dict):
            raise _wrong(kind, value, path, "map")
        inner = type[1:-1]
        return {key: _element(kind, inner, each, f"{path}.{key}", decoded) for key, each in value.items()}
    if type in _SCALARS:
        return _scalar(kind, type, value, path)
    return _object(kind, type, value, path, decoded)


def _element(kind: Kind, type: str, value: Any, path: str, decoded: Decoded) -> Any:
    if value is None:
        empty: Any = {"string": "", "int": 0, "bool": False, "quantity": "0", "any": None, "number": 0, "time": None}
        return empty.get(type, {})
    return _read(kind, type, value, path, decoded)


def _object(kind: Kind, type: str, value: Any, path: str, decoded: Decoded) -> Object:
    if not isinstance(value, dict):
        raise _wrong(kind, value, path, type)
    known = types()[type]
    found: Object = {}
    for name, each in value.items():
        inside = f"{path}.{name}" if path else name
        if name not in known:
            if len(decoded.unknown) < _MOST:
                decoded.unknown.append(inside)
        elif each is not None:
            found[name] = _read(kind, known[name], each, inside, decoded)
    return found


def _scalar(kind: Kind, type: str, value: Any, path: str) -> Any:
    if type == "any":
        return value
    if type == "quantity":
        text = str(value)
        if isinstance(value, bool) or not isinstance(value, str | int | float) or not QUANTITY.fullmatch(text):
            raise bad_request(
                f'{kind.kind} in version "{kind.version}" cannot be handled as a {kind.kind}: {path}: quantities must '
                "match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
            )
        return text
    if type == "time":
        if not isinstance(value, str) or not _TIME.fullmatch(value):
            raise bad_request(
                f'{kind.kind} in version "{kind.version}" cannot be handled as a {kind.kind}: parsing time '
                f'"{value}" as "2006-01-02T15:04:05Z07:00": cannot parse {path}'
            )
        return value
    fits = {
        "string": isinstance(value, str),
        "bool": isinstance(value, bool),
        "int": isinstance(value, int) and not isinstance(value, bool),
        "number": isinstance(value, int | float) and not isinstance(value, bool),
    }
    if not fits[type]:
        raise _wrong(kind, value, path, type)
    return value


def _wrong(kind: Kind, value: Any, path: str, type: str) -> Exception:
    given = {str: "string", bool: "bool", int: "number", float: "number", list: "array", dict: "object"}
    what = given.get(value.__class__, "null")
    wanted = {"list": "[]", "map": "map[string]", "int": "int32", "number": "float64"}.get(type, type)
    where = f"{kind.kind}.{path}" if path else kind.kind
    return bad_request(
        f'{kind.kind} in version "{kind.version}" cannot be handled as a {kind.kind}: json: cannot unmarshal {what} '
        f"into Go struct field {where} of type {wanted}"
    )
