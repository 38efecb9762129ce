"""YAML as Go's go-yaml v2 resolves it: no sexagesimal numbers, no timestamps; y and n are truth values.

go-yaml was translated from libyaml, so libyaml's scanner is used where PyYAML has it. A module of its own, because
PyYAML need not be imported where no file is parsed.
"""

from __future__ import annotations

import re
from math import isfinite
from typing import Any, cast

import yaml

_BASE = cast(type[yaml.SafeLoader], getattr(yaml, "CSafeLoader", yaml.SafeLoader))
_OWN = {
    "yaml_implicit_resolvers": {},
    "bool_values": {**yaml.SafeLoader.bool_values, "y": True, "n": False},
}
_LOADER = cast(type[yaml.SafeLoader], type("GoLoader", (_BASE,), _OWN))

for _tag, _pattern, _first in (
    ("bool", r"^(?:y|Y|yes|Yes|YES|true|True|TRUE|on|On|ON|n|N|no|No|NO|false|False|FALSE|off|Off|OFF)$", "yYtToOnNfF"),
    ("int", r"^(?:[-+]?0b[01_]+|[-+]?0x[0-9a-fA-F_]+|[-+]?[0-9][0-9_]*)$", "-+0123456789"),
    (
        "float",
        r"^(?:[-+]?(?:\.[0-9]+|[0-9][0-9_]*(?:\.[0-9_]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$",
        "-+.0123456789",
    ),
    ("null", r"^(?:~|null|Null|NULL|)$", ("~", "n", "N", "")),
    ("merge", r"^<<$", "<"),
):
    _LOADER.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(_pattern), list(_first))
_LOADER.add_constructor("tag:yaml.org,2002:merge", lambda _loader, node: node.value)


def first_document(text: str) -> Any:
    """The first document in `text`, None for an empty one; ValueError when Go would refuse it."""
    try:
        found = next(iter(yaml.load_all(text, Loader=_LOADER)), None)
        _check(found)
        return found
    except (
        yaml.YAMLError,
        ValueError,
        LookupError,
        ArithmeticError,
        AttributeError,
        TypeError,
        RecursionError,
    ) as error:
        raise ValueError(str(error).replace("\n", " ")) from error


def _check(value: Any) -> None:
    """Refuse what cannot be turned into JSON; recursion refuses what contains itself."""
    if isinstance(value, float) and not isfinite(value):
        raise ValueError(f"json: unsupported value: {value}")
    if isinstance(value, dict):
        for key, inner in value.items():
            if not isinstance(key, str | int | float):
                raise ValueError(f"unsupported map key {key!r}")
            _check(inner)
    elif isinstance(value, list):
        for inner in value:
            _check(inner)
