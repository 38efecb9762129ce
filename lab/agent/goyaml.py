"""YAML as the agent's Go library reads it (sigs.k8s.io/yaml on go-yaml v2), which is not quite as PyYAML does.

Differences that matter: y, n, on and off are booleans; a key that is there twice is no error, the later one wins;
dates are text; 1:30 is text; 1e3 is a number; only the first document counts; keys come out sorted.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any

import yaml

PLAIN = "plain"
MAX_NODES = 100_000
MAX_DEPTH = 100

_TRUE = frozenset({"y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"})
_FALSE = frozenset({"n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"})
_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_INT = re.compile(r"[-+]?(0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO]?[0-7]*|[1-9][0-9]*)")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_MERGE = "<<"


class GoError(ValueError):
    """What the Go program would report; the message is its own words."""


_SCANNER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""go-yaml was translated from libyaml; PyYAML's own scanner refuses tabs that both accept."""


class _Loader(_SCANNER):  # type: ignore[misc]  # which of the two it is, is known at run time
    """Scans and composes; what a plain word means is decided here, not by PyYAML."""

    def resolve(self, kind: type[yaml.Node], _value: Any, implicit: Any) -> str:
        if kind is yaml.ScalarNode:
            return PLAIN if implicit and implicit[0] else "tag:yaml.org,2002:str"
        return "tag:yaml.org,2002:seq" if kind is yaml.SequenceNode else "tag:yaml.org,2002:map"


def to_value(text: str) -> Any:
    """The first document of `text` as JSON values, keys as text in sorted order; None when there is none.

    A text that begins with `{` is JSON and is read as such (k8s.io/apimachinery util/yaml ToJSON): see gojson.
    """
    try:
        loader = _Loader(text)
    except yaml.YAMLError as error:
        raise GoError(f"yaml: {_problem(error)}") from error
    try:
        node = loader.get_node() if loader.check_node() else None
        return None if node is None else _Builder().value(node, 0)
    except yaml.YAMLError as error:
        raise GoError(f"yaml: {_problem(error)}") from error
    except RecursionError as error:
        raise GoError("yaml: exceeded max depth of 10000") from error
    finally:
        loader.dispose()


def _problem(error: yaml.YAMLError) -> str:
    if isinstance(error, yaml.MarkedYAMLError) and error.problem:
        mark = error.problem_mark
        return f"line {mark.line + 1}: {error.problem}" if mark else error.problem
    return " ".join(str(error).split())


class _Builder:
    def __init__(self) -> None:
        self._nodes = 0

    def value(self, node: yaml.Node, depth: int) -> Any:
        self._nodes += 1
        if self._nodes > MAX_NODES or depth > MAX_DEPTH:
            raise GoError("yaml: document contains excessive aliasing")
        if isinstance(node, yaml.ScalarNode):
            return _scalar(node)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(item, depth + 1) for item in node.value]
        found: dict[str, Any] = {}
        merged: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if isinstance(key_node, yaml.ScalarNode) and key_node.tag == PLAIN and key_node.value == _MERGE:
                for key, value in self._merge(value_node, depth).items():
                    merged.setdefault(key, value)
                continue
            found[_key(self.value(key_node, depth + 1))] = self.value(value_node, depth + 1)
        return dict(sorted({**merged, **found}.items()))

    def _merge(self, node: yaml.Node, depth: int) -> dict[str, Any]:
        parts = node.value if isinstance(node, yaml.SequenceNode) else [node]
        merged: dict[str, Any] = {}
        for part in parts:
            value = self.value(part, depth + 1)
            if not isinstance(value, dict):
                raise GoError("yaml: map merge requires map or sequence of maps as the value")
            for key, one in value.items():
                merged.setdefault(key, one)
        return merged


def _scalar(node: yaml.ScalarNode) -> Any:
    text, tag = str(node.value), node.tag
    if tag == PLAIN:
        return _plain(text)
    short = tag.removeprefix("tag:yaml.org,2002:")
    if short in ("int", "float", "bool", "null"):
        found = _plain(text)
        kinds: dict[str, tuple[type, ...]] = {
            "int": (int,),
            "float": (int, float),
            "bool": (bool,),
            "null": (type(None),),
        }
        if not isinstance(found, kinds[short]):
            raise GoError(f"yaml: cannot decode !!str `{text}` as a !!{short}")
        return found
    return text


def _plain(text: str) -> Any:
    if text in _NULL:
        return None
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    digits = text.replace("_", "")
    if _INT.fullmatch(digits):
        return _integer(digits)
    if _FLOAT.fullmatch(text):
        found = float(text)
        if math.isfinite(found):
            return int(found) if found.is_integer() and abs(found) < 1e15 else found
        return text
    if text.lower() in (".inf", "+.inf", "-.inf", ".nan"):
        raise GoError(f"json: unsupported value: {text}")
    return text


def _integer(text: str) -> int:
    sign = -1 if text.startswith("-") else 1
    body = text.lstrip("+-").lower()
    if body.startswith("0x"):
        return sign * int(body, 16)
    if body.startswith("0b"):
        return sign * int(body, 2)
    if body.startswith("0") and len(body) > 1:
        return sign * int(body[1:].removeprefix("o") or "0", 8)
    return sign * int(body)


def _key(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool | int | float):
        return json.dumps(value)
    raise GoError(f"unsupported map key of type: {type(value).__name__}, key: {value!r:.40}")
