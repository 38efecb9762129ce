"""Lists of ranges that keep the pod's address: taking a range out, keeping what must stay, staying within a limit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, collapse_addresses


@dataclass(frozen=True)
class Carved:
    """A new list; `hole` is what was taken out, which is wider than asked where the limit forced it."""

    ranges: tuple[IPv4Network, ...]
    hole: IPv4Network
    fits: bool


def minus(ranges: Iterable[IPv4Network], hole: IPv4Network) -> tuple[IPv4Network, ...]:
    """`ranges` without `hole`; entries beside it stay as they are and where they are."""
    left: list[IPv4Network] = []
    for entry in ranges:
        if hole.subnet_of(entry) and hole != entry:
            left.extend(sorted(entry.address_exclude(hole)))
        elif not entry.subnet_of(hole):
            left.append(entry)
    return tuple(dict.fromkeys(left))


def keeping(ranges: Sequence[IPv4Network], needed: Iterable[IPv4Network]) -> tuple[IPv4Network, ...]:
    """`ranges` and those of `needed` that no single entry of it covers yet."""
    added = [entry for entry in needed if not any(entry.subnet_of(known) for known in ranges)]
    return tuple(dict.fromkeys((*ranges, *added)))


def collapsed(ranges: Iterable[IPv4Network]) -> tuple[IPv4Network, ...]:
    """The same addresses in as few ranges as there can be."""
    return tuple(collapse_addresses(ranges))


def carve(ranges: Sequence[IPv4Network], hole: IPv4Network, needed: Sequence[IPv4Network], *, limit: int) -> Carved:
    """`ranges` minus `hole` plus `needed` in at most `limit` entries.

    Where the limit is passed, neighbours are joined; where that is not enough the hole grows bit by bit, since a
    wider hole leaves fewer pieces. `fits` tells whether the limit holds in the end.
    """
    exact = keeping(minus(ranges, hole), needed)
    if len(exact) <= limit:
        return Carved(exact, hole, True)
    wider = hole
    while True:
        joined = collapsed(keeping(minus(ranges, wider), needed))
        if len(joined) <= limit:
            return Carved(joined, wider, True)
        if wider.prefixlen <= 8:
            return Carved(exact, hole, False)
        wider = wider.supernet()


def changed(before: Iterable[IPv4Network], after: Iterable[IPv4Network]) -> tuple[IPv4Network, ...]:
    """The addresses of `before` that are not in `after`."""
    left = list(collapsed(before))
    for entry in collapsed(after):
        pieces: list[IPv4Network] = []
        for piece in left:
            if entry.subnet_of(piece):
                pieces.extend(piece.address_exclude(entry))
            elif not piece.subnet_of(entry):
                pieces.append(piece)
        left = pieces
    return collapsed(left)
