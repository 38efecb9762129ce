"""The main processes of containers: what a pod's command prints becomes its log, and `kubectl attach` reaches it.

A container runs through the fabric when it is interactive (`stdin: true`), or when its pod is one that ends
(restartPolicy Never or OnFailure) and names a command. All others are taken for servers that run for ever.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from lab.fabric.base import Fabric, Place
from lab.kube import logs
from lab.store import Store
from rules.snapshot import PodRef

Object = dict[str, Any]
Out = Callable[[int, bytes], Awaitable[None]]
Finished = Callable[[str, str, str, int], None]

log = logging.getLogger(__name__)

STDOUT, STDERR = 1, 2
_WAITING = 256
_LONGEST_LINE = 16 * 1024


@dataclass(eq=False)
class Console:
    """One running container: its input, whoever watches its output, and its task."""

    tty: bool
    once: bool
    stdin: asyncio.Queue[bytes] = field(default_factory=lambda: asyncio.Queue(_WAITING))
    watchers: list[Out] = field(default_factory=list)
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    closed: bool = False
    half: bytes = b""
    task: asyncio.Task[None] | None = None

    async def read(self) -> bytes:
        """What somebody attached typed; b"" when nobody ever will again."""
        if self.closed and self.stdin.empty():
            return b""
        return await self.stdin.get()

    async def close(self) -> None:
        """No more input."""
        if not self.closed:
            self.closed = True
            await self.stdin.put(b"")


class Containers:
    """Every container whose process runs. `finished(key, uid, name, code)` hears of each that has ended by itself."""

    def __init__(self, store: Store, fabric: Fabric, finished: Finished) -> None:
        self._store = store
        self._fabric = fabric
        self._finished = finished
        self._held: dict[tuple[str, str], Console] = {}

    def start(self, pod: Object, container: Object) -> None:
        """Run the container's command, where it has one that is worth running."""
        argv = command(pod, container)
        mark = (pod["metadata"]["uid"], container["name"])
        if not argv or mark in self._held:
            return
        console = Console(bool(container.get("tty")), bool(container.get("stdinOnce")))
        console.closed = not container.get("stdin")
        self._held[mark] = console
        console.task = asyncio.create_task(self._run(pod, container["name"], argv, console))

    def console(self, uid: str, container: str) -> Console | None:
        """The running container, or None."""
        return self._held.get((uid, container))

    def stop(self, uid: str) -> None:
        """End every process of the pod."""
        for mark in [mark for mark in self._held if mark[0] == uid]:
            console = self._held.pop(mark)
            if console.task is not None:
                console.task.cancel()

    async def close(self) -> None:
        """End everything."""
        tasks = [console.task for console in self._held.values() if console.task is not None]
        for task in tasks:
            task.cancel()
        self._held.clear()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self, pod: Object, name: str, argv: list[str], console: Console) -> None:
        meta = pod["metadata"]
        key = f"{meta['namespace']}/{meta['name']}"
        place = Place(PodRef(meta["namespace"], meta["name"]), name, console.tty)

        async def write(channel: int, data: bytes) -> None:
            self._note(f"{key}/{name}", console, data)
            for watcher in list(console.watchers):
                try:
                    await watcher(channel, data)
                except ConnectionError:
                    if watcher in console.watchers:
                        console.watchers.remove(watcher)

        try:
            code = await self._fabric.run(
                place, argv, console.read, lambda data: write(STDOUT, data), lambda data: write(STDERR, data)
            )
        except asyncio.CancelledError:
            raise
        except Exception:
            log.exception("the command of %s in %s failed inside the lab", name, key)
            code = 128
        finally:
            self._note(f"{key}/{name}", console, b"", last=True)
            console.ended.set()
        self._held.pop((meta["uid"], name), None)
        self._finished(key, meta["uid"], name, code)

    def _note(self, key: str, console: Console, data: bytes, *, last: bool = False) -> None:
        """Add whole lines to the log; keep the rest for later."""
        *whole, console.half = (console.half + data).split(b"\n")
        if console.half and (last or len(console.half) > _LONGEST_LINE):
            whole.append(console.half)
            console.half = b""
        if whole:
            logs.append(self._store, key, [line.decode("utf-8", "replace").rstrip("\r") for line in whole])


def command(pod: Object, container: Object) -> list[str]:
    """The argument list that the lab runs for a container; [] for one that it takes for a server."""
    argv = [*(container.get("command") or ()), *(container.get("args") or ())]
    if container.get("stdin"):
        return argv or ["sh"]
    ends = (pod.get("spec") or {}).get("restartPolicy") in ("Never", "OnFailure")
    ephemeral = container in ((pod.get("spec") or {}).get("ephemeralContainers") or ())
    return argv if ends or ephemeral else []
