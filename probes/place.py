"""Where to measure from in a pod: which of its containers run, and whose packets a service mesh does not touch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from probes import tools
from probes.tools import TOOLS, Tool
from rules.snapshot import Outcome, PodRef, Target
from rules.words import _

Json = Mapping[str, Any]

# A service mesh takes a pod's TCP to its proxy, but not that of the proxy's own user
# (istio-iptables, linkerd2-proxy-init).
PROXIES = {"istio-proxy": 1337, "linkerd-proxy": 2102}


@dataclass
class Place:
    """A pod to measure from: its running containers, best first, and what is known about their tools.

    `proxy` is the container of a service mesh that takes the others' TCP, or ''; `veiled` that it took a measurement.
    """

    ref: PodRef
    containers: tuple[Json, ...]
    single: bool = True
    proxy: str = ""
    veiled: bool = False
    missing: set[tuple[str, str]] = field(default_factory=set)
    works: list[tuple[str, str]] = field(default_factory=list)

    def attempts(self, target: Target) -> list[tuple[Json, Tool, tuple[str, ...]]]:
        """Container, tool and argument list to try, in this order."""
        found = []
        for container in self.containers:
            proxied = tools.proxied(container)
            for tool in TOOLS:
                argv = tool.argv(target, proxied)
                if argv is not None and (str(container.get("name")), tool.name) not in self.missing:
                    found.append((container, tool, argv))
        return sorted(found, key=lambda one: (str(one[0].get("name")), one[1].name) not in self.works)

    def useless(self, target: Target) -> bool:
        """Whether nothing here can measure `target`."""
        return self.veiled or not self.attempts(target)

    def vouches(self, container: Json, outcome: Outcome, target: Target) -> bool:
        """Whether what `container` saw is the network's doing, not the answer of a mesh's proxy in its place."""
        if not self.proxy or container.get("name") == self.proxy or target.protocol != "tcp":
            return True
        return outcome is Outcome.OK and target.path is not None


def place(pod: Json, chosen: str = "") -> Place | str:
    """Where to measure from in `pod` (in its container `chosen` alone where that is named), or why one cannot."""
    metadata, spec, status = (pod.get(key) or {} for key in ("metadata", "spec", "status"))
    ref = PodRef(str(metadata.get("namespace") or "default"), str(metadata.get("name")))
    if metadata.get("deletionTimestamp"):
        return _("The pod {pod} is being deleted; choose one that stays.").format(pod=ref)
    states = _states(status)
    phase = str(status.get("phase") or "")
    if phase in ("Succeeded", "Failed"):
        return _("The pod {pod} has ended ({why}); choose one that runs.").format(
            pod=ref, why=_reason(status, states) or ("Completed" if phase == "Succeeded" else phase)
        )
    containers = _containers(spec)
    running = [one for one in containers if "running" in states.get(one.get("name"), {})]
    if not running and not states and phase == "Running":
        running = containers
    if chosen:
        running = [one for one in running if one.get("name") == chosen]
        if not running:
            return _("The container {container} of the pod {pod} is not running ({why}).").format(
                container=chosen, pod=ref, why=_why(states.get(chosen, {})) or phase or "unknown"
            )
    if not running:
        return _not_running(ref, spec, status, states)
    default = (metadata.get("annotations") or {}).get("kubectl.kubernetes.io/default-container")
    proxy = next((str(one.get("name")) for one in running if one.get("name") in PROXIES), "")
    running.sort(key=lambda one: (one.get("name") != proxy, one.get("name") != default))
    return Place(ref, tuple(running), single=len(containers) == 1, proxy=proxy)


def proxy_user(pod: Json) -> int | None:
    """The user whose packets the service mesh of `pod` leaves alone; None where the pod has no such proxy."""
    names = [str(one.get("name")) for one in _containers(pod.get("spec") or {})]
    return next((PROXIES[name] for name in names if name in PROXIES), None)


def names(pod: Json) -> tuple[str, ...]:
    """The containers of `pod` that run as long as it does."""
    return tuple(str(one.get("name")) for one in _containers(pod.get("spec") or {}))


def _containers(spec: Json) -> list[Json]:
    """Containers and sidecars, which are init containers that start over for ever (Kubernetes 1.29)."""
    main = [one for one in spec.get("containers") or [] if isinstance(one, Mapping)]
    inits = [one for one in spec.get("initContainers") or [] if isinstance(one, Mapping)]
    return [*main, *(one for one in inits if one.get("restartPolicy") == "Always")]


def _states(status: Json) -> dict[Any, Json]:
    return {
        one.get("name"): one.get("state") or {}
        for group in ("containerStatuses", "initContainerStatuses")
        for one in status.get(group) or []
        if isinstance(one, Mapping)
    }


def _not_running(ref: PodRef, spec: Json, status: Json, states: Mapping[Any, Json]) -> str:
    """Why no container runs in a pod that has not ended, with what to do."""
    if status.get("phase") == "Pending" and not spec.get("nodeName"):
        said = next(
            (str(one.get("message")) for one in status.get("conditions") or [] if one.get("reason") == "Unschedulable"),
            "",
        )
        return _("The pod {pod} is on no node yet ({why}); nothing can be measured until it is.").format(
            pod=ref, why=" ".join(said.split())[:200] or status.get("phase") or "unknown"
        )
    for one in status.get("initContainerStatuses") or []:
        state = one.get("state") or {}
        if "terminated" not in state or (state["terminated"] or {}).get("exitCode"):
            return _(
                "The pod {pod} still starts: its init container {container} has not ended well ({why}); see "
                "`kubectl logs -n {space} {name} -c {container}`."
            ).format(pod=ref, container=one.get("name"), why=_why(state), space=ref.namespace, name=ref.name)
    why = _reason(status, states) or status.get("phase") or "unknown"
    return _("The pod {pod} is not running ({why}); nothing can be measured from it.").format(pod=ref, why=why)


def _reason(status: Json, states: Mapping[Any, Json]) -> str:
    if status.get("reason"):
        return str(status["reason"])
    return next((why for why in (_why(state, waits=False) for state in states.values()) if why), "")


def _why(state: Json, *, waits: bool = True) -> str:
    """A container's state in a word of its own; '' where it has none."""
    for kind in ("waiting", "terminated"):
        reason = (state.get(kind) or {}).get("reason")
        if reason:
            return str(reason)
    return next(iter(state), "") if waits else ""
