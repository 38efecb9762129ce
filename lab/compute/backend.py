"""What the Compute server's methods share: the store read fast, what Google derives, operations."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from lab.compute import derived
from lab.compute.errors import forbidden, not_found
from lab.compute.operations import COLLECTIONS, Operations
from lab.compute.regions import REGIONS
from lab.store import Event, Object, Store

T = TypeVar("T")


class Backend:
    """The store as the Compute API sees it. Lists given out are shared: read them, never write into them."""

    def __init__(self, store: Store, *, speed: float = 1.0) -> None:
        self.store = store
        self.operations = Operations(store, speed=speed)
        self._tables: dict[str, list[Object]] = {}
        self._memo: dict[Hashable, Any] = {}
        self._forget = store.listen(self._changed)
        self._closed = False

    async def close(self) -> None:
        """Stop what is running and let go of the store; again does nothing."""
        if not self._closed:
            self._closed = True
            self._forget()
            await self.operations.close()

    def _changed(self, event: Event) -> None:
        room, _, rest = event.table.partition("/")
        if room != "compute":
            return
        self._tables.pop(event.table, None)
        if rest.rpartition("/")[2] not in COLLECTIONS:
            self._memo.clear()

    def memo(self, key: Hashable, make: Callable[[], T]) -> T:
        """What `make` gives, kept until a Compute object changes."""
        if key not in self._memo:
            self._memo[key] = make()
        found: T = self._memo[key]
        return found

    def table(self, project: str, collection: str) -> str:
        """The name of a collection's table."""
        return f"compute/{project}/{collection}"

    def all(self, project: str, collection: str) -> list[Object]:
        """All objects of a collection as stored."""
        name = self.table(project, collection)
        if name not in self.store.names(name):
            return []
        if name not in self._tables:
            self._tables[name] = self.store.table(name).values()
        return self._tables[name]

    def find(self, project: str, collection: str, key: str) -> Object | None:
        """A copy of one object as stored, or None."""
        name = self.table(project, collection)
        return self.store.table(name).find(key) if name in self.store.names(name) else None

    def get(self, project: str, collection: str, key: str, path: str) -> Object:
        """A copy of one object as stored; 404 in the words of `path` (below the project)."""
        found = self.find(project, collection, key)
        if found is None:
            raise not_found(f"projects/{project}/{path}")
        return found

    def network(self, project: str, name: str) -> Object:
        """A copy of a network as stored; 404 when there is none."""
        return self.get(project, "networks", name, f"global/networks/{name}")

    def projects(self) -> list[str]:
        """Ids of all projects of this world."""
        return self.memo("projects", lambda: derived.projects(self.store))

    def check(self, project: str, permission: str, path: str) -> None:
        """404 for a project that does not exist; 403 when the scenario withholds `permission` (see `ComputeServer`)."""
        if project not in self.projects():
            raise not_found(f"projects/{project}")
        for key in (permission, "*"):
            if self.find(project, "forbidden", key) is not None:
                raise forbidden(permission, path)

    def networks(self, project: str) -> list[Object]:
        """All networks, as the API shows them."""
        return self.memo(("networks", project), lambda: derived.networks(self.store, project))

    def regions(self) -> dict[str, tuple[str, ...]]:
        """Zones by region: a few of Google's, and those that this world uses."""
        return self.memo("regions", lambda: derived.regions(self.store, REGIONS))

    def scopes(self, kind: str) -> list[str]:
        """`zones/Z` or `regions/R` of the world, after `global` for collections that have that too."""
        regions = self.regions()
        if kind == "zones":
            return [f"zones/{zone}" for zones in regions.values() for zone in zones]
        return [f"regions/{region}" for region in regions]
