"""The DaemonSet controller: one pod for every node that admits it, replaced when the template changes."""

from __future__ import annotations

import copy
import hashlib
import json
import secrets
import uuid
from typing import Any

from lab.kube import defaults, kinds
from lab.kube.cache import Cache
from lab.kube.podstate import ready
from lab.kube.recorder import Recorder
from lab.kube.registry import Address, Registry
from lab.kube.scheduling import pinned, selects, taints, tolerates
from lab.kube.selectors import label_selector
from lab.kube.times import now
from lab.store import Store

Object = dict[str, Any]

GENERATION = "pod-template-generation"
GENERATION_NOTE = "deprecated.daemonset.template.generation"
HASH = "controller-revision-hash"
_LETTERS = "bcdfghjklmnpqrstvwxz2456789"
_ALWAYS = (
    ("node.kubernetes.io/not-ready", "NoExecute"),
    ("node.kubernetes.io/unreachable", "NoExecute"),
    ("node.kubernetes.io/disk-pressure", "NoSchedule"),
    ("node.kubernetes.io/memory-pressure", "NoSchedule"),
    ("node.kubernetes.io/pid-pressure", "NoSchedule"),
    ("node.kubernetes.io/unschedulable", "NoSchedule"),
)
_ON_HOST = ("node.kubernetes.io/network-unavailable", "NoSchedule")


class DaemonSets:
    """Keeps every DaemonSet's pods as its spec wants them, and its status true."""

    def __init__(self, store: Store, cache: Cache, registry: Registry, recorder: Recorder) -> None:
        self._store = store
        self._cache = cache
        self._registry = registry
        self._recorder = recorder

    def look(self, key: str) -> None:
        """Create and delete the pods that the DaemonSet at `key` lacks and has too many; write its status."""
        entry = self._cache.find(kinds.DAEMONSETS, key)
        if entry is None or entry.view["metadata"].get("deletionTimestamp"):
            return
        wanted = entry.view
        pods = self._pods(wanted)
        by_node: dict[str, list[Object]] = {}
        for pod in pods:
            by_node.setdefault(target(pod), []).append(pod)
        nodes = [each.view for each in self._cache.entries(kinds.NODES)]
        admitted = {node["metadata"]["name"] for node in nodes if self._admits(wanted, node)}
        for name, held in by_node.items():
            alive = [pod for pod in held if not _going(pod)]
            for pod in alive:
                if (pod.get("status") or {}).get("phase") == "Failed" or name not in admitted:
                    self._delete(wanted, pod)
            for pod in sorted(alive, key=lambda each: each["metadata"]["creationTimestamp"])[1:]:
                self._delete(wanted, pod)
        digest = self._hash(wanted, pods)
        for name in sorted(admitted):
            if not by_node.get(name):
                self._create(wanted, name, digest)
        self._roll(wanted, by_node, admitted)
        self._status(key, wanted, admitted)

    def _pods(self, wanted: Object) -> list[Object]:
        """The DaemonSet's pods."""
        uid = wanted["metadata"]["uid"]
        held = [self._cache.find(kind, key) for kind, key in self._cache.index.owned(uid) if kind is kinds.PODS]
        return [entry.view for entry in held if entry and (controller(entry.object) or {}).get("uid") == uid]

    def adopt(self, key: str) -> None:
        """Give a pod without a controller to the DaemonSet that selects it, where one does."""
        entry = self._cache.find(kinds.PODS, key)
        if entry is None or controller(entry.object) is not None or _going(entry.view):
            return
        for each in self._cache.namespaced(kinds.DAEMONSETS, key.partition("/")[0]):
            selector = (each.object.get("spec") or {}).get("selector")
            if label_selector(selector)(entry.object) and not _going(each.view):
                thing = self._store.table(kinds.PODS.table).get(key)
                thing["metadata"].setdefault("ownerReferences", []).append(_reference(each.view))
                self._store.table(kinds.PODS.table).replace(key, thing)
                return

    def _admits(self, wanted: Object, node: Object) -> bool:
        spec = wanted["spec"]["template"].get("spec") or {}
        tolerations = [*(spec.get("tolerations") or ()), *_tolerations(spec)]
        bad = ("NoSchedule", "NoExecute")
        return selects(spec, node) and all(
            tolerates(tolerations, taint) or taint["key"] == "node.kubernetes.io/not-ready"
            for taint in taints(node)
            if taint.get("effect") in bad
        )

    def _create(self, wanted: Object, node: str, digest: str) -> None:
        meta, template = wanted["metadata"], copy.deepcopy(wanted["spec"]["template"])
        spec = template.get("spec") or {}
        held = spec.setdefault("tolerations", [])
        held += [each for each in _tolerations(spec) if each not in held]
        field = {"key": "metadata.name", "operator": "In", "values": [node]}
        spec.setdefault("affinity", {}).setdefault("nodeAffinity", {})[
            "requiredDuringSchedulingIgnoredDuringExecution"
        ] = {"nodeSelectorTerms": [{"matchFields": [field]}]}
        name = self._free_name(meta["namespace"], meta["name"])
        labels = {**((template.get("metadata") or {}).get("labels") or {})}
        labels[HASH], labels[GENERATION] = digest, generation(wanted)
        annotations = (template.get("metadata") or {}).get("annotations")
        pod: Object = {
            "kind": "Pod",
            "apiVersion": "v1",
            "metadata": {
                "name": name,
                "generateName": f"{meta['name']}-",
                "namespace": meta["namespace"],
                "uid": str(uuid.uuid4()),
                "creationTimestamp": now(),
                "labels": labels,
                **({"annotations": annotations} if annotations else {}),
                "ownerReferences": [_reference(wanted)],
            },
            "spec": spec,
            "status": {"phase": "Pending", "qosClass": defaults.qos(spec)},
        }
        defaults.apply(kinds.PODS, pod)
        self._store.table(kinds.PODS.table).create(f"{meta['namespace']}/{name}", pod)
        self._recorder.say(wanted, "SuccessfulCreate", f"Created pod: {name}", "daemonset-controller")

    def _free_name(self, namespace: str, prefix: str) -> str:
        while True:
            name = f"{prefix}-{''.join(secrets.choice(_LETTERS) for _ in range(5))}"
            if self._cache.find(kinds.PODS, f"{namespace}/{name}") is None:
                return name

    def _hash(self, wanted: Object, pods: list[Object]) -> str:
        """The template's hash; the one its pods carry already, where some do."""
        for pod in pods:
            labels = pod["metadata"].get("labels") or {}
            if labels.get(GENERATION) == generation(wanted) and labels.get(HASH):
                return str(labels[HASH])
        digest = hashlib.sha256(json.dumps(wanted["spec"]["template"], sort_keys=True).encode()).digest()
        return "".join(_LETTERS[byte % len(_LETTERS)] for byte in digest[:10])

    def _delete(self, wanted: Object, pod: Object) -> None:
        meta = pod["metadata"]
        entry = self._cache.find(kinds.PODS, f"{meta['namespace']}/{meta['name']}")
        if entry is None or _going(entry.view):
            return
        self._registry.delete(Address(kinds.PODS, meta["namespace"], meta["name"]), {})
        self._recorder.say(wanted, "SuccessfulDelete", f"Deleted pod: {meta['name']}", "daemonset-controller")

    def _roll(self, wanted: Object, by_node: dict[str, list[Object]], admitted: set[str]) -> None:
        """Delete pods of an older template, no more at once than the strategy lets be unavailable."""
        strategy = wanted["spec"].get("updateStrategy") or {}
        if strategy.get("type", "RollingUpdate") != "RollingUpdate":
            return
        current = generation(wanted)
        old: list[Object] = []
        unavailable = 0
        for name in sorted(admitted):
            alive = [pod for pod in by_node.get(name) or () if not _going(pod)]
            if not any(ready(pod) for pod in alive):
                unavailable += 1
            old += [pod for pod in alive if (pod["metadata"].get("labels") or {}).get(GENERATION, current) != current]
        limit = _count((strategy.get("rollingUpdate") or {}).get("maxUnavailable", 1), len(admitted))
        for pod in [each for each in old if not ready(each)]:
            self._delete(wanted, pod)
        for pod in [each for each in old if ready(each)][: max(limit - unavailable, 0)]:
            self._delete(wanted, pod)

    def _status(self, key: str, wanted: Object, admitted: set[str]) -> None:
        pods = [pod for pod in self._pods(wanted) if not _going(pod)]
        nodes = {target(pod) for pod in pods}
        up = {target(pod) for pod in pods if ready(pod)} & admitted
        current = generation(wanted)
        new = {target(pod) for pod in pods if (pod["metadata"].get("labels") or {}).get(GENERATION, current) == current}
        status: Object = {
            "currentNumberScheduled": len(nodes & admitted),
            "numberMisscheduled": len(nodes - admitted),
            "desiredNumberScheduled": len(admitted),
            "numberReady": len(up),
            "observedGeneration": wanted["metadata"].get("generation", 1),
        }
        rest = {
            "updatedNumberScheduled": len(new & admitted),
            "numberAvailable": len(up),
            "numberUnavailable": len(admitted - up),
        }
        status.update({name: value for name, value in rest.items() if value})
        entry = self._cache.find(kinds.DAEMONSETS, key)
        if entry is None or (entry.view.get("status") or {}) == status:
            return
        thing = self._store.table(kinds.DAEMONSETS.table).get(key)
        thing["status"] = status
        self._store.table(kinds.DAEMONSETS.table).replace(key, thing)


def controller(thing: Object) -> Object | None:
    """The owner reference that controls the object, or None."""
    for each in (thing.get("metadata") or {}).get("ownerReferences") or ():
        if each.get("controller"):
            found: Object = each
            return found
    return None


def target(pod: Object) -> str:
    """The node that a DaemonSet's pod is on or made for."""
    spec = pod.get("spec") or {}
    if spec.get("nodeName"):
        return str(spec["nodeName"])
    return next(iter(pinned(spec) or ()), "")


def generation(wanted: Object) -> str:
    """The number of the DaemonSet's template."""
    return str((wanted["metadata"].get("annotations") or {}).get(GENERATION_NOTE, "1"))


def _going(pod: Object) -> bool:
    return bool(pod["metadata"].get("deletionTimestamp"))


def _reference(wanted: Object) -> Object:
    meta = wanted["metadata"]
    return {
        "apiVersion": "apps/v1",
        "kind": "DaemonSet",
        "name": meta["name"],
        "uid": meta["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }


def _tolerations(spec: Object) -> list[Object]:
    wanted = (*_ALWAYS, _ON_HOST) if spec.get("hostNetwork") else _ALWAYS
    return [{"key": key, "operator": "Exists", "effect": effect} for key, effect in wanted]


def _count(value: Any, whole: int) -> int:
    """A count given as a number or as a percentage, which is rounded up; at least 1."""
    text = str(value)
    if text.endswith("%") and text[:-1].isdigit():
        return max(-(-int(text[:-1]) * whole // 100), 1)
    return max(int(text), 1) if text.isdigit() else 1
