"""What goes when something else has gone: owned objects, a namespace's objects, the pods of a node."""

from __future__ import annotations

from typing import Any

from lab.kube import kinds
from lab.kube.cache import Cache
from lab.kube.kinds import STORED, Kind
from lab.kube.registry import Address, Registry
from lab.kube.times import now
from lab.store import Store

Object = dict[str, Any]

FOREGROUND, ORPHAN = "foregroundDeletion", "orphan"


class Cleanup:
    """The garbage collector, the namespace controller and the pod collector."""

    def __init__(self, store: Store, cache: Cache, registry: Registry) -> None:
        self._store = store
        self._cache = cache
        self._registry = registry

    def owner_gone(self, uid: str) -> None:
        """Delete what only the object with `uid` owned."""
        for kind, key in self._cache.index.owned(uid):
            entry = self._cache.find(kind, key)
            if entry is None:
                continue
            others = _owners(entry.object) - {uid}
            if any(self._alive(other) for other in others):
                self._disown(kind, key, uid)
            else:
                self._delete(kind, key)

    def finish(self, kind: Kind, key: str) -> None:
        """Take an object that is being deleted in the foreground, or leaving orphans, one step further."""
        entry = self._cache.find(kind, key)
        if entry is None or not entry.view["metadata"].get("deletionTimestamp"):
            return
        finalizers, uid = entry.view["metadata"].get("finalizers") or [], entry.uid
        if ORPHAN in finalizers:
            for other, place in self._cache.index.owned(uid):
                self._disown(other, place, uid)
            self._release(kind, key, ORPHAN)
        elif FOREGROUND in finalizers:
            held = self._cache.index.owned(uid)
            for other, place in held:
                self._delete(other, place)
            if not self._cache.index.owned(uid):
                self._release(kind, key, FOREGROUND)

    def namespace(self, name: str) -> None:
        """Give a new namespace its service account; empty one that is terminating, and remove it when it is empty."""
        entry = self._cache.find(kinds.NAMESPACES, name)
        if entry is None:
            return
        if (entry.object.get("status") or {}).get("phase") != "Terminating":
            key = f"{name}/default"
            if self._cache.find(kinds.SERVICE_ACCOUNTS, key) is None:
                meta = {"name": "default", "namespace": name, "creationTimestamp": now()}
                account = {"kind": "ServiceAccount", "apiVersion": "v1", "metadata": meta}
                self._store.table(kinds.SERVICE_ACCOUNTS.table).create(key, account)
            return
        left = 0
        for kind in STORED:
            if kind.namespaced:
                for held in self._cache.namespaced(kind, name):
                    self._delete(kind, held.key)
                left += len(self._cache.namespaced(kind, name))
        if not left:
            self._store.table(kinds.NAMESPACES.table).remove(name)

    def node_gone(self, name: str) -> None:
        """Remove the pods of a node that is no more."""
        for entry in self._cache.index.pods_on(name):
            self._delete(kinds.PODS, entry.key, grace=0)

    def _alive(self, uid: str) -> bool:
        return any(
            entry.uid == uid for kind in STORED if kind is not kinds.EVENTS for entry in self._cache.entries(kind)
        )

    def _delete(self, kind: Kind, key: str, grace: int | None = None) -> None:
        entry = self._cache.find(kind, key)
        if entry is None or (entry.view["metadata"].get("deletionTimestamp") and grace is None):
            return
        namespace, _, name = key.rpartition("/")
        wish: Object = {} if grace is None else {"gracePeriodSeconds": grace}
        self._registry.delete(Address(kind, namespace, name), wish)

    def _disown(self, kind: Kind, key: str, uid: str) -> None:
        thing = self._store.table(kind.table).get(key)
        kept = [each for each in thing["metadata"].get("ownerReferences") or () if each.get("uid") != uid]
        thing["metadata"]["ownerReferences"] = kept
        if not kept:
            del thing["metadata"]["ownerReferences"]
        self._store.table(kind.table).replace(key, thing)

    def _release(self, kind: Kind, key: str, finalizer: str) -> None:
        thing = self._store.table(kind.table).get(key)
        kept = [each for each in thing["metadata"].get("finalizers") or () if each != finalizer]
        thing["metadata"]["finalizers"] = kept
        if kept:
            self._store.table(kind.table).replace(key, thing)
        else:
            self._store.table(kind.table).remove(key)


def _owners(thing: Object) -> set[str]:
    return {str(each.get("uid")) for each in (thing.get("metadata") or {}).get("ownerReferences") or ()}
