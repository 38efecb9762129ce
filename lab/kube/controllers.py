"""What makes the cluster live: scheduler, kubelets, DaemonSet controller, garbage collector, namespaces.

One queue, one task; every controller looks at one object at a time and does what is due.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from lab.fabric.base import Fabric
from lab.kube import kinds
from lab.kube.cache import Cache, Change
from lab.kube.cleanup import Cleanup
from lab.kube.containers import Console
from lab.kube.daemonsets import DaemonSets, controller
from lab.kube.kubelet import Kubelet
from lab.kube.recorder import Recorder
from lab.kube.registry import Registry
from lab.kube.scheduling import Scheduler
from lab.kube.times import now, now_micro
from lab.store import Store

Item = tuple[str, str]

NODE_LEASES = "kube-node-lease"

log = logging.getLogger(__name__)

_ROUNDS = 100_000


class Controllers:
    """All controllers over `store`. `speed` divides the lab's own waits (starting and stopping containers); containers'
    commands run through `fabric`, where there is one."""

    def __init__(
        self, store: Store, speed: float = 1.0, cache: Cache | None = None, fabric: Fabric | None = None
    ) -> None:
        self._store = store
        self._cache = cache or Cache(store)
        registry = Registry(store, self._cache)
        self._recorder = Recorder(store, self._cache)
        self._scheduler = Scheduler(store, self._cache, self._recorder)
        self._kubelet = Kubelet(store, self._cache, self._recorder, speed, self._clock, self._look_later, fabric)
        self._daemonsets = DaemonSets(store, self._cache, registry, self._recorder)
        self._cleanup = Cleanup(store, self._cache, registry)
        self._work: dict[str, Callable[[str], None]] = {
            "pod": self._pod,
            "daemonset": self._daemonsets.look,
            "adopt": self._daemonsets.adopt,
            "finish": lambda key: self._cleanup.finish(kinds.DAEMONSETS, key),
            "namespace": self._cleanup.namespace,
            "owner": self._cleanup.owner_gone,
            "node": self._cleanup.node_gone,
        }
        self._queue: dict[Item, None] = {}
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._unlisten: Callable[[], None] | None = None

    async def start(self) -> None:
        """Bring the world that the store holds to rest at once (it has been running for long), then keep it going."""
        self._unlisten = self._cache.listen(self._heard)
        for kind, work in ((kinds.NAMESPACES, "namespace"), (kinds.DAEMONSETS, "daemonset"), (kinds.PODS, "pod")):
            for entry in self._cache.entries(kind):
                self._add(work, entry.key)
        self._leases()
        self._settle()
        for entry in self._cache.entries(kinds.PODS):
            if (entry.object.get("spec") or {}).get("activeDeadlineSeconds") is not None:
                self._add("pod", entry.key)
        self._task = asyncio.create_task(self._run(), name="kube-controllers")

    async def stop(self) -> None:
        """End the task and all timers."""
        if self._unlisten is not None:
            self._unlisten()
            self._unlisten = None
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None
        if self._kubelet.containers is not None:
            await self._kubelet.containers.close()

    def console(self, uid: str, container: str) -> Console | None:
        """The running process of a pod's container, or None where nothing runs that could be attached to."""
        return self._kubelet.containers.console(uid, container) if self._kubelet.containers else None

    def _leases(self) -> None:
        """Every node holds a Lease, as its kubelet would have made it."""
        if self._cache.find(kinds.NAMESPACES, NODE_LEASES) is None:
            return
        table = self._store.table(kinds.LEASES.table)
        for entry in self._cache.entries(kinds.NODES):
            key = f"{NODE_LEASES}/{entry.key}"
            if key not in table:
                meta = {"name": entry.key, "namespace": NODE_LEASES, "creationTimestamp": now()}
                spec = {"holderIdentity": entry.key, "leaseDurationSeconds": 40, "renewTime": now_micro()}
                lease = {"kind": "Lease", "apiVersion": "coordination.k8s.io/v1", "metadata": meta, "spec": spec}
                table.create(key, lease)

    def _settle(self) -> None:
        """Work the queue off without any waiting, and without Events: all this happened long ago."""
        self._kubelet.instant = self._recorder.quiet = True
        try:
            for _ in range(_ROUNDS):
                if not self._queue:
                    break
                self._step()
        finally:
            self._kubelet.instant = self._recorder.quiet = False

    async def _run(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._queue:
                self._step()
                await asyncio.sleep(0)

    def _step(self) -> None:
        item = next(iter(self._queue))
        del self._queue[item]
        work, key = item
        try:
            self._work[work](key)
        except Exception:
            log.exception("controller %s failed on %s", work, key)

    def _pod(self, key: str) -> None:
        if not self._scheduler.place(key):
            self._kubelet.look(key)

    def _add(self, work: str, key: str) -> None:
        self._queue[work, key] = None
        self._wake.set()

    def _clock(self) -> float:
        return asyncio.get_running_loop().time()

    def _look_later(self, seconds: float, key: str) -> None:
        """Look at the pod again after `seconds`; the earliest wish counts."""
        loop = asyncio.get_running_loop()
        held = self._timers.get(key)
        if held is not None and not held.cancelled() and loop.time() < held.when() <= loop.time() + seconds:
            return
        if held is not None:
            held.cancel()
        self._timers[key] = loop.call_later(seconds, self._ring, key)

    def _ring(self, key: str) -> None:
        self._timers.pop(key, None)
        self._add("pod", key)

    def _heard(self, change: Change) -> None:
        """Queue whatever a change may concern."""
        kind, key, gone = change.entry.kind, change.entry.key, change.type == "DELETED"
        namespace = key.partition("/")[0]
        if kind is kinds.PODS:
            self._add("pod", key)
            owner = controller(change.entry.object)
            if owner is not None and owner.get("kind") == "DaemonSet":
                self._add("daemonset", f"{namespace}/{owner.get('name')}")
                if gone:
                    self._add("finish", f"{namespace}/{owner.get('name')}")
            elif owner is None and not gone and self._cache.index.namespace(kinds.DAEMONSETS, namespace):
                self._add("adopt", key)
            if gone:
                self._pending()
        elif kind is kinds.NODES:
            self._all(kinds.DAEMONSETS.table, "daemonset")
            self._node(change)
        elif kind is kinds.DAEMONSETS:
            self._add("daemonset", key)
            self._add("finish", key)
            if change.type == "ADDED":
                for pod in self._cache.index.namespace(kinds.PODS, namespace):
                    self._add("adopt", pod)
        elif kind is kinds.NAMESPACES:
            self._add("namespace", key)
        elif kind is kinds.CONFIGMAPS and not gone:
            self._pending()
        if gone and kind.namespaced and not self._cache.index.namespace(kind, namespace):
            self._add("namespace", namespace)
        if gone and kind is not kinds.EVENTS:
            self._add("owner", change.entry.uid)

    def _node(self, change: Change) -> None:
        if change.type == "DELETED":
            self._add("node", change.entry.key)
            return
        was = (change.before.object.get("spec") or {}) if change.before else {}
        held = change.entry.object.get("spec") or {}
        tainted = was.get("taints") != held.get("taints")
        if tainted:
            for entry in self._cache.index.pods_on(change.entry.key):
                self._add("pod", entry.key)
        self._pending()

    def _pending(self) -> None:
        for key in self._cache.index.pending():
            self._add("pod", key)

    def _all(self, table: str, work: str) -> None:
        for key in self._store.table(table):
            self._add(work, key)
