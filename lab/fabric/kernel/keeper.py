"""The process that owns the namespaces. It runs inside namespaces of its own, so that its end is theirs.

Started as `unshare … python -m lab.fabric.kernel.keeper FD`; FD is one end of a SEQPACKET pair. Every request is a
JSON object with `op` and `id`, and gets a JSON answer with the same `id`; long texts travel as memory files. The
keeper ends when the other end closes; the PID namespace then ends everything that was started inside.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from aiohttp import web

from lab.fabric.kernel.channel import Message, receive, send
from lab.fabric.kernel.enter import NAMES, device_counters, inside, listening_socket, write_sysctls
from lab.fabric.kernel.netlink import UnknownLineError, shape
from lab.fabric.kernel.room import open_room
from lab.fabric.kernel.sites import site
from lab.fabric.kernel.trace import attempt

CUT = 77
"""The device group of wires that are about to be cut."""
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class KernelError(RuntimeError):
    """A command that shapes the kernel failed; the message is its own."""


class Keeper:
    """Owns namespaces, runs commands in them, counts their packets."""

    def __init__(self, channel: socket.socket, room: int) -> None:
        self._channel = channel
        self._room = room
        self._running: dict[int, asyncio.subprocess.Process] = {}
        self._servers: dict[str, list[web.AppRunner]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = asyncio.Event()

    async def serve(self) -> NoReturn:
        """Answer requests until the other end closes; then end at once, whatever is under way.

        This is the first process of its PID namespace: with it end all others, and the namespaces with them.
        """
        loop = asyncio.get_running_loop()
        self._channel.setblocking(False)
        loop.add_reader(self._channel.fileno(), self._receive)
        await self._closed.wait()
        os._exit(0)

    def _receive(self) -> None:
        try:
            found = receive(self._channel)
        except BlockingIOError:
            return
        if found is None:
            asyncio.get_running_loop().remove_reader(self._channel.fileno())
            self._closed.set()
            return
        task = asyncio.ensure_future(self._answer(*found))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _answer(self, request: dict[str, Any], descriptors: list[int]) -> None:
        reply: dict[str, Any] = {"id": request["id"]}
        try:
            match request["op"]:
                case "apply":
                    with os.fdopen(descriptors.pop(0), "rb") as text:
                        await self._apply(json.load(text))
                case "run":
                    reply["exit"] = await self._run(request, descriptors)
                case "kill":
                    self._kill(request["target"])
                case "counters":
                    counted = {name: device_counters(name) for name in request["namespaces"]}
                    self._send(reply, json.dumps(counted))
                    return
                case "open":
                    descriptors.append(os.open(NAMES / request["namespace"], os.O_RDONLY | os.O_CLOEXEC))
                    self._send(reply, descriptors=descriptors)
                    return
                case "attempt":
                    tried = await attempt(request["attempts"], request["watch"], request["seconds"])
                    self._send(reply, json.dumps([dataclasses.asdict(each) for each in tried]))
                    return
        except Exception as error:  # whatever went wrong, the asker must not wait for ever
            reply["error"] = f"{type(error).__name__}: {error}"
        finally:
            for descriptor in descriptors:
                os.close(descriptor)
        self._send(reply)

    def _send(self, reply: Message, text: str | None = None, descriptors: Sequence[int] = ()) -> None:
        with contextlib.suppress(OSError):  # the other end may be gone; then the reader ends this process
            send(self._channel, reply, descriptors, text)

    async def _apply(self, plan: dict[str, Any]) -> None:
        """Bring the kernel from one blueprint to the next; `plan` is a Difference as JSON."""
        for name in plan["lost"]:
            await self._listen(name, [])
        await asyncio.gather(*(_shape(step["remove"], step["namespace"]) for step in plan["steps"]))
        cuts: dict[str, str] = {}
        for wire in plan["cut"]:
            end = wire["left"]
            cuts[end["namespace"]] = cuts.get(end["namespace"], "") + f"link set {end['device']} group {CUT}\n"
        # The kernel takes its time for each deletion, but not for each device of one.
        await asyncio.gather(*(_ip(f"{batch}link del group {CUT}\n", name) for name, batch in cuts.items()))
        await _ip("".join(f"netns del {name}\n" for name in plan["lost"]))
        await _ip("".join(f"netns add {name}\n" for name in plan["made"]))
        await _ip("".join(_veth(wire) for wire in plan["laid"]))
        for step in plan["steps"]:
            if step["sysctls"]:
                write_sysctls(step["namespace"], tuple(tuple(item) for item in step["sysctls"]))
        await asyncio.gather(*(_shape(step["add"], step["namespace"]) for step in plan["steps"]))
        texts = {step["namespace"]: "".join(step["tables"].values()) for step in plan["steps"] if step["tables"]}
        await asyncio.gather(*(_command(text, *_at(name), "iptables-restore", "-w") for name, text in texts.items()))
        for step in plan["steps"]:
            if step["listeners"] is not None:
                await self._listen(step["namespace"], step["listeners"])

    async def _listen(self, namespace: str, listeners: list[dict[str, Any]]) -> None:
        for runner in self._servers.pop(namespace, []):
            await runner.cleanup()
        for listener in listeners:
            runner = web.AppRunner(site(namespace, listener), access_log=None)
            await runner.setup()
            await web.SockSite(runner, listening_socket(namespace, listener["address"], listener["port"])).start()
            self._servers.setdefault(namespace, []).append(runner)

    async def _run(self, request: dict[str, Any], descriptors: list[int]) -> int:
        """Run argv in a namespace with the three given descriptors; the exit code, or 128 + signal."""
        stdin, stdout, stderr = descriptors[:3]
        room = (
            _tool("nsenter"),
            f"--net={NAMES / request['namespace']}",
            f"--mount=/proc/{self._room}/ns/mnt",
            "--wd=/",
            "--",
        )
        path = self._toolbox(request["image"], request["programs"])
        session = (_tool("setsid"), "--ctty") if request["terminal"] else ()  # setsid makes the session itself
        process = await asyncio.create_subprocess_exec(
            *session, *room, *confinement(request["privileged"]), *request["argv"],
            stdin=stdin, stdout=stdout, stderr=stderr,
            env={**request["environment"], "PATH": path}, cwd="/", start_new_session=not session,
        )  # fmt: skip
        while descriptors:
            os.close(descriptors.pop())
        self._running[request["id"]] = process
        try:
            code = await process.wait()
        finally:
            del self._running[request["id"]]
        return code if code >= 0 else 128 - code

    def _toolbox(self, image: str, programs: list[str]) -> str:
        """The PATH of an image: a folder, inside the room, that links to the programs which the image holds."""
        path = f"/run/images/{image}"
        folder = Path(f"/proc/{self._room}/root{path}")
        if not folder.is_dir():
            folder.mkdir(parents=True)
            for program in programs:
                if found := shutil.which(program, path=PATH):
                    (folder / program).symlink_to(found)
        return path

    def _kill(self, id: int) -> None:
        if process := self._running.get(id):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def _tool(name: str) -> str:
    """A tool of this machine by its whole path: the environment of a container names other folders."""
    found = shutil.which(name, path=PATH)
    if found is None:
        raise KernelError(f"{name} is not on this machine")
    return found


def confinement(privileged: bool) -> tuple[str, ...]:
    """What takes powers away from a container: none may undo the room, and few may touch the network."""
    taken = ("sys_admin", "sys_ptrace", "sys_module", *(() if privileged else ("net_admin",)))
    return (_tool("setpriv"), f"--bounding-set={','.join('-' + power for power in taken)}", "--inh-caps=-all", "--")


def _at(namespace: str) -> tuple[str, ...]:
    return ("nsenter", f"--net={NAMES / namespace}", "--")


def _veth(wire: dict[str, Any]) -> str:
    left, right = wire["left"], wire["right"]
    return (
        f"link add {left['device']} netns {left['namespace']} address {left['mac']} type veth "
        f"peer name {right['device']} netns {right['namespace']} address {right['mac']}\n"
    )


async def _shape(batch: str, namespace: str) -> None:
    """Carry out `ip` lines in a namespace: by netlink where they are of the common kinds, else through `ip`."""
    if not batch:
        return
    lines = batch.splitlines()
    try:
        inside(namespace, lambda: shape(lines))
    except UnknownLineError:
        await _ip(batch, namespace)
    except OSError as error:
        raise KernelError(f"{namespace}: {error.filename}: {error.strerror}") from error


async def _ip(batch: str, namespace: str | None = None) -> None:
    if batch:
        await _command(batch, "ip", *(("-n", namespace) if namespace else ()), "-batch", "-")


async def _command(text: str, *argv: str) -> None:
    process = await asyncio.create_subprocess_exec(
        *argv, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env={"PATH": PATH}
    )
    _, stderr = await process.communicate(text.encode())
    if process.returncode != 0:
        raise KernelError(f"{' '.join(argv)}: {stderr.decode(errors='replace').strip()}\n{text}")


def main() -> None:
    """Run the keeper on the descriptor named on the command line."""
    channel = socket.socket(fileno=int(sys.argv[1]))
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", "/run"], check=True)
    NAMES.mkdir(parents=True)
    keeper = Keeper(channel, open_room())
    channel.send(b'{"id": 0}')
    asyncio.run(keeper.serve())


if __name__ == "__main__":
    main()
