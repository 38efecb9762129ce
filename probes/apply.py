"""Applies a remedy so that it can be trusted at night: planned, journalled, proven, and taken back to the letter.

Consent is the caller's business: nothing here asks. Every call is written to the journal before and after it is made,
and carries the version of the object that was shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from probes import force, journal, plan
from probes.errors import ChangedMeanwhileError, ChangeError, ForbiddenError, LoginError, ProbeError
from probes.force import Outcome
from probes.hands import Hands
from probes.journal import Journal, Run, State
from probes.plan import Plan, Step
from probes.progress import Progress, Stage, Watcher, unwatched
from probes.steps import step_from, step_to
from rules.report.model import Offer
from rules.words import _

# Failures of a write that come from before it took place.
REFUSALS = (ChangedMeanwhileError, ForbiddenError, LoginError)


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
            raise ChangeError(
                _("{id} is advice, not something that wayhome changes: {why}").format(id=offer.id, why=offer.sentence)
            )
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

        Raises ProbeError or JournalError; what was done until then is in the journal.
        """
        with journal.only_one():
            before = [self._hands.measure(force.PROBE)] if force.PROBE in self._hands.probes() else []
            tables = force.tables(self._hands) if any(_by_agents(step) for step in made.steps) else {}
            kept = journal.begin(
                {
                    "remedy": made.remedy,
                    "title": made.title,
                    "predicted": made.predicted,
                    "where": dict(self._hands.where()),
                    "steps": [step_to(step) for step in made.steps],
                    "before": {probe.id: probe.outcome.value for probe in before},
                    "tables": dict(tables),
                }
            )
            self._go(kept, made, tables, watcher)
            return journal.read(kept.id)

    def resume(self, run: Run, watcher: Watcher = unwatched) -> Run:
        """Finish a run that died while it was applying: what was done is not done again."""
        with journal.only_one():
            self._require_same_place(run)
            steps = _steps(run)
            made = Plan(str(run.plan["remedy"]), str(run.plan["title"]), str(run.plan["predicted"]), steps)
            kept = journal.reopen(run)
            done = frozenset(index for index, step in enumerate(steps) if self._landed(run, index, step))
            self._go(kept, made, run.plan.get("tables", {}), watcher, done)
            return journal.read(kept.id)

    def rollback(self, run: Run, watcher: Watcher = unwatched) -> Run:
        """Take back what `run` changed, last change first, and measure again.

        Stops with ChangedMeanwhileError, showing both, where somebody else has changed the same thing since.
        """
        with journal.only_one():
            run = journal.read(run.id)
            if run.state is State.ROLLED_BACK:
                raise ChangeError(_("Run {id} has been taken back already.").format(id=run.id))
            self._require_same_place(run)
            steps = _steps(run)
            kept = journal.reopen(run)
            kept.write("rollback", state=State.ROLLING_BACK.value)
            try:
                undone = [
                    steps[index]
                    for index in reversed(range(len(steps)))
                    if self._undo(kept, run, index, steps[index], watcher)
                ]
            except ProbeError as error:
                kept.write("failed", state=State.ROLLBACK_FAILED.value, why=error.sentence)
                raise
            kept.write("restored", state=State.ROLLED_BACK.value)
            tables = run.plan.get("tables", {}) if any(_by_agents(step) for step in undone) else {}
            predicted = str(run.plan.get("before", {}).get(force.PROBE, "unknown"))
            found = force.wait(self._hands, tables, predicted, watcher, back=True)
            self._keep_proof(kept, found, State.ROLLED_BACK, watcher)
            watcher(Progress(Stage.ENDED, _ending(State.ROLLED_BACK, predicted, found)))
            return journal.read(kept.id)

    def runs(self) -> tuple[Run, ...]:
        """All runs of this person, the newest first."""
        return journal.runs()

    def _go(
        self,
        kept: Journal,
        made: Plan,
        tables: Mapping[str, str | None],
        watcher: Watcher,
        done: frozenset[int] = frozenset(),
    ) -> None:
        for index, step in enumerate(made.steps):
            if index in done:
                watcher(Progress(Stage.SKIPPED, _("{where} is done already.").format(where=step.where)))
                continue
            try:
                self._do(kept, index, step, watcher)
            except ProbeError as error:
                # The first half is done and the second is somebody else's: that is a hand-over, not an accident.
                theirs = isinstance(error, ForbiddenError) and index > 0
                state = State.WAITING_FOR_PEER if theirs else State.FAILED
                refused = isinstance(error, REFUSALS) and self._untouched(step)
                kept.write("failed", change=index, state=state.value, why=error.sentence, refused=refused)
                raise
        kept.write("applied", state=State.APPLIED.value)
        found = force.wait(self._hands, tables, made.predicted, watcher)
        proven = found.probe.outcome.value == made.predicted and not found.late
        state = State.PROVEN if proven else State.NOT_PROVEN
        self._keep_proof(kept, found, state, watcher)
        watcher(Progress(Stage.ENDED, _ending(state, made.predicted, found)))

    def _do(self, kept: Journal, index: int, step: Step, watcher: Watcher) -> None:
        if step.settled:
            watcher(Progress(Stage.SKIPPED, _("{where} is already so.").format(where=step.where)))
            return
        watcher(Progress(Stage.CALLING, _("Changing {where} …").format(where=step.where)))
        kept.write("calling", change=index, state=State.APPLYING.value)
        left = self._hands.write(step.change, step.live, step.wanted)
        kept.write("called", change=index, left=left)
        watcher(Progress(Stage.CALLED, _("{where} is changed.").format(where=step.where)))

    def _untouched(self, step: Step) -> bool:
        """Whether what is there now is not what we meant to write; False where that cannot be read."""
        try:
            return not step.same(self._hands.read(step.change), step.wanted)
        except ProbeError:
            return False

    def _undo(self, kept: Journal, run: Run, index: int, step: Step, watcher: Watcher) -> bool:
        if not self._landed(run, index, step):
            return False
        live = self._hands.read(step.change)
        if step.same(live, step.live):
            watcher(Progress(Stage.SKIPPED, _("{where} is as it was before.").format(where=step.where)))
            return True
        called = run.last("called", index)
        wanted = plan.undone(step, live, called["left"] if called else step.wanted)
        watcher(Progress(Stage.CALLING, _("Taking back {where} …").format(where=step.where)))
        kept.write("undoing", change=index)
        self._hands.write(step.change, live, wanted)
        kept.write("undone", change=index)
        watcher(Progress(Stage.CALLED, _("{where} is taken back.").format(where=step.where)))
        return True

    def _landed(self, run: Run, index: int, step: Step) -> bool:
        """Whether the run has changed the object of its change number `index`.

        A call that died without an answer is judged by what is there now: our object means that it arrived.
        """
        if run.last("called", index) is not None:
            return True
        if run.last("calling", index) is None:
            return False
        live = self._hands.read(step.change)
        if step.same(live, step.wanted):
            return True
        if step.same(live, step.live) or run.refused(index):
            return False
        raise ChangedMeanwhileError(
            _("The run died while it changed {where}, and someone else has changed it since; nothing was done.").format(
                where=step.where
            )
        )

    def _keep_proof(self, kept: Journal, found: Outcome, state: State, watcher: Watcher) -> None:
        proof = {found.probe.id: found.probe.outcome.value}
        for name in self._hands.probes():
            if name not in proof:
                probe = self._hands.measure(name)
                proof[name] = probe.outcome.value
                watcher(
                    Progress(Stage.MEASURED, _("{id}: {outcome}").format(id=name, outcome=proof[name]), probe=probe)
                )
        kept.write(
            "measured",
            state=state.value,
            proof=proof,
            taken_over=list(found.taken_over),
            late=list(found.late),
            unseen=list(found.unseen),
        )

    def _require_same_place(self, run: Run) -> None:
        then, now = run.plan.get("where", {}).get("server"), self._hands.where().get("server")
        if then != now:
            raise ChangeError(
                _("Run {id} changed things at {then}, and this is {now}; choose that cluster's context first.").format(
                    id=run.id, then=then, now=now
                )
            )


def _steps(run: Run) -> tuple[Step, ...]:
    return tuple(step_from(data) for data in run.plan["steps"])


def _by_agents(step: Step) -> bool:
    """Whether the masquerade agents have to take the step over before it is in force."""
    return step.change.kind == "ConfigMap" and not step.settled


def _ending(state: State, predicted: str, found: Outcome) -> str:
    outcome = found.probe.outcome.value
    if found.late:
        return _("{nodes} did not take the change over in time; {id}: {outcome}.").format(
            nodes=", ".join(found.late), id=found.probe.id, outcome=outcome
        )
    if state is State.NOT_PROVEN:
        return _(
            "Changed, but {id} says {outcome} where {predicted} was predicted; taking it back is possible."
        ).format(id=found.probe.id, outcome=outcome, predicted=predicted)
    if state is State.ROLLED_BACK:
        return _("Taken back; {id}: {outcome}.").format(id=found.probe.id, outcome=outcome)
    return _("Proven with a fresh connection: {id}: {outcome}.").format(id=found.probe.id, outcome=outcome)
