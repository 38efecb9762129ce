"""Takes a run back, last change first, to the exact object, and measures again."""

from __future__ import annotations

from probes import force, journal, plan, trace
from probes.errors import CancelledError, ChangedMeanwhileError, ProbeError
from probes.forth import by_agents, keep_proof, noted
from probes.hands import Hands
from probes.journal import Journal
from probes.plan import Step
from probes.progress import Progress, Stage, Watcher
from probes.run import Run, State
from rules.words import _


def take(hands: Hands, run: Run, steps: tuple[Step, ...], watcher: Watcher) -> Run:
    """Restore what `run` changed and return the run as it ends.

    Raises ChangedMeanwhileError, showing both, where somebody else has changed the same thing since.
    """
    kept = journal.reopen(run)
    with noted(kept):
        if run.state is not State.RESTORED:
            kept.write("rollback", state=State.ROLLING_BACK.value)
            try:
                for index in reversed(range(len(steps))):
                    _undo(hands, kept, run, index, steps[index], watcher)
            except CancelledError:
                raise
            except ProbeError as error:
                kept.write("failed", state=State.ROLLBACK_FAILED.value, why=error.sentence)
                raise
            kept.write("restored", state=State.RESTORED.value)
        agents = any(by_agents(step) and _was_called(run, index) for index, step in enumerate(steps))
        predicted = str(run.plan.get("before", {}).get(force.PROBE, "unknown"))
        if any(step.change.kind == "DaemonSet" for step in steps):
            # The agent takes none of its rules along: what pods do from now on is each node's last list.
            predicted = "unknown"
        found = force.wait(hands, run.plan.get("tables", {}) if agents else {}, predicted, watcher, back=True)
        keep_proof(hands, kept, found, State.ROLLED_BACK, watcher)
        watcher(Progress(Stage.ENDED, _ending(predicted, found)))
    return journal.read(kept.id)


def _was_called(run: Run, index: int) -> bool:
    return run.last("calling", index) is not None or run.last("called", index) is not None


def _undo(hands: Hands, kept: Journal, run: Run, index: int, step: Step, watcher: Watcher) -> None:
    if not trace.landed(hands, run, index, step):
        return
    live = hands.read(step.change)
    if plan.alike(step, live, step.live):
        watcher(Progress(Stage.SKIPPED, _("{where} is as it was before.").format(where=step.where)))
        return
    called = run.last("called", index)
    try:
        wanted = plan.undone(step, live, called["left"] if called else step.wanted)
    except ChangedMeanwhileError as error:
        raise ChangedMeanwhileError(_advice(hands, run, step, live, error.sentence)) from error
    watcher(Progress(Stage.CALLING, _("Taking back {where} …").format(where=step.where)))
    request = trace.request_id(run, index, "undoing")
    kept.write("undoing", change=index, request=request)
    hands.write(
        step.change, live, wanted, request=request, say=lambda sentence: watcher(Progress(Stage.BUSY, sentence))
    )
    kept.write("undone", change=index)
    watcher(Progress(Stage.CALLED, _("{where} is taken back.").format(where=step.where)))


def _advice(hands: Hands, run: Run, step: Step, live: object, sentence: str) -> str:
    who = trace.by_whom(hands, step, live if isinstance(live, dict) else None)
    said = [sentence]
    if who:
        said.append(_("Last written by {who}.").format(who=who))
    said.append(
        _(
            "Agree with them first. When the object is again as this run left it, `wayhome rollback {id}` works; "
            "`wayhome rollback {id} --leave` keeps what is there and closes the run."
        ).format(id=run.id)
    )
    return "\n".join(said)


def _ending(predicted: str, found: force.Outcome) -> str:
    outcome = found.probe.outcome.value
    if found.late:
        return _("Taken back; {nodes} did not take that over in time; {id}: {outcome}.").format(
            nodes=", ".join(found.late), id=found.probe.id, outcome=outcome
        )
    if predicted not in (outcome, "unknown"):
        return _("Taken back; {id}: {outcome}, where it was {before} before.").format(
            id=found.probe.id, outcome=outcome, before=predicted
        )
    return _("Taken back; {id}: {outcome}.").format(id=found.probe.id, outcome=outcome)
