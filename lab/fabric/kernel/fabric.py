"""The kernel fabric: real packets between namespaces, real commands in them."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Callable, Coroutine, Sequence

from lab.fabric.base import LegCount, Place, Read, Write
from lab.fabric.kernel import published
from lab.fabric.kernel.client import Command, KeeperClient, KernelUnavailableError
from lab.fabric.kernel.legs import legs
from lab.fabric.kernel.machines import blueprint, node_key, pod_name, vm_name
from lab.fabric.machine import machine
from lab.shell.context import NOT_FOUND
from lab.shell.enter import no_program
from lab.shell.images import kind
from lab.store import Event, Store

CHUNK = 65536
SHAPING = (
    "compute/",
    "networkconnectivity/",
    "guest/",
    "beyond/",
    "behind/",
    "narrow/",
    "node/nat",
    "kube/pods",
    "kube/nodes",
    "kube/networkpolicies",
    "kube/services",
)
DOES_NOT_SHAPE = ("operations",)


class Kernel:
    """Follows the store: every change of the world takes effect in the kernel before the next command runs.

    With `public`, the nodes' namespaces have names that the machine can see, in `names` by node: a real cluster's
    kubelets live in them. That needs root.
    """

    def __init__(self, store: Store, *, public: bool = False) -> None:
        self._store = store
        self._public = public
        self.names: dict[str, str] = {}
        self._client = KeeperClient()
        self._stale = asyncio.Event()
        self._lock = asyncio.Lock()
        self._follower: asyncio.Task[None] | None = None
        self._unlisten: Callable[[], None] | None = None

    async def start(self) -> None:
        """Build the world; KernelUnavailableError says in a sentence why this machine cannot."""
        await self._client.start(root=self._public)
        await self._client.apply(blueprint(self._store))
        if self._public:
            await self._publish()
        self._unlisten = self._store.listen(self._changed)
        self._follower = asyncio.create_task(self._follow())

    async def _publish(self) -> None:
        published.sweep()
        for node in self._store.table("kube/nodes"):
            descriptor = await self._client.open(vm_name(node_key(self._store, node)))
            try:
                self.names[node] = published.publish(descriptor, node)
            finally:
                os.close(descriptor)

    @property
    def ended(self) -> asyncio.Event:
        """Set when the keeper has died."""
        return self._client.ended

    async def stop(self) -> None:
        """End the keeper; every namespace and process ends with it."""
        while self.names:
            published.withdraw(self.names.popitem()[1])
        if self._unlisten is not None:
            self._unlisten()
        if self._follower is not None:
            self._follower.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._follower
        await self._client.stop()

    def _changed(self, event: Event) -> None:
        if event.table.startswith(SHAPING) and not event.table.endswith(DOES_NOT_SHAPE):
            self._stale.set()

    async def _follow(self) -> None:
        while True:
            await self._stale.wait()
            await self._settle()

    async def _settle(self) -> None:
        async with self._lock:
            if not self._client.alive and self._public:
                raise KernelUnavailableError("the keeper has ended, and the nodes' programs live in what it made")
            if not self._client.alive:  # somebody killed it: its namespaces went with it, so build them again
                await self._client.stop()
                self._client = KeeperClient()
                await self._client.start()
                self._stale.set()
            if self._stale.is_set():
                self._stale.clear()
                await self._client.apply(blueprint(self._store))

    async def counters(self) -> dict[str, dict[str, tuple[int, int]]]:
        """Packets received and sent on every device of every namespace: the lab's ground truth."""
        await self._settle()
        return await self._client.counters(self._client.blueprint.namespaces)

    async def legs(self) -> list[LegCount]:
        """What has crossed each wire, from the devices' own counters."""
        counted = await self.counters()
        return legs(self._client.blueprint, counted)

    async def run(self, place: Place, argv: Sequence[str], stdin: Read, stdout: Write, stderr: Write) -> int:
        """Run `argv` with the kernel's own network of `place`."""
        await self._settle()
        command = self._command(place, argv)
        if "/" not in argv[0] and argv[0] not in command.programs:
            await stderr(no_program(argv[0]).encode())
            return NOT_FOUND
        if place.tty:
            return await self._on_terminal(command, stdin, stdout)
        to_process, from_out, from_err = os.pipe(), os.pipe(), os.pipe()
        given = (to_process[0], from_out[1], from_err[1])
        drains = [_drain(from_out[0], stdout), _drain(from_err[0], stderr)]
        return await self._carried(command, given, _pour(stdin, to_process[1]), drains)

    async def _on_terminal(self, command: Command, stdin: Read, stdout: Write) -> int:
        ours, theirs = os.openpty()
        return await self._carried(command, (theirs,), _pour(stdin, os.dup(ours)), [_drain(ours, stdout)])

    async def _carried(
        self,
        command: Command,
        given: tuple[int, ...],
        pour: Coroutine[None, None, None],
        drains: list[Coroutine[None, None, None]],
    ) -> int:
        """Start `command` on `given` descriptors (one stands for all three) and carry its streams until it ends."""
        pouring = asyncio.create_task(pour)
        draining = [asyncio.create_task(drain) for drain in drains]
        try:
            try:
                ended = self._client.run(command, given * (3 // len(given)))
            finally:
                for descriptor in given:
                    os.close(descriptor)
            code = await ended
            await asyncio.gather(*draining)
        finally:
            for task in (pouring, *draining):
                task.cancel()
            await asyncio.gather(pouring, *draining, return_exceptions=True)
        return code

    def _command(self, place: Place, argv: Sequence[str]) -> Command:
        pod = self._store.table("kube/pods").get(str(place.pod))
        seen = machine(self._store, pod, place.container)
        image = kind(seen.image)
        if pod["spec"].get("hostNetwork"):
            namespace = vm_name(node_key(self._store, pod["spec"].get("nodeName", "")))
        else:
            namespace = pod_name(str(place.pod))
        return Command(
            namespace,
            tuple(argv),
            image.name,
            tuple(sorted(image.programs)),
            seen.environment,
            seen.privileged,
            place.tty,
        )


async def _pour(read: Read, descriptor: int) -> None:
    loop = asyncio.get_running_loop()
    transport, _ = await loop.connect_write_pipe(asyncio.BaseProtocol, os.fdopen(descriptor, "wb", 0))
    try:
        while data := await read():
            transport.write(data)
    finally:
        transport.close()


async def _drain(descriptor: int, write: Write) -> None:
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    transport, _ = await loop.connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(descriptor, "rb", 0)
    )
    try:
        with contextlib.suppress(OSError):  # a terminal whose last program has ended gives EIO
            while data := await reader.read(CHUNK):
                await write(data)
    finally:
        transport.close()
