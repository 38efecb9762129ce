"""Probe pods: one on the node's own network sends what the node would send.

Each is announced before it is made, labelled, bounded by a deadline of its own, and deleted when the run ends.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from probes import write
from probes.errors import CallError
from probes.kube import Kube
from probes.starting import until_running
from rules.snapshot import PodRef
from rules.words import _

LABEL = {"app.kubernetes.io/managed-by": "wayhome", "app.kubernetes.io/component": "node-probe"}
SELECTOR = "app.kubernetes.io/managed-by=wayhome"
LIFETIME = 600
CONTAINER = "probe"
PLANNED = "wayhome-probe"

Object = dict[str, Any]
Post = Callable[[Object], Object]


class ProbePodError(Exception):
    """There is no probe pod; `why` is a sentence."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True)
class ProbePod:
    """A running probe pod."""

    ref: PodRef
    uid: str
    image: str


def name() -> str:
    """A fresh name for a probe pod."""
    return f"{PLANNED}-{secrets.token_hex(3)}"


def manifest(ref: PodRef, node: str, image: str, pull_secrets: Sequence[Any] = (), *, privileged: bool) -> Object:
    """The probe pod on `node`'s network."""
    security: Object = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"], "add": ["NET_RAW"]}}
    if privileged:
        security = {"runAsUser": 0, "capabilities": {"drop": ["ALL"], "add": ["NET_ADMIN", "NET_RAW"]}}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": ref.name, "namespace": ref.namespace, "labels": dict(LABEL)},
        "spec": {**spec(node, image, security, pull_secrets), "hostNetwork": True},
    }


def spec(node: str, image: str, security: Object, pull_secrets: Sequence[Any] = ()) -> Object:
    """A pod on `node`: small, tolerating everything, without a token, ended after LIFETIME s."""
    return {
        "nodeName": node,
        "restartPolicy": "Never",
        "activeDeadlineSeconds": LIFETIME,
        "terminationGracePeriodSeconds": 0,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "tolerations": [{"operator": "Exists"}],
        **({"imagePullSecrets": list(pull_secrets)} if pull_secrets else {}),
        "containers": [
            {
                "name": CONTAINER,
                "image": image,
                "imagePullPolicy": "IfNotPresent",
                "command": ["sleep", str(LIFETIME)],
                "securityContext": security,
                "resources": {
                    "requests": {"cpu": "10m", "memory": "16Mi"},
                    "limits": {"cpu": "200m", "memory": "64Mi"},
                },
            }
        ],
    }


def on_node(
    client: Kube,
    namespace: str,
    node: str,
    choices: Sequence[str],
    pull_secrets: Sequence[Any],
    announce: Callable[[str], None],
    pause: Callable[[float], None],
    post: Post,
) -> ProbePod:
    """Create the probe pod on `node`'s network, with the right to read the nat table where that can be had.

    Raises ProbePodError.
    """

    def made(ref: PodRef, image: str) -> tuple[Object, ...]:
        return tuple(manifest(ref, node, image, pull_secrets, privileged=wish) for wish in (True, False))

    def said(ref: PodRef, image: str) -> str:
        return _(
            "Creating the pod {pod} (image {image}) on {node}'s own network to measure from there; it is deleted "
            "when the run ends, at the latest after {minutes} minutes."
        ).format(pod=ref, image=image, node=node, minutes=LIFETIME // 60)

    return create(client, namespace, choices, made, lambda ref, image: announce(said(ref, image)), pause, post)


def create(
    client: Kube,
    namespace: str,
    choices: Sequence[str],
    made: Callable[[PodRef, str], Sequence[Object]],
    announce: Callable[[PodRef, str], None],
    pause: Callable[[float], None],
    post: Post,
) -> ProbePod:
    """Create a probe pod with `post` and wait until it runs; raises ProbePodError with the reason when it does not.

    `made` gives the manifests for an image, from the best to the one that asks for least.
    """
    why = ""
    for image in choices:
        ref = PodRef(namespace, name())
        allowed = _allowed(client, ref, made(ref, image))
        announce(ref, image)
        found = _create(post, ref, allowed)
        uid = str((found.get("metadata") or {}).get("uid") or "")
        why = until_running(client, ref, pause)
        if not why:
            return ProbePod(ref, uid, image)
        try:
            write.delete_pod(client, ref, uid=uid)
        except CallError:
            continue
    raise ProbePodError(why)


def _allowed(client: Kube, ref: PodRef, manifests: Sequence[Object]) -> Sequence[Object]:
    """The manifests from the first that a rehearsal does not forbid; nothing is announced that may not be made."""
    for place, one in enumerate(manifests):
        try:
            write.create_pod(client, one, dry_run=True)
        except CallError as error:
            if error.status != 403:
                return manifests[place:]
            refused = error
        else:
            return manifests[place:]
    raise ProbePodError(_said(refused, ref)) from refused


def _create(post: Post, ref: PodRef, manifests: Sequence[Object]) -> Object:
    """Create the first of `manifests` that the server takes."""
    *others, last = manifests
    for one in others:
        try:
            return post(one)
        except CallError as error:
            if error.status not in (400, 403, 422):
                raise ProbePodError(_said(error, ref)) from error
    try:
        return post(last)
    except CallError as error:
        raise ProbePodError(_said(error, ref)) from error


def _said(error: CallError, ref: PodRef) -> str:
    said = " ".join(error.detail.split())[:300]
    if error.why == "forbidden":
        return _("No probe pod may be created in {namespace} (create pods): {said}").format(
            namespace=ref.namespace, said=said
        )
    return _("The probe pod could not be created: {said}").format(said=said)
