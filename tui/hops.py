"""A walk as stops to draw: short words for each hop, and which of them lie beyond the first break."""

from __future__ import annotations

from collections.abc import Sequence

from rules.path import Hop, Leg, Verdict, Walk
from rules.words import _
from tui.glyphs import State
from tui.path_layout import Lane, Stop
from tui.plain import plain

BREAKS = (Verdict.DROP, Verdict.REJECT)


def of_verdict(verdict: Verdict) -> State:
    """The state of a hop."""
    return {
        Verdict.OK: State.OK,
        Verdict.DROP: State.FAIL,
        Verdict.REJECT: State.FAIL,
        Verdict.UNKNOWN: State.DOUBT,
        Verdict.NOT_REACHED: State.IDLE,
    }[verdict]


def verdict_word(verdict: Verdict) -> str:
    """The word for a hop's verdict."""
    return {
        Verdict.OK: _("ok"),
        Verdict.DROP: _("dropped"),
        Verdict.REJECT: _("rejected"),
        Verdict.UNKNOWN: _("unknown"),
        Verdict.NOT_REACHED: _("not reached"),
    }[verdict]


def kind_word(kind: str) -> str:
    """A hop's kind for people."""
    return {
        "policy": _("network policy"),
        "masquerade": _("masquerade"),
        "anti-spoofing": _("anti-spoofing"),
        "egress-firewall": _("egress firewall"),
        "route": _("route"),
        "peering": _("peering"),
        "ingress-firewall": _("ingress firewall"),
        "deliver": _("delivery"),
        "unmasquerade": _("unmasquerade"),
        "advertisement": _("advertisement"),
        "beyond": _("beyond the tunnel"),
    }.get(kind, kind)


def first_break(walk: Walk) -> int | None:
    """The number of the first hop that stops the packet, counted over both directions."""
    return next((number for number, hop in enumerate(walk.hops) if hop.verdict in BREAKS), None)


def lanes(walk: Walk, *, ascii: bool = False) -> tuple[Lane, Lane]:
    """Both directions, ready to draw."""
    broken = first_break(walk)
    there = _lane(walk.forward, 0, broken)
    back = _lane(walk.back, len(walk.forward), broken)
    arrow = "->" if ascii else "→"
    source = walk.source.pod or walk.source.node or walk.source.vm
    seen = str(walk.source_seen) if walk.source_seen is not None else "?"
    forward = _("THERE  {source} as {address} {arrow} {dest}").format(
        source=source, address=seen, arrow=arrow, dest=walk.dest
    )
    answer = _("BACK   {dest} {arrow} {address}").format(dest=walk.dest, arrow=arrow, address=seen)
    return Lane(plain(forward), there), Lane(plain(answer), back)


def _lane(hops: Sequence[Hop], offset: int, broken: int | None) -> tuple[Stop, ...]:
    stops = []
    for number, hop in enumerate(hops, offset):
        beyond = broken is not None and number > broken
        stops.append(
            Stop(
                kind=plain(kind_word(hop.kind)),
                at=plain(hop.at),
                detail=plain(hop.sentence),
                state=of_verdict(Verdict.NOT_REACHED if beyond and hop.verdict is Verdict.OK else hop.verdict),
                beyond=beyond,
                first_break=number == broken,
                short=plain(hop.at.rsplit("/", 1)[-1].removeprefix("node ")),
            )
        )
    return tuple(stops)


def standing(walk: Walk, number: int) -> str:
    """A hop's state in words, honest about what lies behind the first break."""
    hop = walk.hops[number]
    broken = first_break(walk)
    if broken is not None and number > broken:
        if hop.verdict in BREAKS:
            return _("would stop it too")
        if hop.verdict is Verdict.OK:
            return _("not reached; would let it pass")
        return _("not reached; unknown")
    return verdict_word(hop.verdict)


def leg_word(leg: Leg) -> str:
    """There or back."""
    return _("there") if leg is Leg.FORWARD else _("back")
