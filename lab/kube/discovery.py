"""Discovery: which groups, versions, kinds and verbs there are, in the old form and the aggregated one."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from typing import Any

from lab.kube.kinds import Kind
from lab.store import Store

Object = dict[str, Any]

AGGREGATED = "APIGroupDiscoveryList"
GIT_VERSION = "v1.32.4-gke.1415000"


def version(store: Store) -> Object:
    """/version: as the GKE cluster in the store says, else GIT_VERSION."""
    clusters = [each for name in store.names("container/") for each in store.table(name).values()]
    running = next((each["currentMasterVersion"] for each in clusters if each.get("currentMasterVersion")), GIT_VERSION)
    running = f"v{running.removeprefix('v')}"
    major, minor, *_ = [*running.removeprefix("v").split("."), "", ""]
    machine = {"x86_64": "amd64", "aarch64": "arm64", "arm64": "arm64"}.get(platform.machine(), "amd64")
    return {
        "major": major,
        "minor": minor,
        "gitVersion": running,
        "gitCommit": "59526cd4867447956156ae3a602fcbac10a2c335",
        "gitTreeState": "clean",
        "buildDate": "2025-04-22T16:02:27Z",
        "goVersion": "go1.23.6 X:boringcrypto",
        "compiler": "gc",
        "platform": f"linux/{machine}",
    }


def core_versions(host: str) -> Object:
    """/api"""
    return {
        "kind": "APIVersions",
        "versions": ["v1"],
        "serverAddressByClientCIDRs": [{"clientCIDR": "0.0.0.0/0", "serverAddress": host}],
    }


def groups(kinds: Sequence[Kind]) -> Object:
    """/apis"""
    names = dict.fromkeys((kind.group, kind.version) for kind in kinds if kind.group)
    return {"kind": "APIGroupList", "apiVersion": "v1", "groups": [_group(*name) for name in names]}


def group(kinds: Sequence[Kind], name: str) -> Object | None:
    """/apis/GROUP, or None when there is none."""
    version = next((kind.version for kind in kinds if kind.group == name), None)
    return None if version is None or not name else {"kind": "APIGroup", "apiVersion": "v1", **_group(name, version)}


def resources(kinds: Sequence[Kind], group: str, version: str) -> Object | None:
    """/api/v1 or /apis/GROUP/VERSION, or None when there is none."""
    held = [kind for kind in kinds if (kind.group, kind.version) == (group, version)]
    if not held:
        return None
    listed: list[Object] = []
    for kind in held:
        listed.append(
            {
                "name": kind.plural,
                "singularName": kind.singular,
                "namespaced": kind.namespaced,
                "kind": kind.kind,
                "verbs": list(kind.verbs),
                **({"shortNames": list(kind.short)} if kind.short else {}),
                **({"categories": list(kind.categories)} if kind.categories else {}),
            }
        )
        for name, (of, verbs, api_version) in kind.subresources.items():
            other = dict(zip(("group", "version"), api_version.split("/"), strict=True)) if api_version else {}
            listed.append(
                {
                    "name": f"{kind.plural}/{name}",
                    "singularName": "",
                    "namespaced": kind.namespaced,
                    **other,
                    "kind": of,
                    "verbs": list(verbs),
                }
            )
    name = f"{group}/{version}" if group else version
    return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": name, "resources": listed}


def aggregated(kinds: Sequence[Kind], api_version: str, *, core: bool) -> Object:
    """/api and /apis in one answer each: an APIGroupDiscoveryList of apidiscovery.k8s.io/`api_version`."""
    names = dict.fromkeys((kind.group, kind.version) for kind in kinds if bool(kind.group) is not core)
    return {
        "kind": AGGREGATED,
        "apiVersion": f"apidiscovery.k8s.io/{api_version}",
        "metadata": {},
        "items": [
            {
                "metadata": {"name": group, "creationTimestamp": None} if group else {"creationTimestamp": None},
                "versions": [
                    {
                        "version": version,
                        "freshness": "Current",
                        "resources": [
                            _aggregated(kind) for kind in kinds if (kind.group, kind.version) == (group, version)
                        ],
                    }
                ],
            }
            for group, version in names
        ],
    }


def _group(name: str, version: str) -> Object:
    served = {"groupVersion": f"{name}/{version}", "version": version}
    return {"name": name, "versions": [served], "preferredVersion": served}


def _aggregated(kind: Kind) -> Object:
    found: Object = {
        "resource": kind.plural,
        "responseKind": {"group": kind.group, "version": kind.version, "kind": kind.kind},
        "scope": "Namespaced" if kind.namespaced else "Cluster",
        "singularResource": kind.singular,
        "verbs": list(kind.verbs),
    }
    if kind.short:
        found["shortNames"] = list(kind.short)
    if kind.categories:
        found["categories"] = list(kind.categories)
    if kind.subresources:
        found["subresources"] = [
            {"subresource": name, "responseKind": _response_kind(kind, of, other), "verbs": list(verbs)}
            for name, (of, verbs, other) in kind.subresources.items()
        ]
    return found


def _response_kind(kind: Kind, of: str, other: str) -> Object:
    group, _, version = other.rpartition("/")
    return (
        {"group": group, "version": version or kind.version, "kind": of}
        if other
        else {
            "group": kind.group,
            "version": kind.version,
            "kind": of,
        }
    )
