"""Reading API objects that may lack keys or hold something else than they should: the answer is then a default."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from ipaddress import AddressValueError, IPv4Address, IPv4Network, NetmaskValueError
from itertools import pairwise
from typing import Any

from rules.snapshot import Json, Vpc


def child(item: Any, *keys: str) -> Json:
    """The object found by following `keys`; an empty one where there is none."""
    for key in keys:
        # JSON gives plain dicts; asking an abstract class a million times took half of the time to build a world
        item = item.get(key) if type(item) is dict or isinstance(item, Mapping) else None
    return item if type(item) is dict or isinstance(item, Mapping) else {}


def objects(item: Any, *keys: str) -> Iterator[Json]:
    """The objects of the list found by following `keys`."""
    found = child(item, *keys[:-1]).get(keys[-1]) if keys else item
    if isinstance(found, list | tuple):
        yield from (entry for entry in found if type(entry) is dict or isinstance(entry, Mapping))


def text(item: Any, *keys: str) -> str:
    """The text found by following `keys`, or ''."""
    found = child(item, *keys[:-1]).get(keys[-1])
    return found if isinstance(found, str) else ""


def texts(item: Any, *keys: str) -> tuple[str, ...]:
    """The texts of the list found by following `keys`."""
    found = child(item, *keys[:-1]).get(keys[-1])
    if not isinstance(found, list | tuple):
        return ()
    return tuple(entry for entry in found if isinstance(entry, str))


def number(item: Any, key: str, default: int) -> int:
    """The whole number at `key`; 64-bit numbers arrive as text."""
    found = child(item).get(key)
    if isinstance(found, bool):
        return default
    if isinstance(found, int):
        return found
    return int(found) if isinstance(found, str) and found.isascii() and found.isdigit() else default


def maybe_number(item: Any, key: str) -> int | None:
    """The whole number at `key`, or None."""
    found = number(item, key, -1)
    return None if found < 0 else found


def flag(item: Any, key: str, default: bool = False) -> bool:
    """The truth value at `key`."""
    found = maybe_flag(item, key)
    return default if found is None else found


def maybe_flag(item: Any, key: str) -> bool | None:
    """The truth value at `key`, or None."""
    found = child(item).get(key)
    if isinstance(found, str) and found.lower() in ("true", "false"):
        return found.lower() == "true"
    return found if isinstance(found, bool) else None


def mapping(item: Any, *keys: str) -> dict[str, str]:
    """The text values of the object found by following `keys`."""
    return {str(key): value for key, value in child(item, *keys).items() if isinstance(value, str)}


def address(value: Any) -> IPv4Address | None:
    """`value` as an IPv4 address, or None."""
    if not isinstance(value, str):
        return None
    try:
        return IPv4Address(value.split("/")[0])
    except AddressValueError:
        return None


def network(value: Any) -> IPv4Network | None:
    """`value` as an IPv4 network (host bits cleared; a bare address is a /32), or None."""
    if not isinstance(value, str):
        return None
    try:
        return IPv4Network(value, strict=False)
    except (AddressValueError, NetmaskValueError, ValueError):
        return None


def networks(values: Any) -> tuple[IPv4Network, ...]:
    """The IPv4 networks among `values`, in order."""
    if not isinstance(values, list | tuple):
        return ()
    return tuple(found for found in map(network, values) if found is not None)


def short(url: str) -> str:
    """The last part of a self-link, or the name itself."""
    return url.rstrip("/").rsplit("/", 1)[-1]


def part(url: str, collection: str) -> str:
    """The name behind `collection` in a self-link (`projects`, `zones`, …), or ''."""
    parts = url.split("/")
    for here, following in pairwise(parts):
        if here == collection:
            return following
    return ""


def vpc(url: str, project: str) -> Vpc:
    """The VPC that a full, partial or bare network name means, seen from `project`."""
    return Vpc(part(url, "projects") or project, short(url))
