"""Address ranges: which are private, and which of many hold an address, most specific first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address, IPv4Network
from typing import Generic, TypeVar

T = TypeVar("T")

LINK_LOCAL = IPv4Network("169.254.0.0/16")

RFC1918 = tuple(IPv4Network(text) for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"))

# The other ranges that VPC networks treat as internal ("Valid ranges" of the subnets documentation).
RESERVED = tuple(
    IPv4Network(text)
    for text in (
        "100.64.0.0/10",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "240.0.0.0/4",
    )
)

INTERNAL = RFC1918 + RESERVED

ANYWHERE = IPv4Network("0.0.0.0/0")


def internal(address: IPv4Address) -> bool:
    """Whether `address` is of private or special-use space, which never leaves through the internet gateway."""
    return any(address in network for network in INTERNAL) or address in LINK_LOCAL


def privately_used_public(network: IPv4Network) -> bool:
    """Whether a subnet range is public space used privately, which peerings exchange only on request."""
    return not any(network.subnet_of(known) for known in INTERNAL)


class Prefixes(Generic[T]):
    """Values by IPv4 network, found by the addresses or networks they contain."""

    def __init__(self, items: Iterable[tuple[IPv4Network, T]] = ()) -> None:
        self._by_length: dict[int, dict[int, list[T]]] = {}
        for network, value in items:
            self.add(network, value)

    def add(self, network: IPv4Network, value: T) -> None:
        self._by_length.setdefault(network.prefixlen, {}).setdefault(int(network.network_address), []).append(value)

    def holding(self, address: IPv4Address) -> Iterator[T]:
        """Values whose network holds `address`, most specific first."""
        yield from self._upwards(int(address), 32)

    def covering(self, network: IPv4Network) -> Iterator[T]:
        """Values whose network equals or contains `network`, most specific first."""
        yield from self._upwards(int(network.network_address), network.prefixlen)

    def equal(self, network: IPv4Network) -> list[T]:
        """Values of exactly `network`."""
        return self._by_length.get(network.prefixlen, {}).get(int(network.network_address), [])

    def _upwards(self, number: int, longest: int) -> Iterator[T]:
        for length in sorted(self._by_length, reverse=True):
            if length <= longest:
                yield from self._by_length[length].get(number >> (32 - length) << (32 - length), ())
