"""A pod's state in one word, as `kubectl get pods` shows it (the rules of the API server's pod printer)."""

from __future__ import annotations

from typing import Any

from lab.kube.times import age

Object = dict[str, Any]

NONE = "<none>"


def pod_row(pod: Object) -> list[Any]:
    """The cells NAME READY STATUS RESTARTS AGE IP NODE NOMINATED-NODE READINESS-GATES."""
    meta, spec, status = pod["metadata"], pod.get("spec") or {}, pod.get("status") or {}
    statuses = status.get("containerStatuses") or ()
    restarts = sum(each.get("restartCount", 0) for each in statuses)
    gates = spec.get("readinessGates") or ()
    conditions = {each.get("type"): each.get("status") for each in status.get("conditions") or ()}
    passed = sum(conditions.get(gate.get("conditionType")) == "True" for gate in gates)
    return [
        meta.get("name", ""),
        f"{ready_containers(pod)}/{len(spec.get('containers') or ()) + len(_sidecars(pod))}",
        word(pod),
        str(restarts),
        age(meta.get("creationTimestamp")),
        status.get("podIP") or NONE,
        spec.get("nodeName") or NONE,
        status.get("nominatedNodeName") or NONE,
        f"{passed}/{len(gates)}" if gates else NONE,
    ]


def ready_containers(pod: Object) -> int:
    """How many containers, sidecars among them, are ready and running."""
    status, sidecars = pod.get("status") or {}, _sidecars(pod)
    inits = [each for each in status.get("initContainerStatuses") or () if each.get("name") in sidecars]
    statuses = (*(status.get("containerStatuses") or ()), *inits)
    return sum(bool(each.get("ready") and (each.get("state") or {}).get("running")) for each in statuses)


def _sidecars(pod: Object) -> set[str]:
    """Init containers that run on beside the others."""
    inits = (pod.get("spec") or {}).get("initContainers") or ()
    return {each["name"] for each in inits if each.get("restartPolicy") == "Always"}


def word(pod: Object) -> str:
    """Running, Pending, ContainerCreating, Completed, Terminating …"""
    status = pod.get("status") or {}
    phase = status.get("phase") or "Pending"
    said = status.get("reason") or phase
    initializing = _init_word(pod)
    if initializing:
        said = initializing
    else:
        running = False
        for each in reversed(status.get("containerStatuses") or []):
            state = each.get("state") or {}
            waiting, ended = state.get("waiting") or {}, state.get("terminated")
            if waiting.get("reason"):
                said = waiting["reason"]
            elif ended is not None:
                said = ended.get("reason") or _ended_word(ended)
            elif each.get("ready") and state.get("running") is not None:
                running = True
        if said == "Completed" and running:
            said = "Running" if ready(pod) else "NotReady"
    if pod["metadata"].get("deletionTimestamp"):
        if status.get("reason") == "NodeLost":
            return "Unknown"
        if phase not in ("Succeeded", "Failed"):
            return "Terminating"
    return str(said)


def ready(pod: Object) -> bool:
    """Is the Ready condition true?"""
    conditions = (pod.get("status") or {}).get("conditions") or ()
    return any(each.get("type") == "Ready" and each.get("status") == "True" for each in conditions)


def _ended_word(ended: Object) -> str:
    return f"Signal:{ended['signal']}" if ended.get("signal") else f"ExitCode:{ended.get('exitCode', 0)}"


def _init_word(pod: Object) -> str:
    status = pod.get("status") or {}
    wanted = len((pod.get("spec") or {}).get("initContainers") or ())
    sidecars = _sidecars(pod)
    for number, each in enumerate(status.get("initContainerStatuses") or ()):
        state = each.get("state") or {}
        if each.get("name") in sidecars and each.get("started"):
            continue
        ended, waiting = state.get("terminated"), state.get("waiting") or {}
        if ended is not None and not ended.get("exitCode"):
            continue
        if ended is not None:
            return f"Init:{ended.get('reason') or _ended_word(ended)}"
        if waiting.get("reason") and waiting["reason"] != "PodInitializing":
            return f"Init:{waiting['reason']}"
        return f"Init:{number}/{wanted}"
    return ""
