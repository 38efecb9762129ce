"""Checks of request bodies, refused in Google's words."""

from __future__ import annotations

import re
from collections.abc import Collection
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any

from lab.compute.errors import bad_request, invalid, required
from lab.store import Object

NAME = re.compile(r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?")


def body(given: Object | None, known: Collection[str], where: str = "") -> Object:
    """The body, when it is an object that has only known keys."""
    if given is None:
        raise required("resource")
    for word in given:
        if word not in known:
            at = f" at '{where}'" if where else ""
            raise bad_request(f'Invalid JSON payload received. Unknown name "{word}"{at}: Cannot find field.')
    return given


def name(given: object) -> str:
    """A resource's name (RFC 1035)."""
    if given is None:
        raise required("resource.name")
    if not isinstance(given, str) or not NAME.fullmatch(given):
        raise invalid("resource.name", given, f"Must be a match of regex '(?:{NAME.pattern})'")
    return given


def flag(given: object, field: str) -> bool:
    """A truth value."""
    if not isinstance(given, bool):
        raise bad_request(f"Invalid value at '{field}' (TYPE_BOOL), \"{given}\"")
    return given


def choice(given: object, field: str, known: Collection[str]) -> str:
    """One of a few words."""
    if not isinstance(given, str) or given not in known:
        raise invalid(field, given, "Must be one of " + ", ".join(known) + ".")
    return given


def priority(given: object, field: str = "resource.priority") -> int:
    """A priority, 0 to 65535."""
    if isinstance(given, bool) or not isinstance(given, int) or not 0 <= given <= 65535:
        raise invalid(field, given, "Must be a number from 0 to 65535.")
    return given


def cidr(given: object, field: str) -> IPv4Network | IPv6Network:
    """An address range whose host bits are zero; an address alone is a range of one."""
    try:
        return ip_network(str(given))
    except ValueError as error:
        raise invalid(field, given, "Must be a CIDR address range.") from error


def texts(given: object, field: str) -> list[str]:
    """A list of texts."""
    if not isinstance(given, list) or not all(isinstance(item, str) for item in given):
        raise bad_request(f"Invalid value at '{field}' (TYPE_STRING), \"{given}\"")
    return given


def objects(given: object, field: str) -> list[dict[str, Any]]:
    """A list of objects."""
    if not isinstance(given, list) or not all(isinstance(item, dict) for item in given):
        raise bad_request(f"Invalid value at '{field}' (type.googleapis.com/google.protobuf.Struct), \"{given}\"")
    return given
