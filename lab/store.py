"""The lab's world: every object as its API gives it, versioned, with a log that watches are served from.

Tables (the name is the address, the key finds the object):
  kube/PLURAL                     key NAMESPACE/NAME, or NAME for cluster-scoped kinds   Kubernetes objects
  compute/PROJECT/COLLECTION      key NAME, or REGION/NAME, or ZONE/NAME                 Compute objects
  container/PROJECT               key LOCATION/NAME                                      GKE clusters
  guest/PROJECT                   key VM name        what runs inside a VM; no API shows it
  guest/pods                      key NAMESPACE/NAME what runs inside a pod (its image's tools, its servers)
  beyond/PROJECT                  key router name    the other side of a router's tunnel; no API shows it
  behind/PROJECT                  key forwarding rule name   {"vm": the VM behind it}
  narrow/PROJECT                  key network name   {"largest": bytes of the largest packet that it does not lose}
  node/nat                        key node name      {"text": iptables-save of the nat table as the kernel has it}

All calls happen on the lab's one event loop.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

Object = dict[str, Any]

LOG_LENGTH = 20_000


def copied(value: Any) -> Any:
    """A deep copy of JSON data; many times faster than copied, which has to think of everything else."""
    kind = type(value)
    if kind is dict:
        return {key: copied(item) for key, item in value.items()}
    if kind is list:
        return [copied(item) for item in value]
    return value


class NotFoundError(KeyError):
    """No object has that key."""


class ExistsError(KeyError):
    """An object with that key is already there."""


class ConflictError(ValueError):
    """The object is not at the version the caller named."""


@dataclass(frozen=True)
class Event:
    """One change: `type` ADDED, MODIFIED or DELETED; `version` counts up over the whole store."""

    version: int
    type: str
    table: str
    key: str
    object: Object


class Table:
    """Objects of one kind by key, in order of creation. Reads give copies: nobody edits the store by accident."""

    def __init__(self, store: Store, name: str) -> None:
        self._store = store
        self.name = name
        self._objects: dict[str, Object] = {}
        self._versions: dict[str, int] = {}

    def __contains__(self, key: str) -> bool:
        return key in self._objects

    def __iter__(self) -> Iterator[str]:
        return iter(list(self._objects))

    def __len__(self) -> int:
        return len(self._objects)

    def get(self, key: str) -> Object:
        """A copy of the object; NotFoundError when there is none."""
        try:
            found: Object = copied(self._objects[key])
            return found
        except KeyError:
            raise NotFoundError(key) from None

    def find(self, key: str) -> Object | None:
        """A copy of the object, or None."""
        found: Object | None = copied(self._objects.get(key))
        return found

    def items(self) -> list[tuple[str, Object]]:
        """Copies of all objects with their keys."""
        return [(key, copied(value)) for key, value in self._objects.items()]

    def values(self) -> list[Object]:
        """Copies of all objects."""
        return [value for _, value in self.items()]

    def shared(self) -> list[Object]:
        """The objects themselves, not copies: to be read at once and never written into."""
        return list(self._objects.values())

    def version(self, key: str) -> int:
        """The store version at which the object last changed; NotFoundError when there is none."""
        if key not in self._versions:
            raise NotFoundError(key)
        return self._versions[key]

    def create(self, key: str, value: Object) -> int:
        """Add an object; ExistsError when the key is taken. Returns the new store version."""
        if key in self._objects:
            raise ExistsError(key)
        return self._write("ADDED", key, value)

    def replace(self, key: str, value: Object, expected: int | None = None) -> int:
        """Replace an object; ConflictError unless it is at version `expected` (None: any). Returns the new version."""
        if key not in self._objects:
            raise NotFoundError(key)
        if expected is not None and self._versions[key] != expected:
            raise ConflictError(f"{key} is at version {self._versions[key]}, not {expected}")
        if value == self._objects[key]:
            return self._versions[key]
        return self._write("MODIFIED", key, value)

    def put(self, key: str, value: Object) -> int:
        """Create or replace. Returns the new version."""
        return self.replace(key, value) if key in self._objects else self.create(key, value)

    def remove(self, key: str) -> Object:
        """Delete an object and return it; NotFoundError when there is none."""
        value = self.get(key)
        del self._objects[key]
        del self._versions[key]
        self._store.record("DELETED", self.name, key, value)
        return value

    def _write(self, type: str, key: str, value: Object) -> int:
        self._objects[key] = copied(value)
        self._versions[key] = self._store.record(type, self.name, key, value)
        return self._versions[key]


class Store:
    """All tables, one version counter, one log of changes."""

    def __init__(self) -> None:
        self.version = 1
        self.log: deque[Event] = deque(maxlen=LOG_LENGTH)
        self._tables: dict[str, Table] = {}
        self._listeners: list[Callable[[Event], None]] = []

    def table(self, name: str) -> Table:
        """The table called `name`, made when first asked for."""
        return self._tables.setdefault(name, Table(self, name))

    def names(self, prefix: str = "") -> list[str]:
        """Names of the tables that start with `prefix`."""
        return [name for name in self._tables if name.startswith(prefix)]

    def listen(self, listener: Callable[[Event], None]) -> Callable[[], None]:
        """Call `listener` after every change; returns the function that ends it."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def record(self, type: str, table: str, key: str, value: Object) -> int:
        """Count and log one change and tell the listeners. Tables call this."""
        self.version += 1
        event = Event(self.version, type, table, key, copied(value))
        self.log.append(event)
        for listener in list(self._listeners):
            listener(event)
        return self.version
