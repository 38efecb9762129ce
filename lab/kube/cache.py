"""What the API server reads from: the newest version of every Kubernetes object, and the changes before it.

The store gives copies, which would be slow for lists of many thousands; the cache holds each version once. Its history
serves watches, and lists at an older version (the later pages of one).
"""

from __future__ import annotations

import uuid
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from lab.kube.entry import Entry
from lab.kube.index import Index
from lab.kube.kinds import BY_TABLE, STORED, Kind
from lab.kube.times import now
from lab.store import Event, Store

HISTORY = 20_000
_SPACE = uuid.UUID("6f0f5a52-6b1f-4d53-9c39-0d6f9c5e3f11")


@dataclass(frozen=True, slots=True)
class Change:
    """A change: `type` as in the store, the entry as it is now (as it was last, when deleted), the one before."""

    type: str
    version: int
    entry: Entry
    before: Entry | None


class Cache:
    """The newest entries by kind, and the last HISTORY changes."""

    def __init__(self, store: Store, history: int = HISTORY) -> None:
        self._store = store
        self._entries: dict[str, dict[str, Entry]] = {kind.table: {} for kind in STORED}
        self._order: dict[str, list[str]] = {}
        self.index = Index()
        self._changes: deque[Change] = deque(maxlen=history)
        self._listeners: list[Callable[[Change], None]] = []
        self._seen: set[str] = set()
        self.started = now()
        self.oldest = store.version
        for name in store.names("kube/"):
            kind = BY_TABLE.get(name)
            if kind is None:
                continue
            table = store.table(name)
            for key, value in table.items():
                self._seen.add(name)
                entry = Entry(kind, key, table.version(key), value, self._birth(name, key))
                self._entries[name][key] = entry
                self.index.note(None, entry)
        self.close = store.listen(self._record)

    @property
    def version(self) -> int:
        """The store's version now."""
        return self._store.version

    def served(self, kind: Kind) -> bool:
        """Is the kind there at all? Custom kinds are, once an object of theirs has been."""
        return not kind.custom or kind.table in self._seen

    def find(self, kind: Kind, key: str) -> Entry | None:
        """The newest entry, or None."""
        return self._entries[kind.table].get(key)

    def entries(self, kind: Kind) -> list[Entry]:
        """All entries in the order of their keys, as the API lists them."""
        held = self._entries[kind.table]
        if kind.table not in self._order:
            self._order[kind.table] = sorted(held)
        return [held[key] for key in self._order[kind.table]]

    def namespaced(self, kind: Kind, namespace: str) -> list[Entry]:
        """The entries of one namespace."""
        held = self._entries[kind.table]
        return [held[key] for key in sorted(self.index.namespace(kind, namespace))]

    def entries_at(self, kind: Kind, version: int) -> list[Entry] | None:
        """All entries as they were at `version`; None when history does not go back that far."""
        if version < self.oldest:
            return None
        held = dict(self._entries[kind.table])
        for change in reversed(self._changes):
            if change.version <= version:
                break
            if change.entry.kind is kind:
                if change.before is None:
                    held.pop(change.entry.key, None)
                else:
                    held[change.entry.key] = change.before
        return [held[key] for key in sorted(held)]

    def since(self, kind: Kind, version: int) -> list[Change] | None:
        """The changes after `version`; None when history does not go back that far."""
        if version < self.oldest:
            return None
        found: list[Change] = []
        for change in reversed(self._changes):
            if change.version <= version:
                break
            if change.entry.kind is kind:
                found.append(change)
        return found[::-1]

    def listen(self, listener: Callable[[Change], None]) -> Callable[[], None]:
        """Call `listener` after every change of a Kubernetes object; returns the function that ends it."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def _birth(self, table: str, key: str) -> tuple[str, str]:
        return str(uuid.uuid5(_SPACE, f"{table} {key} {self._store.version}")), now()

    def _record(self, event: Event) -> None:
        kind = BY_TABLE.get(event.table)
        if kind is None:
            return
        held = self._entries[event.table]
        before = held.get(event.key)
        born = before.born() if before else self._birth(event.table, event.key)
        entry = Entry(kind, event.key, event.version, event.object, born)
        if event.type == "DELETED":
            held.pop(event.key, None)
        else:
            self._seen.add(event.table)
            held[event.key] = entry
        if before is None or event.type == "DELETED":
            self._order.pop(event.table, None)
        self.index.note(before, None if event.type == "DELETED" else entry)
        change = Change(event.type, event.version, entry, before)
        if len(self._changes) == self._changes.maxlen:
            self.oldest = self._changes[0].version
        self._changes.append(change)
        for listener in list(self._listeners):
            listener(change)
