"""Takes a run back, last change first, to the exact object, and measures again."""

from __future__ import annotations

from collections.abc import Mapping

from probes import force, journal, plan, trace
from probes.errors import CancelledError, ChangedMeanwhileError, ProbeError
from probes.forth import by_agents, by_nodes, keep_proof, noted
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
        tables = run.plan.get("tables", {})
        called = [step for index, step in enumerate(steps) if by_nodes(step) and _was_called(run, index)]
        predicted = before = str(run.plan.get("before", {}).get(force.PROBE, "unknown"))
        stays = any(step.change.kind == "DaemonSet" for step in steps)
        if stays:
            # The agent takes none of its rules along: what pods do from now on is each node's last list.
            predicted = "unknown"
        settled = _settled(run, tables)
        found = force.wait(
            hands,
            tables if any(map(by_agents, called)) else {},
            predicted,
            watcher,
            back=True,
            open_for=force.whole_resync(called) if called and settled is not None else 0.0,
            settled_nodes=settled or (),
        )
        keep_proof(hands, kept, found, State.ROLLED_BACK, watcher)
        watcher(Progress(Stage.ENDED, _ending(before, found, stays=stays)))
    return journal.read(kept.id)


def _was_called(run: Run, index: int) -> bool:
    begun = run.last("calling", index) is not None or run.last("called", index) is not None
    return begun and not run.refused(index)


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


def _settled(run: Run, tables: Mapping[str, str | None]) -> frozenset[str] | None:
    """The nodes that are known to have read the run's change, so that their table tells when they are back.

    None where no node is in doubt: the waiting for the change ended, and none was late.
    """
    waited = [line for line in run.lines if line.get("step") == "measured"]
    if not waited:
        return frozenset()
    late = frozenset(run.late) & tables.keys()
    return frozenset(tables.keys() - late) if late else None


def _ending(before: str, found: force.Outcome, *, stays: bool) -> str:
    name, outcome = found.probe.id, found.probe.outcome.value
    if found.late:
        return _("Taken back; {nodes} did not take that over in time; {id}: {outcome}.").format(
            nodes=", ".join(found.late), id=name, outcome=outcome
        )
    if before in (outcome, "unknown"):
        return _("Taken back; {id}: {outcome}.").format(id=name, outcome=outcome)
    words = (
        _("Taken back; {id}: {outcome}, {before} before: each node keeps the rules that its agent wrote last.")
        if stays
        else _("Taken back; {id}: {outcome}, where it was {before} before.")
    )
    return words.format(id=name, outcome=outcome, before=before)
