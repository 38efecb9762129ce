"""Which node a pod may run on, and the scheduler (Kubernetes documentation, "Assigning Pods to Nodes")."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from lab.kube import kinds
from lab.kube.cache import Cache
from lab.kube.recorder import WARNING, Recorder
from lab.kube.times import now
from lab.store import Store

Object = dict[str, Any]

SELECTOR = "node(s) didn't match Pod's node affinity/selector"
UNSCHEDULABLE = {"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}
NOT_READY = {"key": "node.kubernetes.io/not-ready", "effect": "NoSchedule"}
_FULL = "Too many pods"
_MOST_PODS = 110


def node_ready(node: Object) -> bool:
    """Is the node's Ready condition true?"""
    conditions = (node.get("status") or {}).get("conditions") or ()
    return any(each.get("type") == "Ready" and each.get("status") == "True" for each in conditions)


def tolerates(tolerations: Iterable[Object], taint: Object) -> bool:
    """Does any toleration cover the taint?"""
    for each in tolerations:
        if each.get("effect") not in (None, "", taint.get("effect")):
            continue
        if each.get("key") not in (None, "", taint.get("key")):
            continue
        operator = each.get("operator") or "Equal"
        if operator == "Exists" or (each.get("key") and each.get("value", "") == taint.get("value", "")):
            return True
    return False


def taints(node: Object) -> list[Object]:
    """The node's taints, those that the control plane would add for its state included."""
    spec = node.get("spec") or {}
    found = list(spec.get("taints") or ())
    if spec.get("unschedulable"):
        found.append(UNSCHEDULABLE)
    if not node_ready(node):
        found.append(NOT_READY)
    return found


def selects(spec: Object, node: Object) -> bool:
    """Do nodeSelector and required node affinity admit the node?"""
    labels = node["metadata"].get("labels") or {}
    if any(labels.get(key) != value for key, value in (spec.get("nodeSelector") or {}).items()):
        return False
    affinity = (spec.get("affinity") or {}).get("nodeAffinity") or {}
    required = affinity.get("requiredDuringSchedulingIgnoredDuringExecution")
    if required is None:
        return True
    return any(_term(each, node) for each in required.get("nodeSelectorTerms") or ())


def pinned(spec: Object) -> list[str] | None:
    """The names of the only nodes that required affinity admits, as for a DaemonSet's pod; None when it names none."""
    affinity = ((spec.get("affinity") or {}).get("nodeAffinity") or {}).get(
        "requiredDuringSchedulingIgnoredDuringExecution"
    ) or {}
    found: list[str] = []
    for term in affinity.get("nodeSelectorTerms") or ():
        fields = [each for each in term.get("matchFields") or () if each.get("operator") == "In"]
        if not fields:
            return None
        found += fields[0].get("values") or ()
    return found or None


def _term(term: Object, node: Object) -> bool:
    labels = node["metadata"].get("labels") or {}
    expressions, fields = term.get("matchExpressions") or (), term.get("matchFields") or ()
    if not expressions and not fields:
        return False
    name = {"metadata.name": node["metadata"]["name"]}
    return all(_holds(each, labels) for each in expressions) and all(_holds(each, name) for each in fields)


def _holds(each: Object, held: Object) -> bool:
    key, values = each.get("key", ""), each.get("values") or []
    match each.get("operator"):
        case "In":
            return held.get(key) in values
        case "NotIn":
            return held.get(key) not in values
        case "Exists":
            return key in held
        case "DoesNotExist":
            return key not in held
        case "Gt" | "Lt" as operator if str(held.get(key, "")).lstrip("-").isdigit() and values:
            return int(held[key]) > int(values[0]) if operator == "Gt" else int(held[key]) < int(values[0])
    return False


def why_not(spec: Object, node: Object) -> str:
    """Why a pod of `spec` may not be put on the node, in the scheduler's words; "" when it may."""
    if not selects(spec, node):
        return SELECTOR
    for taint in taints(node):
        if taint.get("effect") in ("NoSchedule", "NoExecute") and not tolerates(spec.get("tolerations") or (), taint):
            if taint is UNSCHEDULABLE:
                return "node(s) were unschedulable"
            value = f": {taint['value']}" if taint.get("value") else ": "
            return f"node(s) had untolerated taint {{{taint.get('key', '')}{value}}}"
    return ""


class Scheduler:
    """Puts pods on nodes: on the one that holds the fewest."""

    def __init__(self, store: Store, cache: Cache, recorder: Recorder) -> None:
        self._store = store
        self._cache = cache
        self._recorder = recorder

    def place(self, key: str) -> bool:
        """Give the pod a node where it needs one and can have one; True when it has changed."""
        entry = self._cache.find(kinds.PODS, key)
        if entry is None:
            return False
        pod = entry.view
        spec = pod.get("spec") or {}
        if spec.get("nodeName") or pod["metadata"].get("deletionTimestamp") or spec.get("schedulingGates"):
            return False
        if spec.get("schedulerName", "default-scheduler") != "default-scheduler":
            return False
        nodes = self._candidates(spec)
        index = self._cache.index
        reasons: Counter[str] = Counter()
        fitting: list[str] = []
        for node in nodes:
            name = node["metadata"]["name"]
            reason = why_not(spec, node)
            if not reason and index.count_on(name) >= _capacity(node) and len(index.pods_on(name)) >= _capacity(node):
                reason = _FULL
            if reason:
                reasons[reason] += 1
            else:
                fitting.append(name)
        if not fitting:
            self._refuse(key, pod, len(nodes), reasons)
            return False
        chosen = min(fitting, key=lambda name: (index.count_on(name), name))
        thing = self._store.table(kinds.PODS.table).get(key)
        thing.setdefault("spec", {})["nodeName"] = chosen
        condition(thing, "PodScheduled", "True")
        self._store.table(kinds.PODS.table).replace(key, thing)
        where = f"{pod['metadata'].get('namespace')}/{pod['metadata']['name']}"
        self._recorder.say(pod, "Scheduled", f"Successfully assigned {where} to {chosen}", "default-scheduler")
        return True

    def _candidates(self, spec: Object) -> list[Object]:
        """The nodes that may come into question: those that a pod is pinned to by name, or all."""
        names = pinned(spec)
        if names is None:
            return [each.view for each in self._cache.entries(kinds.NODES)]
        return [entry.view for name in names if (entry := self._cache.find(kinds.NODES, name))]

    def _refuse(self, key: str, pod: Object, count: int, reasons: Counter[str]) -> None:
        said = ", ".join(f"{number} {reason}" for reason, number in sorted(reasons.items()))
        message = f"0/{count} nodes are available: {said}." if said else "no nodes available to schedule pods"
        if said:
            message += f" preemption: 0/{count} nodes are available: {count} Preemption is not helpful for scheduling."
        thing = self._store.table(kinds.PODS.table).get(key)
        if condition(thing, "PodScheduled", "False", "Unschedulable", message):
            self._store.table(kinds.PODS.table).replace(key, thing)
            self._recorder.say(pod, "FailedScheduling", message, "default-scheduler", type=WARNING)


def _capacity(node: Object) -> int:
    text = str(((node.get("status") or {}).get("allocatable") or {}).get("pods", _MOST_PODS))
    return int(text) if text.isdigit() else _MOST_PODS


def condition(pod: Object, type: str, status: str, reason: str = "", message: str = "") -> bool:
    """Set a condition in the pod's status in place; True when it has changed."""
    held = pod.setdefault("status", {}).setdefault("conditions", [])
    old = next((each for each in held if each.get("type") == type), None)
    if old and (old.get("status"), old.get("reason", ""), old.get("message", "")) == (status, reason, message):
        return False
    same = old is not None and old.get("status") == status
    made = {
        "type": type,
        "status": status,
        "lastProbeTime": None,
        "lastTransitionTime": old["lastTransitionTime"] if old and same and "lastTransitionTime" in old else now(),
        **({"reason": reason} if reason else {}),
        **({"message": message} if message else {}),
    }
    if old is None:
        held.append(made)
    else:
        held[held.index(old)] = made
    return True
