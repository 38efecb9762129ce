"""A GKE node as the Kubernetes API shows it."""

from __future__ import annotations

from typing import Any

from lab.build.times import Times, uid
from lab.compute.links import number, project_link
from lab.scenario.model import ClusterPlan, NodePlan
from lab.store import Object

CAPACITY = {"cpu": "2", "ephemeral-storage": "98831908Ki", "hugepages-2Mi": "0", "memory": "4018228Ki", "pods": "110"}
ALLOCATABLE = {**CAPACITY, "cpu": "940m", "ephemeral-storage": "47060071478", "memory": "2877492Ki"}

_CONDITIONS = (
    ("FrequentKubeletRestart", "False", "NoFrequentKubeletRestart", "kubelet is functioning properly"),
    ("KernelDeadlock", "False", "KernelHasNoDeadlock", "kernel has no deadlock"),
    ("ReadonlyFilesystem", "False", "FilesystemIsNotReadOnly", "Filesystem is not read-only"),
    ("NetworkUnavailable", "False", "RouteCreated", "NodeController create implicit route"),
    ("MemoryPressure", "False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
    ("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
    ("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
    ("Ready", "True", "KubeletReady", "kubelet is posting ready status"),
)


def node_object(cluster: ClusterPlan, node: NodePlan, prefix: str, times: Times) -> Object:
    """The Node; `prefix` is GKE's own name of the cluster. Default snat and the pool are on its labels, as GKE puts
    them there."""
    version = f"v{(node.version or cluster.version).removeprefix('v')}"
    dns = f"{node.name}.{cluster.zone}.c.{cluster.project}.internal"
    labels = {
        "beta.kubernetes.io/arch": "amd64",
        "beta.kubernetes.io/instance-type": "e2-medium",
        "beta.kubernetes.io/os": "linux",
        "cloud.google.com/gke-container-runtime": "containerd",
        "cloud.google.com/gke-nodepool": node.pool,
        "cloud.google.com/gke-os-distribution": "cos",
        "failure-domain.beta.kubernetes.io/region": cluster.region,
        "failure-domain.beta.kubernetes.io/zone": cluster.zone,
        "kubernetes.io/arch": "amd64",
        "kubernetes.io/hostname": node.name,
        "kubernetes.io/os": "linux",
        "node.kubernetes.io/instance-type": "e2-medium",
        "topology.kubernetes.io/region": cluster.region,
        "topology.kubernetes.io/zone": cluster.zone,
        **node.labels,
    }
    if node.windows:
        labels |= {"kubernetes.io/os": "windows", "beta.kubernetes.io/os": "windows"}
    addresses = [("InternalIP", str(node.address)), ("InternalDNS", dns), ("Hostname", node.name)]
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": node.name,
            "uid": uid(cluster, "Node", node.name),
            "creationTimestamp": times.node(node),
            "labels": labels,
            "annotations": {
                "container.googleapis.com/instance_id": _instance_id(cluster, node),
                "node.alpha.kubernetes.io/ttl": "0",
                "node.gke.io/last-applied-node-labels": f"goog-k8s-cluster-name={cluster.name},prefix={prefix}",
                "volumes.kubernetes.io/controller-managed-attach-detach": "true",
            },
        },
        "spec": {
            "podCIDR": str(node.pod_range),
            "podCIDRs": [str(node.pod_range)],
            "providerID": f"gce://{cluster.project}/{cluster.zone}/{node.name}",
        },
        "status": {
            "addresses": [{"type": kind, "address": found} for kind, found in addresses],
            "allocatable": dict(ALLOCATABLE),
            "capacity": dict(CAPACITY),
            "conditions": [_condition(*words, times.node(node)) for words in _conditions(cluster, node)],
            "daemonEndpoints": {"kubeletEndpoint": {"Port": 10250}},
            "images": [],
            "nodeInfo": {
                "architecture": "amd64",
                "bootID": uid(cluster, "Boot", node.name),
                "containerRuntimeVersion": "containerd://2.0.6",
                "kernelVersion": "6.6.105+",
                "kubeProxyVersion": version,
                "kubeletVersion": version,
                "machineID": uid(cluster, "Machine", node.name).replace("-", ""),
                "operatingSystem": "windows" if node.windows else "linux",
                "osImage": "Container-Optimized OS from Google",
                "systemUUID": uid(cluster, "System", node.name),
            },
        },
    }


def _instance_id(cluster: ClusterPlan, node: NodePlan) -> str:
    return number(project_link(cluster.project, f"zones/{cluster.zone}/instances/{node.name}"))


def _conditions(cluster: ClusterPlan, node: NodePlan) -> list[tuple[str, str, str, str]]:
    """The node's conditions; the route controller's tells of the route that it could not make."""
    waits = cluster.routes_based and not node.route and (bool(node.route_refused) or node.made is not None)
    refused = ("NetworkUnavailable", "True", "NoRouteCreated", "Node created without a route")
    return [refused if waits and words[0] == "NetworkUnavailable" else words for words in _CONDITIONS]


def _condition(kind: str, status: str, reason: str, message: str, made: str) -> dict[str, Any]:
    return {
        "type": kind,
        "status": status,
        "reason": reason,
        "message": message,
        "lastHeartbeatTime": made,
        "lastTransitionTime": made,
    }
