"""Measures this question's probes: from the pod, and from a probe pod on its node's own network."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from probes import derive, images, kube, local, matrix, nodepod, standin, write
from probes.ask import Ask
from probes.elsewhere import Elsewhere
from probes.errors import CallError, CancelledError
from probes.events import Announced, Listener, Probing
from probes.evidence import Evidence
from probes.kube import Kube
from probes.matrix import Planned
from probes.nodepod import ProbePodError
from probes.place import Place, place
from probes.prober import Prober, not_run
from probes.tasks import Once
from rules import repeats
from rules.repeats import Repeat
from rules.snapshot import Outcome, PodRef, Probe, Target, Vpc
from rules.words import _

CLOSE_SECONDS = 5.0
MOST_PODS = 8
MOST_BULK = 60_000

Object = dict[str, Any]
Machines = Callable[[], tuple[Vpc, list[Object]] | None]


class Measurements:
    """The probes of one question. `machines` gives the pod's network and its VMs when they are known (it may wait),
    `allowed` waits until it is known whether the target is worth a probe pod, and says why not, or ''."""

    def __init__(
        self,
        ask: Ask,
        client: Kube,
        pod: Object,
        prober: Prober,
        evidence: Evidence,
        listener: Listener,
        machines: Machines,
        allowed: Callable[[], str],
        pause: Callable[[float], None],
    ) -> None:
        self._ask = ask
        self._kube = client
        self._pod = pod
        self._prober = prober
        self._evidence = evidence
        self._listener = listener
        self._machines = machines
        self._allowed = allowed
        self._pause = pause
        self._here = place(pod, ask.container)
        self._beside: Once[Place | str] = Once(self._stand_in, lambda found: isinstance(found, Place))
        self._there: Once[Place | str] = Once(self._node_place, lambda found: isinstance(found, Place))
        self._local: Once[Target | None] = Once(self._find_local, lambda found: found is not None)
        self._elsewhere: dict[str, Once[Place | str]] = {}
        self._found: dict[str, Probe] = {}
        self._lock = threading.Lock()
        self._creating = threading.Lock()
        self._made: dict[PodRef, str] = {}
        self._closed = False

    @property
    def node(self) -> str:
        """The pod's node, or ''."""
        return str((self._pod.get("spec") or {}).get("nodeName") or "")

    def ids(self) -> tuple[str, ...]:
        """Ids of the probes that this question has, in the order in which they teach."""
        return tuple(name for name in matrix.ORDER if name != "pod-proxy" or self._ask.proxy is not None)

    def plan(self) -> tuple[Planned, ...]:
        """Every probe in words and commands, as far as they are known yet."""
        return tuple(self._planned(name) for name in self.ids())

    def measure(self, name: str) -> Probe:
        """One fresh measurement; every failure is an outcome."""
        repeat = repeats.parse(name)
        if repeat is not None and repeat.base == "pod-peer":
            return self._again(repeat)
        if name in ("pod-local", "node-local") and self._ask.local is None and not self._local.known:
            self._local()
            with self._lock:
                fresh = self._found.pop(name, None)
            if fresh is not None:
                return fresh
        target = self._target(name)
        if target is None:
            return not_run(name, _no_local())
        if name in matrix.POD or (self._pod.get("spec") or {}).get("hostNetwork"):
            return self._as_pod(name, target)
        where = self._there()
        if not isinstance(where, Place):
            return not_run(name, where)
        probe = self._prober.run(name, where, target)
        if probe.outcome is Outcome.NOT_RUN and where is not self._here and not self._runs(where.ref):
            self._there.forget(where)
            again = self._there()
            return self._prober.run(name, again, target) if isinstance(again, Place) else not_run(name, again)
        return probe

    def _again(self, repeat: Repeat) -> Probe:
        """Pod → peer with one thing different."""
        name, target = str(repeat), self._ask.target
        if repeat.kind in ("node", "namespace"):
            with self._lock:
                known = self._elsewhere.setdefault(name, Once(partial(self._far, repeat), _found))
            where = known()
            return self._prober.run(name, where, target) if isinstance(where, Place) else not_run(name, where)
        if repeat.kind == "port":
            target = replace(target, port=int(repeat.value), path=None)
        elif repeat.kind == "host":
            target = replace(target, ip=repeat.value)
        elif repeat.kind == "protocol":
            target = Target(target.ip, None, repeat.value)
        elif repeat.kind == "size":
            target = replace(target, path=f"{target.path or '/'}?{'a' * min(int(repeat.value), MOST_BULK)}")
        return self._as_pod(name, target)

    def _far(self, repeat: Repeat) -> Place | str:
        """A pod elsewhere to ask from, or a sentence why there is none."""
        if self._ask.read_only:
            return _("Nothing may be created in read-only mode, so nothing is asked from elsewhere.")
        if not self._ask.node_probe:
            return _("--no-node-probe was given, so nothing is asked from elsewhere.")
        if len(self.own()) >= MOST_PODS:
            return _("{count} probe pods run already; no more are made at once.").format(count=MOST_PODS)
        why = self._allowed()
        if why:
            return why
        node = self._node_object(repeat.value if repeat.kind == "node" else self.node)
        choices = images.choices(self._pod, self._evidence.items("pods"), node)
        made = Elsewhere(self._kube, self._pod, self._announce, self._pause, self._post)
        try:
            return made.place(repeat, choices)
        except ProbePodError as error:
            return error.why

    def _as_pod(self, name: str, target: Target) -> Probe:
        """From the pod itself, or from what stands in for it where it has nothing to measure with."""
        here = self._pod_place()
        probe = self._prober.run(name, here, target) if isinstance(here, Place) else not_run(name, here)
        if not self._lacks(here, target):
            return probe
        where = self._beside()
        if isinstance(where, Place):
            found = self._prober.run(name, where, target)
            if found.outcome is Outcome.NOT_RUN and not standin.still_there(self._kube, where):
                self._beside.forget(where)
                where = self._beside()
                found = self._prober.run(name, where, target) if isinstance(where, Place) else found
            if isinstance(where, Place):
                return found
        return replace(probe, why=f"{probe.why} {where}")

    def _lacks(self, here: Place | str, target: Target) -> bool:
        """Whether the pod cannot measure and something could stand in for it."""
        return standin.possible(self._pod) and (isinstance(here, str) or here.useless(target))

    def probe_pod(self, *, make: bool) -> Place | None:
        """The probe pod where it runs already, is being made, or can be made and `make` says so."""
        found = self._there() if make or self._there.working else self._there.known
        return found if isinstance(found, Place) else None

    def own(self) -> frozenset[PodRef]:
        """The probe pods of this run."""
        with self._lock:
            return frozenset(self._made)

    def close(self) -> None:
        """Remove the probe pods, in bounded time; one that is being created right now is waited for."""
        self._closed = True
        settled = self._creating.acquire(timeout=CLOSE_SECONDS)
        with self._lock:
            made, self._made = dict(self._made), {}
        if settled:
            self._creating.release()
        threads = [
            threading.Thread(target=self._remove, args=(ref, uid), daemon=True, name="wayhome-close")
            for ref, uid in made.items()
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(CLOSE_SECONDS)

    def _planned(self, name: str) -> Planned:
        target = self._target(name)
        node = name in matrix.NODE
        beside = self._beside.known
        where = self._there.known if node else beside if isinstance(beside, Place) else self._here
        argv, typed = self._prober.first(where, target) if isinstance(where, Place) and target is not None else ((), "")
        if node and not argv and target is not None and isinstance(self._here, Place):
            argv, _typed = self._prober.first(self._here, target)
            ref = PodRef(self._ask.pod.namespace, nodepod.PLANNED)
            typed = matrix.via(ref, "", argv, self._kube.access.explicit)
        return matrix.planned(name, self._ask.pod, self.node, target, argv, typed)

    def _target(self, name: str) -> Target | None:
        if name in ("pod-local", "node-local"):
            return self._ask.local or self._local.known
        proxy = self._ask.proxy
        if name == "pod-proxy" and proxy is not None:
            return Target(proxy.ip, proxy.port, proxy.protocol, self._ask.target.path)
        return self._ask.target

    def _pod_place(self) -> Place | str:
        """Where to measure as the pod does; a pod that did not run is looked at again."""
        if isinstance(self._here, str):
            ref = self._ask.pod
            try:
                self._pod = self._kube.get(kube.path("v1", "pods", ref.namespace, ref.name))
            except CallError:
                return self._here
            self._here = place(self._pod, self._ask.container)
        return self._here

    def _runs(self, ref: PodRef) -> bool:
        try:
            found = self._kube.get(kube.path("v1", "pods", ref.namespace, ref.name))
        except CallError as error:
            return error.why != "not-found"
        return (found.get("status") or {}).get("phase") == "Running"

    # --- an address in the pod's own network

    def _find_local(self) -> Target | None:
        """Ask the likeliest machines at once, from the pod, and from the node where the pod reaches none."""
        known = self._machines()
        if known is None:
            return None
        network, instances = known
        nodes = [str((one.get("metadata") or {}).get("name")) for one in self._evidence.items("nodes")]
        targets = local.candidates(instances, network, [*nodes, self.node], self._zone())
        if not targets:
            return None
        chosen = self._first_answer("pod-local", self._here, targets)
        if chosen is None and self._lacks(self._here, targets[0]):
            chosen = self._first_answer("pod-local", self._beside(), targets)
        if chosen is None:
            chosen = self._first_answer("node-local", self._there(), targets)
        chosen = chosen or targets[0]
        self._evidence.ask(local=chosen)
        return chosen

    def _first_answer(self, name: str, where: Place | str, targets: list[Target]) -> Target | None:
        if not isinstance(where, Place):
            return None
        answers = local.ask(targets, lambda target: self._prober.run(name, where, target, quietly=True))
        chosen = local.choose(targets, answers.get)
        probe = answers.get(chosen or targets[0])
        if probe is not None and probe.outcome is not Outcome.NOT_RUN:
            self._listener(Probing(name, probe.via))
            with self._lock:
                self._found[name] = probe
        return chosen

    def _zone(self) -> str:
        node = next((one for one in self._evidence.items("nodes") if one["metadata"].get("name") == self.node), {})
        vm = derive.vm(node)
        return vm.zone if vm is not None else ""

    # --- the node's own network

    def _node_place(self) -> Place | str:
        """Where to measure as the node does, or a sentence why one cannot."""
        spec = self._pod.get("spec") or {}
        if spec.get("hostNetwork"):
            return self._here
        if self._ask.read_only:
            return _("Nothing may be created in read-only mode, so no probe pod runs on the node's network.")
        if not self._ask.node_probe:
            return _("--no-node-probe was given, so no probe pod runs on the node's network.")
        if not self.node:
            return _("The pod is on no node yet.")
        why = self._allowed()
        if why:
            return why
        choices = images.choices(self._pod, self._evidence.items("pods"), self._node_object())
        try:
            made = nodepod.on_node(
                self._kube,
                self._ask.pod.namespace,
                self.node,
                choices,
                spec.get("imagePullSecrets") or (),
                self._announce,
                self._pause,
                self._post,
            )
        except ProbePodError as error:
            return error.why
        return Place(made.ref, ({"name": nodepod.CONTAINER, "image": made.image},))

    def _stand_in(self) -> Place | str:
        """What measures in the pod's place, or a sentence why nothing does."""
        if self._ask.read_only:
            return _("Nothing may be created in read-only mode, so nothing stands in for it.")
        if not self._ask.stand_in:
            return _("--no-stand-in was given, so nothing stands in for it.")
        why = self._allowed()
        if why:
            return why
        no_pod = "" if self._ask.node_probe else _("--no-node-probe was given, so no probe pod stands in for it.")
        choices = images.choices(self._pod, self._evidence.items("pods"), self._node_object(), own=False)
        leave = standin.Leave(
            self._announce,
            self._pause,
            self._post,
            no_pod,
            self._ask.target.protocol == "icmp",
        )
        try:
            return standin.find(self._kube, self._pod, choices, leave)
        except ProbePodError as error:
            return error.why

    def _node_object(self, name: str = "") -> Object | None:
        wanted = name or self.node
        return next((one for one in self._evidence.items("nodes") if one["metadata"].get("name") == wanted), None)

    def _announce(self, sentence: str) -> None:
        self._listener(Announced(sentence))

    def _post(self, manifest: Object) -> Object:
        """Create a pod that `close` will know of, also when the answer to the creation is lost."""
        ref = PodRef(manifest["metadata"]["namespace"], manifest["metadata"]["name"])
        with self._creating:
            if self._closed:
                raise CancelledError(_("Stopped."))
            with self._lock:
                self._made[ref] = ""
            try:
                found = write.create_pod(self._kube, manifest)
            except CallError as error:
                if 400 <= error.status < 500:
                    with self._lock:
                        del self._made[ref]
                raise
            with self._lock:
                self._made[ref] = str((found.get("metadata") or {}).get("uid") or "")
            return found

    def _remove(self, ref: PodRef, uid: str) -> None:
        try:
            write.delete_pod(self._kube, ref, uid=uid, seconds=CLOSE_SECONDS)
        except CallError as error:
            self._listener(
                Announced(
                    _(
                        "The probe pod {pod} could not be deleted ({said}); it ends by itself within {minutes} minutes."
                    ).format(pod=ref, said=error.detail[:200], minutes=nodepod.LIFETIME // 60)
                )
            )


def _found(where: Place | str) -> bool:
    return isinstance(where, Place)


def _no_local() -> str:
    return _("No machine was found in the pod's own network to compare with; name one with --local.")
