"""A Snapshot from files that `kubectl … -o json`, `gcloud … --format=json` and `iptables-save` wrote.

Most answers say what they are. Those that do not are known by the names of their files, whose parts are joined by `_`,
which no project, network or peering has in its name:

    peering-routes_PROJECT_NETWORK_PEERING_incoming_REGION.json    (or outgoing)
    effective-firewalls_PROJECT_NETWORK.json                       (or …_NETWORK_INSTANCE.json)
    router-status_PROJECT_REGION_ROUTER.json
    nat_NODE.txt
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from probes.parse import ParseError
from rules.snapshot import MAX_BYTES, Question, Snapshot
from rules.version import __version__
from rules.words import _

_KUBERNETES = {
    "Node": "nodes",
    "Pod": "pods",
    "DaemonSet": "daemonsets",
    "ConfigMap": "configmaps",
    "NetworkPolicy": "networkpolicies",
    "Service": "services",
    "EgressNATPolicy": "egressnatpolicies",
    "Event": "events",
}
_COMPUTE = {
    "compute#network": "networks",
    "compute#subnetwork": "subnetworks",
    "compute#route": "routes",
    "compute#instance": "instances",
    "compute#forwardingRule": "forwardingRules",
    "compute#router": "routers",
}
_PROJECT = re.compile(r"/projects/([^/]+)/")
_POLICY_ROUTE = re.compile(r"projects/([^/]+)/locations/global/policyBasedRoutes/")


@dataclass
class Reading:
    """What the files held; `skipped` are names of files that are none of the above."""

    kubernetes: dict[str, Any] = field(default_factory=dict)
    clusters: list[Any] = field(default_factory=list)
    compute: dict[str, dict[str, Any]] = field(default_factory=dict)
    node_nat: dict[str, str] = field(default_factory=dict)
    skipped: list[str] = field(default_factory=list)
    newest: float = 0.0

    @property
    def empty(self) -> bool:
        """True when no file was of use."""
        return not (self.kubernetes or self.clusters or self.compute or self.node_nat)


def read(folder: Path) -> Reading:
    """Read every file of `folder`. Raises ParseError, one sentence that names the file."""
    try:
        paths = [path for path in folder.iterdir() if path.is_file() and not path.name.startswith(".")]
        paths.sort(key=lambda path: (path.stat().st_mtime_ns, path.name))  # of one object, the newest file counts
    except OSError as error:
        raise ParseError(
            _("{path} is not a folder that can be read ({reason}).").format(path=folder, reason=error.strerror)
        ) from error
    found = Reading()
    for path in paths:
        _take(found, path)
    if found.empty:
        raise ParseError(
            _("{path} holds no JSON file of kubectl or gcloud; docs/snapshot.md lists what to save there.").format(
                path=folder
            )
        )
    return found


def snapshot(found: Reading, question: Question) -> Snapshot:
    """The files as a Snapshot that asks `question`; taken when the newest file was written."""
    return Snapshot(
        taken_at=datetime.fromtimestamp(found.newest, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        version=__version__,
        question=question,
        kubernetes=found.kubernetes,
        container={"clusters": found.clusters} if found.clusters else {},
        compute=found.compute,
        node_nat=found.node_nat,
    )


def _take(found: Reading, path: Path) -> None:
    text = _text(path)
    if text is None:
        found.skipped.append(path.name)
        return
    if path.stem.startswith("nat_") and "*nat" in text:
        found.node_nat[path.stem.removeprefix("nat_")] = text
    elif path.suffix == ".json":
        try:
            value = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise ParseError(
                _("{path} is not complete JSON ({error}); save it again.").format(path=path, error=error)
            ) from error
        if not (_by_name(found, path.stem, value) or _by_kind(found, path.stem, value)):
            found.skipped.append(path.name)
            return
    else:
        found.skipped.append(path.name)
        return
    found.newest = max(found.newest, path.stat().st_mtime)


def _text(path: Path) -> str | None:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ParseError(_("{path} is larger than 512 MiB; take it out of the folder.").format(path=path))
        return path.read_text("utf-8-sig")
    except UnicodeDecodeError:
        return None
    except OSError as error:
        raise ParseError(_("{path} cannot be read ({reason}).").format(path=path, reason=error.strerror)) from error


def _by_name(found: Reading, stem: str, value: Any) -> bool:
    entry: dict[str, Any]
    match stem.split("_"):
        case ["peering-routes", project, network, peering, direction, region] if isinstance(value, list):
            kind = "peeringRoutes"
            entry = {
                "network": network,
                "peering": peering,
                "direction": direction.upper(),
                "region": region,
                "items": value,
            }
        case ["effective-firewalls", project, network, *instance] if isinstance(value, dict):
            kind = "effectiveFirewalls"
            entry = {
                "network": network,
                "instance": instance[0] if instance else None,
                "firewalls": value.get("firewalls", []),
                "firewallPolicys": value.get("firewallPolicys", []),
            }
        case ["router-status", project, region, router] if isinstance(value, dict):
            kind = "routerStatus"
            entry = {"router": router, "region": region, "result": value.get("result", {})}
        case _other:
            return False
    found.compute.setdefault(project, {}).setdefault(kind, []).append(entry)
    return True


def _by_kind(found: Reading, stem: str, value: Any) -> bool:
    """Sort objects by what they say they are. An empty list is told by its file's name."""
    known = [_one(found, each) for each in _each(value)]
    return any(known) or _empty_list(found, stem, value)


def _each(value: Any) -> Iterable[Any]:
    if isinstance(value, list):
        return value
    if isinstance(value, Mapping) and isinstance(value.get("items"), list):
        of = str(value.get("kind", "")).removesuffix("List")
        return [{"kind": of, **each} if of and isinstance(each, Mapping) else each for each in value["items"]]
    return [value]


def _one(found: Reading, value: Any) -> bool:
    if not isinstance(value, Mapping):
        return False
    kind = str(value.get("kind", ""))
    project = _PROJECT.search(str(value.get("selfLink", "")))
    if kind in _KUBERNETES:
        listing = found.kubernetes.setdefault(_KUBERNETES[kind], {"kind": f"{kind}List", "items": []})
        _add(listing["items"], value)
    elif kind in _COMPUTE and project:
        _add(found.compute.setdefault(project[1], {}).setdefault(_COMPUTE[kind], []), value)
    elif policy := _POLICY_ROUTE.match(str(value.get("name", ""))):
        _add(found.compute.setdefault(policy[1], {}).setdefault("policyBasedRoutes", []), value)
    elif "nodePools" in value and "location" in value:
        _add(found.clusters, value)
    else:
        return False
    return True


def _empty_list(found: Reading, stem: str, value: Any) -> bool:
    """`kubectl get configmaps -o json` of an empty namespace: it was asked for, and there is none.

    kubectl prints a bare "List" then; only the name of the file, `configmaps.json`, says of what.
    """
    if not isinstance(value, Mapping) or value.get("items") != []:
        return False
    kind = str(value.get("kind", "")).removesuffix("List")
    kind = kind or next((one for one, plural in _KUBERNETES.items() if plural == stem.lower()), "")
    if kind not in _KUBERNETES:
        return False
    found.kubernetes.setdefault(_KUBERNETES[kind], {"kind": f"{kind}List", "items": []})
    return True


def _add(items: list[Any], value: Mapping[str, Any]) -> None:
    """Add `value`, in the place of the same object from another file."""
    name = _identity(value)
    items[:] = [each for each in items if _identity(each) != name]
    items.append(value)


def _identity(value: Mapping[str, Any]) -> tuple[Any, ...]:
    metadata = value.get("metadata")
    if isinstance(metadata, Mapping) and "name" in metadata:  # a VM has metadata as well, of another kind
        return (metadata.get("namespace"), metadata.get("name"))
    return (value.get("selfLink"), value.get("name"))
