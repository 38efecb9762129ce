"""One world in this process: built, measured over the simulated fabric by the pods' own tools, and written down as a
Snapshot. No server, no waiting: the event loop's clock jumps to whatever is due next.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, TypeVar

from lab import truth
from lab.agent import Agents
from lab.build import populate
from lab.fabric import base
from lab.fabric.simulated import Simulated
from lab.scenario import Scenario
from lab.store import Store
from probes import nodepod, prober
from probes.exec import Done
from probes.place import Place, place
from rules.case import PROBES
from rules.repeats import Repeat
from rules.snapshot import PodRef, Probe, Question, Snapshot, Target

T = TypeVar("T")


def snapshot(scenario: Scenario) -> Snapshot:
    """What a reader with every right sees of `scenario`, and what the five probes measure there."""
    store = Store()
    now = datetime.now(UTC)
    populate(store, scenario, now)
    Agents(store, 1.0).settle()
    seen = truth.snapshot(store, now.strftime("%Y-%m-%dT%H:%M:%SZ"))
    probes = _run(_measured(store, seen.question))
    return Snapshot(**{**vars(seen), "probes": probes})


async def _measured(store: Store, question: Question) -> tuple[Probe, ...]:
    fabric = Simulated(store)
    await fabric.start()
    pod = store.table("kube/pods").find(str(question.pod))
    if pod is None:
        return ()
    here, there = place(pod), _beside(store, pod)
    targets = {"local": question.local, "peer": question.target, "proxy": question.proxy}
    found = []
    for probe in PROBES:
        who, _, where = probe.partition("-")
        target, inside = targets[where], there if who == "node" else here
        if target is None or isinstance(inside, str):
            continue
        if where == "proxy":
            target = Target(target.ip, target.port, target.protocol, question.target.path)
        found.append(await _measure(fabric, probe, inside, target))
    if question.host and not isinstance(here, str):
        by_name = str(Repeat("pod-peer", "host", question.host))
        found.append(await _measure(fabric, by_name, here, replace(question.target, ip=question.host)))
    return tuple(found)


async def _measure(fabric: Simulated, id: str, where: Place, target: Target) -> Probe:
    for container, tool, argv in where.attempts(target):
        inside = base.Place(where.ref, str(container["name"]))
        done = await _command(fabric, inside, argv)
        if done.missing:
            continue
        outcome = tool.judge(done, target)
        if outcome is None and tool.explain is not None:
            outcome = tool.judge(await _command(fabric, inside, tool.explain(argv)), target)
        if outcome is not None and where.vouches(container, outcome, target):
            return Probe(id, outcome, argv, exit_code=done.exit_code, stdout=done.stdout, stderr=done.stderr)
    return prober.not_run(id, f"no tool in {where.ref}")


async def _command(fabric: Simulated, inside: base.Place, argv: tuple[str, ...]) -> Done:
    out, err = bytearray(), bytearray()

    async def stdin() -> bytes:
        return b""

    async def stdout(part: bytes) -> None:
        out.extend(part)

    async def stderr(part: bytes) -> None:
        err.extend(part)

    code = await fabric.run(inside, argv, stdin, stdout, stderr)
    said, complained = out.decode("utf-8", "replace"), err.decode("utf-8", "replace")
    return Done(code, said, complained, 0.0, missing=code in (126, 127))


def _beside(store: Store, pod: dict[str, Any]) -> Place | str:
    """A pod on the node's own network, as a probe pod would be."""
    spec = pod["spec"]
    if spec.get("hostNetwork"):
        return place(pod)
    node = store.table("kube/nodes").find(spec.get("nodeName", ""))
    addresses = (node or {}).get("status", {}).get("addresses", [])
    address = next((each["address"] for each in addresses if each["type"] == "InternalIP"), None)
    if address is None:
        return "no node"
    ref = PodRef(pod["metadata"]["namespace"], nodepod.PLANNED)
    image = spec["containers"][0]["image"]
    made = nodepod.manifest(ref, spec["nodeName"], image, privileged=True)
    made["status"] = {"phase": "Running", "podIP": address, "podIPs": [{"ip": address}]}
    store.table("kube/pods").create(str(ref), made)
    return place(made)


class _Impatient(selectors.DefaultSelector):
    """Waits for nothing; what it was asked to wait is counted."""

    skipped = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if not ready and timeout:
            self.skipped += timeout
        return ready


class _Hurried(asyncio.SelectorEventLoop):
    """An event loop in which no time passes while nothing happens."""

    def __init__(self) -> None:
        self._impatient = _Impatient()
        super().__init__(self._impatient)

    def time(self) -> float:
        return super().time() + self._impatient.skipped


def _run(work: Coroutine[Any, Any, T]) -> T:
    loop = _Hurried()
    try:
        return loop.run_until_complete(work)
    finally:
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()
