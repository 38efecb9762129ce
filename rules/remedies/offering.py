"""From remedies to offers: each drafted, its world judged, its reach measured, and the smallest sets compared."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from rules.case import PROBES, UNKNOWN, Case
from rules.remedies import load
from rules.remedies.effect import permissions
from rules.remedies.fixset import Trials
from rules.remedies.impact import Impact, impact
from rules.remedies.remedy import Draft, Remedy
from rules.report.labels import UNICODE, probe_title
from rules.report.model import FixSet, MatrixRow, Offer, Role
from rules.snapshot import Outcome, Probe, Question
from rules.words import _
from rules.world import World


@dataclass(frozen=True)
class Offered:
    """The remedies that have something to change, the complete ones first, and the smallest sets that are enough."""

    offers: tuple[Offer, ...] = ()
    sets: tuple[FixSet, ...] = ()


def offers(world: World, question: Question, probes: Iterable[Probe] = ()) -> tuple[Offer, ...]:
    """The remedies that have something to change in `world`, the complete ones first."""
    return offered(Case(world, question, probes)).offers


def offered(case: Case) -> Offered:
    """Empty where nothing is blocked, or where the node itself does not get through: solve that first."""
    if not case.blocked or case.pod is None or not _nodes_turn_is_over(case):
        return Offered()
    trials = Trials(case, load())
    found: list[Offer] = []
    for remedy in load():
        draft = remedy.draft(case)
        if draft is None:
            trials.know(remedy, None, None)
            continue
        then = Case(draft.after, draft.question or case.question)
        trials.know(remedy, draft, then)
        found.append(_offer(case, remedy, draft, Case(case.world, case.question) if draft.inert else then))
    sets = tuple(_set(case, trials, chosen) for chosen in trials.minimal())
    found = [_with_companions(offer, sets) for offer in found]
    return Offered(tuple(sorted(found, key=_place)), tuple(sorted(sets, key=_set_place)))


def _place(offer: Offer) -> tuple[bool, int, bool]:
    roles = (Role.APPLY, Role.HAND_OFF, Role.ADVICE)
    return not (offer.complete and offer.role is Role.APPLY), roles.index(offer.role), not offer.applicable


def _set_place(one: FixSet) -> tuple[bool, bool, int, int]:
    return bool(one.stops), one.hands_off, len(one.owners), len(one.remedies)


def _nodes_turn_is_over(case: Case) -> bool:
    if case.measured("node-peer") is not None:
        return case.node_gets_through
    return case.node_walk is not None and case.node_walk.outcome in (None, Outcome.OK)


def _offer(case: Case, remedy: Remedy, draft: Draft, then: Case) -> Offer:
    matrix = tuple(MatrixRow(probe, None, then.predicted(probe), None) for probe in PROBES)
    predicted = next(row.predicted for row in matrix if row.probe == "pod-peer")
    touched = _impact(case, then)
    stops = (*_broken_by(case, matrix), *touched.stopping)
    role = Role.HAND_OFF if remedy.role is Role.APPLY and not draft.changes else remedy.role
    return Offer(
        id=remedy.id,
        title=remedy.title,
        sentence=" ".join((draft.sentence, *_still_broken(case, matrix))),
        complete=draft.applicable and predicted == Outcome.OK.value and not stops,
        applicable=draft.applicable and role is Role.APPLY,
        owner=draft.owner,
        predicted=predicted,
        matrix=matrix,
        changes=draft.changes,
        change_sentences=draft.change_sentences,
        blast_radius=(*stops, *draft.blast_radius, *touched.touching),
        preconditions=draft.preconditions,
        commands=draft.commands,
        undo=draft.undo,
        role=role,
        stops=stops,
        permissions=(*permissions(draft.changes), *draft.permissions),
        effect=draft.effect.sentence,
        documents=draft.documents,
        checks=draft.checks,
        expected_before=draft.expected_before,
        expected_after=draft.expected_after,
    )


def _impact(case: Case, then: Case) -> Impact:
    if then.world is case.world:
        return Impact((), (), (), 0, 0)
    return impact(case, then)


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


def _set(case: Case, trials: Trials, chosen: Sequence[Remedy]) -> FixSet:
    """One set, with what it does to everybody else when all of it is in force."""
    ended = trials.after(chosen)
    then, drafts = ended if ended is not None else (case, ())
    matrix = tuple(MatrixRow(probe, None, then.predicted(probe), None) for probe in PROBES)
    touched = _impact(case, then)
    owners = dict.fromkeys(owner for draft in drafts for owner in draft.owner.split(", "))
    slowest = max(draft.effect for draft in drafts)
    return FixSet(
        remedies=tuple(remedy.id for remedy in chosen),
        owners=tuple(owners),
        predicted=then.predicted("pod-peer"),
        stops=(*_broken_by(case, matrix), *touched.stopping),
        touches=tuple(dict.fromkeys((*(line for draft in drafts for line in draft.blast_radius), *touched.touching))),
        effect=slowest.sentence,
        hands_off=any(
            remedy.role is Role.HAND_OFF or not draft.changes for remedy, draft in zip(chosen, drafts, strict=True)
        ),
    )


def _with_companions(offer: Offer, sets: tuple[FixSet, ...]) -> Offer:
    """An offer that is not enough alone says with which others it is."""
    if offer.predicted == Outcome.OK.value and offer.role is not Role.ADVICE:
        return offer
    companions = next((each.remedies for each in sets if offer.id in each.remedies and len(each.remedies) > 1), None)
    if companions is None:
        return offer
    others = ", ".join(name for name in companions if name != offer.id)
    return replace(offer, sentence=f"{offer.sentence} " + _("Enough together with: {others}.").format(others=others))
