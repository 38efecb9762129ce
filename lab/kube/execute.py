"""Commands in containers over WebSocket: exec and attach, in the channel protocols that Kubernetes clients speak.

Channels: 0 stdin, 1 stdout, 2 stderr, 3 error (how it ended), 4 resize; with v5, 255 closes a channel.
(Kubernetes: apimachinery `remotecommand` constants, kubelet `streaming/remotecommand`.)
"""

from __future__ import annotations

import asyncio
import base64
import logging
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from aiohttp import WSMsgType, web

from lab.fabric.base import Fabric, Place
from lab.kube.containers import Console
from lab.kube.entry import encode
from lab.kube.status import StatusError, bad_request
from rules.snapshot import PodRef

Object = dict[str, Any]

PROTOCOLS = (
    "v5.channel.k8s.io",
    "v4.channel.k8s.io",
    "v4.base64.channel.k8s.io",
    "base64.channel.k8s.io",
    "channel.k8s.io",
)
STDIN, STDOUT, STDERR, ERROR, RESIZE, CLOSE = 0, 1, 2, 3, 4, 255
_MESSAGE_LIMIT = 4 * 1024 * 1024
_STDIN_CHUNKS = 64

log = logging.getLogger(__name__)


def container_of(pod: Object, asked: str, *, running: bool = True) -> str:
    """The container that a request means; 400 when it is not there, is one of several unnamed, or does not run."""
    name = pod["metadata"]["name"]
    spec, status = pod.get("spec") or {}, pod.get("status") or {}
    containers = [each["name"] for each in spec.get("containers") or ()]
    inits = [each["name"] for each in spec.get("initContainers") or ()]
    others = [each["name"] for each in spec.get("ephemeralContainers") or ()]
    if not asked:
        if len(containers) != 1:
            listed = " ".join(containers)
            choose = f"a container name must be specified for pod {name}, choose one of: [{listed}]"
            raise bad_request(f"{choose} or one of the init containers: [{' '.join(inits)}]" if inits else choose)
        asked = containers[0]
    elif asked not in (*containers, *inits, *others):
        raise bad_request(f"container {asked} is not valid for pod {name}")
    if running:
        _running(status, asked)
    return asked


def _running(status: Object, container: str) -> None:
    phase = status.get("phase")
    if phase in ("Succeeded", "Failed"):
        raise bad_request(f"cannot exec into a container in a completed pod; current phase is {phase}")
    states = [
        each
        for group in ("containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses")
        for each in status.get(group) or ()
        if each.get("name") == container
    ]
    if not any((each.get("state") or {}).get("running") is not None for each in states):
        raise bad_request(f'unable to upgrade connection: container not found ("{container}")')


class Session:
    """One command over one WebSocket."""

    def __init__(self, socket: web.WebSocketResponse, protocol: str) -> None:
        self._socket = socket
        self._v5 = protocol.startswith("v5")
        self._status_object = protocol.startswith(("v4", "v5"))
        self._base64 = "base64" in protocol
        self._stdin: asyncio.Queue[bytes] = asyncio.Queue(_STDIN_CHUNKS)
        self._ended = False

    async def run(self, fabric: Fabric, place: Place, argv: Sequence[str], streams: Sequence[int], tty: bool) -> None:
        """Run `argv` until it ends or the client goes away."""
        if not self._v5:
            lowest = min((each for each in streams if each in (STDOUT, STDERR)), default=ERROR)
            await self._send(lowest, b"")

        gone = asyncio.Event()

        async def output(channel: int, data: bytes) -> None:
            """Send; when the client is gone, hold the command until it is cancelled."""
            if channel in streams:
                try:
                    await self._send(channel, data)
                except ConnectionError:
                    gone.set()
                    await asyncio.Event().wait()

        async def stdout(data: bytes) -> None:
            await output(STDOUT, data)

        async def stderr(data: bytes) -> None:
            await output(STDOUT if tty else STDERR, data)

        async def stdin() -> bytes:
            return await self._next_input() if STDIN in streams else b""

        command = asyncio.create_task(fabric.run(place, argv, stdin, stdout, stderr))
        reader, lost = asyncio.create_task(self._receive()), asyncio.create_task(gone.wait())
        try:
            await asyncio.wait((command, reader, lost), return_when=asyncio.FIRST_COMPLETED)
            if command.done():
                await self._report(command)
        finally:
            for task in (command, reader, lost):
                task.cancel()
            await asyncio.gather(command, reader, lost, return_exceptions=True)
            with suppress(ConnectionError, asyncio.TimeoutError):
                await self._socket.close()

    async def attach(self, console: Console | None, streams: Sequence[int]) -> None:
        """Carry the console's output to the client and the client's input to it, until either is gone."""

        async def output(channel: int, data: bytes) -> None:
            channel = STDOUT if console is not None and console.tty else channel
            if channel in streams:
                await self._send(channel, data)

        async def carry() -> None:
            while console is not None and STDIN in streams and not console.closed:
                data = await self._next_input()
                if not data:
                    await console.close()
                    return
                await console.stdin.put(data)

        ended = asyncio.create_task((console.ended if console is not None else asyncio.Event()).wait())
        reader, carrier = asyncio.create_task(self._receive()), asyncio.create_task(carry())
        try:
            if console is not None:
                console.watchers.append(output)
            await asyncio.wait((ended, reader), return_when=asyncio.FIRST_COMPLETED)
            if ended.done():
                await self._status({"metadata": {}, "status": "Success"})
        finally:
            if console is not None and output in console.watchers:
                console.watchers.remove(output)
            if console is not None and console.once and STDIN in streams:
                await console.close()
            for task in (ended, reader, carrier):
                task.cancel()
            await asyncio.gather(ended, reader, carrier, return_exceptions=True)
            with suppress(ConnectionError, asyncio.TimeoutError):
                await self._socket.close()

    async def _report(self, command: asyncio.Task[int]) -> None:
        try:
            code = command.result()
        except ConnectionError:
            return
        except Exception:
            log.exception("a command failed inside the lab")
            await self._status(_failure("Internal error occurred: the lab could not run the command", "InternalError"))
            return
        await self._status(ended(code))

    async def _status(self, status: Object) -> None:
        if self._status_object:
            data = encode(status)
        else:
            data = b"" if status["status"] == "Success" else str(status["message"]).encode()
        with suppress(ConnectionError):
            await self._send(ERROR, data)

    async def _send(self, channel: int, data: bytes) -> None:
        if self._socket.closed:
            raise ConnectionResetError("the client is gone")
        if self._base64:
            await self._socket.send_str(str(channel) + base64.b64encode(data).decode())
        else:
            await self._socket.send_bytes(bytes((channel,)) + data)

    async def _receive(self) -> None:
        async for message in self._socket:
            if message.type is WSMsgType.BINARY:
                data: bytes = message.data
            elif message.type is WSMsgType.TEXT:
                data = message.data.encode()
            else:
                continue
            if self._base64:
                channel = data[0] - ord("0") if data[:1].isdigit() else -1
                await self._input(channel, _decoded(data[1:]))
            elif data:
                await self._input(data[0], data[1:])
        await self._close_input()

    async def _input(self, channel: int, data: bytes) -> None:
        if channel == STDIN and data:
            await self._stdin.put(data)
        elif channel == CLOSE and self._v5 and data[:1] == bytes((STDIN,)):
            await self._close_input()

    async def _close_input(self) -> None:
        if not self._ended:
            self._ended = True
            await self._stdin.put(b"")

    async def _next_input(self) -> bytes:
        if self._ended and self._stdin.empty():
            return b""
        return await self._stdin.get()


def _decoded(text: bytes) -> bytes:
    try:
        return base64.b64decode(text)
    except ValueError:
        return b""


def _failure(message: str, reason: str, details: Object | None = None) -> Object:
    status: Object = {"metadata": {}, "status": "Failure", "message": message, "reason": reason}
    return {**status, "details": details} if details else status


def ended(code: int) -> Object:
    """The Status that the kubelet sends when a command ends with `code`."""
    if code == 0:
        return {"metadata": {}, "status": "Success"}
    causes = {"causes": [{"reason": "ExitCode", "message": str(code)}]}
    message = f"command terminated with non-zero exit code: exit status {code}"
    return _failure(message, "NonZeroExitCode", causes)


def streams_of(query: Any) -> tuple[int, ...]:
    """The channels that a request asks for; 400 when it asks for none."""
    asked = tuple(
        channel
        for channel, name in ((STDIN, "stdin"), (STDOUT, "stdout"), (STDERR, "stderr"))
        if query.get(name, "").lower() in ("1", "true")
    )
    if not asked:
        raise bad_request("you must specify at least 1 of stdin, stdout, stderr")
    return asked


async def serve(
    request: web.Request, fabric: Fabric, pod: Object, container: str, argv: Sequence[str]
) -> web.StreamResponse:
    """Answer an exec request by running `argv` in the container."""
    streams = streams_of(request.query)
    tty = request.query.get("tty", "").lower() in ("1", "true")
    socket, session = await _open(request)
    ref = PodRef(pod["metadata"].get("namespace", ""), pod["metadata"]["name"])
    await session.run(fabric, Place(ref, container, tty), argv, streams, tty)
    return socket


async def attach(request: web.Request, console: Console | None) -> web.StreamResponse:
    """Answer an attach request with the streams of a container's own process; silence where none runs."""
    streams = streams_of(request.query)
    socket, session = await _open(request)
    await session.attach(console, streams)
    return socket


async def _open(request: web.Request) -> tuple[web.WebSocketResponse, Session]:
    if request.headers.get("Upgrade", "").lower() != "websocket":
        raise bad_request("unable to upgrade: the lab speaks WebSocket here, not SPDY")
    offered = [each.strip() for each in request.headers.get("Sec-WebSocket-Protocol", "").split(",") if each.strip()]
    protocol = next((each for each in offered if each in PROTOCOLS), "" if offered else "channel.k8s.io")
    if not protocol:
        raise StatusError(403, "Forbidden", f"unable to upgrade: none of the protocols {offered} is known")
    socket = web.WebSocketResponse(protocols=PROTOCOLS, max_msg_size=_MESSAGE_LIMIT)
    await socket.prepare(request)
    return socket, Session(socket, protocol)
