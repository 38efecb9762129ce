"""Everything found so far, filled by many threads, given out as one Snapshot."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from probes import derive
from rules.snapshot import Gap, Probe, Question, Snapshot, Vpc
from rules.version import __version__

Object = dict[str, Any]

_KEPT_METADATA = ("cluster-name", "cluster-location", "cluster-uid")
# Read one by one, in the order in which answers came; given out in an order of their own.
_ONE_BY_ONE = {
    "networks": ("name",),
    "effectiveFirewalls": ("network", "instance"),
    "peeringRoutes": ("network", "peering", "direction", "region"),
    "routerStatus": ("region", "router"),
}
_BY_NETWORK = ("routes", "subnetworks", "instances", "forwardingRules", "routers")


class Evidence:
    """The growing Snapshot. Readers get copies of the containers, never of the objects, which nobody edits."""

    def __init__(self, question: Question) -> None:
        self._lock = threading.Lock()
        self._question = question
        self._kubernetes: dict[str, Object] = {}
        self._clusters: list[Object] | None = None
        self._compute: dict[str, dict[str, list[Object]]] = {}
        self._nat: dict[str, str] = {}
        self._probes: dict[str, Probe] = {}
        self._gaps: dict[tuple[str, str], Gap] = {}
        self._taken_at = now()

    @property
    def question(self) -> Question:
        """The question as far as it is known."""
        with self._lock:
            return self._question

    def ask(self, **known: Any) -> None:
        """Fill in parts of the question that were found out."""
        with self._lock:
            self._question = replace(self._question, **known)

    def kubernetes(self, kind: str, listing: Mapping[str, Any]) -> None:
        """Keep a Kubernetes list under its contract key."""
        items = [slim(one) for one in listing.get("items") or [] if isinstance(one, dict)]
        with self._lock:
            self._kubernetes[kind] = {**listing, "items": items}

    def items(self, kind: str) -> list[Object]:
        """The Kubernetes objects of `kind` so far."""
        with self._lock:
            return list(self._kubernetes.get(kind, {}).get("items", []))

    def cluster(self, found: Object) -> None:
        """Keep the GKE cluster, without its certificates and passwords."""
        with self._lock:
            self._clusters = [{key: value for key, value in found.items() if key != "masterAuth"}]

    def compute(self, project: str, kind: str, items: Iterable[Object]) -> None:
        """Keep the Compute objects of `kind` in `project`."""
        kept = [_without_secrets(one) for one in items] if kind == "instances" else list(items)
        with self._lock:
            self._compute.setdefault(project, {})[kind] = kept

    def add(self, project: str, kind: str, item: Object) -> None:
        """Keep one more Compute object."""
        with self._lock:
            self._compute.setdefault(project, {}).setdefault(kind, []).append(item)

    def compute_items(self, project: str, kind: str) -> list[Object] | None:
        """The Compute objects of `kind` in `project` so far; None when they were not read."""
        with self._lock:
            found = self._compute.get(project, {}).get(kind)
            return None if found is None else list(found)

    def nat(self, node: str, text: str) -> None:
        """Keep a node's nat table."""
        with self._lock:
            self._nat[node] = text

    def has_nat(self, node: str) -> bool:
        """Whether the node's nat table was read."""
        with self._lock:
            return node in self._nat

    def probe(self, probe: Probe) -> None:
        """Keep a measurement; a newer one takes the place of an older one."""
        with self._lock:
            self._probes[probe.id] = probe

    def gap(self, gap: Gap) -> bool:
        """Keep a gap; False when the same read of the same thing has one already."""
        with self._lock:
            if (gap.read, gap.of) in self._gaps:
                return False
            self._gaps[gap.read, gap.of] = gap
            return True

    def forget(self) -> None:
        """Drop what was read, keep what was measured and what the question has become."""
        with self._lock:
            self._kubernetes, self._clusters, self._compute, self._gaps, self._nat = {}, None, {}, {}, {}
            self._taken_at = now()

    def snapshot(self) -> Snapshot:
        """All of it. Objects of networks that the question does not touch are left out."""
        with self._lock:
            touched = {vpc for vpc in (self._question.network, self._question.peer) if vpc is not None}
            compute = {
                project: {kind: _of(kind, items, touched) for kind, items in kinds.items()}
                for project, kinds in self._compute.items()
            }
            return Snapshot(
                taken_at=self._taken_at,
                version=__version__,
                question=self._question,
                kubernetes=dict(self._kubernetes),
                container={} if self._clusters is None else {"clusters": list(self._clusters)},
                compute=compute,
                node_nat=dict(self._nat),
                probes=tuple(probe for _id, probe in sorted(self._probes.items())),
                gaps=tuple(gap for _key, gap in sorted(self._gaps.items())),
            )


def now() -> str:
    """The time in UTC, RFC 3339, to the millisecond."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def slim(item: Object) -> Object:
    """A Kubernetes object without who-edited-what bookkeeping, which is large and says nothing here."""
    metadata = item.get("metadata")
    if not isinstance(metadata, dict) or "managedFields" not in metadata:
        return item
    return {**item, "metadata": {key: value for key, value in metadata.items() if key != "managedFields"}}


def _without_secrets(instance: Object) -> Object:
    metadata = instance.get("metadata")
    if not isinstance(metadata, dict) or "items" not in metadata:
        return instance
    kept = [one for one in metadata["items"] if isinstance(one, dict) and one.get("key") in _KEPT_METADATA]
    return {**instance, "metadata": {**metadata, "items": kept}}


def _of(kind: str, items: list[Object], touched: set[Vpc]) -> list[Object]:
    if kind in _ONE_BY_ONE:
        return sorted(items, key=lambda one: [str(one.get(word) or "") for word in _ONE_BY_ONE[kind]])
    if kind not in _BY_NETWORK or not touched:
        return list(items)
    return [one for one in items if any(derive.in_network(one, vpc) for vpc in touched)]
