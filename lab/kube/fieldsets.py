"""Sets of fields as managedFields writes them (FieldsV1): paths of `f:NAME`, `k:{keys}` and `v:value` steps.

Lists merge by the keys that the API gives them (x-kubernetes-list-map-keys) or are one value; so are some maps.
"""

from __future__ import annotations

import copy
import json
from typing import Any

from lab.kube.schema import types

Object = dict[str, Any]
Path = tuple[str, ...]

LIST_KEYS: dict[tuple[str, str], tuple[str, ...]] = {
    ("ObjectMeta", "ownerReferences"): ("uid",),
    ("PodSpec", "containers"): ("name",),
    ("PodSpec", "initContainers"): ("name",),
    ("PodSpec", "ephemeralContainers"): ("name",),
    ("PodSpec", "volumes"): ("name",),
    ("PodSpec", "imagePullSecrets"): ("name",),
    ("PodSpec", "hostAliases"): ("ip",),
    ("PodSpec", "topologySpreadConstraints"): ("topologyKey", "whenUnsatisfiable"),
    ("Container", "env"): ("name",),
    ("Container", "ports"): ("containerPort", "protocol"),
    ("Container", "volumeMounts"): ("mountPath",),
    ("Container", "volumeDevices"): ("devicePath",),
    ("PodStatus", "conditions"): ("type",),
    ("NodeStatus", "conditions"): ("type",),
    ("NodeStatus", "addresses"): ("type",),
    ("NamespaceStatus", "conditions"): ("type",),
    ("DaemonSetStatus", "conditions"): ("type",),
    ("ServiceSpec", "ports"): ("port", "protocol"),
    ("ServiceStatus", "conditions"): ("type",),
    ("ServiceAccount", "secrets"): ("name",),
}
LIST_SETS = {("ObjectMeta", "finalizers"), ("NodeSpec", "podCIDRs")}
ATOMIC_FIELDS = {("PodSpec", "nodeSelector"), ("ServiceSpec", "selector")}
ATOMIC_TYPES = {
    "LabelSelector",
    "NodeSelector",
    "NodeSelectorTerm",
    "ObjectReference",
    "LocalObjectReference",
    "ObjectFieldSelector",
    "ResourceFieldSelector",
    "ConfigMapKeySelector",
    "SecretKeySelector",
}
_DEFAULT_KEYS = {"protocol": "TCP"}
_UNOWNED = ("apiVersion", "kind")
_UNOWNED_META = (
    "name",
    "namespace",
    "uid",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "generation",
    "managedFields",
    "resourceVersion",
    "selfLink",
)


def owned(thing: Object, type: str) -> dict[Path, Any]:
    """Every leaf of an object that somebody can own, with its value."""
    body = {name: value for name, value in thing.items() if name not in _UNOWNED}
    meta = {name: value for name, value in (thing.get("metadata") or {}).items() if name not in _UNOWNED_META}
    body["metadata"] = meta
    if not meta:
        del body["metadata"]
    found: dict[Path, Any] = {}
    _walk(body, type, (), found)
    return found


def _walk(thing: Object, type: str, path: Path, found: dict[Path, Any]) -> None:
    inner_type = type[1:-1] if type.startswith("{") else ""
    for name, value in thing.items():
        of = inner_type or types().get(type, {}).get(name, "any")
        here = (*path, f"f:{name}")
        if isinstance(value, dict) and value and _granular(type, name, of):
            _walk(value, of, here, found)
        elif isinstance(value, list) and (type, name) in LIST_SETS:
            found.update({(*here, f"v:{json.dumps(each)}"): each for each in value})
        elif isinstance(value, list) and value and (keys := list_keys(type, name)):
            for each in value:
                item = (*here, item_step(each, keys))
                found[(*item, ".")] = None
                _walk(each, of[1:-1], item, found)
        else:
            found[here] = value


def _granular(type: str, name: str, of: str) -> bool:
    return (type, name) not in ATOMIC_FIELDS and of not in ATOMIC_TYPES and (of.startswith("{") or of in types())


def list_keys(type: str, name: str) -> tuple[str, ...]:
    """The keys by which items of that list are told apart; () for a list that is one value."""
    return LIST_KEYS.get(("Container" if type == "EphemeralContainer" else type, name), ())


def item_step(item: Object, keys: tuple[str, ...]) -> str:
    """The `k:` step of a list's item."""
    held = {key: item.get(key, _DEFAULT_KEYS.get(key)) for key in keys}
    return "k:" + json.dumps({key: held[key] for key in sorted(held)}, separators=(",", ":"))


def encode(paths: set[Path]) -> Object:
    """FieldsV1 of the paths."""
    tree: Object = {}
    for path in sorted(paths):
        node = tree
        for step in path:
            node = node.setdefault(step, {})
    return tree


def decode(tree: Any, path: Path = ()) -> set[Path]:
    """The paths of FieldsV1."""
    if not isinstance(tree, dict) or not tree:
        return {path} if path else set()
    found: set[Path] = set()
    for step, inner in tree.items():
        found |= decode(inner, (*path, str(step)))
    return found


def remove(thing: Object, path: Path) -> None:
    """Take the leaf at `path` out of `thing`, with the maps that it leaves empty."""
    parents: list[tuple[Any, Any]] = []
    node: Any = thing
    for step in path:
        place = _place(node, step)
        if place is None:
            return
        parents.append((node, place))
        node = node[place]
    parent, place = parents[-1]
    del parent[place]
    for holder, key in reversed(parents[:-1]):
        if holder[key] not in ({}, []) or holder is thing:
            break
        del holder[key]


def _place(node: Any, step: str) -> Any:
    """The key or index that a step leads to, or None."""
    word, _, rest = step.partition(":")
    if isinstance(node, dict) and word == "f":
        return rest if rest in node else None
    if not isinstance(node, list):
        return None
    if word == "v":
        wanted = json.loads(rest)
        return node.index(wanted) if wanted in node else None
    if word == "k":
        keys = json.loads(rest)
        for number, item in enumerate(node):
            if all(item.get(key, _DEFAULT_KEYS.get(key)) == value for key, value in keys.items()):
                return number
    return None


def merge(live: Object, config: Object, type: str) -> Object:
    """`live` with the fields of `config` set: maps and keyed lists merge, everything else is replaced."""
    result = dict(live)
    inner_type = type[1:-1] if type.startswith("{") else ""
    for name, value in config.items():
        of = inner_type or types().get(type, {}).get(name, "any")
        held = result.get(name)
        if isinstance(value, dict) and isinstance(held, dict) and _granular(type, name, of):
            result[name] = merge(held, value, of)
        elif isinstance(value, list) and isinstance(held, list) and (type, name) in LIST_SETS:
            result[name] = [*held, *(each for each in value if each not in held)]
        elif isinstance(value, list) and isinstance(held, list) and (keys := list_keys(type, name)):
            result[name] = _merge_list(held, value, of[1:-1], keys)
        else:
            result[name] = copy.deepcopy(value)
    return result


def _merge_list(live: list[Object], config: list[Object], type: str, keys: tuple[str, ...]) -> list[Object]:
    wanted = {item_step(each, keys): each for each in config}
    held = {item_step(each, keys): each for each in live}
    kept = [merge(each, wanted[step], type) if step in wanted else each for step, each in held.items()]
    return [*kept, *(copy.deepcopy(each) for step, each in wanted.items() if step not in held)]
