"""The remedies: one file each, a function from world to world. A preview is the judgement of the changed world."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import cache

from rules.case import PROBES, UNKNOWN, Case
from rules.remedies import exchange_routes, masquerade_article, masquerade_minimal
from rules.remedies.fixset import minimal
from rules.remedies.remedy import Draft, Remedy
from rules.report.labels import UNICODE, probe_title
from rules.report.model import MatrixRow, Offer
from rules.snapshot import Outcome, Probe, Question
from rules.words import _
from rules.world import World

__all__ = ["Draft", "Remedy", "load", "offers", "offers_for"]


@cache
def load() -> tuple[Remedy, ...]:
    """Every remedy, the one that touches least first."""
    return (masquerade_minimal.REMEDY, exchange_routes.REMEDY, masquerade_article.REMEDY)


def offers(world: World, question: Question, probes: Iterable[Probe] = ()) -> tuple[Offer, ...]:
    """The remedies that have something to change in `world`, the complete ones first."""
    return offers_for(Case(world, question, probes))


def offers_for(case: Case) -> tuple[Offer, ...]:
    """As `offers`. Empty where nothing is blocked, or where the node itself does not get through: solve that first."""
    if not case.blocked or case.pod is None or not _nodes_turn_is_over(case):
        return ()
    drafts = [(remedy, draft) for remedy in load() if (draft := remedy.draft(case)) is not None]
    found = [_offer(case, remedy, draft) for remedy, draft in drafts]
    if found and not any(offer.complete for offer in found):
        sets = minimal(case, [remedy for remedy, draft in drafts if draft.applicable])
        found = [_with_companions(offer, sets) for offer in found]
    return tuple(sorted(found, key=lambda offer: (not (offer.applicable and offer.complete), not offer.applicable)))


def _nodes_turn_is_over(case: Case) -> bool:
    if case.measured("node-peer") is not None:
        return case.node_gets_through
    return case.node_walk is not None and case.node_walk.outcome in (None, Outcome.OK)


def _offer(case: Case, remedy: Remedy, draft: Draft) -> Offer:
    then = Case(draft.after, case.question)
    matrix = tuple(MatrixRow(probe, None, then.predicted(probe), None) for probe in PROBES)
    predicted = next(row.predicted for row in matrix if row.probe == "pod-peer")
    return Offer(
        id=remedy.id,
        title=remedy.title,
        sentence=" ".join((draft.sentence, *_still_broken(case, matrix))),
        complete=draft.applicable and predicted == Outcome.OK.value,
        applicable=draft.applicable,
        owner=draft.owner,
        predicted=predicted,
        matrix=matrix,
        changes=draft.changes,
        change_sentences=draft.change_sentences,
        blast_radius=(*_broken_by(case, matrix), *draft.blast_radius),
        preconditions=draft.preconditions,
        commands=draft.commands,
        undo=draft.undo,
    )


def _broken_by(case: Case, matrix: tuple[MatrixRow, ...]) -> tuple[str, ...]:
    """The probes that work today and would not afterwards: said before anything else."""
    sentences = []
    for row in matrix:
        seen = case.measured(row.probe)
        now = seen.value if seen is not None else case.predicted(row.probe)
        if now == Outcome.OK.value and row.predicted not in (Outcome.OK.value, UNKNOWN):
            title = probe_title(row.probe, UNICODE)
            sentences.append(
                _("STOPS WORKING: {probe} works today and would end in {outcome}").format(
                    probe=title, outcome=row.predicted
                )
            )
    return tuple(sentences)


def _still_broken(case: Case, matrix: tuple[MatrixRow, ...]) -> tuple[str, ...]:
    """The other probes that fail today and still would: this remedy goes round what ails them."""
    rows = [row for row in matrix if row.probe in case.failing and row.probe != "pod-peer"]
    rows = [row for row in rows if row.predicted not in (Outcome.OK.value, UNKNOWN)]
    return tuple(
        _("{probe} would still end in {outcome}.").format(probe=probe_title(row.probe, UNICODE), outcome=row.predicted)
        for row in rows
    )


def _with_companions(offer: Offer, sets: tuple[tuple[str, ...], ...]) -> Offer:
    companions = next((each for each in sets if offer.id in each), None)
    if companions is None:
        return offer
    others = ", ".join(name for name in companions if name != offer.id)
    return replace(offer, sentence=f"{offer.sentence} " + _("Enough together with: {others}.").format(others=others))
