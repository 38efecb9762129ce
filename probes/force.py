"""Waits until a change is in force: on every node whose nat table can be read, and for the pod itself."""

from __future__ import annotations

import math
import os
import re
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from probes import plan
from probes.hands import Hands
from probes.plan import Step
from probes.progress import Progress, Stage, Watcher
from rules import agent_config
from rules.report.model import Change
from rules.snapshot import Probe
from rules.words import _

# kubelet's refresh of a mounted ConfigMap and the agent's resync take up to a minute each.
SECONDS = 180.0
KUBELET_SECONDS = 60.0
# Kubelets and agents that beat so many times faster, as the lab's do when it is told to.
PACE = "WAYHOME_RESYNC_PACE"
SLACK = 3.0
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


def whole_resync(steps: Iterable[Step]) -> float:
    """Seconds in which every agent has surely read what is there now, whichever of the configurations it read last."""
    texts = [
        plan.content(step.change, each).get(agent_config.KEY) for step in steps for each in (step.live, step.wanted)
    ]
    read = [agent_config.agent_config(text, all_reserved=True) for text in texts if isinstance(text, str)]
    beat = KUBELET_SECONDS + max([agent_config.RESYNC, *(each.resync for each in read if not each.error)])
    return beat / _pace() + SLACK


def _pace() -> float:
    try:
        found = float(os.environ.get(PACE) or 1)
    except ValueError:
        return 1.0
    return found if math.isfinite(found) and found >= 1 else 1.0


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
    open_for: float = 0.0,
    settled_nodes: Collection[str] = (),
) -> Outcome:
    """Measure until the probe does as `predicted` and every readable table has arrived, for at most `seconds`.

    `tables` are those from before the change (empty where agents have nothing to take over): a node has arrived when
    its table differs from that, or, on the way `back`, when it is that again. `look` says each time whether somebody
    has taken the change back, which ends the waiting.

    On the way back a table that is as before proves nothing where its agent may still have to read what was put back:
    a node that is not among `settled_nodes` has arrived when its table was seen to go and come back, or when it has
    stayed as it was for `open_for` seconds.
    """
    seconds = max(SECONDS if seconds is None else seconds, open_for)
    unseen = tuple(sorted(node for node, table in tables.items() if table is None))
    pending = {node: table for node, table in tables.items() if table is not None}
    began = time.monotonic()
    until = began + seconds
    doubtful = {node for node in tables if node not in settled_nodes} if open_for else set()
    watcher(Progress(Stage.WAITING, _waiting(tuple(pending), seconds)))
    if open_for:
        watcher(Progress(Stage.WAITING, _in_doubt(sorted(doubtful), open_for)))
    if unseen:
        watcher(Progress(Stage.WAITING, _("The nat table of {nodes} cannot be read.").format(nodes=", ".join(unseen))))
    taken: list[str] = []
    while True:
        is_open = time.monotonic() < began + open_for
        for node, table in tuple(pending.items()):
            now = rules(hands.nat(node))
            if not _arrived(now, table, back):
                doubtful -= {node} if now is not None else set()  # it has read the change: the way back will show
                continue
            if is_open and node in doubtful:
                continue
            del pending[node]
            taken.append(node)
            watcher(Progress(Stage.IN_FORCE, _("{node} has taken the change over.").format(node=node), node))
        probe = hands.measure(PROBE)
        watcher(
            Progress(Stage.MEASURED, _("{id}: {outcome}").format(id=probe.id, outcome=probe.outcome.value), probe=probe)
        )
        reverted = look()
        settled = probe.outcome.value in (predicted, "unknown" if back else "ok") or predicted == "unknown"
        ended = settled and not pending and not (is_open and (doubtful or not tables))
        if reverted or ended or time.monotonic() >= until:
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


def _in_doubt(nodes: Sequence[str], seconds: float) -> str:
    who = ", ".join(nodes) or _("the nodes")
    return _(
        "The run stopped before the agents of {nodes} were seen to read its change, and one may read it late: nothing "
        "counts as back before a whole resync, {seconds:.0f} s."
    ).format(nodes=who, seconds=seconds)
