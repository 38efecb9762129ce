"""Which causes remain, in which order, and which a measurement has excluded."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from rules import causes as catalogue
from rules.case import Case
from rules.causes import Cause, Finding
from rules.report.labels import UNICODE, probe_title
from rules.report.model import CauseExcluded, Status
from rules.snapshot import Outcome
from rules.words import _

SURE = (Status.CONFIRMED, Status.LIKELY)
_ORDER = {status: number for number, status in enumerate(Status)}


@dataclass(frozen=True)
class Ranked:
    """What the catalogue finds, the first to name in front, and what it rules out."""

    found: tuple[tuple[Cause, Finding], ...]
    excluded: tuple[CauseExcluded, ...]

    @property
    def blocker(self) -> Finding | None:
        """The first cause that is sure to block."""
        return next((finding for _cause, finding in self.found if sure(finding)), None)


def sure(finding: Finding) -> bool:
    """Whether evidence says that pod → peer fails on it now."""
    return finding.blocks and finding.status in SURE


def ranked(case: Case, catalogued: Iterable[Cause] | None = None) -> Ranked:
    """The catalogue held against one case: evidence first, then what explains most, then the special, the usual."""
    found: list[tuple[Cause, Finding]] = []
    excluded: list[CauseExcluded] = []
    for cause in catalogue.load() if catalogued is None else catalogued:
        finding = cause.check(case)
        against = _contradiction(case, cause, finding)
        if finding is not None and (against is None or finding.status is Status.LATENT):
            found.append((cause, _capped(cause, finding)))
        elif against is not None:
            excluded.append(against)
    found.sort(key=lambda item: _place(case, *item))
    first = next((cause for cause, finding in found if sure(finding) and not cause.by_exclusion), None)
    if first is not None:
        explained = [(cause, finding) for cause, finding in found if cause.by_exclusion]
        found = [(cause, finding) for cause, finding in found if not cause.by_exclusion]
        why = _("not needed: {first} explains the failure with evidence").format(first=first.id)
        excluded += [CauseExcluded(cause.id, cause.title, why) for cause, _finding in explained]
    return Ranked(tuple(found), tuple(sorted(excluded, key=lambda each: each.id)))


def _capped(cause: Cause, finding: Finding) -> Finding:
    """What is reached by exclusion alone is never more than possible."""
    if not cause.by_exclusion or finding.status is Status.LATENT:
        return finding
    return replace(finding, status=Status.POSSIBLE, blocks=False)


def _place(case: Case, cause: Cause, finding: Finding) -> tuple[int, bool, int, int, int, str]:
    explains = (finding.cells or cause.cells).explains
    explained = len(explains & case.failing) - len(explains & case.answered)
    return (
        _ORDER[finding.status],
        not finding.blocks,
        -explained,
        cause.rank,
        -cause.prior.of(case.shape),
        cause.id,
    )


def _contradiction(case: Case, cause: Cause, finding: Finding | None) -> CauseExcluded | None:
    """The measurement that this cause would not have allowed; None when there is none, or nothing fails."""
    if case.measured("pod-peer") in (None, Outcome.OK):
        return None
    cells = finding.cells if finding is not None and finding.cells is not None else cause.cells
    for probe in case.probes:
        seen = case.measured(probe)
        if seen is not None and cells.contradicts(probe, seen):
            expected = " or ".join(sorted(each.value for each in cells.allowed(probe)))
            why = _("{probe} would end in {expected}, and was {seen}").format(
                probe=probe_title(probe, UNICODE), expected=expected, seen=seen.value
            )
            return CauseExcluded(cause.id, cause.title, why, probe)
    return None
