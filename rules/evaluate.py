"""Snapshot → Report: predict, compare, rank the causes, offer the remedies, choose the next observation."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from rules import causes as catalogue
from rules import collector, invariants, matrix, nextstep, oracle, tables
from rules import headline as words
from rules.build import build
from rules.case import Case
from rules.causes import Finding
from rules.ranking import Ranked, ranked, sure
from rules.remaining import remaining
from rules.remedies.offering import Offered, offered
from rules.report.model import Answer, CauseFound, CauseRemaining, Report
from rules.snapshot import Json, Outcome, Probe, Question, Snapshot
from rules.unknowns import unknowns
from rules.world import World


def evaluate(snapshot: Snapshot) -> Report:
    """Judge everything that a Snapshot holds."""
    with collector.held():
        return judge(build(snapshot), snapshot.question, snapshot.probes, test=snapshot.connectivity_test)


def judge(world: World, question: Question, probes: Iterable[Probe] = (), *, test: Json | None = None) -> Report:
    """Judge one question on one world; without probes by evidence alone. `test` is a result of Connectivity Tests."""
    case = Case(world, question, probes)
    ranking = ranked(case)
    causes = tuple(cause.found(finding) for cause, finding in ranking.found)
    answer = verdict(case, [finding for _cause, finding in ranking.found])
    leg = None if answer is Answer.REACHABLE else words.broken(case, ranking.blocker)
    rows = matrix.rows(case)
    mended = offered(case) if answer is not Answer.REACHABLE and not case.misnamed else Offered()
    return Report(
        answer=answer,
        headline=words.headline(case, answer, leg, causes),
        broken=leg,
        matrix=rows,
        masquerade=case.masquerade,
        walk=case.walk,
        routes=tables.shown(case),
        causes=_named(causes, mended),
        remedies=mended.offers,
        fix_sets=mended.sets,
        next=nextstep.choose(case, answer, ranking.found),
        unknowns=unknowns(case),
        unexplained=matrix.unexplained(case, rows),
        excluded=ranking.excluded,
        remaining=_remaining(case, answer, ranking),
        contradictions=invariants.broken(case),
        connectivity_test=None if test is None else oracle.compare(case, test, causes),
        question=question,
        taken_at=world.taken_at,
    )


def _remaining(case: Case, answer: Answer, ranking: Ranked) -> tuple[CauseRemaining, ...]:
    if answer is not Answer.UNKNOWN:
        return ()
    settled = [cause.id for cause, _finding in ranking.found] + [each.id for each in ranking.excluded]
    return remaining(case, catalogue.load(), settled)


def _named(causes: tuple[CauseFound, ...], mended: Offered) -> tuple[CauseFound, ...]:
    """Where remedies are offered, a cause names of its own only those: what cannot be done here is not named."""
    ids = {offer.id for offer in mended.offers}
    if not ids:
        return causes
    return tuple(replace(cause, remedies=tuple(name for name in cause.remedies if name in ids)) for cause in causes)


def verdict(case: Case, found: Iterable[Finding]) -> Answer:
    """Reachable when measured so, by name too where one was given; broken when it fails and a cause carries evidence;
    unknown otherwise.
    """
    if case.measured("pod-peer") is Outcome.OK and not case.misnamed:
        return Answer.REACHABLE
    if (case.blocked or case.turned_away or case.misnamed) and any(sure(finding) for finding in found):
        return Answer.BROKEN
    return Answer.UNKNOWN
