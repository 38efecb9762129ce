"""What the API server fills in when a client leaves it out (Kubernetes API reference, defaulting)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lab.kube import kinds
from lab.kube.kinds import Kind

Object = dict[str, Any]

_MODE = 0o644


def apply(kind: Kind, thing: Object) -> None:
    """Fill in the defaults of `kind` in place."""
    if kind in _DEFAULTS:
        _DEFAULTS[kind](thing)


def qos(spec: Object) -> str:
    """A pod's QoS class from its containers' cpu and memory."""
    containers = [*(spec.get("containers") or ()), *(spec.get("initContainers") or ())]
    guaranteed, some = True, False
    for container in containers:
        resources = container.get("resources") or {}
        limits, requests = resources.get("limits") or {}, resources.get("requests") or {}
        for name in ("cpu", "memory"):
            some = some or name in limits or name in requests
            guaranteed = guaranteed and name in limits and requests.get(name, limits[name]) == limits[name]
    if not some:
        return "BestEffort"
    return "Guaranteed" if guaranteed else "Burstable"


def _pod_spec(spec: Object) -> None:
    spec.setdefault("restartPolicy", "Always")
    spec.setdefault("terminationGracePeriodSeconds", 30)
    spec.setdefault("dnsPolicy", "ClusterFirst")
    spec.setdefault("securityContext", {})
    spec.setdefault("schedulerName", "default-scheduler")
    if name := spec.get("serviceAccountName"):
        spec.setdefault("serviceAccount", name)
    for group in ("containers", "initContainers", "ephemeralContainers"):
        for container in spec.get(group) or ():
            _container(container, host=bool(spec.get("hostNetwork")))
    for volume in spec.get("volumes") or ():
        for source in ("configMap", "secret", "downwardAPI", "projected"):
            if source in volume:
                volume[source].setdefault("defaultMode", _MODE)
        if "hostPath" in volume:
            volume["hostPath"].setdefault("type", "")
        if set(volume) == {"name"}:
            volume["emptyDir"] = {}


def _container(container: Object, *, host: bool) -> None:
    container.setdefault("resources", {})
    container.setdefault("terminationMessagePath", "/dev/termination-log")
    container.setdefault("terminationMessagePolicy", "File")
    image = str(container.get("image", ""))
    tag = image.rpartition("/")[2].partition(":")[2]
    latest = "@" not in image and tag in ("", "latest")
    container.setdefault("imagePullPolicy", "Always" if latest else "IfNotPresent")
    for port in container.get("ports") or ():
        port.setdefault("protocol", "TCP")
        if host and "containerPort" in port:
            port.setdefault("hostPort", port["containerPort"])
    for probe in ("livenessProbe", "readinessProbe", "startupProbe"):
        if probe in container:
            for name, value in (("timeoutSeconds", 1), ("periodSeconds", 10), ("successThreshold", 1)):
                container[probe].setdefault(name, value)
            container[probe].setdefault("failureThreshold", 3)


def _pod(pod: Object) -> None:
    spec = pod.setdefault("spec", {})
    spec.setdefault("serviceAccountName", "default")
    _pod_spec(spec)
    spec.setdefault("enableServiceLinks", True)
    spec.setdefault("priority", 0)
    spec.setdefault("preemptionPolicy", "PreemptLowerPriority")
    tolerations = spec.setdefault("tolerations", [])
    for key in ("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"):
        if not any(
            each.get("key") in (key, None, "") and each.get("effect") in ("NoExecute", None, "") for each in tolerations
        ):
            tolerations.append({"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300})


def _daemonset(thing: Object) -> None:
    spec = thing.setdefault("spec", {})
    spec.setdefault("revisionHistoryLimit", 10)
    strategy = spec.setdefault("updateStrategy", {"type": "RollingUpdate"})
    strategy.setdefault("type", "RollingUpdate")
    if strategy["type"] == "RollingUpdate":
        rolling = strategy.setdefault("rollingUpdate", {})
        rolling.setdefault("maxUnavailable", 1)
        rolling.setdefault("maxSurge", 0)
    _pod_spec(spec.setdefault("template", {}).setdefault("spec", {}))


def _service(thing: Object) -> None:
    spec = thing.setdefault("spec", {})
    spec.setdefault("type", "ClusterIP")
    spec.setdefault("sessionAffinity", "None")
    if spec["type"] != "ExternalName":
        spec.setdefault("internalTrafficPolicy", "Cluster")
        spec.setdefault("ipFamilies", ["IPv4"])
        spec.setdefault("ipFamilyPolicy", "SingleStack")
    if spec["type"] in ("NodePort", "LoadBalancer"):
        spec.setdefault("externalTrafficPolicy", "Cluster")
    for port in spec.get("ports") or ():
        port.setdefault("protocol", "TCP")
        if "port" in port:
            port.setdefault("targetPort", port["port"])
    thing.setdefault("status", {}).setdefault("loadBalancer", {})


def _network_policy(thing: Object) -> None:
    spec = thing.setdefault("spec", {})
    spec.setdefault("podSelector", {})
    spec.setdefault("policyTypes", ["Ingress", "Egress"] if spec.get("egress") else ["Ingress"])
    for direction in ("ingress", "egress"):
        for rule in spec.get(direction) or ():
            for port in rule.get("ports") or ():
                port.setdefault("protocol", "TCP")


def _namespace(thing: Object) -> None:
    thing.setdefault("spec", {}).setdefault("finalizers", ["kubernetes"])
    thing.setdefault("status", {}).setdefault("phase", "Active")
    meta = thing.setdefault("metadata", {})
    if meta.get("name"):
        meta.setdefault("labels", {})["kubernetes.io/metadata.name"] = meta["name"]


_DEFAULTS: dict[Kind, Callable[[Object], None]] = {
    kinds.PODS: _pod,
    kinds.DAEMONSETS: _daemonset,
    kinds.SERVICES: _service,
    kinds.NETWORK_POLICIES: _network_policy,
    kinds.NAMESPACES: _namespace,
}
