"""Names of repeated probes: the same question from elsewhere, or in another manner.

`pod-peer@gke-node-02` asks from a pod on another node; `pod-peer@namespace=team-b`, `@port=443`, `@protocol=icmp`,
`@size=8000`, `@host=db.example` (by that name) and `@try=2` vary one thing each. No node's name holds `=`, so the two
kinds cannot be confused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

KINDS = ("try", "host", "node", "namespace", "port", "protocol", "size")
"""What a repeat can vary, the cheapest first."""

BULK = 8000
"""Bytes of a request that no single packet holds, and that every server's limit of a line lets through."""


_HOST = re.compile(r"(?=.{1,253}$)(?!-)[A-Za-z0-9_-]{1,63}(\.(?!-)[A-Za-z0-9_-]{1,63})*\.?")


def is_host(text: str) -> bool:
    """Whether `text` can be looked up as a host's name; an address is none."""
    return _HOST.fullmatch(text) is not None and re.search("[A-Za-z]", text) is not None


@dataclass(frozen=True)
class Repeat:
    """A probe of contract 3.3 (`base`) repeated with one thing different: `kind` is one of KINDS, `value` as text."""

    base: str
    kind: str
    value: str

    def __str__(self) -> str:
        return f"{self.base}@{self.value}" if self.kind == "node" else f"{self.base}@{self.kind}={self.value}"


def parse(id: str) -> Repeat | None:
    """The repeat that a probe id names; None for one of the five probes themselves and for what is not understood."""
    base, at, rest = id.partition("@")
    kind, equals, value = rest.partition("=")
    if not at or not rest:
        return None
    if not equals:
        return Repeat(base, "node", rest)
    known = kind in KINDS and kind != "node" and value
    if not known or (kind in ("try", "port", "size") and not (value.isascii() and value.isdigit() and len(value) < 7)):
        return None
    if kind == "host" and not is_host(value):
        return None
    return Repeat(base, kind, value)
