"""Waits until a change is in force: on every node whose nat table can be read, and for the pod itself."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from probes.hands import Hands
from probes.progress import Progress, Stage, Watcher
from rules.report.model import Change
from rules.snapshot import Probe
from rules.words import _

# kubelet's refresh of a mounted ConfigMap and the agent's resync take up to a minute each.
SECONDS = 180.0
# Where the other side has its part still to do, nothing is waited for but the API's own delay.
PEER_SECONDS = 10.0
PAUSE = 2.0
PROBE = "pod-peer"


@dataclass(frozen=True)
class Outcome:
    """How the waiting ended: the last measurement, nodes that took the change over, nodes that did not in time, nodes
    whose nat table cannot be read, and a sentence when somebody has taken the change back meanwhile."""

    probe: Probe
    taken_over: tuple[str, ...]
    late: tuple[str, ...]
    unseen: tuple[str, ...]
    reverted: str = ""


Look = Callable[[], str]


def unseen_by_anybody() -> str:
    """A look that sees nothing."""
    return ""


def rollout(hands: Hands, change: Change, watcher: Watcher) -> tuple[str, ...]:
    """Wait until a DaemonSet has a ready pod on every node it is meant for; what is not so in time, as sentences."""
    until = time.monotonic() + SECONDS
    told = -1
    while True:
        status = (hands.read(change) or {}).get("status") or {}
        ready, wanted = int(status.get("numberReady") or 0), int(status.get("desiredNumberScheduled") or 0)
        if ready != told:
            told = ready
            sentence = _("Agents ready on {ready} of {wanted} nodes.").format(ready=ready, wanted=wanted)
            watcher(Progress(Stage.WAITING, sentence))
        if wanted and ready >= wanted:
            for node in hands.agents():
                watcher(Progress(Stage.IN_FORCE, _("{node} has a ready agent.").format(node=node), node))
            return ()
        if time.monotonic() >= until:
            return (_("{left} of {wanted} nodes").format(left=wanted - ready, wanted=wanted),)
        hands.pause(PAUSE)


def tables(hands: Hands) -> Mapping[str, str | None]:
    """The nat table of each node with an agent, to compare with later; None where it cannot be read."""
    return {node: rules(hands.nat(node)) for node in hands.agents()}


def rules(text: str | None) -> str | None:
    """The rules of a nat table without counters, times and comments that change by themselves."""
    if text is None:
        return None
    lines = (re.sub(r"\[\d+:\d+\]", "", line).strip() for line in text.splitlines())
    return "\n".join(line for line in lines if line and not line.startswith("#"))


def wait(
    hands: Hands,
    tables: Mapping[str, str | None],
    predicted: str,
    watcher: Watcher,
    *,
    back: bool = False,
    seconds: float | None = None,
    look: Look = unseen_by_anybody,
) -> Outcome:
    """Measure until the probe does as `predicted` and every readable table has arrived, for at most `seconds`.

    `tables` are those from before the change (empty where agents have nothing to take over): a node has arrived when
    its table differs from that, or, on the way `back`, when it is that again. `look` says each time whether somebody
    has taken the change back, which ends the waiting.
    """
    seconds = SECONDS if seconds is None else seconds
    unseen = tuple(sorted(node for node, table in tables.items() if table is None))
    pending = {node: table for node, table in tables.items() if table is not None}
    until = time.monotonic() + seconds
    watcher(Progress(Stage.WAITING, _waiting(tuple(pending), seconds)))
    if unseen:
        watcher(Progress(Stage.WAITING, _("The nat table of {nodes} cannot be read.").format(nodes=", ".join(unseen))))
    taken: list[str] = []
    while True:
        for node in [node for node, table in pending.items() if _arrived(rules(hands.nat(node)), table, back)]:
            del pending[node]
            taken.append(node)
            watcher(Progress(Stage.IN_FORCE, _("{node} has taken the change over.").format(node=node), node))
        probe = hands.measure(PROBE)
        watcher(
            Progress(Stage.MEASURED, _("{id}: {outcome}").format(id=probe.id, outcome=probe.outcome.value), probe=probe)
        )
        reverted = look()
        settled = probe.outcome.value in (predicted, "unknown" if back else "ok") or predicted == "unknown"
        if reverted or (settled and not pending) or time.monotonic() >= until:
            return Outcome(probe, tuple(sorted(taken)), tuple(sorted(pending)), unseen, reverted)
        hands.pause(PAUSE)


def _arrived(now: str | None, before: str, back: bool) -> bool:
    return now is not None and (now == before) is back


def _waiting(nodes: tuple[str, ...], seconds: float) -> str:
    if not nodes:
        return _("Measuring until the change shows, for at most {seconds:.0f} s.").format(seconds=seconds)
    return _("Waiting for the agents of {nodes} to take it over; that takes up to two minutes.").format(
        nodes=", ".join(nodes)
    )
