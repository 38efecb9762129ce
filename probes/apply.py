"""Applies a remedy so that it can be trusted at night: planned, journalled, proven, and taken back to the letter.

Consent is the caller's business: nothing here asks. Every call is written to the journal before and after it is made,
and carries the version of the object that was shown.
"""

from __future__ import annotations

import shlex
from typing import Any

from probes import back, force, forth, journal, lock, plan, trace, watch
from probes.errors import ChangeError, NotOursError
from probes.hands import Hands
from probes.plan import Plan, Step
from probes.progress import Progress, Stage, Watcher, unwatched
from probes.run import ENDED, Run, State
from probes.steps import step_from, step_to
from rules.report.model import Offer, Role
from rules.words import _


class Applier:
    """Plans, applies and takes back remedies on one cluster."""

    def __init__(self, session: Any, hands: Hands | None = None) -> None:
        """Work on what `session` is connected to; `hands` stand in for it where given."""
        if hands is None:
            from probes.sessionhands import SessionHands  # the clients come with it

            hands = SessionHands(session)
        self._hands = hands

    def plan(self, offer: Offer) -> Plan:
        """Read what `offer` changes again and show the difference. Raises ProbeError; changes nothing."""
        if not offer.applicable or not offer.changes:
            raise NotOursError(self._why_not(offer))
        return plan.make(offer, [self._hands.read(change) for change in offer.changes])

    def dry_run(self, made: Plan) -> tuple[str, ...]:
        """Ask the servers whether they would take the changes; returns one sentence each. Raises ProbeError."""
        said = []
        for step in made.steps:
            answer = self._hands.write(step.change, step.live, step.wanted, dry_run=True)
            known = step.change.kind != "peering"
            if known and step.wanted is not None and answer is None:
                raise ChangeError(_("The dry run of {where} had no answer.").format(where=step.where))
            words = (
                _("{where}: the server accepts the change (dry run).")
                if known
                else _("{where}: its API has no dry run.")
            )
            said.append(words.format(where=step.where))
        return tuple(said)

    def apply(self, made: Plan, watcher: Watcher = unwatched) -> Run:
        """Make the changes, wait until they are in force, measure, and return the run with its state.

        A part that belongs to somebody else and was refused is no error: the run then waits for the peer. Raises
        ProbeError or JournalError; what was done until then is in the journal.
        """
        with lock.only_one():
            before = [self._hands.measure(force.PROBE)] if force.PROBE in self._hands.probes() else []
            tables = force.tables(self._hands) if any(forth.by_agents(step) for step in made.steps) else {}
            kept = journal.begin(
                {
                    "remedy": made.remedy,
                    "title": made.title,
                    "predicted": made.predicted,
                    "others": list(made.others),
                    "where": dict(self._hands.where()),
                    "steps": [step_to(step) for step in made.steps],
                    "before": {probe.id: probe.outcome.value for probe in before},
                    "tables": dict(tables),
                }
            )
            return forth.carry(self._hands, kept, made, tables, watcher)

    def left_to_do(self, run: Run) -> tuple[Step, ...]:
        """The steps that `resume` would still make. Raises ProbeError where somebody else has been at work."""
        self._require_same_place(run)
        steps = enumerate(steps_of(run))
        found = (trace.left_to_do(self._hands, run, index, step) for index, step in steps)
        return tuple(step for step in found if step is not None)

    def resume(self, run: Run, watcher: Watcher = unwatched) -> Run:
        """Finish a run that died while it was applying, or prove one that waited: what was done is not done again."""
        with lock.only_one():
            run = journal.read(run.id)
            if not run.can_go_on:
                raise ChangeError(
                    _("Run {id} is {state}: there is nothing to complete.").format(id=run.id, state=run.state.value)
                )
            self._require_same_place(run)
            data = run.plan
            others = tuple(str(one) for one in data.get("others", ()))
            made = Plan(str(data["remedy"]), str(data["title"]), str(data["predicted"]), steps_of(run), others)
            return forth.carry(self._hands, journal.reopen(run), made, data.get("tables", {}), watcher, run)

    def rollback(self, run: Run, watcher: Watcher = unwatched) -> Run:
        """Take back what `run` changed, last change first, and measure again.

        Stops with ChangedMeanwhileError, showing both, where somebody else has changed the same thing since.
        """
        with lock.only_one():
            run = journal.read(run.id)
            if run.state in ENDED:
                raise ChangeError(_("Run {id} has been taken back already.").format(id=run.id))
            self._require_same_place(run)
            return back.take(self._hands, run, steps_of(run), watcher)

    def watch(self, run: Run, seconds: float, watcher: Watcher = unwatched, stop: watch.Stop = watch.never) -> Run:
        """For `seconds`, see whether somebody takes the change of a proven run back; returns the run as it is then."""
        reverted = watch.until_reverted(self._hands, run, steps_of(run), seconds, stop)
        if reverted:
            with lock.only_one():
                journal.reopen(run).write("reverted", state=State.REVERTED.value, why=reverted)
            watcher(Progress(Stage.REVERTED, reverted))
        return journal.read(run.id)

    def runs(self) -> tuple[Run, ...]:
        """All runs of this person, the newest first."""
        return journal.runs()

    def _why_not(self, offer: Offer) -> str:
        """Why wayhome does not make the changes of `offer`, and who does."""
        if offer.role is Role.HAND_OFF:
            where = self._hands.where()
            words = ("wayhome", "handoff", offer.id, where.get("pod", "POD"), where.get("target", "TARGET"))
            return _(
                "{id} is for the admins of {owner} to make, so nothing was changed; `{command}` prints the message "
                "for them, with the commands."
            ).format(id=offer.id, owner=offer.owner, command=shlex.join(words))
        why = (
            _("{id} is advice, not something that wayhome changes: {why}")
            if offer.role is Role.ADVICE
            else _("{id} cannot be made as things are: {why}")
        )
        return why.format(id=offer.id, why=offer.sentence)

    def _require_same_place(self, run: Run) -> None:
        then, now = run.plan.get("where", {}).get("server"), self._hands.where().get("server")
        if then != now:
            raise ChangeError(
                _("Run {id} changed things at {then}, and this is {now}; choose that cluster's context first.").format(
                    id=run.id, then=then, now=now
                )
            )


def leave(run: Run) -> None:
    """Close `run` and touch nothing. Raises JournalError."""
    with lock.only_one():
        journal.reopen(run).write("left", state=State.LEFT.value)


def steps_of(run: Run) -> tuple[Step, ...]:
    """The steps of a run's plan."""
    return tuple(step_from(data) for data in run.plan.get("steps", ()))
