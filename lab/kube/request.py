"""What a request asks for: its resource, verb, body and options, read from the URL as the API server reads it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml
from aiohttp import web

from lab.kube import protobuf
from lab.kube.access import Wish
from lab.kube.status import StatusError, bad_request, too_large, unsupported_media

Object = dict[str, Any]

BODY_LIMIT = 3 * 1024 * 1024
MEDIA_TYPES = ("application/json", "application/yaml", protobuf.MEDIA)
_VERBS = {"POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete", "GET": "get", "HEAD": "get"}
_DEEPEST = 200


@dataclass(frozen=True)
class Resource:
    """A resource path: `verb` is RBAC's; `namespace` "" is all namespaces or the cluster scope."""

    verb: str
    group: str
    version: str
    plural: str
    namespace: str = ""
    name: str = ""
    subresource: str = ""

    def wish(self) -> Wish:
        """What the caller's rights are held against."""
        return Wish(self.verb, self.group, self.plural, self.subresource, self.namespace, self.name)


def resource(request: web.Request) -> Resource | None:
    """The resource that the path names, or None when the path is none (discovery, health)."""
    parts = [part for part in request.path.split("/") if part]
    if parts[:1] == ["api"] and len(parts) >= 3:
        group, version, rest = "", parts[1], parts[2:]
    elif parts[:1] == ["apis"] and len(parts) >= 4:
        group, version, rest = parts[1], parts[2], parts[3:]
    else:
        return None
    namespace = ""
    if rest[0] == "namespaces" and len(rest) > 1:
        namespace = rest[1]
        if len(rest) > 2 and rest[2] not in ("status", "finalize"):
            rest = rest[2:]
    plural, name, subresource = rest[0], "/".join(rest[1:2]), "/".join(rest[2:])
    return Resource(_verb(request, name), group, version, plural, namespace, name, subresource)


def call(request: web.Request) -> str:
    """The request's name as gaps have it (`kubernetes.nodes.list`, `kubernetes.pods.exec`); '' for no resource."""
    found = resource(request)
    return "" if found is None else f"kubernetes.{found.plural}.{found.subresource or found.verb}"


def _verb(request: web.Request, name: str) -> str:
    verb = _VERBS.get(request.method, request.method.lower())
    if not name and verb == "get":
        return "watch" if flag(request.query, "watch") else "list"
    if not name and verb == "delete":
        return "deletecollection"
    return verb


def flag(query: Mapping[str, str], name: str) -> bool:
    """A boolean parameter: given and neither 0 nor false."""
    value = query.get(name)
    return value is not None and value.lower() not in ("0", "false", "f", "")


def number(query: Mapping[str, str], name: str) -> int | None:
    """A whole-number parameter, or None; 400 when it is none."""
    text = query.get(name)
    if text in (None, ""):
        return None
    try:
        return int(str(text))
    except ValueError:
        raise bad_request(f'strconv.ParseInt: parsing "{text}": invalid syntax') from None


def version_asked(query: Mapping[str, str]) -> int | None:
    """The resourceVersion parameter, or None when it is not given."""
    text = query.get("resourceVersion")
    if text in (None, ""):
        return None
    if not str(text).isdigit() or len(str(text)) > 19:
        message = f'resourceVersion: Invalid value: "{text}": strconv.ParseUint: parsing "{text}": invalid syntax'
        raise StatusError(400, "BadRequest", message)
    return int(str(text))


def dry_run(values: list[str]) -> bool:
    """Is it a dry run? 400 for a word other than All."""
    if any(value != "All" for value in values):
        raise StatusError(422, "Invalid", f'dryRun: Unsupported value: "{values[0]}": supported values: "All"')
    return bool(values)


async def raw_body(request: web.Request) -> bytes:
    """The body's bytes; 413 over BODY_LIMIT."""
    try:
        body = await request.read()
    except web.HTTPRequestEntityTooLarge:
        raise too_large(BODY_LIMIT) from None
    if len(body) > BODY_LIMIT:
        raise too_large(BODY_LIMIT)
    return body


async def body(request: web.Request, *, optional: bool = False) -> Object:
    """The body as an object; 400, 413 or 415 when it is none."""
    data = await raw_body(request)
    if optional and not data:
        return {}
    given = request.content_type if "Content-Type" in request.headers else "application/json"
    if given not in MEDIA_TYPES:
        raise unsupported_media(MEDIA_TYPES)
    if given == protobuf.MEDIA:
        return protobuf.decode(data)
    value = decode(data, given)
    if not isinstance(value, dict):
        raise bad_request(
            "couldn't get version/kind; json parse error: json: cannot unmarshal "
            f"{_GO.get(value.__class__, 'value')} into Go value of type struct "
            '{ APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }'
        )
    return value


_GO = {list: "array", str: "string", int: "number", float: "number", bool: "bool", type(None): "null"}


def decode(data: bytes, media: str) -> Any:
    """JSON, or YAML where `media` says so; 400 when it cannot be read."""
    try:
        text = data.decode("utf-8")
        value = yaml.safe_load(text) if "yaml" in media else json.loads(text, parse_constant=_refuse)
        if _depth(value) > _DEEPEST:
            raise ValueError("exceeded max depth")
        if "yaml" in media:
            value = json.loads(json.dumps(value, default=_yaml_value))
    except (ValueError, RecursionError, yaml.YAMLError) as problem:
        where = " ".join(str(problem).split())[:200]
        raise bad_request(f"the object provided is unrecognized (must be of type JSON or YAML): {where}") from None
    return value


def _refuse(word: str) -> Any:
    raise ValueError(f"invalid character in JSON: {word}")


def _yaml_value(value: Any) -> str:
    return value.isoformat().replace("+00:00", "Z") if hasattr(value, "isoformat") else str(value)


def _depth(value: Any) -> int:
    depth, layer = 0, [value]
    while layer and depth <= _DEEPEST:
        depth += 1
        layer = [
            inner
            for each in layer
            if isinstance(each, dict | list)
            for inner in (each.values() if isinstance(each, dict) else each)
        ]
    return depth
