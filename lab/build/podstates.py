"""Pods that are not simply running: how each state looks to whoever reads the API, and why it lasts in the lab."""

from __future__ import annotations

from typing import Any

Object = dict[str, Any]

FINALIZER = "example.com/keeps-it"
MISSING = "settings-that-nobody-made"


def bring_into(state: str, pod: Object, started: str) -> None:
    """Turn a running `pod` into one in `state` (one of the scenario's STATES), in place."""
    _EDITS[state](pod, started)


def _running(_pod: Object, _started: str) -> None:
    """It is."""


def _pending(pod: Object, _started: str) -> None:
    """No node has what it asks for."""
    spec = pod["spec"]
    del spec["nodeName"]
    spec["nodeSelector"] = {"example.com/accelerator": "present"}
    message = "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector."
    condition = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": message}
    pod["status"] = {"phase": "Pending", "qosClass": "BestEffort", "conditions": [condition]}


def _starting(pod: Object, _started: str) -> None:
    """The kubelet waits for a ConfigMap that does not exist."""
    pod["spec"]["volumes"] = [{"name": "settings", "configMap": {"name": MISSING, "defaultMode": 420}}]
    status = pod["status"]
    status["phase"] = "Pending"
    for name in ("podIP", "podIPs"):
        del status[name]
    _unready(status, "ContainersNotReady")
    for each in status["containerStatuses"]:
        each.update(ready=False, started=False, state={"waiting": {"reason": "ContainerCreating"}})
        del each["containerID"]


def _crash_looping(pod: Object, started: str) -> None:
    """Its containers end again and again, and wait longer each time."""
    _unready(pod["status"], "ContainersNotReady")
    for each in pod["status"]["containerStatuses"]:
        message = f"back-off 5m0s restarting failed container={each['name']} pod={pod['metadata']['name']}"
        each.update(
            ready=False,
            started=False,
            restartCount=7,
            state={"waiting": {"reason": "CrashLoopBackOff", "message": message}},
            lastState=_ended(1, started),
        )


def _completed(pod: Object, started: str) -> None:
    """A job that is done."""
    _end(pod, started, 0)


def _failed(pod: Object, started: str) -> None:
    """A job that went wrong."""
    _end(pod, started, 1)


def _being_deleted(pod: Object, started: str) -> None:
    """Deleted, while somebody's finalizer holds it."""
    pod["metadata"].update(deletionTimestamp=started, deletionGracePeriodSeconds=30, finalizers=[FINALIZER])


def _end(pod: Object, started: str, code: int) -> None:
    pod["spec"]["restartPolicy"] = "Never"
    pod["status"]["phase"] = "Failed" if code else "Succeeded"
    _unready(pod["status"], "PodFailed" if code else "PodCompleted")
    for each in pod["status"]["containerStatuses"]:
        each.update(ready=False, started=False, state=_ended(code, started))


def _ended(code: int, at: str) -> Object:
    reason = "Error" if code else "Completed"
    return {"terminated": {"exitCode": code, "reason": reason, "startedAt": at, "finishedAt": at}}


def _unready(status: Object, reason: str) -> None:
    for each in status["conditions"]:
        if each["type"] in ("Ready", "ContainersReady"):
            each.update(status="False", reason=reason)


_EDITS = {
    "running": _running,
    "pending": _pending,
    "starting": _starting,
    "crash looping": _crash_looping,
    "completed": _completed,
    "failed": _failed,
    "being deleted": _being_deleted,
}
