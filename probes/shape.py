"""Whether an answer has the types that its API promises, in the fields that this program rests on.

What stands between a client and its server sometimes answers in its place; a wrong type read as a default would be
a guess.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from probes.errors import CallError
from rules.words import _

TEXT, OBJECT, OBJECTS, LIST = "text", "object", "objects", "list"

_KUBERNETES: Mapping[str, Mapping[str, str]] = {
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
        "containers": OBJECTS,
        "initContainers": OBJECTS,
        "volumes": OBJECTS,
        "imagePullSecrets": OBJECTS,
        "selector": OBJECT,
        "template": OBJECT,
        "podSelector": OBJECT,
        "ports": LIST,
    },
    "status": {
        "phase": TEXT,
        "podIP": TEXT,
        "podIPs": OBJECTS,
        "conditions": OBJECTS,
        "containerStatuses": OBJECTS,
        "addresses": OBJECTS,
        "images": OBJECTS,
    },
}
_CLUSTER: Mapping[str, str] = {
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
    if item.get("kind") == "ConfigMap" and not isinstance(item.get("data") or {}, dict):
        raise odd("data")


def cluster(item: Mapping[str, Any]) -> None:
    """Raise CallError for what cannot be a cluster of GKE."""
    _check(item, _CLUSTER, "")


def odd(field: str) -> CallError:
    """The failure of a call whose answer has another type in `field` than the API says."""
    return CallError("error", _("the answer is not as the API describes it, in {field}").format(field=field))


def _check(item: Mapping[str, Any], fields: Mapping[str, str], where: str) -> None:
    for field, kind in fields.items():
        found = item.get(field)
        if found is not None and not _is(found, kind):
            raise odd(where + field)


def _is(value: Any, kind: str) -> bool:
    if kind == TEXT:
        return isinstance(value, str)
    if kind == OBJECT:
        return isinstance(value, dict)
    return isinstance(value, list) and (kind == LIST or all(isinstance(each, dict) for each in value))
