"""The only place that changes anything: probe pods and containers, the agent and its ConfigMap, an EgressNATPolicy,
a peering's flags.

Every write insists that the object is still the one that was shown (uid and resourceVersion, or the peering's fields
read again just before), and can be rehearsed where the API has a server-side dry run.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from probes import cloud, kube, warmup
from probes.blame import MANAGER
from probes.compute import Compute, as_json
from probes.errors import (
    CallError,
    ChangedMeanwhileError,
    ChangeError,
    ForbiddenError,
    LoginError,
    UnreachableError,
)
from probes.hands import Say, silent
from probes.kube import Kube
from rules import consumer
from rules.snapshot import Json, PodRef
from rules.words import _

OPERATION_SECONDS = 180.0
BUSY_SECONDS = 90.0
_BUSY = ("peering operation in progress", "operation in progress on the local or peer network", "is not ready")

Object = dict[str, Any]
Pause = Callable[[float], None]


def create_pod(client: Kube, manifest: Json, *, dry_run: bool = False) -> Object:
    """Create a pod and return it as the server has it. Raises CallError."""
    namespace = str(manifest["metadata"]["namespace"])
    query = {"dryRun": "All"} if dry_run else {}
    return client.send("POST", kube.path("v1", "pods", namespace), query, dict(manifest))


def add_container(client: Kube, pod: PodRef, uid: str, container: Json, *, dry_run: bool = False) -> Object:
    """Add an ephemeral container to that very pod, as `kubectl debug` does; returns the pod. Raises CallError."""
    path = kube.path("v1", "pods", pod.namespace, pod.name) + "/ephemeralcontainers"
    patch: Object = {"spec": {"ephemeralContainers": [dict(container)]}}
    if uid:
        patch["metadata"] = {"uid": uid}
    query = {"dryRun": "All"} if dry_run else {}
    return client.send("PATCH", path, query, patch, content_type="application/strategic-merge-patch+json")


def delete_pod(client: Kube, pod: PodRef, *, uid: str = "", seconds: float = kube.SECONDS) -> None:
    """Delete a pod at once; with `uid`, only that very pod. One that is gone already is well. Raises CallError."""
    body: Object = {"kind": "DeleteOptions", "apiVersion": "v1", "gracePeriodSeconds": 0}
    if uid:
        body["preconditions"] = {"uid": uid}
    try:
        client.send("DELETE", kube.path("v1", "pods", pod.namespace, pod.name), None, body, seconds=seconds)
    except CallError as error:
        if error.why != "not-found" and error.status != 409:
            raise


def write_config_map(
    client: Kube, namespace: str, name: str, live: Json | None, wanted: Json | None, *, dry_run: bool = False
) -> Object | None:
    """Make `wanted` out of `live` (None: absent) and return the ConfigMap as the server has it afterwards.

    `live` is the object as read, with its uid and resourceVersion; of `wanted`, data, binaryData, labels and
    annotations count. Raises ChangedMeanwhileError, ForbiddenError, ChangeError, LoginError or UnreachableError.
    """
    manifest = None if wanted is None else _config_map(namespace, name, wanted, _identity(live) if live else {})
    return _write(client, CONFIG_MAP, (namespace, name), live, manifest, dry_run=dry_run)


@dataclass(frozen=True)
class Resource:
    """A kind of objects that a remedy writes, and how they are addressed."""

    kind: str
    api: str
    plural: str


CONFIG_MAP = Resource("ConfigMap", "v1", "configmaps")
RESOURCES = {
    resource.kind: resource
    for resource in (
        CONFIG_MAP,
        Resource("DaemonSet", "apps/v1", "daemonsets"),
        Resource("EgressNATPolicy", "networking.gke.io/v1", "egressnatpolicies"),
    )
}


def write_object(
    client: Kube,
    kind: str,
    namespace: str,
    name: str,
    live: Json | None,
    wanted: Json | None,
    *,
    dry_run: bool = False,
) -> Object | None:
    """As `write_config_map`, for a DaemonSet or an EgressNATPolicy (whose `namespace` is empty): the spec counts."""
    manifest: Object | None = None
    if wanted is not None:
        said = wanted.get("metadata") or {}
        kept = {key: said[key] for key in ("labels", "annotations", "finalizers") if said.get(key)}
        metadata = {"name": name, **({"namespace": namespace} if namespace else {}), **kept}
        metadata.update(_identity(live) if live else {})
        manifest = {"apiVersion": RESOURCES[kind].api, "kind": kind, "metadata": metadata, "spec": wanted["spec"]}
    return _write(client, RESOURCES[kind], (namespace, name), live, manifest, dry_run=dry_run)


def _write(
    client: Kube,
    resource: Resource,
    address: tuple[str, str],
    live: Json | None,
    manifest: Object | None,
    *,
    dry_run: bool,
) -> Object | None:
    namespace, name = address
    path = kube.path(resource.api, resource.plural, namespace, name)
    where = f"{resource.kind} {'/'.join(part for part in address if part)}"
    query = {"fieldManager": MANAGER, **({"dryRun": "All"} if dry_run else {})}
    try:
        if manifest is None:
            if live is None:
                return None
            preconditions = _identity(live)
            if resource.kind == "DaemonSet":
                preconditions.pop("resourceVersion", None)  # its status moves it with every pod
            body: Object = {"kind": "DeleteOptions", "apiVersion": "v1", "preconditions": preconditions}
            client.send("DELETE", path, {"dryRun": "All"} if dry_run else {}, body)
            return None
        if live is None:
            return client.send("POST", kube.path(resource.api, resource.plural, namespace), query, manifest)
        return client.send("PUT", path, query, manifest)
    except CallError as error:
        verb = "delete" if manifest is None else "create" if live is None else "update"
        raise refused(error, where, f"{verb} {resource.plural}") from error


def update_peering(
    compute: Compute,
    project: str,
    network: str,
    peering: str,
    live: Json,
    wanted: Json,
    *,
    request_id: str = "",
    pause: Pause = time.sleep,
    say: Say = silent,
) -> Object:
    """Set the fields of `wanted` (REST names) on a peering and wait for the operation; returns the peering afterwards.

    `live` holds the same fields as they were shown; when the peering differs now, nothing is sent. Google does one
    peering operation at a time on either side: while it is busy with another, this says so, waits, looks again and
    tries again.
    """
    where = _("peering {peering} of {project}/{network}").format(peering=peering, project=project, network=network)

    def now() -> Object:
        found = read_peering(compute, project, network, peering)
        return {key: found.get(key, False) for key in {*live, *wanted}}

    def seen() -> bool:
        found = now()
        return all(found[key] == value for key, value in wanted.items())

    def start(again: bool) -> Object:
        found = now()
        if again and all(found[key] == value for key, value in wanted.items()):
            return {"status": "DONE"}  # what Google was busy with was this very change, sent before
        changed = {key: found[key] for key in live if found[key] != live[key]}
        if changed:
            raise ChangedMeanwhileError(
                _("Someone has changed the {where} meanwhile ({changed}); look at it and plan again.").format(
                    where=where, changed=json.dumps(changed)
                )
            )
        return _start(compute, project, network, {"name": peering, **wanted}, request_id)

    try:
        operation = _patiently(start, where, pause, say)
        _wait(compute, project, operation, seen, where, pause)
        return read_peering(compute, project, network, peering)
    except CallError as error:
        raise refused(error, where, "compute.networks.updatePeering") from error


def read_peering(compute: Compute, project: str, network: str, peering: str) -> Object:
    """A network's peering as it is now. Raises CallError."""
    found = compute.get("networks", {"project": project, "network": network})
    for one in found.get("peerings", []):
        if one.get("name") == peering:
            return dict(one)
    raise CallError("not-found", f"{project}/{network} has no peering {peering}", status=404)


def _start(compute: Compute, project: str, network: str, fields: Json, request_id: str) -> Object:
    google = warmup.google()
    message = google.compute.NetworkPeering.from_json(json.dumps(dict(fields)))
    request: Object = {
        "project": project,
        "network": network,
        "networks_update_peering_request_resource": {"network_peering": message},
    }
    if request_id:
        request["request_id"] = request_id
    try:
        return as_json(
            compute.client("networks").update_peering_unary(request=request, retry=None, timeout=kube.SECONDS)
        )
    except Exception as error:
        raise cloud.failure(error) from error


def _patiently(start: Callable[[bool], Object], where: str, pause: Pause, say: Say) -> Object:
    """Call `start` again, ever more slowly, while Google is busy with another peering operation."""
    until = time.monotonic() + BUSY_SECONDS
    wait = 1.0
    again = False
    while True:
        try:
            return start(again)
        except CallError as error:
            busy = any(words in error.detail.lower() for words in _BUSY)
            if not busy or time.monotonic() + wait > until:
                raise
            said = " ".join(error.detail.split())[:200]
        say(
            _("Google is busy with another operation on {where} ({said}); trying again in {seconds:.0f} s.").format(
                where=where, said=said, seconds=wait
            )
        )
        pause(wait)
        wait, again = min(wait * 2, 15.0), True


def _wait(
    compute: Compute, project: str, operation: Object, seen: Callable[[], bool], where: str, pause: Pause
) -> None:
    """Wait until the operation is done; whoever may not watch operations watches the peering itself with `seen`."""
    until = time.monotonic() + OPERATION_SECONDS
    name = str(operation.get("name"))
    while operation.get("status") != "DONE":
        left = until - time.monotonic()
        if left <= 0:
            raise ChangeError(
                _(
                    "The {where} was sent its change, which is not done after {seconds:.0f} s (operation {name})."
                ).format(where=where, seconds=OPERATION_SECONDS, name=name)
            )
        try:
            operation = compute.ask("operations", "wait", {"project": project, "operation": name}, min(left, 125.0))
        except CallError as error:
            if error.why not in ("forbidden", "timeout"):
                raise
            if seen():
                return
            pause(1.0)
    errors = (operation.get("error") or {}).get("errors") or []
    if errors:
        said = "; ".join(str(one.get("message") or one.get("code")) for one in errors)
        raise ChangeError(_("Google refused to change the {where}: {said}").format(where=where, said=said))


def refused(
    error: CallError, where: str, permission: str
) -> ChangeError | ForbiddenError | LoginError | UnreachableError:
    """The failure of a write as a sentence."""
    said = " ".join(error.detail.split())[:500]
    charged = consumer.refusal(said) if error.why == "forbidden" else None
    if charged is not None:
        return ForbiddenError(
            _("The {where} is not changed: {cause}; run `{command}` and plan again.").format(
                where=where, cause=charged.cause, command=charged.command
            )
        )
    if error.why == "forbidden":
        return ForbiddenError(
            _("You may not change the {where}; it needs the permission {permission} ({said}).").format(
                where=where, permission=error.permission or permission, said=said
            )
        )
    if error.why == "login":
        return LoginError(
            _("The login has expired before the {where} was changed; log in again and retry.").format(where=where)
        )
    if error.status in (409, 412) or error.why == "not-found":
        return ChangedMeanwhileError(
            _("The {where} is no longer the one that was shown ({said}); plan again.").format(where=where, said=said)
        )
    if error.why in ("unreachable", "timeout"):
        return UnreachableError(
            _("No answer came when the {where} was changed ({said}); look whether it was, before you retry.").format(
                where=where, said=said
            )
        )
    return ChangeError(_("The change of the {where} was refused: {said}").format(where=where, said=said))


def _identity(live: Json) -> Object:
    return {key: live["metadata"][key] for key in ("uid", "resourceVersion") if live["metadata"].get(key)}


def _config_map(namespace: str, name: str, wanted: Json, kept: Mapping[str, Any]) -> Object:
    metadata: Object = {"name": name, "namespace": namespace, **kept}
    said = wanted.get("metadata") or {}
    for key in ("labels", "annotations"):
        if said.get(key):
            metadata[key] = dict(said[key])
    found: Object = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata}
    for key in ("data", "binaryData", "immutable"):
        if wanted.get(key) is not None:
            found[key] = wanted[key]
    return found
