"""What an agent pod finds at /etc/config/ip-masq-agent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lab.store import Store

FOLDER = "/etc/config"
FILE = "ip-masq-agent"


def agent_container(pod: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The container of `pod` that runs ip-masq-agent on the node's network, or None."""
    spec = pod.get("spec", {})
    if not spec.get("hostNetwork"):
        return None
    for container in spec.get("containers", ()):
        image = str(container.get("image", "")).split("@")[0].rsplit("/", 1)[-1]
        if image.split(":")[0].startswith("ip-masq-agent"):
            found: Mapping[str, Any] = container
            return found
    return None


def read(store: Store, pod: Mapping[str, Any], until: str = "") -> str | None:
    """The file's text as the kubelet would mount it now; None when there is no such file.

    `until` (RFC 3339, UTC): as it was mounted then, before any ConfigMap that is younger.
    """
    container = agent_container(pod)
    if container is None:
        return None
    mounts = [mount for mount in container.get("volumeMounts", ()) if mount.get("mountPath", "").rstrip("/") == FOLDER]
    names = [mount["name"] for mount in mounts]
    for volume in pod["spec"].get("volumes") or ():
        source = volume.get("configMap")
        if volume.get("name") not in names or source is None:
            continue
        found = store.table("kube/configmaps").find(f"{pod['metadata']['namespace']}/{source.get('name')}")
        if found is None or (until and found["metadata"].get("creationTimestamp", "") > until):
            continue
        data = found.get("data") or {}
        items = source.get("items")
        keys = [FILE] if not items else [item["key"] for item in items if item.get("path") == FILE]
        for key in keys:
            if key in data:
                return str(data[key])
    return None
