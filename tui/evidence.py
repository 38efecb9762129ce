"""The raw objects of a Snapshot as a list to search, and the one that a statement names."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from rules.path import Hop
from rules.snapshot import Snapshot


@dataclass(frozen=True, eq=False)
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

    @cached_property
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


def of_hop(snapshot: Snapshot, hop: Hop) -> Exhibit | None:
    """The object that decided at `hop`: a node's nat table or the agent's ConfigMap, a network with its peering, a
    firewall rule or the effective rules where none matched, a route, a machine."""
    here = hop.at.removeprefix("node ")
    candidates: list[Exhibit | None]
    if hop.kind in {"masquerade", "unmasquerade"}:
        agent = find(snapshot, "configmap kube-system/ip-masq-agent")
        candidates = [find(snapshot, f"nat table {here}"), agent, find(snapshot, f"node {here}")]
    elif hop.kind == "peering":
        project, _slash, network = hop.at.partition("/")
        candidates = [find(snapshot, f"{project} network {network}"), find(snapshot, hop.object)]
    elif hop.kind.endswith("firewall"):
        candidates = [find(snapshot, hop.object), _effective(snapshot, hop)]
    else:
        candidates = [find(snapshot, hop.object), find(snapshot, hop.at)]
    return next((item for item in candidates if item is not None), None)


def _effective(snapshot: Snapshot, hop: Hop) -> Exhibit | None:
    """The effective firewall of the hop's network or machine, for a packet that no rule matched."""
    words = {hop.at.split(" ")[-1].split("/")[-1], hop.vpc.name if hop.vpc is not None else ""}
    every = [item for item in exhibits(snapshot) if item.kind == "effectiveFirewall"]
    return next((item for item in every if words & set(item.name.split())), every[0] if every else None)


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
                if kind == "effectiveFirewalls":
                    yield from _rules(project, objects, {_link(item) for item in kinds.get("firewalls") or ()})
            else:
                yield Exhibit(kind, kind, project, objects)
    for node, text in snapshot.node_nat.items():
        yield Exhibit("nat table", node, "node", text)


def _rules(project: str, objects: Sequence[Any], known: set[str]) -> Iterator[Exhibit]:
    """The VPC firewall rules inside effective firewalls, each once."""
    seen = set(known)
    for item in objects:
        for rule in (item.get("firewalls") or ()) if isinstance(item, Mapping) else ():
            if _link(rule) not in seen:
                seen.add(_link(rule))
                yield Exhibit("firewall", _name(rule), project, rule, _link(rule))


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
