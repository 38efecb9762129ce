"""Snapshot → Report: predict, compare, rank the causes, offer the remedies, choose the next observation."""

from __future__ import annotations

from collections.abc import Iterable

from rules import causes as catalogue
from rules import collector, matrix, nextstep, tables
from rules import headline as words
from rules.build import build
from rules.case import Case
from rules.causes import Cause, Finding
from rules.remedies import offers_for
from rules.report.model import Answer, Report, Status
from rules.snapshot import Outcome, Probe, Question, Snapshot
from rules.world import World

_SURE = (Status.CONFIRMED, Status.LIKELY)
_ORDER = {status: number for number, status in enumerate(Status)}


def evaluate(snapshot: Snapshot) -> Report:
    """Judge everything that a Snapshot holds."""
    with collector.held():
        return judge(build(snapshot), snapshot.question, snapshot.probes)


def judge(world: World, question: Question, probes: Iterable[Probe] = ()) -> Report:
    """Judge one question on one world; without probes by evidence alone."""
    case = Case(world, question, probes)
    found = ranked(case)
    causes = tuple(cause.found(finding) for cause, finding in found)
    answer = verdict(case, [finding for _cause, finding in found])
    first = next((finding for _cause, finding in found if finding.blocks and finding.status in _SURE), None)
    leg = None if answer is Answer.REACHABLE else words.broken(case, first)
    rows = matrix.rows(case)
    return Report(
        answer=answer,
        headline=words.headline(case, answer, leg, causes),
        broken=leg,
        matrix=rows,
        masquerade=case.masquerade,
        walk=case.walk,
        routes=tables.shown(case),
        causes=causes,
        remedies=offers_for(case) if answer is not Answer.REACHABLE else (),
        next=nextstep.choose(case, answer, found),
        unknowns=nextstep.unknowns(case),
        unexplained=matrix.unexplained(case, rows),
        question=question,
        taken_at=world.taken_at,
    )


def ranked(case: Case) -> list[tuple[Cause, Finding]]:
    """What the catalogue finds: the surest first, then those that explain most of what fails."""
    found = [(cause, finding) for cause in catalogue.load() if (finding := cause.check(case)) is not None]

    def place(item: tuple[Cause, Finding]) -> tuple[int, bool, int, int, str]:
        cause, finding = item
        explained = len(finding.explains & case.failing) - len(finding.explains & answered(case))
        return _ORDER[finding.status], not finding.blocks, -explained, cause.rank, cause.id

    return sorted(found, key=place)


def answered(case: Case) -> frozenset[str]:
    """The probes that were answered."""
    return frozenset(probe for probe in case.probes if case.contradicted(probe))


def verdict(case: Case, found: Iterable[Finding]) -> Answer:
    """Reachable when measured so; broken when it fails and a cause carries evidence; unknown otherwise."""
    if case.measured("pod-peer") is Outcome.OK:
        return Answer.REACHABLE
    if case.blocked and any(finding.blocks and finding.status in _SURE for finding in found):
        return Answer.BROKEN
    return Answer.UNKNOWN
