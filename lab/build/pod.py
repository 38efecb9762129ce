"""A pod as the Kubernetes API shows it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

from lab.build.podstates import bring_into
from lab.build.times import uid
from lab.scenario.model import ClusterPlan, PodPlan, Scenario, Server
from lab.store import Object

_TOKEN = "/var/run/secrets/kubernetes.io/serviceaccount"  # noqa: S105 - a mount path, not a secret


def host_ip(scenario: Scenario, node: str) -> str:
    """The address of the node called `node`."""
    return next(str(found.address) for found in scenario.nodes if found.name == node)


def pod_object(cluster: ClusterPlan, pod: PodPlan, host: str, started: str) -> Object:
    """The Pod in its state since `started`; what it serves is served by its first container."""
    first, *others = (pod.containers or {pod.ref.name: pod.image}).items()
    containers = [_container(*first, pod.serves), *(_container(*each) for each in others)]
    sidecars = [{**_container(*each), "restartPolicy": "Always"} for each in pod.sidecars.items()]
    meta = {
        "name": pod.ref.name,
        "namespace": pod.ref.namespace,
        "uid": uid(cluster, "Pod", str(pod.ref)),
        "creationTimestamp": started,
        **({"labels": dict(pod.labels)} if pod.labels else {}),
        **({"annotations": _networks(pod.default_network)} if pod.default_network else {}),
    }
    more = {"initContainers": sidecars} if sidecars else {}
    spec = pod_spec(pod.node, containers, host_network=pod.host_network, **more)
    address = str(pod.address or host)
    status = running(address, host, containers, started)
    if pod.address6:
        status["podIPs"].append({"ip": pod.address6})
    if sidecars:
        status["initContainerStatuses"] = [_container_status(each, address, started) for each in sidecars]
    made = {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": spec, "status": status}
    bring_into(pod.state, made, started)
    return made


def _networks(other: str) -> dict[str, str]:
    """The annotations of a pod with a second interface in the network `other`, by which it leaves."""
    nics = [{"interfaceName": "eth0", "network": "default"}, {"interfaceName": "eth1", "network": other}]
    return {
        "networking.gke.io/default-interface": "eth1",
        "networking.gke.io/interfaces": json.dumps(nics, separators=(",", ":")),
    }


def _container(name: str, image: str, serves: Sequence[Server] = ()) -> dict[str, Any]:
    container: dict[str, Any] = {
        "name": name,
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "resources": {},
        "terminationMessagePath": "/dev/termination-log",
        "terminationMessagePolicy": "File",
    }
    if not serves:
        container["command"] = ["sleep", "infinity"]
    else:
        container["ports"] = [{"containerPort": server.port, "protocol": server.protocol.upper()} for server in serves]
    return container


def pod_spec(node: str, containers: list[dict[str, Any]], *, host_network: bool = False, **more: Any) -> dict[str, Any]:
    """A PodSpec with the API server's defaults filled in."""
    return {
        "containers": containers,
        "dnsPolicy": "ClusterFirst",
        "enableServiceLinks": True,
        **({"hostNetwork": True} if host_network else {}),
        "nodeName": node,
        "preemptionPolicy": "PreemptLowerPriority",
        "priority": 0,
        "restartPolicy": "Always",
        "schedulerName": "default-scheduler",
        "securityContext": {},
        "serviceAccount": "default",
        "serviceAccountName": "default",
        "terminationGracePeriodSeconds": 30,
        "tolerations": [
            {"effect": "NoExecute", "key": f"node.kubernetes.io/{what}", "operator": "Exists", "tolerationSeconds": 300}
            for what in ("not-ready", "unreachable")
        ],
        "volumes": [],
        **more,
    }


def running(address: str, host: str, containers: list[dict[str, Any]], started: str) -> dict[str, Any]:
    """The status of a pod that has been Running and Ready since `started`."""
    kinds = ("PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled")
    return {
        "phase": "Running",
        "conditions": [
            {"type": kind, "status": "True", "lastProbeTime": None, "lastTransitionTime": started} for kind in kinds
        ],
        "hostIP": host,
        "hostIPs": [{"ip": host}],
        "podIP": address,
        "podIPs": [{"ip": address}],
        "qosClass": "BestEffort",
        "startTime": started,
        "containerStatuses": [_container_status(container, address, started) for container in containers],
    }


def _container_status(container: dict[str, Any], address: str, started: str) -> dict[str, Any]:
    image, name = container["image"], container["name"]
    return {
        "name": name,
        "image": image,
        "imageID": f"{image.split(':')[0]}@sha256:{hashlib.sha256(image.encode()).hexdigest()}",
        "containerID": f"containerd://{hashlib.sha256(f'{address}/{name}/{started}'.encode()).hexdigest()}",
        "ready": True,
        "started": True,
        "restartCount": 0,
        "state": {"running": {"startedAt": started}},
        "lastState": {},
    }
