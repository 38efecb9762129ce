"""Bodies in Kubernetes' protobuf, which kubectl sends for the kinds it has types for (`kubectl create configmap` …).

The envelope is `k8s\\0` and a runtime.Unknown; inside is the object, by the field numbers of the API's own .proto files
(protobuf.json: type → number → field; a nested table is an embedded struct, whose fields stand beside the others).
Answers are JSON, which the same clients accept.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from lab.kube.schema import types
from lab.kube.status import bad_request

Object = dict[str, Any]

MEDIA = "application/vnd.kubernetes.protobuf"
MAGIC = b"k8s\x00"

# Go writes zero values too; only behind a pointer does a zero say more than nothing.
_ZERO_SPEAKS = frozenset(
    {
        "activeDeadlineSeconds",
        "allocateLoadBalancerNodePorts",
        "allowPrivilegeEscalation",
        "automountServiceAccountToken",
        "blockOwnerDeletion",
        "controller",
        "defaultMode",
        "deletionGracePeriodSeconds",
        "enableServiceLinks",
        "fsGroup",
        "gracePeriodSeconds",
        "hostUsers",
        "immutable",
        "mode",
        "optional",
        "orphanDependents",
        "preemptionPolicy",
        "priority",
        "privileged",
        "readOnlyRootFilesystem",
        "revisionHistoryLimit",
        "runAsGroup",
        "runAsNonRoot",
        "runAsUser",
        "setHostnameAsFQDN",
        "shareProcessNamespace",
        "terminationGracePeriodSeconds",
        "tolerationSeconds",
    }
)
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


@cache
def _numbers() -> dict[str, Object]:
    text = Path(__file__).with_name("protobuf.json").read_text(encoding="utf-8")
    found: dict[str, Object] = json.loads(text)
    return found


def decode(data: bytes) -> Object:
    """The object in a protobuf body, as its JSON would be; 400 when it is none that this server knows."""
    if not data.startswith(MAGIC):
        raise bad_request("provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]")
    try:
        unknown = dict(_fields(data[len(MAGIC) :]))
        meta = {number: bytes(value).decode() for number, value in _fields(unknown[1])}
        api_version, kind = meta.get(1, ""), meta.get(2, "")
        if kind not in _numbers():
            raise bad_request(f'no kind "{kind}" is registered for version "{api_version}"')
        return {"kind": kind, "apiVersion": api_version, **_message(unknown.get(2, b""), kind)}
    except (ValueError, IndexError, KeyError, TypeError, RecursionError, OverflowError) as problem:
        raise bad_request(f"unable to decode protobuf: {problem}") from None


def _fields(data: Any) -> Iterator[tuple[int, Any]]:
    """Field numbers and raw values: an int, or bytes."""
    view = memoryview(data)
    place = 0
    while place < len(view):
        key, place = _varint(view, place)
        number, wire = key >> 3, key & 7
        if wire == _VARINT:
            value, place = _varint(view, place)
            yield number, value
            continue
        if wire == _BYTES:
            length, place = _varint(view, place)
        elif wire in (_FIXED64, _FIXED32):
            length = 8 if wire == _FIXED64 else 4
        else:
            raise ValueError(f"wire type {wire}")
        if place + length > len(view):
            raise ValueError("unexpected EOF")
        yield number, view[place : place + length]
        place += length


def _varint(view: memoryview, place: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = view[place]
        place += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, place
        shift += 7
        if shift > 63:
            raise ValueError("varint overflow")


def _message(data: Any, type: str) -> Object:
    found: Object = {}
    _read(data, _numbers()[type], types()[type], found)
    return found


def _read(data: Any, numbers: Object, known: dict[str, str], found: Object) -> None:
    for number, raw in _fields(data):
        name = numbers.get(str(number))
        if isinstance(name, dict):
            _read(raw, name, known, found)
        elif name is not None and name in known:
            _set(found, name, known[name], raw)


def _set(found: Object, name: str, type: str, raw: Any) -> None:
    if type.startswith("["):
        found.setdefault(name, []).append(_value(name, type[1:-1], raw))
    elif type.startswith("{"):
        pair = dict(_fields(raw))
        key = bytes(pair.get(1, b"")).decode()
        found.setdefault(name, {})[key] = _value(name, type[1:-1], pair.get(2, b""))
    else:
        value = _value(name, type, raw)
        if value is not None and (value not in ("", 0, False) or name in _ZERO_SPEAKS):
            found[name] = value


def _value(name: str, type: str, raw: Any) -> Any:
    if type == "string":
        return base64.b64encode(raw).decode() if name == "binaryData" else bytes(raw).decode()
    if type == "int":
        return raw - (1 << 64) if raw >= 1 << 63 else raw
    if type == "bool":
        return bool(raw)
    if type == "time":
        return _time(name, raw)
    if type == "quantity":
        return bytes(dict(_fields(raw)).get(1, b"0")).decode() or "0"
    if type == "any":
        return _any(name, raw)
    if type.startswith("["):
        return [_value(name, type[1:-1], item) for _, item in _fields(raw)]
    return _message(raw, type)


def _time(name: str, raw: Any) -> str | None:
    held = dict(_fields(raw))
    seconds, nanos = held.get(1, 0), held.get(2, 0)
    if not held or seconds >= 1 << 63:
        return None
    form = "%Y-%m-%dT%H:%M:%S.%fZ" if name in ("eventTime", "acquireTime", "renewTime") else "%Y-%m-%dT%H:%M:%SZ"
    return datetime.fromtimestamp(seconds + nanos / 1e9, UTC).strftime(form)


def _any(name: str, raw: Any) -> Any:
    held = dict(_fields(raw))
    if name == "fieldsV1":
        return json.loads(bytes(held.get(1, b"{}")))
    return _value(name, "int", held.get(2, 0)) if not held.get(1) else bytes(held.get(3, b"")).decode()
