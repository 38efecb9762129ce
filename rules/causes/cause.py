"""What a cause is: an id, a name, the matrix it predicts, and a check of one case that finds it or stays silent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from rules.case import Case, Shape
from rules.causes.cells import Cells, cells
from rules.report.model import CauseFound, Next, Status
from rules.snapshot import Vpc
from rules.words import _

__all__ = ["ONLY_POD_TO_PEER", "Cause", "Cells", "Finding", "Prior", "cells", "probes_say", "some"]

ONLY_POD_TO_PEER = cells("ok ok ok timeout ok")
"""The commonest matrix: everything is answered but pod → peer."""


@dataclass(frozen=True)
class Finding:
    """A cause found in a case.

    `blocks`: pod → peer fails on it now. `evidence` quotes the fields that decide. `decides` says what would falsify
    it or settle it, and `next` how to see that. `cells` replaces the cause's own where the world decides a cell.
    `at` is the VPC in which the fault is and `owner` the project that has to act, where the first broken leg alone
    would mislead.
    """

    status: Status
    blocks: bool
    sentence: str
    evidence: tuple[str, ...]
    remedies: tuple[str, ...] = ()
    decides: str = ""
    next: Next | None = None
    cells: Cells | None = None
    at: Vpc | None = None
    owner: str = ""


@dataclass(frozen=True)
class Prior:
    """How often a cause is the one, by kind of cluster, from 0 (never) over 1 (rare) to 9 (the usual one)."""

    routes_based: int = 1
    vpc_native: int = 1
    public_pods: int = 1
    autopilot: int = 1

    def of(self, shape: Shape | None) -> int:
        """The prior in a cluster of that shape; of the commonest shape where it is not known."""
        known = {
            Shape.ROUTES_BASED: self.routes_based,
            Shape.VPC_NATIVE: self.vpc_native,
            Shape.PUBLIC_PODS: self.public_pods,
            Shape.AUTOPILOT: self.autopilot,
        }
        return known[shape] if shape is not None else max(known.values())


@dataclass(frozen=True)
class Cause:
    """One entry of the catalogue.

    `cells` is the matrix that it predicts: an answer that it does not allow excludes it. `by_exclusion` marks a cause
    whose evidence lies outside what the APIs show: it is never more than possible, and silent while another cause
    explains the failure with evidence. `rank` puts special cases (low) before the general ones they imply (high);
    among equals `prior` decides. `connectivity_tests` are the names that Connectivity Tests has for it, if any.
    """

    id: str
    name: Callable[[], str]
    check: Callable[[Case], Finding | None]
    cells: Cells = ONLY_POD_TO_PEER
    prior: Prior = Prior()
    rank: int = 50
    by_exclusion: bool = False
    connectivity_tests: tuple[str, ...] = ()

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
