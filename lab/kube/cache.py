"""What the API server reads from: the newest version of every Kubernetes object, and the changes before it.

The store gives copies, which would be slow for lists of many thousands; the cache holds each version once, never
edits it, and remembers its JSON. Its history serves watches, and lists at an older version (the later pages of one).
"""

from __future__ import annotations

import json
import uuid
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from lab.kube.kinds import BY_TABLE, STORED, Kind
from lab.kube.times import now
from lab.store import Event, Store

Object = dict[str, Any]

HISTORY = 20_000
_SPACE = uuid.UUID("6f0f5a52-6b1f-4d53-9c39-0d6f9c5e3f11")


class Entry:
    """One version of one object. `view` and `encoded` are what clients see; treat them as read-only."""

    __slots__ = ("_born", "_rest", "_view", "key", "kind", "object", "version")

    def __init__(self, kind: Kind, key: str, version: int, thing: Object, born: tuple[str, str]) -> None:
        self.kind = kind
        self.key = key
        self.version = version
        self.object = thing
        self._born = born
        self._view: Object | None = None
        self._rest: bytes | None = None

    @property
    def view(self) -> Object:
        """The object as the API shows it: with kind, version, uid and creation time."""
        if self._view is None:
            uid, created = self._born
            meta = {"uid": uid, "creationTimestamp": created, **(self.object.get("metadata") or {})}
            meta["resourceVersion"] = str(self.version)
            rest = {name: value for name, value in self.object.items() if name not in _HEAD}
            self._view = {"kind": self.kind.kind, "apiVersion": self.kind.api_version, "metadata": meta, **rest}
        return self._view

    @property
    def uid(self) -> str:
        """The object's uid."""
        return str(self.view["metadata"]["uid"])

    def encoded(self, *, item: bool = False) -> bytes:
        """JSON of the view; an `item` of a list of a built-in kind carries no kind and apiVersion, as in the API."""
        if self._rest is None:
            body = {name: value for name, value in self.view.items() if name not in ("kind", "apiVersion")}
            self._rest = encode(body)[1:]
        if item and not self.kind.custom:
            return b"{" + self._rest
        return (
            b'{"kind":"%b","apiVersion":"%b",' % (self.kind.kind.encode(), self.kind.api_version.encode()) + self._rest
        )

    def born(self) -> tuple[str, str]:
        """uid and creation time for an object that was stored without."""
        return self._born


_HEAD = ("kind", "apiVersion", "metadata")


def encode(value: Any) -> bytes:
    """Compact JSON, UTF-8."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


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
                self._entries[name][key] = Entry(kind, key, table.version(key), value, self._birth(name, key))
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
        return [held[key] for key in sorted(held)]

    def namespaced(self, kind: Kind, namespace: str) -> list[Entry]:
        """The entries of one namespace."""
        prefix = f"{namespace}/"
        held = self._entries[kind.table]
        return [held[key] for key in sorted(key for key in held if key.startswith(prefix))]

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
        change = Change(event.type, event.version, entry, before)
        if len(self._changes) == self._changes.maxlen:
            self.oldest = self._changes[0].version
        self._changes.append(change)
        for listener in list(self._listeners):
            listener(change)
