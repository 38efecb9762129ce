"""The patches that clients send: JSON patch (RFC 6902), JSON merge patch (RFC 7396), strategic merge patch."""

from __future__ import annotations

import copy
from typing import Any

from lab.kube.schema import types
from lab.kube.status import StatusError, bad_request

Object = dict[str, Any]

MERGE_KEYS: dict[tuple[str, str], str] = {
    ("ObjectMeta", "ownerReferences"): "uid",
    ("PodSpec", "containers"): "name",
    ("PodSpec", "initContainers"): "name",
    ("PodSpec", "ephemeralContainers"): "name",
    ("PodSpec", "volumes"): "name",
    ("PodSpec", "imagePullSecrets"): "name",
    ("PodSpec", "hostAliases"): "ip",
    ("PodSpec", "topologySpreadConstraints"): "topologyKey",
    ("PodSpec", "resourceClaims"): "name",
    ("PodSpec", "schedulingGates"): "name",
    ("Container", "env"): "name",
    ("Container", "ports"): "containerPort",
    ("Container", "volumeMounts"): "mountPath",
    ("Container", "volumeDevices"): "devicePath",
    ("EphemeralContainer", "env"): "name",
    ("EphemeralContainer", "ports"): "containerPort",
    ("EphemeralContainer", "volumeMounts"): "mountPath",
    ("EphemeralContainer", "volumeDevices"): "devicePath",
    ("PodStatus", "conditions"): "type",
    ("PodStatus", "podIPs"): "ip",
    ("PodStatus", "hostIPs"): "ip",
    ("NodeStatus", "conditions"): "type",
    ("NodeStatus", "addresses"): "type",
    ("NamespaceStatus", "conditions"): "type",
    ("DaemonSetStatus", "conditions"): "type",
    ("ServiceSpec", "ports"): "port",
    ("ServiceStatus", "conditions"): "type",
    ("ServiceAccount", "secrets"): "name",
}
MERGE_SETS = {("ObjectMeta", "finalizers"), ("NodeSpec", "podCIDRs")}

_ORDER, _PRIMITIVES = "$setElementOrder/", "$deleteFromPrimitiveList/"


def merge(target: Any, patch: Any) -> Any:
    """RFC 7396: null deletes, objects merge, everything else replaces."""
    if not isinstance(patch, dict):
        return copy.deepcopy(patch)
    result = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = merge(result.get(name), value)
    return result


def json_patch(target: Object, operations: Any) -> Object:
    """RFC 6902; 422 when an operation does not fit the object."""
    if not isinstance(operations, list):
        raise bad_request("error decoding patch: json: cannot unmarshal object into Go value of type jsonpatch.Patch")
    result: Any = copy.deepcopy(target)
    for operation in operations:
        if not isinstance(operation, dict):
            raise bad_request("error decoding patch: an operation is not an object")
        try:
            result = _operate(result, operation)
        except (KeyError, IndexError, ValueError, TypeError, AttributeError) as problem:
            where, what = operation.get("path", ""), operation.get("op", "")
            message = f"the server rejected our request due to an error in our request: {what} {where}: {problem}"
            raise StatusError(422, "Invalid", message) from None
    if not isinstance(result, dict):
        raise StatusError(422, "Invalid", "the patch does not leave an object")
    return result


def _operate(target: Any, operation: Object) -> Any:
    op, path = operation.get("op"), str(operation["path"])
    if op == "test":
        if _get(target, path) != operation.get("value"):
            raise ValueError("test failed")
        return target
    if op == "remove":
        return _put(target, path, None, "remove")
    if op in ("add", "replace"):
        return _put(target, path, copy.deepcopy(operation["value"]), op)
    if op in ("move", "copy"):
        value = copy.deepcopy(_get(target, str(operation["from"])))
        if op == "move":
            target = _put(target, str(operation["from"]), None, "remove")
        return _put(target, path, value, "add")
    raise ValueError(f"unexpected kind: {op}")


def _steps(path: str) -> list[str]:
    if path and not path.startswith("/"):
        raise ValueError("a path begins with /")
    return [step.replace("~1", "/").replace("~0", "~") for step in path.split("/")[1:]]


def _get(target: Any, path: str) -> Any:
    for step in _steps(path):
        target = target[_index(step, len(target))] if isinstance(target, list) else target[step]
    return target


def _index(step: str, length: int) -> int:
    if not step.isdigit() or int(step) >= length:
        raise IndexError(f"index {step} out of bounds")
    return int(step)


def _put(target: Any, path: str, value: Any, op: str) -> Any:
    steps = _steps(path)
    if not steps:
        return value
    parent = target
    for step in steps[:-1]:
        parent = parent[_index(step, len(parent))] if isinstance(parent, list) else parent[step]
    last = steps[-1]
    if isinstance(parent, list):
        if op == "add":
            parent.insert(len(parent) if last == "-" else _index(last, len(parent) + 1), value)
        elif op == "replace":
            parent[_index(last, len(parent))] = value
        else:
            del parent[_index(last, len(parent))]
    elif isinstance(parent, dict):
        if op != "add" and last not in parent:
            raise KeyError(f"missing key {last}")
        if op == "remove":
            del parent[last]
        else:
            parent[last] = value
    else:
        raise ValueError("the path leads through a value")
    return target


def strategic(target: Any, patch: Any, type: str) -> Any:
    """Strategic merge patch of an object of `type` (schema.json): lists with a merge key merge by it.

    Understands `$patch: delete|replace|merge`, `$setElementOrder/…`, `$deleteFromPrimitiveList/…`, `$retainKeys`.
    """
    if not isinstance(patch, dict):
        raise bad_request("error decoding patch: json: cannot unmarshal into Go value of type map[string]interface {}")
    return _strategic(target if isinstance(target, dict) else {}, patch, type)


def _strategic(target: Object, patch: Object, type: str) -> Object:
    known = types().get(type, {})
    directive = patch.get("$patch")
    if directive == "replace":
        whole: Object = _plain({name: value for name, value in patch.items() if name != "$patch"})
        return whole
    if directive == "delete":
        return {}
    result = dict(target)
    if (kept := patch.get("$retainKeys")) is not None:
        result = {name: value for name, value in result.items() if name in kept}
    for name, value in patch.items():
        if name.startswith(_PRIMITIVES):
            field = name[len(_PRIMITIVES) :]
            result[field] = [each for each in result.get(field) or () if each not in value]
        elif name.startswith("$"):
            continue
        elif value is None:
            result.pop(name, None)
        elif isinstance(value, dict):
            inner = known.get(name, "any")
            result[name] = _strategic(
                held if isinstance(held := result.get(name), dict) else {}, value, inner.strip("{}")
            )
        elif isinstance(value, list):
            result[name] = _list(result.get(name) or [], value, type, name, patch.get(_ORDER + name))
        else:
            result[name] = value
    for name, order in patch.items():
        field = name[len(_ORDER) :]
        if name.startswith(_ORDER) and field not in patch and isinstance(result.get(field), list):
            result[field] = _ordered(result[field], order, MERGE_KEYS.get((type, field), ""))
    return result


def _list(target: list[Any], patch: list[Any], type: str, field: str, order: Any) -> list[Any]:
    if (type, field) in MERGE_SETS:
        merged = [*target, *(each for each in patch if each not in target)]
        return _ordered(merged, order, "")
    key = MERGE_KEYS.get((type, field))
    if key is None or any(isinstance(each, dict) and each.get("$patch") == "replace" for each in patch):
        return [_plain(each) for each in patch if not (isinstance(each, dict) and "$patch" in each)]
    inner = types().get(type, {}).get(field, "[any]").strip("[]")
    result = list(target)
    for each in patch:
        if not isinstance(each, dict) or key not in each:
            raise bad_request(f"map: {each} does not contain declared merge key: {key}")
        place = next((number for number, held in enumerate(result) if held.get(key) == each[key]), None)
        if each.get("$patch") == "delete":
            result = [held for held in result if held.get(key) != each[key]]
        elif place is None:
            result.append(_strategic({}, each, inner))
        else:
            result[place] = _strategic(result[place], each, inner)
    return _ordered(result, order, key)


def _ordered(items: list[Any], order: Any, key: str) -> list[Any]:
    """Put the items that `order` names in its order; the others stay behind their neighbours."""
    if not isinstance(order, list) or not order:
        return items
    names = [each.get(key) if isinstance(each, dict) else each for each in order]
    rank = {name: number for number, name in enumerate(names) if isinstance(name, str | int)}

    def name_of(item: Any) -> Any:
        return item.get(key) if isinstance(item, dict) else item

    named = sorted((item for item in items if name_of(item) in rank), key=lambda item: rank[name_of(item)])
    return [named.pop(0) if name_of(item) in rank else item for item in items]


def _plain(value: Any) -> Any:
    """A value without the directives of a patch."""
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items() if not name.startswith("$") and each is not None}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return value
