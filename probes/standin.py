"""Stands in for a pod that has nothing to measure with, or none of whose containers runs.

First a container is added to the pod itself (an ephemeral container, Kubernetes 1.23): it shares the pod's network, so
its packets are the pod's. It cannot be removed again, so it ends by itself. Where that cannot be had, a pod like it is
made on the same node; its packets differ in their address alone, which is of the same pod range.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from probes import kube, nodepod, write
from probes.errors import CallError
from probes.kube import Kube
from probes.nodepod import LIFETIME, Post, ProbePodError
from probes.place import Place, proxy_user
from probes.starting import until_running
from rules.snapshot import PodRef
from rules.words import _

LABEL = {**nodepod.LABEL, "app.kubernetes.io/component": "pod-probe"}
GATE = "wayhome/never"
USER = 65532

# What the controllers of Kubernetes tell their own pods by.
_CONTROLLERS = (
    "pod-template-hash",
    "controller-revision-hash",
    "pod-template-generation",
    "controller-uid",
    "job-name",
    "statefulset.kubernetes.io/",
    "apps.kubernetes.io/",
    "batch.kubernetes.io/",
)

Object = dict[str, Any]
Json = Mapping[str, Any]


@dataclass(frozen=True)
class Leave:
    """How something may be made: `no_pod` says why no pod may be, `root` that what is made has to ping."""

    announce: Callable[[str], None]
    pause: Callable[[float], None]
    post: Post
    no_pod: str = ""
    root: bool = False


def possible(pod: Json) -> bool:
    """Whether the pod has a network that a stand-in could use: it has an address, and is not on its way out."""
    status = pod.get("status") or {}
    going = bool((pod.get("metadata") or {}).get("deletionTimestamp"))
    return bool(status.get("podIP")) and status.get("phase") in ("Running", "Pending") and not going


def find(client: Kube, pod: Json, choices: Sequence[str], leave: Leave) -> Place:
    """A place that measures as `pod` does. Raises ProbePodError with the reason when there can be none."""
    ref = _ref(pod)
    earlier = _earlier(client, ref)
    if earlier is not None:
        return earlier
    try:
        return _added(client, pod, choices[0], leave)
    except ProbePodError as error:
        why = error.why
    if leave.no_pod:
        raise ProbePodError(f"{why} {leave.no_pod}")
    try:
        return _sibling(client, pod, choices, why, leave)
    except ProbePodError as error:
        raise ProbePodError(f"{why} {error.why}") from error


def still_there(client: Kube, where: Place) -> bool:
    """Whether the stand-in runs still; True where that cannot be seen."""
    try:
        found = client.get(kube.path("v1", "pods", where.ref.namespace, where.ref.name))
    except CallError as error:
        return error.why != "not-found"
    status = found.get("status") or {}
    name = where.containers[0].get("name")
    states = [*(status.get("containerStatuses") or []), *(status.get("ephemeralContainerStatuses") or [])]
    return any(one.get("name") == name and "running" in (one.get("state") or {}) for one in states)


def container(image: str, user: int | None, *, root: bool) -> Object:
    """The container that is added to the pod. `user` is the one that the pod's service mesh leaves alone."""
    return {
        "name": nodepod.name(),
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "command": ["sleep", str(LIFETIME)],
        "securityContext": _security(user, root=root),
    }


def manifest(ref: PodRef, pod: Json, labels: Mapping[str, str], image: str, *, root: bool) -> Object:
    """A pod like `pod` on its node that no Service sends anything to and no controller takes for its own.

    A readiness gate that nobody opens keeps it out of Services; its owner is `pod` itself, as a pod that has a
    controller is adopted by no other one, and goes with it.
    """
    meta, spec = pod["metadata"], pod.get("spec") or {}
    owner = {"apiVersion": "v1", "kind": "Pod", "name": meta["name"], "uid": meta.get("uid", ""), "controller": True}
    made = nodepod.spec(
        str(spec.get("nodeName")), image, _security(None, root=root), spec.get("imagePullSecrets") or ()
    )
    made["readinessGates"] = [{"conditionType": GATE}]
    if spec.get("hostNetwork"):
        made["hostNetwork"] = True
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": ref.name,
            "namespace": ref.namespace,
            "labels": {**labels, **LABEL, "sidecar.istio.io/inject": "false"},
            "annotations": {"sidecar.istio.io/inject": "false", "linkerd.io/inject": "disabled"},
            "ownerReferences": [owner],
        },
        "spec": made,
    }


def labels(pod: Json, policies: Sequence[Json] | None) -> dict[str, str]:
    """The labels that make NetworkPolicies treat another pod as they treat `pod`.

    Where the `policies` are not known, all of the pod's labels but those by which controllers tell their own.
    """
    own = {str(key): str(value) for key, value in ((pod.get("metadata") or {}).get("labels") or {}).items()}
    if policies is None:
        return {key: value for key, value in own.items() if not key.startswith(_CONTROLLERS)}
    asked: set[str] = set()
    for policy in policies:
        selector = (policy.get("spec") or {}).get("podSelector") or {}
        asked |= {str(key) for key in selector.get("matchLabels") or {}}
        asked |= {str(one.get("key")) for one in selector.get("matchExpressions") or []}
    return {key: own[key] for key in sorted(asked & set(own))}


def policies(client: Kube, namespace: str) -> list[Object] | None:
    """The NetworkPolicies of a namespace; None where they may not be read."""
    return _listed(client, "networking.k8s.io/v1", "networkpolicies", namespace)


def _security(user: int | None, *, root: bool) -> Object:
    """Least rights, which the strictest pod security standard admits; a ping needs `root` and a raw socket."""
    if root:
        return {"runAsUser": 0, "runAsNonRoot": False, "capabilities": {"drop": ["ALL"], "add": ["NET_RAW"]}}
    return {
        "runAsUser": USER if user is None else user,
        "runAsNonRoot": True,
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "seccompProfile": {"type": "RuntimeDefault"},
    }


def _ref(pod: Json) -> PodRef:
    return PodRef(str(pod["metadata"].get("namespace") or "default"), str(pod["metadata"]["name"]))


def _place(ref: PodRef, name: str, image: str) -> Place:
    return Place(ref, ({"name": name, "image": image},), single=False)


def _earlier(client: Kube, ref: PodRef) -> Place | None:
    """A container that an earlier run added and that runs still, so that they do not pile up in the pod."""
    try:
        found = client.get(kube.path("v1", "pods", ref.namespace, ref.name))
    except CallError:
        return None
    images = {
        one.get("name"): str(one.get("image")) for one in (found.get("spec") or {}).get("ephemeralContainers") or []
    }
    for one in (found.get("status") or {}).get("ephemeralContainerStatuses") or []:
        name = str(one.get("name"))
        if name.startswith(nodepod.PLANNED) and name in images and "running" in (one.get("state") or {}):
            return _place(ref, name, images[name])
    return None


def _added(client: Kube, pod: Json, image: str, leave: Leave) -> Place:
    ref, uid, user = _ref(pod), str(pod["metadata"].get("uid") or ""), proxy_user(pod)
    made = _allowed(client, ref, uid, [container(image, user, root=wish) for wish in _wishes(leave)])
    leave.announce(
        _(
            "Adding the container {name} (image {image}) to the pod {pod} to measure from there: it shares the pod's "
            "network, so its packets are the pod's. It ends by itself after {minutes} minutes; Kubernetes removes no "
            "such container, so it stays listed in the pod as long as the pod lives."
        ).format(name=made["name"], image=image, pod=ref, minutes=LIFETIME // 60)
    )
    try:
        write.add_container(client, ref, uid, made)
    except CallError as error:
        raise ProbePodError(_refused(error, ref)) from error
    why = until_running(client, ref, leave.pause, made["name"])
    if why:
        raise ProbePodError(why)
    return _place(ref, made["name"], image)


def _wishes(leave: Leave) -> tuple[bool, ...]:
    return (True, False) if leave.root else (False,)


def _allowed(client: Kube, ref: PodRef, uid: str, containers: Sequence[Object]) -> Object:
    """The first container that a rehearsal takes; nothing is announced that may not be made."""
    for one in containers:
        try:
            write.add_container(client, ref, uid, one, dry_run=True)
        except CallError as error:
            refused = error
        else:
            return one
    raise ProbePodError(_refused(refused, ref)) from refused


def _refused(error: CallError, ref: PodRef) -> str:
    said = " ".join(error.detail.split())[:300]
    if error.why == "forbidden":
        return _("No container may be added to {pod} (patch pods/ephemeralcontainers): {said}.").format(
            pod=ref, said=said.rstrip(".。")
        )
    if error.why == "not-found" and "could not find the requested resource" in said:
        return _("The cluster is older than 1.23 and can add no container to a pod.")
    return _("No container could be added to {pod}: {said}.").format(pod=ref, said=said.rstrip(".。"))


def _sibling(client: Kube, pod: Json, choices: Sequence[str], why: str, leave: Leave) -> Place:
    ref, node = _ref(pod), str((pod.get("spec") or {}).get("nodeName") or "")
    known = policies(client, ref.namespace)
    copied = labels(pod, known)
    clash = sorted(set(copied) & set(LABEL))
    if known is not None and clash:
        raise ProbePodError(
            _(
                "No pod can stand in for {pod}: NetworkPolicies select by the label {label}, which probe pods need."
            ).format(pod=ref, label=clash[0])
        )
    unpublished(client, ref, copied)

    def announce(made: PodRef, image: str) -> None:
        leave.announce(
            _(
                "Creating the pod {made} (image {image}) on {node} to measure in the place of {pod}. {why} It has the "
                "same node and pod range and {labels}, but an address of its own: what counts for the very address of "
                "{pod} is not tested. It is never ready, so that no Service sends it anything, and belongs to {pod}, "
                "so that no controller adopts it; it is deleted when the run ends, at the latest after {minutes} "
                "minutes."
            ).format(
                made=made,
                image=image,
                node=node,
                pod=ref,
                why=why,
                labels=_copied(copied, known),
                minutes=LIFETIME // 60,
            )
        )

    made = nodepod.create(
        client,
        ref.namespace,
        choices,
        lambda name, image: tuple(manifest(name, pod, copied, image, root=wish) for wish in _wishes(leave)),
        announce,
        leave.pause,
        leave.post,
    )
    return Place(made.ref, ({"name": nodepod.CONTAINER, "image": made.image},))


def _copied(copied: Mapping[str, str], policies: Sequence[Json] | None) -> str:
    names = ", ".join(f"{key}={value}" for key, value in sorted(copied.items()))
    if policies is None:
        return _("the labels {names} (which of them NetworkPolicies select by could not be read)").format(
            names=names or "-"
        )
    if not names:
        return _("none of its labels, as no NetworkPolicy selects by one")
    return _("the labels {names}, by which NetworkPolicies select").format(names=names)


def _listed(client: Kube, group: str, plural: str, namespace: str) -> list[Object] | None:
    try:
        found = client.list(kube.path(group, plural, namespace))
    except CallError:
        return None
    return [one for one in found["items"] if isinstance(one, dict)]


def unpublished(client: Kube, ref: PodRef, copied: Mapping[str, str]) -> None:
    """Raise ProbePodError when a Service would send traffic even to a pod with these labels that is not ready."""
    for service in _listed(client, "v1", "services", ref.namespace) or ():
        spec = service.get("spec") or {}
        selector = spec.get("selector") or {}
        chosen = selector and all(copied.get(str(key)) == value for key, value in selector.items())
        if spec.get("publishNotReadyAddresses") and chosen:
            raise ProbePodError(
                _(
                    "No pod can stand in for {pod}: the Service {service} would send it traffic though it is not ready."
                ).format(pod=ref, service=service["metadata"]["name"])
            )
