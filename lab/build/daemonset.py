"""The ip-masq-agent that GKE installs: its DaemonSet, and its pod on one node."""

from __future__ import annotations

import copy
import hashlib
from typing import Any

from lab.build.pod import pod_spec, running
from lab.build.times import Times, uid
from lab.scenario.model import AgentPlan, ClusterPlan, NodePlan
from lab.store import Object

NAME = "ip-masq-agent"
HASH = "7d8b5c9f6d"

_TOLERATIONS = [
    {"effect": "NoSchedule", "operator": "Exists"},
    {"effect": "NoExecute", "operator": "Exists"},
    {"key": "CriticalAddonsOnly", "operator": "Exists"},
]
_ALWAYS = ("not-ready", "unreachable", "disk-pressure", "memory-pressure", "pid-pressure", "unschedulable")


def agent_daemonset(cluster: ClusterPlan, agent: AgentPlan, nodes: int, times: Times) -> Object:
    """The DaemonSet kube-system/ip-masq-agent, settled on `nodes` nodes."""
    labels = {"k8s-app": NAME}
    template: dict[str, Any] = {
        "metadata": {"labels": dict(labels)},
        "spec": {
            "containers": [_container(agent)],
            "dnsPolicy": "ClusterFirst",
            "hostNetwork": True,
            "priorityClassName": "system-node-critical",
            "restartPolicy": "Always",
            "schedulerName": "default-scheduler",
            "securityContext": {"seccompProfile": {"type": "RuntimeDefault"}},
            "serviceAccount": NAME,
            "serviceAccountName": NAME,
            "terminationGracePeriodSeconds": 30,
            "tolerations": copy.deepcopy(_TOLERATIONS),
            "volumes": [_volume()],
        },
    }
    if agent.not_on:
        terms = {"key": "kubernetes.io/hostname", "operator": "NotIn", "values": list(agent.not_on)}
        needed = {"nodeSelectorTerms": [{"matchExpressions": [terms]}]}
        template["spec"]["affinity"] = {
            "nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": needed},
        }
    return {
        "apiVersion": "apps/v1",
        "kind": "DaemonSet",
        "metadata": {
            "name": NAME,
            "namespace": "kube-system",
            "uid": uid(cluster, "DaemonSet", NAME),
            "creationTimestamp": times.cluster,
            "generation": 1,
            "labels": {
                **labels,
                "addonmanager.kubernetes.io/mode": "Reconcile",
                "kubernetes.io/cluster-service": "true",
            },
            "annotations": {"deprecated.daemonset.template.generation": "1"},
        },
        "spec": {
            "revisionHistoryLimit": 10,
            "selector": {"matchLabels": labels},
            "template": template,
            "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1}},
        },
        "status": {
            "currentNumberScheduled": nodes,
            "desiredNumberScheduled": nodes,
            "numberAvailable": nodes,
            "numberMisscheduled": 0,
            "numberReady": nodes,
            "observedGeneration": 1,
            "updatedNumberScheduled": nodes,
        },
    }


def agent_pod(cluster: ClusterPlan, daemonset: Object, node: NodePlan, times: Times) -> Object:
    """The DaemonSet's pod on `node`."""
    template = copy.deepcopy(daemonset["spec"]["template"])
    suffix = hashlib.sha256(f"{cluster.name}/{node.name}".encode()).hexdigest()
    letters = "".join("bcdfghjklmnpqrstvwxz2456789"[int(suffix[i : i + 2], 16) % 27] for i in range(0, 10, 2))
    name = f"{NAME}-{letters}"
    spec = template["spec"]
    containers = spec.pop("containers")
    spec["tolerations"] += [
        {"effect": "NoExecute" if what in _ALWAYS[:2] else "NoSchedule", "key": key, "operator": "Exists"}
        for what in _ALWAYS
        for key in (f"node.kubernetes.io/{what}",)
    ]
    field = {"key": "metadata.name", "operator": "In", "values": [node.name]}
    spec["affinity"] = {
        "nodeAffinity": {
            "requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [{"matchFields": [field]}]}
        }
    }
    spec["priority"] = 2000001000
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": name,
            "generateName": f"{NAME}-",
            "namespace": "kube-system",
            "uid": uid(cluster, "Pod", f"kube-system/{name}"),
            "creationTimestamp": times.agents,
            "labels": {
                **template["metadata"]["labels"],
                "controller-revision-hash": HASH,
                "pod-template-generation": "1",
            },
            "ownerReferences": [
                {
                    "apiVersion": "apps/v1",
                    "kind": "DaemonSet",
                    "name": NAME,
                    "uid": daemonset["metadata"]["uid"],
                    "controller": True,
                    "blockOwnerDeletion": True,
                }
            ],
        },
        "spec": pod_spec(node.name, containers, **spec),
        "status": running(str(node.address), str(node.address), containers, times.agents),
    }


def _container(agent: AgentPlan) -> dict[str, Any]:
    return {
        "name": NAME,
        "image": agent.image,
        "imagePullPolicy": "IfNotPresent",
        "args": ["--v=2", "--logtostderr=false", "--log_file=/dev/stdout", "--log_file_max_size=0", *agent.flags],
        "resources": {"requests": {"cpu": "10m", "memory": "16Mi"}},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"add": ["NET_ADMIN", "NET_RAW"], "drop": ["ALL"]},
            "privileged": False,
        },
        "terminationMessagePath": "/dev/termination-log",
        "terminationMessagePolicy": "File",
        "volumeMounts": [{"mountPath": "/etc/config", "name": "config-volume"}],
    }


def _volume() -> dict[str, Any]:
    items = [{"key": "config", "path": NAME}]
    return {
        "name": "config-volume",
        "configMap": {"name": NAME, "items": items, "optional": True, "defaultMode": 420},
    }
