"""The raw objects of a Snapshot as a list to search, and the one that a statement names."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rules.snapshot import Snapshot


@dataclass(frozen=True)
class Exhibit:
    """One raw object: what it is, its name, where it came from, and the object itself."""

    kind: str
    name: str
    origin: str
    value: Any
    link: str = ""

    @property
    def title(self) -> str:
        """Kind and name."""
        return f"{self.kind} {self.name}"

    def text(self) -> str:
        """The object as a person reads it: JSON, or as it was where it is text."""
        return self.value if isinstance(self.value, str) else json.dumps(self.value, indent=2, ensure_ascii=False)


def exhibits(snapshot: Snapshot) -> tuple[Exhibit, ...]:
    """Every object of the Snapshot, measurements first."""
    return tuple(_all(snapshot))


def find(snapshot: Snapshot, name: str) -> Exhibit | None:
    """The object that a statement calls `name`: a selfLink or its tail, a kind and a name, or a name alone."""
    wanted = name.strip()
    if not wanted:
        return None
    every = exhibits(snapshot)
    tail = wanted.split("/projects/")[-1]
    tests: tuple[Callable[[Exhibit], bool], ...] = (
        lambda item: bool(item.link) and item.link == wanted,
        lambda item: bool(item.link) and item.link.endswith(f"/{tail}"),
        lambda item: item.title == wanted or f"{item.origin} {item.title}" == wanted,
        lambda item: item.name == wanted,
        lambda item: item.name in wanted.replace("/", " ").split() or wanted.endswith(f" {item.name}"),
    )
    for test in tests:
        found = next((item for item in every if test(item)), None)
        if found is not None:
            return found
    return None


def _all(snapshot: Snapshot) -> Iterator[Exhibit]:
    for probe in snapshot.probes:
        value = {**vars(probe), "command": list(probe.command)}
        yield Exhibit("probe", probe.id, "measured", value)
    for gap in snapshot.gaps:
        yield Exhibit("gap", f"{gap.read} {gap.of}", "not read", vars(gap))
    for kind, listing in snapshot.kubernetes.items():
        items = listing.get("items") if isinstance(listing, Mapping) else None
        if isinstance(items, list):
            yield from (_kubernetes(kind, item) for item in items if isinstance(item, Mapping))
        else:
            yield Exhibit(kind, kind, "kubernetes", listing)
    clusters = snapshot.container.get("clusters")
    for cluster in clusters if isinstance(clusters, list) else ():
        yield Exhibit("cluster", _name(cluster), "container", cluster, _link(cluster))
    for project, kinds in snapshot.compute.items():
        for kind, objects in kinds.items():
            if isinstance(objects, Sequence) and not isinstance(objects, str):
                yield from (_compute(project, kind, item) for item in objects)
            else:
                yield Exhibit(kind, kind, project, objects)
    for node, text in snapshot.node_nat.items():
        yield Exhibit("nat table", node, "node", text)


def _kubernetes(kind: str, item: Mapping[str, Any]) -> Exhibit:
    metadata = item.get("metadata")
    metadata = metadata if isinstance(metadata, Mapping) else {}
    space, name = metadata.get("namespace"), metadata.get("name", "?")
    return Exhibit(_singular(kind), f"{space}/{name}" if space else str(name), "kubernetes", item)


def _compute(project: str, kind: str, item: Any) -> Exhibit:
    return Exhibit(_singular(kind), _name(item), project, item, _link(item))


def _singular(kind: str) -> str:
    irregular = {
        "networkpolicies": "networkpolicy",
        "egressnatpolicies": "egressnatpolicy",
        "routerStatus": "routerStatus",
    }
    return irregular.get(kind, kind.removesuffix("s"))


def _name(item: Any) -> str:
    if not isinstance(item, Mapping):
        return "?"
    if "name" in item:
        return str(item["name"])
    parts = [
        str(item[key]) for key in ("network", "instance", "peering", "router", "direction", "region") if item.get(key)
    ]
    return " ".join(parts) or "?"


def _link(item: Any) -> str:
    link = item.get("selfLink") if isinstance(item, Mapping) else None
    return link if isinstance(link, str) else ""
