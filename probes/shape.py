"""Whether an answer has the types that its API promises, in the fields that this program rests on.

What stands between a client and its server sometimes answers in its place; a wrong type read as a default would be
a guess.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from probes.errors import CallError
from rules.words import _

TEXT, TEXTS, OBJECT, OBJECTS, LIST = "text", "texts", "object", "objects", "list"

# A type, an object's fields, or a list's objects' fields. Every field may be absent.
Shape = str | Mapping[str, Any] | tuple[Mapping[str, Any]]

_CONTAINERS: Shape = ({"name": TEXT, "image": TEXT, "restartPolicy": TEXT},)
_STATE = {word: {"reason": TEXT, "message": TEXT} for word in ("waiting", "running", "terminated")}
_STATUSES: Shape = ({"name": TEXT, "state": _STATE},)
_SELECTOR: Shape = {"matchLabels": OBJECT, "matchExpressions": ({"key": TEXT},)}
_KUBERNETES: Mapping[str, Mapping[str, Shape]] = {
    "metadata": {
        "name": TEXT,
        "namespace": TEXT,
        "uid": TEXT,
        "labels": OBJECT,
        "annotations": OBJECT,
        "ownerReferences": OBJECTS,
    },
    "spec": {
        "nodeName": TEXT,
        "providerID": TEXT,
        "podCIDR": TEXT,
        "podCIDRs": LIST,
        "containers": _CONTAINERS,
        "initContainers": _CONTAINERS,
        "ephemeralContainers": _CONTAINERS,
        "volumes": OBJECTS,
        "imagePullSecrets": OBJECTS,
        "selector": OBJECT,
        "template": OBJECT,
        "podSelector": _SELECTOR,
        "ports": LIST,
    },
    "status": {
        "phase": TEXT,
        "podIP": TEXT,
        "podIPs": OBJECTS,
        "conditions": OBJECTS,
        "containerStatuses": _STATUSES,
        "initContainerStatuses": _STATUSES,
        "ephemeralContainerStatuses": _STATUSES,
        "addresses": ({"type": TEXT, "address": TEXT},),
        "images": ({"names": TEXTS},),
    },
}
# What only one kind has: the selector of a Service is a plain object.
_OF_KIND: Mapping[str, Mapping[str, Mapping[str, Shape]]] = {
    "ConfigMap": {"": {"data": OBJECT}},
    "DaemonSet": {"spec": {"selector": _SELECTOR}},
}
_CLUSTER: Mapping[str, Shape] = {
    "name": TEXT,
    "location": TEXT,
    "selfLink": TEXT,
    "ipAllocationPolicy": OBJECT,
    "networkConfig": OBJECT,
    "networkPolicy": OBJECT,
    "autopilot": OBJECT,
    "nodePools": OBJECTS,
    "clusterIpv4Cidr": TEXT,
    "servicesIpv4Cidr": TEXT,
}


def kubernetes(item: Any) -> None:
    """Raise CallError for what cannot be an object of Kubernetes; every part may be absent."""
    if not isinstance(item, dict):
        raise odd("items")
    for part, fields in _KUBERNETES.items():
        held = item.get(part)
        if held is None or (part == "status" and item.get("kind") == "Status"):
            continue
        if not isinstance(held, dict):
            raise odd(part)
        _check(held, fields, f"{part}.")
    for part, fields in _OF_KIND.get(str(item.get("kind")), {}).items():
        _check((item.get(part) or {}) if part else item, fields, f"{part}." if part else "")


def named(item: Mapping[str, Any]) -> None:
    """Raise CallError for an object of Kubernetes without what every stored one has: metadata with a name."""
    if not (item.get("metadata") or {}).get("name"):
        raise odd("metadata.name")


def cluster(item: Mapping[str, Any]) -> None:
    """Raise CallError for what cannot be a cluster of GKE."""
    _check(item, _CLUSTER, "")


def odd(field: str) -> CallError:
    """The failure of a call whose answer has another type in `field` than the API says."""
    return CallError("error", _("the answer is not as the API describes it, in {field}").format(field=field))


def _check(item: Mapping[str, Any], fields: Mapping[str, Shape], where: str) -> None:
    for field, shape in fields.items():
        found = item.get(field)
        if found is None:
            continue
        if not _is(found, shape):
            raise odd(where + field)
        if isinstance(shape, Mapping):
            _check(found, shape, f"{where}{field}.")
        elif isinstance(shape, tuple):
            for each in found:
                _check(each, shape[0], f"{where}{field}.")


def _is(value: Any, shape: Shape) -> bool:
    if shape == TEXT:
        return isinstance(value, str)
    if shape == OBJECT or isinstance(shape, Mapping):
        return isinstance(value, dict)
    inner = {LIST: object, TEXTS: str}.get(shape, dict) if isinstance(shape, str) else dict
    return isinstance(value, list) and all(isinstance(each, inner) for each in value)
