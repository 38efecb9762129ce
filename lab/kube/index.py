"""Where objects are found by something other than their key: namespace, node, owner, what has not settled yet."""

from __future__ import annotations

from typing import Any

from lab.kube import kinds
from lab.kube.entry import Entry
from lab.kube.kinds import Kind

Object = dict[str, Any]
Place = tuple[Kind, str]

ENDED = ("Succeeded", "Failed")


class Index:
    """Kept by the cache, change by change. What the methods give is theirs: copy before changing objects."""

    def __init__(self) -> None:
        self._spaces: dict[tuple[str, str], set[str]] = {}
        self._nodes: dict[str, dict[str, Entry]] = {}
        self._owned: dict[str, set[Place]] = {}
        self._pending: dict[str, None] = {}

    def namespace(self, kind: Kind, namespace: str) -> set[str]:
        """Keys of the objects of a kind in a namespace."""
        return self._spaces.get((kind.table, namespace), set())

    def pods_on(self, node: str) -> list[Entry]:
        """The pods that were put on a node and have not ended."""
        held = self._nodes.get(node, {})
        return [entry for entry in held.values() if (entry.object.get("status") or {}).get("phase") not in ENDED]

    def count_on(self, node: str) -> int:
        """How many pods were put on a node, ended ones included."""
        return len(self._nodes.get(node, ()))

    def owned(self, uid: str) -> list[Place]:
        """What names the object with `uid` as an owner."""
        return sorted(self._owned.get(uid, ()), key=lambda place: (place[0].table, place[1]))

    def pending(self) -> list[str]:
        """Keys of the pods that have not come up yet."""
        return list(self._pending)

    def note(self, before: Entry | None, after: Entry | None) -> None:
        """An entry has come (before None), changed, or gone (after None)."""
        entry = after or before
        if entry is None:
            return
        kind, key = entry.kind, entry.key
        if kind.namespaced and (before is None or after is None):
            held = self._spaces.setdefault((kind.table, key.partition("/")[0]), set())
            if after is None:
                held.discard(key)
            else:
                held.add(key)
        was, now = _owners(before), _owners(after)
        for uid in was - now:
            self._owned[uid].discard((kind, key))
            if not self._owned[uid]:
                del self._owned[uid]
        for uid in now - was:
            self._owned.setdefault(uid, set()).add((kind, key))
        if kind is kinds.PODS:
            self._pod(key, before, after)

    def _pod(self, key: str, before: Entry | None, after: Entry | None) -> None:
        if before is not None:
            self._nodes.get(_node(before), {}).pop(key, None)
        if after is not None:
            self._nodes.setdefault(_node(after), {})[key] = after
        if after is not None and (after.object.get("status") or {}).get("phase", "Pending") == "Pending":
            self._pending[key] = None
        else:
            self._pending.pop(key, None)


def _node(entry: Entry) -> str:
    return str((entry.object.get("spec") or {}).get("nodeName") or "")


def _owners(entry: Entry | None) -> set[str]:
    if entry is None:
        return set()
    return {str(each.get("uid")) for each in (entry.object.get("metadata") or {}).get("ownerReferences") or ()}
