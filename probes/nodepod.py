"""A pod on the node's own network, on the same node: it sends what the node would send.

It is announced before it is made, labelled, bounded by a deadline of its own, and deleted when the run ends.
"""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from probes import kube, write
from probes.errors import CallError
from probes.kube import Kube
from rules.snapshot import PodRef
from rules.words import _

LABEL = {"app.kubernetes.io/managed-by": "wayhome", "app.kubernetes.io/component": "node-probe"}
LIFETIME = 600
START_SECONDS = 30.0
IMAGE = "WAYHOME_PROBE_IMAGE"
CONTAINER = "probe"
PLANNED = "wayhome-probe"

_TOOLED = (
    "curl",
    "netshoot",
    "toolbox",
    "tools",
    "network-multitool",
    "busybox",
    "alpine",
    "debian",
    "ubuntu",
    "python",
)

Object = dict[str, Any]
Post = Callable[[Object], Object]


class NodePodError(Exception):
    """There is no probe pod; `why` is a sentence."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True)
class NodePod:
    """A running probe pod; `privileged` tells whether it may read the nat table."""

    ref: PodRef
    uid: str
    image: str
    privileged: bool


def images(pod: Mapping[str, Any], node_pods: Sequence[Mapping[str, Any]], node: Mapping[str, Any] | None) -> list[str]:
    """Images to try, best first: the one that was asked for, else those that this node has already.

    The tested pod's own comes first, as it is there and was chosen by whoever runs the cluster; then what runs on
    the node, then what lies there, where the name promises tools.
    """
    asked = os.environ.get(IMAGE)
    if asked:
        return [asked]
    found = [str(one.get("image")) for one in _containers(pod) if one.get("image")]
    running = [str(one.get("image")) for other in node_pods for one in _containers(other) if one.get("image")]
    lying = [
        str(name)
        for image in ((node or {}).get("status") or {}).get("images") or []
        for name in (image.get("names") or [])[-1:]
    ]
    tooled = [name for name in (*running, *lying) if _rank(name) < len(_TOOLED)]
    return list(dict.fromkeys([*found, *sorted(tooled, key=_rank)]))


def name() -> str:
    """A fresh name for a probe pod."""
    return f"{PLANNED}-{secrets.token_hex(3)}"


def manifest(ref: PodRef, node: str, image: str, pull_secrets: Sequence[Any] = (), *, privileged: bool) -> Object:
    """The probe pod: small, on `node`'s network, tolerating everything, without a token, ended after LIFETIME s."""
    security: Object = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"], "add": ["NET_RAW"]}}
    if privileged:
        security = {"runAsUser": 0, "capabilities": {"drop": ["ALL"], "add": ["NET_ADMIN", "NET_RAW"]}}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": ref.name, "namespace": ref.namespace, "labels": dict(LABEL)},
        "spec": {
            "nodeName": node,
            "hostNetwork": True,
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
        },
    }


def create(
    client: Kube,
    namespace: str,
    node: str,
    choices: Sequence[str],
    pull_secrets: Sequence[Any],
    announce: Callable[[str], None],
    pause: Callable[[float], None],
    post: Post,
) -> NodePod:
    """Create the probe pod with `post` and wait until it runs; raises NodePodError with the reason when it does not."""
    if not choices:
        raise NodePodError(
            _("No image with tools is known on {node}; name one in {variable}.").format(node=node, variable=IMAGE)
        )
    why = ""
    for image in choices[:3]:
        ref = PodRef(namespace, name())
        announce(
            _(
                "Creating the pod {pod} (image {image}) on {node}'s own network to measure from there; it is deleted "
                "when the run ends, at the latest after {minutes} minutes."
            ).format(pod=ref, image=image, node=node, minutes=LIFETIME // 60)
        )
        found, privileged = _create(post, ref, node, image, pull_secrets)
        uid = str((found.get("metadata") or {}).get("uid") or "")
        why = _until_running(client, ref, pause)
        if not why:
            return NodePod(ref, uid, image, privileged)
        try:
            write.delete_pod(client, ref, uid=uid)
        except CallError:
            continue
    raise NodePodError(why)


def _create(post: Post, ref: PodRef, node: str, image: str, pull_secrets: Sequence[Any]) -> tuple[Object, bool]:
    """Create it with the right to read the nat table where that can be had, else without."""
    try:
        return post(manifest(ref, node, image, pull_secrets, privileged=True)), True
    except CallError as error:
        if error.status not in (400, 403, 422):
            raise NodePodError(_said(error, ref)) from error
    try:
        return post(manifest(ref, node, image, pull_secrets, privileged=False)), False
    except CallError as error:
        raise NodePodError(_said(error, ref)) from error


def _said(error: CallError, ref: PodRef) -> str:
    said = " ".join(error.detail.split())[:300]
    if error.why == "forbidden":
        return _("No probe pod may be created in {namespace} (create pods): {said}").format(
            namespace=ref.namespace, said=said
        )
    return _("The probe pod could not be created: {said}").format(said=said)


def _until_running(client: Kube, ref: PodRef, pause: Callable[[float], None]) -> str:
    """Wait until the pod runs; '' then, else the reason why it does not."""
    until = time.monotonic() + START_SECONDS
    wait = 0.05
    why = ""
    while time.monotonic() < until:
        try:
            found = client.get(kube.path("v1", "pods", ref.namespace, ref.name), seconds=5.0)
        except CallError as error:
            if error.why == "not-found":
                return _("The probe pod {pod} was deleted by somebody else.").format(pod=ref)
            why = error.detail
        else:
            status = found.get("status") or {}
            if status.get("phase") == "Running" and _ready(status):
                return ""
            why, final = _reason(status)
            if final:
                return _("The probe pod does not run: {why}").format(why=why)
        pause(wait)
        wait = min(wait * 1.6, 1.0)
    return _("The probe pod did not run within {seconds:.0f} s: {why}").format(
        seconds=START_SECONDS, why=why or _("it is still Pending")
    )


def _ready(status: Mapping[str, Any]) -> bool:
    containers = status.get("containerStatuses") or []
    return all((one.get("state") or {}).get("running") is not None for one in containers) if containers else True


def _reason(status: Mapping[str, Any]) -> tuple[str, bool]:
    """Why a pod is not running yet, and whether waiting is of no use."""
    for one in status.get("containerStatuses") or []:
        state = one.get("state") or {}
        for kind in ("waiting", "terminated"):
            found = state.get(kind) or {}
            reason = str(found.get("reason") or "")
            final = kind == "terminated" or reason in (
                "ErrImagePull",
                "ImagePullBackOff",
                "ErrImageNeverPull",
                "InvalidImageName",
                "CreateContainerConfigError",
                "CreateContainerError",
                "RunContainerError",
                "CrashLoopBackOff",
            )
            if reason and (final or reason != "ContainerCreating"):
                return f"{reason} {found.get('message') or ''}".strip()[:300], final
    if status.get("phase") in ("Failed", "Succeeded"):
        return f"{status.get('reason') or status.get('phase')} {status.get('message') or ''}".strip()[:300], True
    for one in status.get("conditions") or []:
        if one.get("status") == "False" and one.get("message"):
            return f"{one.get('reason') or ''} {one['message']}".strip()[:300], False
    return "", False


def _containers(pod: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [one for one in (pod.get("spec") or {}).get("containers") or [] if isinstance(one, Mapping)]


def _rank(image: str) -> int:
    last = image.rsplit("/", 1)[-1]
    return next((index for index, word in enumerate(_TOOLED) if word in last), len(_TOOLED))
