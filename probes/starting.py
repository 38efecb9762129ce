"""Waits until a pod, or a container added to one, runs, and says why it does not."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from probes import kube, patience
from probes.errors import CallError
from probes.kube import Kube
from rules.snapshot import PodRef
from rules.words import _

SECONDS = 30.0
# A pod whose image is there runs within a second or two, and the measurement waits for it.
SOON, OFTEN = 5.0, 0.15

_FINAL = (
    "ErrImagePull",
    "ImagePullBackOff",
    "ErrImageNeverPull",
    "InvalidImageName",
    "CreateContainerConfigError",
    "CreateContainerError",
    "RunContainerError",
    "CrashLoopBackOff",
)

Json = Mapping[str, Any]


def until_running(client: Kube, ref: PodRef, pause: Callable[[float], None], container: str = "") -> str:
    """Wait until the pod (or the `container` that was added to it) runs; '' then, else the reason why it does not."""
    began = time.monotonic()
    until = began + patience.times(SECONDS)
    wait = 0.05
    why = ""
    while time.monotonic() < until:
        try:
            found = client.get(kube.path("v1", "pods", ref.namespace, ref.name), seconds=5.0)
        except CallError as error:
            if error.why == "not-found":
                return _("The pod {pod} was deleted by somebody else.").format(pod=ref)
            why = error.detail
        else:
            status = found.get("status") or {}
            if _runs(status, container):
                return ""
            why, final = _reason(status, container)
            if final:
                return _("The {what} does not run: {why}").format(what=_what(ref, container), why=why)
        pause(wait)
        wait = min(wait * 1.6, OFTEN if time.monotonic() - began < SOON else 1.0)
    return _("The {what} did not run within {seconds:.0f} s: {why}").format(
        what=_what(ref, container), seconds=SECONDS, why=why or _("it is still Pending")
    )


def _what(ref: PodRef, container: str) -> str:
    return _("container {container} in {pod}").format(container=container, pod=ref) if container else f"pod {ref}"


def _statuses(status: Json, container: str) -> list[Json]:
    if not container:
        return list(status.get("containerStatuses") or [])
    return [one for one in status.get("ephemeralContainerStatuses") or [] if one.get("name") == container]


def _runs(status: Json, container: str) -> bool:
    found = _statuses(status, container)
    running = all((one.get("state") or {}).get("running") is not None for one in found)
    return running and (bool(found) if container else status.get("phase") == "Running")


def _reason(status: Json, container: str) -> tuple[str, bool]:
    """Why it is not running yet, and whether waiting is of no use."""
    for one in _statuses(status, container):
        state = one.get("state") or {}
        for kind in ("waiting", "terminated"):
            found = state.get(kind) or {}
            reason = str(found.get("reason") or "")
            final = kind == "terminated" or reason in _FINAL
            if reason and (final or reason != "ContainerCreating"):
                return f"{reason} {found.get('message') or ''}".strip()[:300], final
    if status.get("phase") in ("Failed", "Succeeded"):
        return f"{status.get('reason') or status.get('phase')} {status.get('message') or ''}".strip()[:300], True
    for one in [] if container else status.get("conditions") or []:
        if one.get("status") == "False" and one.get("message"):
            return f"{one.get('reason') or ''} {one['message']}".strip()[:300], False
    return "", False
