"""Google's discovery documents as a judge: does a value have the shape that the API promises?

Stricter than a client: a key that the document does not know is a problem, and so is a number where text is meant.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterator
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import googleapiclient

FOLDER = Path(googleapiclient.__file__).parent / "discovery_cache" / "documents"
INTEGERS = {
    "int32": (-(2**31), 2**31 - 1),
    "uint32": (0, 2**32 - 1),
    "int64": (-(2**63), 2**63 - 1),
    "uint64": (0, 2**64 - 1),
}


@cache
def document(name: str) -> Discovery:
    """The discovery document `compute.v1` or `container.v1`, as the installed Google client ships it."""
    return Discovery(json.loads((FOLDER / f"{name}.json").read_text()))


class Discovery:
    """One API's schemas and methods."""

    def __init__(self, data: dict[str, Any]) -> None:
        self.schemas = data["schemas"]
        self.methods = {method["id"]: method for method in _methods(data)}

    def problems(self, schema: str, value: Any) -> list[str]:
        """Where `value` is not a `schema`; empty when it is one."""
        return list(self._check({"$ref": schema}, value, schema))

    def response_problems(self, method: str, value: Any) -> list[str]:
        """Where `value` is not an answer of the method (`compute.networks.get`)."""
        return self.problems(self.methods[method]["response"]["$ref"], value)

    def _check(self, schema: dict[str, Any], value: Any, at: str) -> Iterator[str]:
        if "$ref" in schema:
            schema = self.schemas[schema["$ref"]]
        match schema.get("type"):
            case "object":
                yield from self._object(schema, value, at)
            case "array":
                if not isinstance(value, list):
                    yield f"{at}: {value!r} is not a list"
                    return
                for index, item in enumerate(value):
                    yield from self._check(schema["items"], item, f"{at}[{index}]")
            case "string":
                yield from _string(schema, value, at)
            case "integer":
                low, high = INTEGERS[schema.get("format", "int32")]
                if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
                    yield f"{at}: {value!r} is not {schema.get('format')}"
            case "number":
                if isinstance(value, bool) or not isinstance(value, int | float):
                    yield f"{at}: {value!r} is not a number"
            case "boolean":
                if not isinstance(value, bool):
                    yield f"{at}: {value!r} is not true or false"
            case "any":
                return
            case other:
                raise AssertionError(f"the document has a type {other!r} at {at}")

    def _object(self, schema: dict[str, Any], value: Any, at: str) -> Iterator[str]:
        if not isinstance(value, dict):
            yield f"{at}: {value!r} is not an object"
            return
        for key, item in value.items():
            below = schema.get("properties", {}).get(key, schema.get("additionalProperties"))
            if below is None:
                yield f"{at}.{key}: unknown key"
            else:
                yield from self._check(below, item, f"{at}.{key}")


def _string(schema: dict[str, Any], value: Any, at: str) -> Iterator[str]:
    if not isinstance(value, str):
        yield f"{at}: {value!r} is not text"
        return
    if "enum" in schema and value not in schema["enum"]:
        yield f"{at}: {value!r} is not one of {', '.join(schema['enum'])}"
    if "pattern" in schema and not re.search(schema["pattern"], value):
        yield f"{at}: {value!r} does not match {schema['pattern']}"
    kind = schema.get("format")
    if kind in ("int64", "uint64"):
        low, high = INTEGERS[kind]
        if not re.fullmatch(r"-?\d+", value) or not low <= int(value) <= high:
            yield f"{at}: {value!r} is not {kind}"
    if kind == "byte":
        try:
            base64.b64decode(value.replace("-", "+").replace("_", "/"), validate=True)
        except binascii.Error:
            yield f"{at}: {value!r} is not base64"
    if at.rpartition(".")[2].endswith("Timestamp"):
        try:
            datetime.fromisoformat(value)
        except ValueError:
            yield f"{at}: {value!r} is not an RFC 3339 time"


def _methods(data: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield from data.get("methods", {}).values()
    for resource in data.get("resources", {}).values():
        yield from _methods(resource)
