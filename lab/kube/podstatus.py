"""A pod's status at the moments of its life, written as the kubelet writes it. All edit in place."""

from __future__ import annotations

import hashlib
import secrets
from typing import Any

from lab.kube.scheduling import condition
from lab.kube.times import now

Object = dict[str, Any]


def address(node: Object) -> str:
    """The node's internal address."""
    addresses = (node.get("status") or {}).get("addresses") or ()
    return str(next((each["address"] for each in addresses if each.get("type") == "InternalIP"), ""))


def creating(thing: Object, host: str) -> None:
    """The pod's containers are being created on the node at `host`."""
    status = thing.setdefault("status", {})
    names = [each["name"] for each in thing["spec"].get("containers") or ()]
    waits = f"containers with unready status: [{' '.join(names)}]"
    condition(thing, "PodReadyToStartContainers", "False")
    condition(thing, "Initialized", "True")
    condition(thing, "Ready", "False", "ContainersNotReady", waits)
    condition(thing, "ContainersReady", "False", "ContainersNotReady", waits)
    condition(thing, "PodScheduled", "True")
    status.update(phase="Pending", hostIP=host, hostIPs=[{"ip": host}], startTime=now())
    status["containerStatuses"] = [
        {
            "name": each["name"],
            "image": each["image"],
            "imageID": "",
            "ready": False,
            "started": False,
            "restartCount": 0,
            "state": {"waiting": {"reason": "ContainerCreating"}},
            "lastState": {},
        }
        for each in thing["spec"].get("containers") or ()
    ]


def running(thing: Object, address: str) -> None:
    """All containers run; the pod has `address`. It is ready unless it waits for somebody to open a readiness gate."""
    status = thing["status"]
    for each in ("PodReadyToStartContainers", "ContainersReady"):
        condition(thing, each, "True")
    _ready(thing)
    status.update(phase="Running", podIP=address, podIPs=[{"ip": address}])
    status["containerStatuses"] = [_up(each) for each in thing["spec"].get("containers") or ()]
    if inits := thing["spec"].get("initContainers"):
        status["initContainerStatuses"] = [
            _up(each) if each.get("restartPolicy") == "Always" else _done(each) for each in inits
        ]


def _ready(thing: Object) -> None:
    held = {each.get("type"): each.get("status") for each in thing["status"].get("conditions") or ()}
    gates = [str(each.get("conditionType")) for each in thing["spec"].get("readinessGates") or ()]
    shut = [gate for gate in gates if held.get(gate) != "True"]
    if shut:
        said = ", ".join(f'corresponding condition of pod readiness gate "{gate}" does not exist.' for gate in shut)
        condition(thing, "Ready", "False", "ReadinessGatesNotReady", said)
    else:
        condition(thing, "Ready", "True")


def _up(container: Object, restarts: int = 0) -> Object:
    image = container["image"]
    return {
        "name": container["name"],
        "image": image,
        "imageID": f"{image.partition('@')[0].rpartition(':')[0] or image}@sha256:{_digest(image)}",
        "containerID": f"containerd://{secrets.token_hex(32)}",
        "ready": True,
        "started": True,
        "restartCount": restarts,
        "state": {"running": {"startedAt": now()}},
        "lastState": {},
    }


def _done(container: Object) -> Object:
    ended = {"exitCode": 0, "reason": "Completed", "startedAt": now(), "finishedAt": now()}
    return {**_up(container), "started": False, "state": {"terminated": ended}}


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def follow(thing: Object, fresh: list[Object], changed: list[Object]) -> None:
    """Ephemeral containers in `fresh` run; containers in `changed` run again with their new image."""
    status = thing["status"]
    if fresh:
        held = status.setdefault("ephemeralContainerStatuses", [])
        held += [{**_up(each), "ready": False} for each in fresh]
    by_name = {each["name"]: each for each in changed}
    status["containerStatuses"] = [
        _up(by_name[each["name"]], each.get("restartCount", 0) + 1) if each["name"] in by_name else each
        for each in status.get("containerStatuses") or ()
    ]


def _terminated(thing: Object, code: int, reason: str) -> None:
    for group in ("containerStatuses", "ephemeralContainerStatuses"):
        for each in thing["status"].get(group) or ():
            started = ((each.get("state") or {}).get("running") or {}).get("startedAt") or now()
            ended = {"exitCode": code, "reason": reason, "startedAt": started, "finishedAt": now()}
            if "containerID" in each:
                ended["containerID"] = each["containerID"]
            each.update(ready=False, started=False, state={"terminated": ended})


def failed(thing: Object, reason: str, message: str) -> None:
    """The pod has failed as a whole."""
    status = thing.setdefault("status", {})
    _terminated(thing, 137, "Error")
    for each in ("Ready", "ContainersReady"):
        condition(thing, each, "False", "PodFailed")
    status.update(phase="Failed", reason=reason, message=message)


def stopped(thing: Object) -> None:
    """Everything in the pod has been stopped."""
    _terminated(thing, 137, "Error")
    for each in ("Ready", "ContainersReady"):
        condition(thing, each, "False", "PodFailed")
    thing["status"]["phase"] = "Failed"


def _ended_state(container: Object, code: int) -> Object:
    started = ((container.get("state") or {}).get("running") or {}).get("startedAt") or now()
    reason = "Error" if code else "Completed"
    ended = {"exitCode": code, "reason": reason, "startedAt": started, "finishedAt": now()}
    return {"terminated": {**ended, "containerID": container.get("containerID", "")}}


def _each(thing: Object, name: str) -> list[Object]:
    status = thing["status"]
    groups = ("containerStatuses", "ephemeralContainerStatuses")
    return [each for group in groups for each in status.get(group) or () if each.get("name") == name]


def end(thing: Object, name: str, code: int) -> None:
    """The container has ended for good; so has the pod when it was the last one."""
    status = thing["status"]
    for each in _each(thing, name):
        each.update(ready=False, started=False, state=_ended_state(each, code))
    states = [(each.get("state") or {}).get("terminated") for each in status.get("containerStatuses") or ()]
    if not states or any(state is None for state in states):
        if any(each.get("name") == name for each in status.get("containerStatuses") or ()):
            for kind in ("Ready", "ContainersReady"):
                message = f"containers with unready status: [{name}]"
                condition(thing, kind, "False", "ContainersNotReady", message)
        return
    good = all(state and not state.get("exitCode") for state in states)
    for kind in ("Ready", "ContainersReady"):
        condition(thing, kind, "False", "PodCompleted" if good else "PodFailed")
    status["phase"] = "Succeeded" if good else "Failed"


def waiting(thing: Object, name: str, code: int, *, crash: bool) -> None:
    """The container has ended with `code` and will start again."""
    for each in _each(thing, name):
        each["lastState"] = _ended_state(each, code)
        message = f"back-off restarting failed container={name} pod={thing['metadata']['name']}"
        waiting = {"waiting": {"reason": "CrashLoopBackOff", "message": message}}
        each.update(ready=False, started=False, state=waiting if crash else each["lastState"])
    for kind in ("Ready", "ContainersReady"):
        condition(thing, kind, "False", "ContainersNotReady", f"containers with unready status: [{name}]")


def again(thing: Object, name: str) -> None:
    """The container runs again."""
    for each in _each(thing, name):
        each.update(ready=True, started=True, state={"running": {"startedAt": now()}})
        each["restartCount"] = each.get("restartCount", 0) + 1
        each["containerID"] = f"containerd://{secrets.token_hex(32)}"
    condition(thing, "ContainersReady", "True")
    _ready(thing)
