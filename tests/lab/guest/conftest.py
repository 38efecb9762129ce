"""A lab without servers: the store, the agents settled, the simulated fabric, and a way to type in its pods."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path

import pytest

from lab.agent import Agents
from lab.build import populate
from lab.fabric.base import Place
from lab.fabric.simulated import Simulated
from lab.scenario import load
from lab.shell.host import Outcome
from lab.store import Store
from rules.path import Source
from rules.snapshot import PodRef

ZOO = Path(__file__).with_name("zoo.yaml")


@dataclass(frozen=True)
class Typed:
    """What a command did."""

    code: int
    out: str
    err: str


class World:
    """One populated lab."""

    def __init__(self, which: str | Path) -> None:
        self.store = Store()
        populate(self.store, load(which))
        self.agents = Agents(self.store)
        self.agents.settle()
        self.fabric = Simulated(self.store)

    def nat(self, node: str = "gke-node-01") -> str:
        """A node's nat table."""
        return str(self.store.table("node/nat").get(node)["text"])

    def reach(self, address: str, port: int | None = 80, *, node: str = "", protocol: str = "tcp") -> Outcome:
        """What the question's pod, or a node, sees when it connects."""
        source = Source(node=node) if node else Source(pod=PodRef("default", "my-pod"))
        return self.fabric.send(source, IPv4Address(address), protocol, port).outcome

    async def type(self, *argv: str, pod: str = "my-pod", stdin: bytes = b"", tty: bool = False) -> Typed:
        """Run `argv` in the pod's container of the same name."""
        out, err, given = bytearray(), bytearray(), [stdin] if stdin else []

        async def read() -> bytes:
            return given.pop(0) if given else b""

        async def write_out(data: bytes) -> None:
            out.extend(data)

        async def write_err(data: bytes) -> None:
            err.extend(data)

        place = Place(PodRef("default", pod), pod, tty)
        code = await self.fabric.run(place, argv, read, write_out, write_err)
        return Typed(code, out.decode(), err.decode())

    async def sh(self, text: str, *, pod: str = "my-pod", shell: str = "sh", stdin: bytes = b"") -> Typed:
        """Run shell text."""
        return await self.type(shell, "-c", text, pod=pod, stdin=stdin)


@pytest.fixture
def world() -> Callable[[str], World]:
    """Make the world of a scenario."""
    return World


@pytest.fixture(scope="module")
def zoo() -> World:
    """The article's world with pods of many images."""
    return World(ZOO)


@pytest.fixture
def until() -> Callable[[Store, Callable[[], bool]], Awaitable[None]]:
    """Wait until a change of the store makes something true."""

    async def wait(store: Store, true: Callable[[], bool]) -> None:
        changed = asyncio.Event()
        end = store.listen(lambda _: changed.set())
        try:
            async with asyncio.timeout(20):
                while not true():
                    await changed.wait()
                    changed.clear()
        finally:
            end()

    return wait
