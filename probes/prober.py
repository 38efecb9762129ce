"""Measures: runs the first tool that a pod has, opens a new connection each time, and says how it ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from probes import exec as remote
from probes import matrix, patience, tools
from probes.errors import CallError
from probes.events import Listener, Probing
from probes.evidence import now
from probes.exec import Done
from probes.kube import Kube
from probes.place import Json, Place
from probes.tasks import Tasks
from probes.tools import TOOLS, Tool
from rules.snapshot import Outcome, PodRef, Probe, Target
from rules.words import _

KEPT_OUTPUT = 16_384


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
        gone: set[object] = set()
        for container, tool, argv in place.attempts(target):
            if container.get("name") in gone:
                continue
            if not quietly:
                self._listener(Probing(id, self._via(place, container, argv)))
            probe, final = self._attempt(id, place, container, tool, target, argv)
            if probe is None:
                continue
            if probe.outcome is not Outcome.NOT_RUN:
                place.works[:] = [(str(container.get("name")), tool.name)]
                if place.vouches(container, probe.outcome, target):
                    return probe
                place.veiled = True
                return _veiled(probe, place)
            if not final and not probe.command:
                gone.add(container.get("name"))
            if final:
                return probe
            last = probe
        if last is not None:
            return last
        return not_run(
            id,
            _("{pod} has none of {tools} to measure with.").format(
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
            outcome = _judged(tool, done, target)
            if outcome is None and tool.explain is not None and not done.cut:
                argv = tool.explain(argv)
                started, typed = now(), self._via(place, container, argv)
                done = self._exec(place.ref, name, argv, tool.seconds)
                outcome = _judged(tool, done, target)
        except CallError as error:
            if _gone(error):
                return not_run(id, _not_there(place.ref, name), typed), False
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
            lambda: remote.run(self._kube, ref, container, argv, seconds),
            patience.times(seconds + remote.CONNECT_SECONDS) + 1.0,
        ).result()

    def _via(self, place: Place, container: Json, argv: Sequence[str]) -> str:
        return matrix.via(place.ref, "" if place.single else str(container.get("name")), argv, self._options)


def not_run(id: str, why: str, typed: str = "") -> Probe:
    """A probe that could not be run, with the reason."""
    return Probe(id=id, outcome=Outcome.NOT_RUN, via=typed, started_at=now(), why=why)


def _gone(error: CallError) -> bool:
    return "container not found" in error.detail.lower()


def _not_there(ref: PodRef, container: str) -> str:
    return _("The container {container} of {pod} does not run just now; it may be starting again.").format(
        container=container, pod=ref
    )


def _veiled(probe: Probe, place: Place) -> Probe:
    """The measurement of a proxy's answer, which proves nothing about the network."""
    said = _(
        "The service mesh's {proxy} in {pod} takes its connections and may answer in the target's place ({outcome}), "
        "so this says nothing about the network."
    )
    why = said.format(proxy=place.proxy, pod=place.ref, outcome=probe.outcome.value)
    return replace(probe, outcome=Outcome.NOT_RUN, why=why)


def _judged(tool: Tool, done: Done, target: Target) -> Outcome | None:
    return None if tools.usage(done) else tool.judge(done, target)


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
        return _("You may not run commands in {pod} (get and create pods/exec): {said}").format(pod=ref, said=said)
    if error.why == "not-found":
        return _("The pod {pod} is gone: {said}").format(pod=ref, said=said)
    if error.why == "login":
        return _("The cluster no longer accepts the login: {said}").format(said=said)
    return _("No command could be run in {pod}: {said}").format(pod=ref, said=said)
