"""The lab's objects as they are just now, read past wayhome."""

from __future__ import annotations

import json
import urllib.request
from typing import Any

from probes import kube, kubeconfig
from probes.errors import CallError


def cluster(environment: dict[str, str], path: str) -> Any:
    """One object of the lab's Kubernetes API, None when it is not there."""
    client = kube.Kube(kubeconfig.find(environment["KUBECONFIG"], None))
    try:
        return client.get(path)
    except CallError as error:
        if error.why != "not-found":
            raise
        return None
    finally:
        client.close()


def config_map(environment: dict[str, str]) -> Any:
    return cluster(environment, "/api/v1/namespaces/kube-system/configmaps/ip-masq-agent")


def pods(environment: dict[str, str]) -> list[str]:
    return [one["metadata"]["name"] for one in cluster(environment, "/api/v1/pods")["items"]]


def network(environment: dict[str, str], project: str, name: str) -> Any:
    url = f"{environment['WAYHOME_COMPUTE_ENDPOINT']}/compute/v1/projects/{project}/global/networks/{name}"
    with urllib.request.urlopen(url) as answer:  # noqa: S310 - the lab's own endpoint
        return json.load(answer)


def flags(environment: dict[str, str]) -> list[Any]:
    return [
        [(one["name"], one["exportCustomRoutes"], one["importCustomRoutes"]) for one in found["peerings"]]
        for found in (network(environment, "project-a", "vpc-a"), network(environment, "project-b", "vpc-b"))
    ]


def objects(environment: dict[str, str]) -> Any:
    """All that remedies may touch, without the counters that servers keep."""
    found = config_map(environment)
    if found is not None:
        for key in ("resourceVersion", "uid", "creationTimestamp", "managedFields"):
            found["metadata"].pop(key, None)
    return found, flags(environment)
