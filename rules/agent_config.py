"""ip-masq-agent's configuration file, read as the agent reads it.

The agent turns YAML into JSON and decodes that into a struct that already holds the defaults (ip-masq-agent source:
MasqConfig, syncConfig, validate). What Go's decoder lets pass or refuses is part of the behaviour: keys match
whatever their case, unknown keys are ignored, null empties the list but leaves other fields alone.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from ipaddress import IPv4Network, IPv6Address, IPv6Network
from typing import Any

from rules.ranges import RESERVED, RFC1918
from rules.words import _

PATH = "ip-masq-agent"
KEY = "config"
LIMIT = 64
RESYNC = 60.0


@dataclass(frozen=True)
class AgentConfig:
    """What the agent makes of its file.

    `error` is set when it refuses the file: it then keeps what it had, and the other fields mean nothing. `ranges`
    are the IPv4 destinations that keep the pod's address, link-local apart; `given` tells that the file set them,
    `ignored` names keys the agent does not know. `resync` is in seconds.
    """

    ranges: tuple[IPv4Network, ...]
    given: bool = False
    masq_link_local: bool = False
    resync: float = RESYNC
    limit: int = LIMIT
    error: str = ""
    ignored: tuple[str, ...] = ()


def default_ranges(all_reserved: bool) -> tuple[IPv4Network, ...]:
    """The agent's own list, without or with `--nomasq-all-reserved-ranges`."""
    return RFC1918 + RESERVED if all_reserved else RFC1918


def agent_config(
    text: str | None, *, all_reserved: bool, cidr_limit_default: int = LIMIT, ipv6: bool = False
) -> AgentConfig:
    """Read the file's `text` (None: there is no file) as the agent with these flags does. Never raises."""
    defaults = AgentConfig(default_ranges(all_reserved), limit=cidr_limit_default)
    if text is None:
        return defaults
    try:
        return _decoded(_load(text), defaults, ipv6)
    except _RefusedError as error:
        return replace(defaults, error=str(error))


class _RefusedError(ValueError):
    """The agent refuses the file; the message is what it logs, near enough to find it."""


_SPACE = " \t\n\v\f\r\x85\xa0"

Pairs = tuple[tuple[str, Any], ...]


def _load(text: str) -> Any:
    """What the decoder gets: keys and values as Pairs, in the order in which it meets them.

    A text that begins with a brace is JSON and nothing else (apimachinery's yaml.ToJSON); YAML is turned into JSON
    whose keys are sorted.
    """
    try:
        if text.lstrip(_SPACE).startswith("{"):
            return json.loads(text, object_pairs_hook=tuple, parse_float=Decimal, parse_constant=_no_json)
        from rules.goyaml import first_document

        found = first_document(text)
    except (ValueError, ArithmeticError, RecursionError) as error:
        raise _RefusedError(_("it is not YAML or JSON: {error}").format(error=error)) from error
    if not isinstance(found, Mapping):
        return found
    return tuple(sorted(((_key(key), value) for key, value in found.items()), key=lambda pair: pair[0].encode()))


def _no_json(word: str) -> None:
    raise ValueError(f"invalid character {word!r}")


_FIELDS = {"nonmasqueradecidrs", "cidrlimit", "masqlinklocal", "masqlinklocalipv6", "resyncinterval"}
_FOLDED = str.maketrans({"ſ": "s", "\u212a": "k"})


def _decoded(data: Any, defaults: AgentConfig, ipv6: bool) -> AgentConfig:
    if data is None:
        return _validated(defaults, [str(network) for network in defaults.ranges], ipv6)
    if not isinstance(data, tuple):
        raise _RefusedError(_("it is a {type}, not keys and values").format(type=_kind(data)))
    slots = [str(network) for network in defaults.ranges]
    cidrs: Sequence[str] = slots
    found = defaults
    ignored = []
    pairs: Pairs = data
    for name, value in pairs:
        folded = name.translate(_FOLDED).lower()
        if folded not in _FIELDS:
            ignored.append(name)
        elif folded == "nonmasqueradecidrs":
            cidrs, found = _strings(value, slots), replace(found, given=True)
        elif folded == "resyncinterval":
            found = replace(found, resync=_resync(value))
        elif value is None:
            continue
        elif folded == "cidrlimit":
            found = replace(found, limit=_whole(value))
        elif not isinstance(value, bool):
            raise _RefusedError(_wrong(name, value, "bool"))
        elif folded == "masqlinklocal":
            found = replace(found, masq_link_local=value)
    return _validated(replace(found, ignored=tuple(ignored)), cidrs, ipv6)


def _key(key: Any) -> str:
    return str(key).lower() if isinstance(key, bool) else str(key)


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int | float | Decimal):
        return "number"
    if isinstance(value, Mapping | tuple):
        return "object"
    if isinstance(value, list):
        return "array"
    return "null" if value is None else "string"


def _wrong(name: str, value: Any, wanted: str) -> str:
    return f"json: cannot unmarshal {_kind(value)} into Go struct field MasqConfig.{name} of type {wanted}"


def _strings(value: Any, slots: list[str]) -> list[str]:
    """Decode a list as Go does: into the slots of the list that is there. A null leaves its slot as it was."""
    if not value and (value is None or isinstance(value, list)):
        slots.clear()
        return []
    if not isinstance(value, list):
        raise _RefusedError(_wrong("nonMasqueradeCIDRs", value, "[]string"))
    for number, entry in enumerate(value):
        if entry is not None and not isinstance(entry, str):
            raise _RefusedError(_wrong("nonMasqueradeCIDRs", entry, "string"))
        if number == len(slots):
            slots.append(entry or "")
        elif entry is not None:
            slots[number] = entry
    return slots[: len(value)]


def _whole(value: Any) -> int:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not -(2**63) <= value < 2**63:
        raise _RefusedError(_wrong("cidrLimit", value, "int"))
    return value


_UNITS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_DURATION = re.compile(r"(?P<number>[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?P<unit>ns|us|µs|μs|ms|s|m|h)")
_LONGEST = (2**63 - 1) / 1e9


def _resync(value: Any) -> float:
    if not isinstance(value, str):
        shown = json.dumps(value, default=str)
        raise _RefusedError(f"expected string value for unmarshal to field of type Duration, got {json.dumps(shown)}")
    try:
        return go_duration(value)
    except ValueError as error:
        raise _RefusedError(str(error)) from error


def go_duration(text: str) -> float:
    """Seconds in a Go duration such as 60s or 1m30s; raises ValueError as time.ParseDuration refuses it."""
    rest = text[1:] if text[:1] in ("+", "-") else text
    if rest == "0":
        return 0.0
    seconds, at = 0.0, 0
    while at < len(rest):
        found = _DURATION.match(rest, at)
        if found is None:
            break
        seconds += float(found["number"]) * _UNITS[found["unit"]]
        at = found.end()
    if at == 0 or at < len(rest) or seconds > _LONGEST:
        raise ValueError(f'time: invalid duration "{text}"')
    return -seconds if text.startswith("-") else seconds


def _validated(found: AgentConfig, cidrs: Sequence[str], ipv6: bool) -> AgentConfig:
    if len(cidrs) > found.limit:
        raise _RefusedError(
            f"the daemon can only accept up to {found.limit} CIDRs (excluding link-local), "
            f"but got {len(cidrs)} CIDRs (excluding link local)"
        )
    ranges = []
    for cidr in cidrs:
        network = _cidr(cidr)
        if isinstance(network, IPv4Network):
            ranges.append(network)
        elif not ipv6:
            raise _RefusedError(
                f"ipv6 is not enabled, but ipv6 cidr {cidr} provided. Enable ipv6 using --enable-ipv6 agent flag"
            )
    return replace(found, ranges=tuple(ranges))


_V4 = re.compile(r"(?:(?:0|[1-9][0-9]{0,2})\.){3}(?:0|[1-9][0-9]{0,2})", re.ASCII)


def _cidr(text: str) -> IPv4Network | IPv6Network:
    """Go's net.ParseCIDR, and the agent's own demand that host bits are clear."""
    address, slash, length = text.partition("/")
    v4 = _V4.fullmatch(address) is not None and all(int(part) < 256 for part in address.split("."))
    bits = int(length) if length.isascii() and length.isdigit() and len(length) < 7 else -1
    longest = 32 if v4 else 128
    if not slash or not 0 <= bits <= longest or (not v4 and not _v6(address)):
        raise _RefusedError(f'CIDR "{text}" could not be parsed, invalid CIDR address: {text}')
    whole: IPv4Network | IPv6Network
    whole = IPv4Network((address, bits), strict=False) if v4 else IPv6Network((address, bits), strict=False)
    if str(whole.network_address) != str(IPv6Address(address)) if not v4 else str(whole.network_address) != address:
        raise _RefusedError(f'CIDR "{text}" is not aligned to a CIDR block, ip: "{address}" network: "{whole}"')
    return whole


def _v6(address: str) -> bool:
    if "%" in address:
        return False
    try:
        IPv6Address(address)
    except ValueError:
        return False
    return True
