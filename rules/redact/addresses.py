"""Addresses under other addresses, so that every relation between addresses and ranges holds as before.

A bit of an address is flipped, or not, by a keyed hash of the bits before it. Two addresses that share a prefix share
one of the same length afterwards (the construction is Crypto-PAn's, without its cipher). No bit is flipped that would
lead out of private or special-use space, nor any inside a subnet: an address keeps its place there.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from rules.ranges import INTERNAL, LINK_LOCAL

Network = IPv4Network | IPv6Network

CLASSES: tuple[Network, ...] = (
    *INTERNAL,
    *map(IPv4Network, ("224.0.0.0/4", "172.17.0.0/16", "255.255.255.255/32")),
    *map(IPv6Network, ("fc00::/7", "fe80::/10", "ff00::/8", "2001:db8::/32", "64:ff9b::/96", "2600:1900::/28")),
)
"""An address in one of these stays in it; 172.17.0.0/16 is Docker's own bridge."""

PUBLISHED: tuple[Network, ...] = (
    LINK_LOCAL,
    *map(
        IPv4Network,
        (
            "0.0.0.0/8",
            "127.0.0.0/8",
            "35.191.0.0/16",
            "130.211.0.0/22",
            "35.235.240.0/20",
            "199.36.153.4/30",
            "199.36.153.8/30",
            "34.118.224.0/20",
        ),
    ),
    IPv6Network("::/96"),
)
"""Everybody's, or Google's own (health checks, IAP, private.googleapis.com, GKE's own Services): they stay as they
are."""

HOST_BITS = {4: 8, 6: 64}


class Addresses:
    """The mapping under `key`; `subnets` are ranges inside which places stay."""

    def __init__(self, key: bytes, subnets: Iterable[Network] = ()) -> None:
        self._key = key
        self._fixed: set[tuple[int, int, int]] = set()
        for network in (*CLASSES, *PUBLISHED):
            whole, width = int(network.network_address), network.max_prefixlen
            for length in range(network.prefixlen):
                self._fixed.add((network.version, length, whole >> (width - length)))
        self._still = {
            (
                network.version,
                network.prefixlen,
                int(network.network_address) >> (network.max_prefixlen - network.prefixlen),
            )
            for network in (*PUBLISHED, *subnets)
        }
        self._flips: dict[tuple[int, int, int], bool] = {}

    def address(self, text: str) -> str:
        """The address in `text`, mapped. Raises ValueError when it is none."""
        return self._mapped(ip_address(text), None)

    def network(self, address: str, length: int) -> str:
        """`address/length`, mapped: bits behind the prefix stay as they are. Raises ValueError when it is none."""
        whole = ip_network(f"{address}/{length}", strict=False)
        return f"{self._mapped(ip_address(address), whole.prefixlen)}/{length}"

    def _mapped(self, address: IPv4Address | IPv6Address, length: int | None) -> str:
        width, number = address.max_prefixlen, int(address)
        last = width - HOST_BITS[address.version]
        flipped = number
        moved = False
        for depth in range(min(last, width if length is None else length)):
            node = (address.version, depth, number >> (width - depth))
            if node in self._still:
                break
            if node in self._fixed:
                continue
            # The first free bit is always flipped, so that no address is its own pseudonym.
            if not moved or self._flip(node):
                flipped ^= 1 << (width - 1 - depth)
            moved = True
        return str(type(address)(flipped))

    def _flip(self, node: tuple[int, int, int]) -> bool:
        found = self._flips.get(node)
        if found is None:
            digest = hashlib.blake2b(repr(node).encode(), key=self._key, digest_size=1).digest()
            found = self._flips[node] = bool(digest[0] & 1)
        return found
