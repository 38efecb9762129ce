"""What a cause is: an id, a name, and a check of one case that finds it or stays silent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from rules.case import Case
from rules.report.model import CauseFound, Next, Status
from rules.snapshot import Vpc
from rules.words import _


@dataclass(frozen=True)
class Finding:
    """A cause found in a case.

    `blocks`: pod → peer fails on it now. `explains`: the probes that it alone would silence. `evidence` quotes the
    fields that decide. `decides` says what would falsify it or settle it, and `next` how to see that. `at` is the VPC
    in which the fault is and `owner` the project that has to act, where the first broken leg alone would mislead.
    """

    status: Status
    blocks: bool
    sentence: str
    evidence: tuple[str, ...]
    explains: frozenset[str] = frozenset({"pod-peer"})
    remedies: tuple[str, ...] = ()
    decides: str = ""
    next: Next | None = None
    at: Vpc | None = None
    owner: str = ""


@dataclass(frozen=True)
class Cause:
    """One entry of the catalogue. `rank` orders causes that explain equally much: the nearest to a remedy first."""

    id: str
    name: Callable[[], str]
    check: Callable[[Case], Finding | None]
    rank: int = 50

    @property
    def title(self) -> str:
        """The cause's name in the language in use."""
        return self.name()

    def found(self, finding: Finding) -> CauseFound:
        """The finding as the Report holds it."""
        return CauseFound(
            id=self.id,
            title=self.title,
            status=finding.status,
            blocks=finding.blocks,
            sentence=finding.sentence,
            evidence=finding.evidence,
            remedies=finding.remedies,
            decides=finding.decides,
        )


def probes_say(case: Case) -> str:
    """What the differential of the probes shows, as one sentence of evidence; '' where nothing was measured."""
    words = []
    for probe in ("pod-local", "node-local", "node-peer", "pod-peer"):
        seen = case.measured(probe)
        if seen is not None:
            words.append(f"{probe} {seen.value}")
    return _("measured: {results}").format(results=", ".join(words)) if words else ""


def some(*sentences: str) -> tuple[str, ...]:
    """The sentences that are not empty."""
    return tuple(sentence for sentence in sentences if sentence)
