"""Measures: runs the first tool that a pod has, opens a new connection each time, and says how it ended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from probes import exec as remote
from probes import matrix, tools
from probes.errors import CallError
from probes.events import Listener, Probing
from probes.evidence import now
from probes.exec import Done
from probes.kube import Kube
from probes.tasks import Tasks
from probes.tools import TOOLS, Tool
from rules.snapshot import Outcome, PodRef, Probe, Target
from rules.words import _

KEPT_OUTPUT = 16_384

Json = Mapping[str, Any]


@dataclass
class Place:
    """A pod to measure from: its running containers, best first, and what is known about their tools."""

    ref: PodRef
    containers: tuple[Json, ...]
    single: bool = True
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


class Prober:
    """Runs probes in pods; `options` are kubectl's options that mean the same cluster."""

    def __init__(self, client: Kube, tasks: Tasks, listener: Listener, options: Sequence[str]) -> None:
        self._kube = client
        self._tasks = tasks
        self._listener = listener
        self._options = tuple(options)

    def first(self, place: Place, target: Target) -> tuple[tuple[str, ...], str]:
        """The argument list that would be run first, and what a person would type."""
        for container, _tool, argv in place.attempts(target):
            return argv, self._via(place, container, argv)
        return (), ""

    def run(self, id: str, place: Place, target: Target, *, quietly: bool = False) -> Probe:
        """Measure once, telling the listener unless `quietly`. Every failure is an outcome; raises CancelledError."""
        last: Probe | None = None
        for container, tool, argv in place.attempts(target):
            if not quietly:
                self._listener(Probing(id, self._via(place, container, argv)))
            probe, final = self._attempt(id, place, container, tool, target, argv)
            if probe is None:
                continue
            if probe.outcome is not Outcome.NOT_RUN:
                place.works[:] = [(str(container.get("name")), tool.name)]
                return probe
            if final:
                return probe
            last = probe
        if last is not None:
            return last
        return not_run(
            id,
            _("{pod} has none of {tools} to measure with; try a pod of an image that has one.").format(
                pod=place.ref, tools=", ".join(tool.name for tool in TOOLS if tool.argv(target, False))
            ),
        )

    def command(self, place: Place, argv: Sequence[str], seconds: float = tools.EXEC_SECONDS) -> Done:
        """Run any argument list in the first container. Raises CallError."""
        name = str(place.containers[0].get("name")) if place.containers else ""
        return self._exec(place.ref, name, argv, seconds)

    def _attempt(
        self, id: str, place: Place, container: Json, tool: Tool, target: Target, argv: tuple[str, ...]
    ) -> tuple[Probe | None, bool]:
        """One tool: None when the container does not have it; and whether another tool would fare no better."""
        name = str(container.get("name"))
        started, typed = now(), self._via(place, container, argv)
        try:
            done = self._exec(place.ref, name, argv, tool.seconds)
            if done.cut == "dropped":
                done = self._exec(place.ref, name, argv, tool.seconds)
            if done.missing:
                place.missing.add((name, tool.name))
                return None, False
            outcome = tool.judge(done, target)
            if outcome is None and tool.explain is not None and not done.cut:
                argv = tool.explain(argv)
                started, typed = now(), self._via(place, container, argv)
                done = self._exec(place.ref, name, argv, tool.seconds)
                outcome = tool.judge(done, target)
        except CallError as error:
            return not_run(id, _refused(error, place.ref), typed), True
        probe = Probe(
            id=id,
            outcome=outcome or Outcome.NOT_RUN,
            command=argv,
            via=typed,
            exit_code=done.exit_code,
            stdout=done.stdout[:KEPT_OUTPUT],
            stderr=done.stderr[:KEPT_OUTPUT],
            started_at=started,
            seconds=round(done.seconds, 3),
            why="" if outcome is not None else _inconclusive(done, tool),
        )
        return probe, outcome is not None or done.cut in ("deadline", "output", "dropped")

    def _exec(self, ref: PodRef, container: str, argv: Sequence[str], seconds: float) -> Done:
        return self._tasks.start(
            lambda: remote.run(self._kube, ref, container, argv, seconds), seconds + remote.CONNECT_SECONDS + 1.0
        ).result()

    def _via(self, place: Place, container: Json, argv: Sequence[str]) -> str:
        return matrix.via(place.ref, "" if place.single else str(container.get("name")), argv, self._options)


def place(pod: Json) -> Place | str:
    """Where to measure from in `pod`, or a sentence why one cannot."""
    metadata, spec, status = (pod.get(key) or {} for key in ("metadata", "spec", "status"))
    ref = PodRef(str(metadata.get("namespace") or "default"), str(metadata.get("name")))
    if metadata.get("deletionTimestamp"):
        return _("The pod {pod} is being deleted; choose one that stays.").format(pod=ref)
    containers = [one for one in spec.get("containers") or [] if isinstance(one, Mapping)]
    states = {one.get("name"): one.get("state") or {} for one in status.get("containerStatuses") or []}
    running = [one for one in containers if "running" in states.get(one.get("name"), {})]
    if not running and not states and status.get("phase") == "Running":
        running = containers
    if not running:
        return _("The pod {pod} is not running ({why}); nothing can be measured from it.").format(
            pod=ref, why=_state(status, states)
        )
    default = (metadata.get("annotations") or {}).get("kubectl.kubernetes.io/default-container")
    running.sort(key=lambda one: one.get("name") != default)
    return Place(ref, tuple(running), single=len(containers) == 1)


def not_run(id: str, why: str, typed: str = "") -> Probe:
    """A probe that could not be run, with the reason."""
    return Probe(id=id, outcome=Outcome.NOT_RUN, via=typed, started_at=now(), why=why)


def _state(status: Json, states: Mapping[Any, Json]) -> str:
    for state in states.values():
        for kind in ("waiting", "terminated"):
            reason = (state.get(kind) or {}).get("reason")
            if reason:
                return str(reason)
    return str(status.get("reason") or status.get("phase") or "unknown")


def _inconclusive(done: Done, tool: Tool) -> str:
    if done.cut == "deadline":
        return _("The command did not end in time, so it says nothing about the network.")
    if done.cut == "output":
        return _("The command printed without end and was stopped.")
    if done.cut == "dropped":
        return _("The connection to the cluster ended before the command did; try again.")
    said = done.cut or done.stderr.strip() or done.stdout.strip() or _("no words")
    return _("{tool} ended with {code} and said nothing that decides: {said}").format(
        tool=tool.name, code=done.exit_code, said=" ".join(said.split())[:300]
    )


def _refused(error: CallError, ref: PodRef) -> str:
    said = " ".join(error.detail.split())[:300]
    if error.why == "forbidden":
        return _("You may not run commands in {pod} (create pods/exec): {said}").format(pod=ref, said=said)
    if error.why == "not-found":
        return _("The pod {pod} is gone: {said}").format(pod=ref, said=said)
    if error.why == "login":
        return _("The cluster no longer accepts the login: {said}").format(said=said)
    return _("No command could be run in {pod}: {said}").format(pod=ref, said=said)
