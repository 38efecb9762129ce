"""The probe matrix that a cause predicts, and when a measurement contradicts it.

A cell is one or more outcomes of contract 3.3 joined by `|` (`timeout`, `ok|timeout`), or `any` where it depends on the
world. Only an answer contradicts: a second fault can silence a probe that this cause would have let through, but no
second fault makes a silenced probe speak.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from rules.case import PROBES
from rules.repeats import KINDS, parse
from rules.snapshot import Outcome

_REACH = {
    Outcome.TIMEOUT: 0,
    Outcome.UNREACHABLE: 0,
    Outcome.REFUSED: 1,
    Outcome.STALLED: 1,
    Outcome.APP_ERROR: 2,
    Outcome.OK: 3,
}
"""How far a packet and its answer must have come for each outcome."""

_FAILED = frozenset({Outcome.TIMEOUT, Outcome.UNREACHABLE, Outcome.STALLED})


@dataclass(frozen=True)
class Cells:
    """Outcomes allowed by probe id, and for repeats of pod-peer by what they vary; absent means anything."""

    probes: Mapping[str, frozenset[Outcome]] = field(default_factory=dict)
    repeats: Mapping[str, frozenset[Outcome]] = field(default_factory=dict)

    def allowed(self, probe: str) -> frozenset[Outcome]:
        """What the cause lets a probe see; empty where it says nothing."""
        repeat = parse(probe)
        if repeat is None:
            return self.probes.get(probe, frozenset())
        if repeat.base != "pod-peer":
            return frozenset()
        return self.repeats.get(repeat.kind, frozenset())

    @property
    def explains(self) -> frozenset[str]:
        """The probes that this cause alone silences."""
        return frozenset(probe for probe, allowed in self.probes.items() if allowed and allowed <= _FAILED)

    def contradicts(self, probe: str, seen: Outcome) -> bool:
        """Whether what was seen got further than this cause lets anything get."""
        allowed = self.allowed(probe) & _REACH.keys()
        return bool(allowed) and seen in _REACH and _REACH[seen] > max(_REACH[each] for each in allowed)

    def as_words(self) -> dict[str, str]:
        """The five cells as they are written: `timeout`, `ok|timeout`, `any`."""
        return {probe: "|".join(sorted(self.probes.get(probe, ()))) or "any" for probe in PROBES}


def cells(five: str, **repeats: str) -> Cells:
    """The cells of pod-local, node-local, node-peer, pod-peer and pod-proxy in this order, then those of repeats.

    cells("ok ok ok timeout ok", namespace="ok")    a pod of another namespace would be answered
    """
    words = five.split()
    if len(words) != len(PROBES) or not repeats.keys() <= set(KINDS):
        raise ValueError(f"not a matrix: {five!r} {sorted(repeats)}")
    return Cells(
        {probe: _outcomes(word) for probe, word in zip(PROBES, words, strict=True)},
        {kind: _outcomes(word) for kind, word in repeats.items()},
    )


def _outcomes(word: str) -> frozenset[Outcome]:
    return frozenset() if word == "any" else frozenset(Outcome(each) for each in word.split("|"))
