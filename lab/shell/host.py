"""What the programs see of the machine they run on, and of the network behind it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network
from typing import Protocol


class Outcome(StrEnum):
    """How an attempt to connect ends."""

    OK = "ok"
    TIMEOUT = "timeout"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"


@dataclass(frozen=True)
class Server:
    """What listens at the other end: HTTP `paths` with their bodies, or None for a server that never speaks. `error`
    is the HTTP status and text that it answers to everything, instead. Packets of more than `largest` bytes are lost
    on the way, in either direction."""

    protocol: str
    port: int
    paths: Mapping[str, str] | None = None
    error: tuple[int, str] | None = None
    largest: int | None = None

    def loses(self, size: int) -> bool:
        """Whether an IP packet of `size` bytes is lost."""
        return self.largest is not None and size > self.largest


@dataclass(frozen=True)
class Reach:
    """What became of one attempt; `server` is there when it was OK, after a ping only where size matters."""

    outcome: Outcome
    server: Server | None = None


@dataclass(frozen=True)
class Link:
    """A network interface with its address; `peers` are addresses behind it that no other route covers."""

    name: str
    address: IPv4Address
    prefix: int
    mac: str
    mtu: int = 1460


@dataclass(frozen=True)
class Machine:
    """The container's outside: name, interfaces, routes, environment, image, and what it may do.

    `routes` are lines of `ip route`; `gateway` is the default route's. `privileged` means that nat tables are readable.
    A multi-network pod leaves by the interface `leaves_by`, but for the ranges `by_eth0`.
    """

    hostname: str
    image: str
    links: tuple[Link, ...]
    gateway: IPv4Address
    routes: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    on_link: tuple[IPv4Network, ...] = ()
    privileged: bool = False
    node_network: bool = False
    leaves_by: str = ""
    by_eth0: tuple[IPv4Network, ...] = ()

    @property
    def address(self) -> IPv4Address:
        """The machine's own address."""
        return self.links[-1].address


class Host(Protocol):
    """One machine with its network."""

    @property
    def machine(self) -> Machine:
        """What the machine is."""
        ...

    async def reach(self, address: IPv4Address, protocol: str, port: int | None) -> Reach:
        """Send the first packet of a new connection, or one echo request, and learn what comes back.

        Returns as soon as the outcome is clear; who waits for an answer that never comes waits for himself.
        """
        ...

    def resolve(self, name: str) -> IPv4Address | None:
        """The address of a name, None when there is none."""
        ...

    def nat_table(self) -> str | None:
        """iptables-save of the nat table in this network namespace; None where there is none."""
        ...
