"""Start a keeper and talk to it."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import itertools
import json
import os
import shutil
import socket
import sys
from collections.abc import Awaitable, Iterable, Mapping, Sequence
from typing import Any

from lab.fabric.kernel.blueprint import Blueprint, Wire, difference, mac
from lab.fabric.kernel.channel import PACKET, Message, receive, send
from rules.words import _

START_SECONDS = 20.0
TOOLS = ("unshare", "nsenter", "setpriv", "setsid", "mount", "ip", "iptables-restore")
Answer = tuple[dict[str, Any], list[int]]
"""A reply and the descriptors that came with it."""


class KernelUnavailableError(RuntimeError):
    """This machine does not let us make namespaces; the message says why in one sentence."""


@dataclasses.dataclass(frozen=True)
class Command:
    """A command in a container: its namespace, what its image is called and holds, its environment without PATH, and
    whether its three descriptors are a terminal."""

    namespace: str
    argv: tuple[str, ...]
    image: str
    programs: tuple[str, ...]
    environment: Mapping[str, str]
    privileged: bool = False
    terminal: bool = False


class KeeperClient:
    """The other end of a keeper: applies blueprints, runs commands, reads counters. `ended` is set when it dies."""

    def __init__(self) -> None:
        self._process: asyncio.subprocess.Process | None = None
        self._complaints = os.memfd_create("complaints")
        self._channel: socket.socket | None = None
        self.ended = asyncio.Event()
        self._ids = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[Answer]] = {}
        self.blueprint = Blueprint()

    async def start(self, *, root: bool = False) -> None:
        """Start the keeper; KernelUnavailableError when the kernel refuses or a tool is missing.

        `root`: the namespaces are the machine's root's own, so that its other programs find in them the rights that
        they have anywhere.
        """
        missing = [tool for tool in TOOLS if shutil.which(tool) is None]
        if missing:
            raise KernelUnavailableError(
                _("The kernel fabric needs {tools}, which is not here; install it, or use --fabric simulated.").format(
                    tools=", ".join(missing)
                )
            )
        if not root and await self._attempt(("--user", "--map-root-user")):
            return
        if root and os.geteuid() == 0 and await self._attempt(()):
            return
        if root:
            raise KernelUnavailableError(_("Only root can give network namespaces names; run this as root."))
        why = await self._why()
        if os.geteuid() == 0 and await self._attempt(()):  # root needs no user namespace of its own
            return
        raise KernelUnavailableError(
            _("This machine does not let us make network namespaces ({why}); use --fabric simulated instead.").format(
                why=why
            )
        )

    async def _attempt(self, identity: Sequence[str]) -> bool:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        os.set_inheritable(theirs.fileno(), True)
        path = os.pathsep.join(filter(None, sys.path))
        self._process = await asyncio.create_subprocess_exec(
            "unshare", *identity, "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc",
            sys.executable, "-P", "-m", "lab.fabric.kernel.keeper", str(theirs.fileno()), pass_fds=[theirs.fileno()],
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL, stderr=self._complaints,
            env={**os.environ, "PYTHONPATH": path}, start_new_session=True,
        )  # fmt: skip
        theirs.close()
        ours.setblocking(False)
        loop = asyncio.get_running_loop()
        try:
            hello = await asyncio.wait_for(loop.sock_recv(ours, PACKET), START_SECONDS)
        except TimeoutError:
            hello = b""
        if not hello:
            ours.close()
            return False
        self._channel = ours
        loop.add_reader(ours.fileno(), self._receive)
        return True

    async def _why(self) -> str:
        process, self._process = self._process, None
        if process is not None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
        os.lseek(self._complaints, 0, os.SEEK_SET)
        lines = os.read(self._complaints, PACKET).decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else "the keeper ended without a word"

    @property
    def alive(self) -> bool:
        """Whether the keeper is there."""
        return self._channel is not None

    async def stop(self) -> None:
        """End the keeper and with it every namespace and process inside."""
        if self._channel is not None:
            asyncio.get_running_loop().remove_reader(self._channel.fileno())
            self._channel.close()
            self._channel = None
        if self._process is not None:
            try:
                await asyncio.wait_for(self._process.wait(), 5)
            except TimeoutError:
                self._process.kill()
                await self._process.wait()
            self._process = None
        os.close(self._complaints)
        self.blueprint = Blueprint()

    async def apply(self, blueprint: Blueprint) -> None:
        """Make the kernel look like `blueprint`."""
        plan = difference(self.blueprint, blueprint)
        await self._ask({"op": "apply"}, attachment=json.dumps(dataclasses.asdict(plan) | _wires(plan.cut, plan.laid)))
        self.blueprint = blueprint

    def run(self, command: Command, descriptors: Sequence[int]) -> Awaitable[int]:
        """Run `command` on three descriptors (stdin, stdout, stderr); awaits its exit code.

        The descriptors are passed on before this returns, so the caller may close them at once.
        """
        number = next(self._ids)
        request = {"op": "run", "id": number, **dataclasses.asdict(command)}
        return self._exit_code(number, self._ask(request, descriptors))

    async def _exit_code(self, number: int, answer: asyncio.Future[Answer]) -> int:
        try:
            reply, _ = await answer
        except asyncio.CancelledError:
            self._send({"op": "kill", "id": next(self._ids), "target": number})
            raise
        return int(reply["exit"])

    async def counters(self, namespaces: Iterable[str]) -> dict[str, dict[str, tuple[int, int]]]:
        """Packets received and sent by each device of each namespace."""
        _, descriptors = await self._ask({"op": "counters", "namespaces": list(namespaces)})
        with os.fdopen(descriptors[0], "rb") as text:
            found = json.load(text)
        return {name: {key: (pair[0], pair[1]) for key, pair in devices.items()} for name, devices in found.items()}

    async def open(self, namespace: str) -> int:
        """A descriptor of `namespace`, which the caller closes."""
        _, descriptors = await self._ask({"op": "open", "namespace": namespace})
        return descriptors[0]

    async def attempt(
        self, attempts: Sequence[tuple[str, str, int]], watch: Iterable[str], seconds: float
    ) -> list[dict[str, Any]]:
        """Connect from each (namespace, address, port) at once; the trace module's Attempts as JSON."""
        asked = [{"namespace": name, "ip": ip, "port": port} for name, ip, port in attempts]
        _, descriptors = await self._ask({"op": "attempt", "attempts": asked, "watch": list(watch), "seconds": seconds})
        with os.fdopen(descriptors[0], "rb") as text:
            found: list[dict[str, Any]] = json.load(text)
        return found

    def _ask(
        self, request: dict[str, Any], descriptors: Sequence[int] = (), *, attachment: str | None = None
    ) -> asyncio.Future[Answer]:
        """Send now; the future gives the reply, or KernelUnavailableError with the keeper's words."""
        number = request.setdefault("id", next(self._ids))
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting[number] = future
        future.add_done_callback(lambda _: self._waiting.pop(number, None))
        self._send(request, descriptors, attachment)
        return future

    def _send(self, request: Message, descriptors: Sequence[int] = (), text: str | None = None) -> None:
        if self._channel is None:
            raise KernelUnavailableError("the keeper has ended")
        send(self._channel, request, descriptors, text)

    def _receive(self) -> None:
        if self._channel is None:
            return
        try:
            found = receive(self._channel)
        except BlockingIOError:
            return
        if found is None:
            asyncio.get_running_loop().remove_reader(self._channel.fileno())
            self._channel.close()
            self._channel = None
            self.ended.set()
            for waiting in list(self._waiting.values()):
                if not waiting.done():
                    waiting.set_exception(KernelUnavailableError("the keeper has ended"))
            return
        reply, descriptors = found
        future = self._waiting.get(reply["id"])
        if future is None or future.done():
            for descriptor in descriptors:
                os.close(descriptor)
            return
        if "error" in reply:
            future.set_exception(KernelUnavailableError(reply["error"]))
        else:
            future.set_result((reply, descriptors))


def _wires(cut: Sequence[Wire], laid: Sequence[Wire]) -> dict[str, Any]:
    def shape(wire: Wire) -> dict[str, Any]:
        return {
            side: {"namespace": end.namespace, "device": end.device, "mac": mac(end)}
            for side, end in (("left", wire.left), ("right", wire.right))
        }

    return {"cut": [shape(wire) for wire in cut], "laid": [shape(wire) for wire in laid]}
