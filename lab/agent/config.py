"""The agent's configuration file, read as the Go program reads it.

Independent of rules.masquerade on purpose: the lab must be able to prove the rules wrong. Sources: ip-masq-agent's
syncConfig, validate and Duration; Go's encoding/json, net.ParseCIDR and time.ParseDuration.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from fractions import Fraction
from ipaddress import AddressValueError, IPv4Network, IPv6Address, IPv6Network
from typing import Any

from lab.agent.goyaml import GoError, to_value

PRIVATE = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")
RESERVED = (
    "100.64.0.0/10",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.88.99.0/24",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "240.0.0.0/4",
)
FIELDS = ("nonMasqueradeCIDRs", "cidrLimit", "masqLinkLocal", "masqLinkLocalIPv6", "resyncInterval")
SECOND = 1_000_000_000
MAX_INT = 2**63 - 1

_OCTET = r"(0|[1-9][0-9]{0,2})"
_V4 = re.compile(rf"{_OCTET}\.{_OCTET}\.{_OCTET}\.{_OCTET}")
_UNITS = {"ns": 1, "us": 1000, "µs": 1000, "μs": 1000, "ms": 10**6, "s": SECOND, "m": 60 * SECOND, "h": 3600 * SECOND}
_PART = re.compile(r"([0-9]*)(?:\.([0-9]*))?([^0-9.]+)")


@dataclass(frozen=True)
class Config:
    """MasqConfig: the list keeps its order and its duplicates; `resync` counts nanoseconds."""

    ranges: tuple[str, ...]
    limit: int = 64
    link_local: bool = False
    link_local_v6: bool = False
    resync: int = 60 * SECOND

    def as_json(self) -> str:
        """As the agent logs it behind "using config:"."""
        values = (list(self.ranges), self.limit, self.link_local, self.link_local_v6, self.resync)
        return json.dumps(dict(zip(FIELDS, values, strict=True)), separators=(",", ":"))


def defaults(all_reserved: bool) -> Config:
    """The agent's defaults, with or without --nomasq-all-reserved-ranges."""
    return Config((*PRIVATE, *RESERVED) if all_reserved else PRIVATE)


def parse(text: str | None, *, all_reserved: bool, ipv6: bool = False, has_limit: bool = True) -> Config:
    """The configuration that file content `text` (None: no file) gives; GoError where the agent refuses it.

    `has_limit` False is an agent before v2.9.0, which knows no cidrLimit.
    """
    config = defaults(all_reserved)
    if text is None:
        return config
    if text.lstrip(" \t\r\n\v\f\x85\xa0").startswith("{"):
        pairs = _json(text)
    else:
        value = to_value(text)
        if value is None:
            return _validated(config, ipv6)
        if not isinstance(value, dict):
            raise GoError(f"json: cannot unmarshal {_kind(value)} into Go value of type main.MasqConfig")
        pairs = list(value.items())
    fields = {name.casefold(): name for name in FIELDS if has_limit or name != "cidrLimit"}
    problem: GoError | None = None
    for key, value in pairs:
        name = fields.get(key.casefold())
        if name is None:
            continue
        try:
            config = _set(config, name, value)
        except _MismatchError as error:
            problem = problem or GoError(str(error))
    if problem is not None:
        raise problem
    return _validated(config, ipv6)


class _MismatchError(ValueError):
    """encoding/json reports the first of these at the end, after all fields."""


class _Number(str):
    """A number of a JSON text as it was written: Go takes 64 for an int, not 64.0."""


def _json(text: str) -> list[tuple[str, Any]]:
    def reject(word: str) -> Any:
        raise ValueError(word)

    try:
        value = json.loads(
            text,
            object_pairs_hook=lambda pairs: _Pairs(pairs),
            parse_int=_Number,
            parse_float=_Number,
            parse_constant=reject,
        )
    except (ValueError, RecursionError) as error:
        raise GoError(f"invalid character in JSON text: {' '.join(str(error).split())}") from error
    return list(value)


class _Pairs(list[tuple[str, Any]]):
    """A JSON object with its keys in order, those that are there twice included."""


def _set(config: Config, name: str, value: Any) -> Config:
    if name == "resyncInterval":
        return replace(config, resync=_duration(value))
    if value is None:
        return replace(config, ranges=()) if name == "nonMasqueradeCIDRs" else config
    if name == "nonMasqueradeCIDRs":
        return replace(config, ranges=_texts(config.ranges, value))
    if name == "cidrLimit":
        return replace(config, limit=_int(value))
    if not isinstance(value, bool):
        raise _MismatchError(_words(value, name, "bool"))
    return replace(config, link_local=value) if name == "masqLinkLocal" else replace(config, link_local_v6=value)


def _texts(old: tuple[str, ...], value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or isinstance(value, _Pairs):
        raise _MismatchError(_words(value, "nonMasqueradeCIDRs", "[]string"))
    found = []
    for index, item in enumerate(value):
        if item is None:
            # A null leaves what the slice held there before: Go decodes into the old array.
            found.append(old[index] if index < len(old) else "")
        elif isinstance(item, str) and not isinstance(item, _Number):
            found.append(item)
        else:
            raise _MismatchError(_words(item, "nonMasqueradeCIDRs", "string"))
    return tuple(found)


def _int(value: Any) -> int:
    if isinstance(value, _Number):
        if not re.fullmatch(r"-?[0-9]+", value):
            raise _MismatchError(
                f"json: cannot unmarshal number {value} into Go struct field MasqConfig.cidrLimit of type int"
            )
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not -MAX_INT - 1 <= value <= MAX_INT:
        raise _MismatchError(_words(value, "cidrLimit", "int"))
    return value


def _duration(value: Any) -> int:
    if not isinstance(value, str) or isinstance(value, _Number):
        shown = "null" if value is None else str(value) if isinstance(value, _Number) else _shown(value)
        raise GoError(f'expected string value for unmarshal to field of type Duration, got "{shown}"')
    return go_duration(value)


def _shown(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), default=list)


def go_duration(text: str) -> int:
    """time.ParseDuration: nanoseconds; GoError as Go words it."""
    quoted = json.dumps(text, ensure_ascii=False)
    body = text[1:] if text[:1] in ("-", "+") else text
    if body == "0":
        return 0
    if not body:
        raise GoError(f"time: invalid duration {quoted}")
    total, at = Fraction(0), 0
    while at < len(body):
        found = _PART.match(body, at)
        if found is None:
            missing = re.fullmatch(r"[0-9]*(\.[0-9]*)?", body[at:]) and any(char.isdigit() for char in body[at:])
            raise GoError(f"time: {'missing unit in' if missing else 'invalid'} duration {quoted}")
        whole, part, unit = found.groups()
        if not whole and not part:
            raise GoError(f"time: invalid duration {quoted}")
        if unit not in _UNITS:
            raise GoError(f"time: unknown unit {json.dumps(unit, ensure_ascii=False)} in duration {quoted}")
        total += (Fraction(int(whole or 0)) + Fraction(int(part or 0), 10 ** len(part or ""))) * _UNITS[unit]
        at = found.end()
    if total > MAX_INT:
        raise GoError(f"time: invalid duration {quoted}")
    return -int(total) if text.startswith("-") else int(total)


def _validated(config: Config, ipv6: bool) -> Config:
    count = len(config.ranges)
    if count > config.limit:
        raise GoError(
            f"the daemon can only accept up to {config.limit} CIDRs (excluding link-local), "
            f"but got {count} CIDRs (excluding link local)"
        )
    for cidr in config.ranges:
        _check(cidr, ipv6)
    return config


def _check(cidr: str, ipv6: bool) -> None:
    quoted = json.dumps(cidr, ensure_ascii=False)
    address, slash, size = cidr.partition("/")
    bits = _bits(address)
    if not slash or bits is None or not re.fullmatch(r"[0-9]{1,8}", size) or int(size) > bits:
        raise GoError(f"CIDR {quoted} could not be parsed, invalid CIDR address: {cidr}")
    network = (IPv4Network if bits == 32 else IPv6Network)((address, int(size)), strict=False)
    if str(network.network_address) != str((IPv4Network if bits == 32 else IPv6Network)(address).network_address):
        raise GoError(f'CIDR {quoted} is not aligned to a CIDR block, ip: "{address}" network: "{network}"')
    if bits == 128 and not ipv6:
        raise GoError(f"ipv6 is not enabled, but ipv6 cidr {cidr} provided. Enable ipv6 using --enable-ipv6 agent flag")


def _bits(address: str) -> int | None:
    found = _V4.fullmatch(address)
    if found is not None:
        return 32 if all(int(octet) < 256 for octet in found.groups()) else None
    if "%" in address or ":" not in address:
        return None
    try:
        IPv6Address(address)
    except AddressValueError:
        return None
    return 128


def is_v6(cidr: str) -> bool:
    """Whether a range that has been validated is one of IPv6."""
    return ":" in cidr


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, _Number | int | float):
        return "number"
    return "string" if isinstance(value, str) else "object" if isinstance(value, dict | _Pairs) else "array"


def _words(value: Any, name: str, wanted: str) -> str:
    return f"json: cannot unmarshal {_kind(value)} into Go struct field MasqConfig.{name} of type {wanted}"
