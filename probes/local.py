"""Finds an address in the pod's own network to compare with: a machine that runs there and is no cluster node."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from probes import derive
from rules.snapshot import Outcome, Probe, Target, Vpc

Json = Mapping[str, Any]

MACHINES = 2
GRACE = 0.3
ANSWERS = (Outcome.OK, Outcome.APP_ERROR, Outcome.STALLED, Outcome.REFUSED)


def candidates(instances: Iterable[Json], at: Vpc, nodes: Iterable[str], zone: str) -> list[Target]:
    """Addresses worth asking, the nearest machines first: port 80, port 22, then ping of each."""
    names = set(nodes)
    near = sorted(
        (one for one in instances if _is_machine(one, names) and derive.in_network(one, at)),
        key=lambda one: (derive.last(one.get("zone")) != zone, str(one.get("name"))),
    )
    addresses = [address for one in near for address in _addresses(one, at)][:MACHINES]
    return [
        *(Target(address, 80) for address in addresses),
        *(Target(address, 22) for address in addresses),
        *(Target(address, None, "icmp") for address in addresses),
    ]


def ask(targets: Sequence[Target], measure: Callable[[Target], Probe]) -> dict[Target, Probe]:
    """Ask all at once; once one has answered well, the others have GRACE seconds more."""
    ends: queue.SimpleQueue[tuple[Target, Probe | BaseException]] = queue.SimpleQueue()

    def run(target: Target) -> None:
        try:
            ends.put((target, measure(target)))
        except BaseException as error:
            ends.put((target, error))

    for target in targets:
        threading.Thread(target=run, args=(target,), daemon=True, name="wayhome-local").start()
    answers: dict[Target, Probe] = {}
    grace: float | None = None
    for _target in targets:
        try:
            target, found = ends.get(timeout=grace)
        except queue.Empty:
            break
        if isinstance(found, BaseException):
            raise found
        answers[target] = found
        if found.outcome is Outcome.OK:
            grace = 0.0 if target == targets[0] else GRACE
    return answers


def choose(targets: Sequence[Target], measured: Callable[[Target], Probe | None]) -> Target | None:
    """The first target that answered, the friendliest answer first; None where none did."""
    for outcome in ANSWERS:
        for target in targets:
            probe = measured(target)
            if probe is not None and probe.outcome is outcome:
                return target
    return None


def _is_machine(instance: Json, nodes: set[str]) -> bool:
    labels = instance.get("labels") or {}
    return (
        instance.get("status") == "RUNNING"
        and instance.get("name") not in nodes
        and not any(key in labels for key in ("goog-k8s-cluster-name", "goog-gke-node"))
    )


def _addresses(instance: Json, at: Vpc) -> list[str]:
    return [
        str(nic["networkIP"])
        for nic in instance.get("networkInterfaces") or []
        if isinstance(nic, Mapping) and nic.get("networkIP") and derive.vpc(str(nic.get("network", ""))) == at
    ]
