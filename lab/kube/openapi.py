"""OpenAPI v3 of what is served: enough for kubectl to leave validation to the server, and to explain fields."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from lab.kube.entry import encode
from lab.kube.kinds import Kind
from lab.kube.patch import MERGE_KEYS, MERGE_SETS
from lab.kube.schema import types

Object = dict[str, Any]

_SCALARS: dict[str, Object] = {
    "string": {"type": "string"},
    "int": {"type": "integer", "format": "int64"},
    "bool": {"type": "boolean"},
    "number": {"type": "number", "format": "double"},
    "any": {},
    "time": {"type": "string", "format": "date-time"},
    "quantity": {"oneOf": [{"type": "string"}, {"type": "number"}]},
}
_PATCHES = ("application/json-patch+json", "application/merge-patch+json", "application/apply-patch+yaml")
_STRATEGIC = "application/strategic-merge-patch+json"


def _base(group: str, version: str) -> str:
    return f"apis/{group}/{version}" if group else f"api/{version}"


def index(kinds: Sequence[Kind]) -> Object:
    """/openapi/v3: where each group version's document is."""
    paths: Object = {}
    for group, version in dict.fromkeys((kind.group, kind.version) for kind in kinds):
        base = _base(group, version)
        digest = hashlib.sha256(encode(document(kinds, group, version))).hexdigest()[:32].upper()
        paths[base] = {"serverRelativeURL": f"/openapi/v3/{base}?hash={digest}"}
    return {"paths": paths}


def document(kinds: Sequence[Kind], group: str, version: str) -> Object | None:
    """/openapi/v3/api/v1 and its like; None when there is no such group version."""
    held = [kind for kind in kinds if (kind.group, kind.version) == (group, version)]
    if not held:
        return None
    paths: Object = {}
    needed: set[str] = set()
    for kind in held:
        _need(kind.type, needed)
        scope = "namespaces/{namespace}/" if kind.namespaced else ""
        whole = f"/{_base(group, version)}/{scope}{kind.plural}"
        paths[whole] = {verb: _operation(kind, verb) for verb in ("get", "post") if _served(kind, verb)}
        single = {verb: _operation(kind, verb) for verb in ("get", "put", "patch", "delete") if _served(kind, verb)}
        if single:
            paths[f"{whole}/{{name}}"] = single
    schemas = {_name(each): _schema(each) for each in sorted(needed)}
    for kind in held:
        schemas[_name(kind.type)]["x-kubernetes-group-version-kind"] = [_gvk(kind)]
    return {
        "openapi": "3.0.0",
        "info": {"title": "Kubernetes", "version": "v1.32.4"},
        "paths": paths,
        "components": {"schemas": schemas},
    }


def swagger() -> Object:
    """/openapi/v2: the kinds without their fields; clients that can, read v3."""
    return {"swagger": "2.0", "info": {"title": "Kubernetes", "version": "v1.32.4"}, "paths": {}, "definitions": {}}


_VERBS = {"get": "get", "post": "create", "put": "update", "patch": "patch", "delete": "delete"}


def _served(kind: Kind, method: str) -> bool:
    return _VERBS[method] in kind.verbs


def _gvk(kind: Kind) -> Object:
    return {"group": kind.group, "version": kind.version, "kind": kind.kind}


def _name(type: str) -> str:
    return f"io.k8s.api.{type}"


def _reference(type: str) -> Object:
    return {"$ref": f"#/components/schemas/{_name(type)}"}


def _operation(kind: Kind, method: str) -> Object:
    names = {"get": (), "delete": ("dryRun",)}.get(method, ("dryRun", "fieldManager", "fieldValidation"))
    parameters: list[Object] = [
        {"name": name, "in": "query", "schema": {"type": "string", "uniqueItems": True}} for name in names
    ]
    if method == "patch":
        parameters.append({"name": "force", "in": "query", "schema": {"type": "boolean", "uniqueItems": True}})
    operation: Object = {
        "operationId": f"{method}{kind.kind}",
        "parameters": parameters,
        "responses": {
            "200": {"description": "OK", "content": {"application/json": {"schema": _reference(kind.type)}}},
        },
        "x-kubernetes-action": _VERBS[method],
        "x-kubernetes-group-version-kind": _gvk(kind),
    }
    if method in ("post", "put"):
        operation["requestBody"] = {"content": {"*/*": {"schema": _reference(kind.type)}}}
    if method == "patch":
        accepted = _PATCHES if kind.custom else (*_PATCHES, _STRATEGIC)
        operation["requestBody"] = {"content": {media: {"schema": {"type": "object"}} for media in accepted}}
    return operation


def _need(type: str, needed: set[str]) -> None:
    inner = type.strip("[]{}")
    if inner in needed or inner not in types():
        return
    needed.add(inner)
    for each in types()[inner].values():
        _need(each, needed)


def _schema(type: str) -> Object:
    properties: Object = {}
    for name, of in types()[type].items():
        properties[name] = _property(of)
        if key := MERGE_KEYS.get((type, name)):
            properties[name]["x-kubernetes-patch-strategy"] = "merge"
            properties[name]["x-kubernetes-patch-merge-key"] = key
        elif (type, name) in MERGE_SETS:
            properties[name]["x-kubernetes-patch-strategy"] = "merge"
    return {"type": "object", "properties": properties}


def _property(type: str) -> Object:
    if type.startswith("["):
        return {"type": "array", "items": _property(type[1:-1])}
    if type.startswith("{"):
        return {"type": "object", "additionalProperties": _property(type[1:-1])}
    if type in _SCALARS:
        return dict(_SCALARS[type])
    return {"allOf": [_reference(type)], "default": {}}
