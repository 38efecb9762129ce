"""The part of a way behind masquerading, and how several such parts become one: where flows are shared by equal routes,
and where it is not known whose address the packet wears.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from rules.path import Hop, Verdict
from rules.snapshot import Outcome
from rules.words import _


@dataclass
class Tail:
    """All hops after masquerading, for one source address; `lost` when the way leaves what can be read."""

    forward: list[Hop] = field(default_factory=list)
    back: list[Hop] = field(default_factory=list)
    lost: bool = False

    @property
    def outcome(self) -> Outcome | None:
        return outcome_of([*self.forward, *self.back], self.lost)


def outcome_of(hops: Sequence[Hop], lost: bool) -> Outcome | None:
    """What a probe would see of these hops; None where it cannot be told."""
    verdicts = [hop.verdict for hop in hops]
    if lost:
        verdicts = verdicts[: verdicts.index(Verdict.UNKNOWN) + 1] if Verdict.UNKNOWN in verdicts else verdicts
    if Verdict.DROP in verdicts:
        return Outcome.TIMEOUT
    if Verdict.REJECT in verdicts:
        return Outcome.UNREACHABLE
    return None if Verdict.UNKNOWN in verdicts else Outcome.OK


def merged(ways: list[list[Hop]], tail: Tail) -> list[Hop]:
    """One list of hops for routes that share the flows; UNKNOWN where it depends on the flow."""
    first = ways[0]
    verdicts = {tuple(hop.verdict for hop in way) for way in ways}
    if any(hop.reason == "BEYOND" for way in ways for hop in way):
        tail.lost = True
        first = [replace(hop, reason="") if hop.reason == "BEYOND" else hop for hop in first]
    if len(verdicts) == 1:
        return first
    worst = next(way for way in ways if any(hop.verdict is not Verdict.OK for hop in way))
    sentence = _("Flows are shared by {count} equal routes that do not all lead home: {sentence}").format(
        count=len(ways), sentence=worst[-1].sentence
    )
    return [replace(worst[-1], verdict=Verdict.UNKNOWN, sentence=sentence, reason="")]


def either_hops(kept: list[Hop], worn: list[Hop]) -> list[Hop]:
    """The hops of a packet that keeps its address or wears the other; UNKNOWN where the two fare differently."""
    found = []
    for hop in kept:
        twin = next((each for each in worn if (each.kind, each.vpc) == (hop.kind, hop.vpc)), None)
        if hop.verdict is (twin.verdict if twin is not None else Verdict.OK):
            found.append(hop)
        else:
            sentence = _("If the pod keeps its address: {kept} If it wears the node's: {worn}").format(
                kept=hop.sentence, worn=twin.sentence if twin else _("this is not asked.")
            )
            found.append(replace(hop, verdict=Verdict.UNKNOWN, reason="", sentence=sentence))
    return found
