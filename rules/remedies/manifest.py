"""The DaemonSet that GKE documents for clusters in which it did not install the ip-masq-agent itself."""

from __future__ import annotations

from typing import Any

NAME = "ip-masq-agent"
NAMESPACE = "kube-system"
CHAIN = "IP-MASQ"
IMAGE = "gke.gcr.io/ip-masq-agent:v2.12.6-gke.15"
_LABELS = {"k8s-app": NAME}


def daemon_set(*, all_reserved: bool) -> dict[str, Any]:
    """The whole object; `all_reserved` adds --nomasq-all-reserved-ranges, which nodes of today have from their boot."""
    arguments = ["--v=2", "--logtostderr=false", "--log_file=/dev/stdout", "--log_file_max_size=0"]
    arguments.append(f"--masq-chain={CHAIN}")
    if all_reserved:
        arguments.append("--nomasq-all-reserved-ranges")
    arguments.append("--random-fully=false")  # must be so on Dataplane V2, and is what GKE documents for all
    container = {
        "name": NAME,
        "image": IMAGE,
        "args": arguments,
        "resources": {"requests": {"cpu": "10m", "memory": "16Mi"}},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"], "add": ["NET_ADMIN", "NET_RAW"]},
            "privileged": False,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "volumeMounts": [{"name": "config-volume", "mountPath": "/etc/config"}],
    }
    items = [{"key": "config", "path": NAME}]
    spec = {
        "hostNetwork": True,
        "priorityClassName": "system-node-critical",
        "containers": [container],
        "volumes": [{"name": "config-volume", "configMap": {"name": NAME, "items": items, "optional": True}}],
        "tolerations": [
            {"effect": "NoSchedule", "operator": "Exists"},
            {"effect": "NoExecute", "operator": "Exists"},
            {"key": "CriticalAddonsOnly", "operator": "Exists"},
        ],
        "nodeSelector": {"kubernetes.io/os": "linux"},
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "DaemonSet",
        "metadata": {"name": NAME, "namespace": NAMESPACE, "labels": dict(_LABELS)},
        "spec": {
            "selector": {"matchLabels": dict(_LABELS)},
            "template": {"metadata": {"labels": dict(_LABELS)}, "spec": spec},
        },
    }
