"""Carries a plan out: each call journalled before and after, then the wait, then the proof."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace

from probes import force, journal, trace, watch
from probes.errors import CancelledError, ChangedMeanwhileError, ForbiddenError, LoginError, ProbeError
from probes.force import Outcome
from probes.hands import Hands
from probes.journal import Journal
from probes.plan import Plan, Step
from probes.progress import Progress, Stage, Watcher
from probes.run import Run, State
from rules.words import _

# Failures of a write that come from before it took place.
REFUSALS = (ChangedMeanwhileError, ForbiddenError, LoginError)


def carry(
    hands: Hands,
    kept: Journal,
    made: Plan,
    tables: Mapping[str, str | None],
    watcher: Watcher,
    run: Run | None = None,
) -> Run:
    """Make the steps of `made`, or those that are left of `run`; wait, measure, and return the run as it ends."""
    with noted(kept):
        refused = [
            step.where
            for index, step in enumerate(made.steps)
            if not _made(hands, kept, index, step, watcher, run, first=index == 0)
        ]
        kept.write("applied", state=State.APPLIED.value)
        waits = bool(refused or made.others) or any(hands.pending(step.change) for step in made.steps)
        own = [step for step in made.steps if step.where not in refused]
        unready = [
            late
            for step in own
            if step.change.kind == "DaemonSet" and step.wanted is not None
            for late in force.rollout(hands, step.change, watcher)
        ]
        found = force.wait(
            hands,
            tables,
            made.predicted,
            watcher,
            seconds=force.PEER_SECONDS if waits else None,
            look=lambda: watch.look(hands, own),
        )
        found = replace(found, late=(*unready, *found.late))
        state = _state(found, waits=waits)
        keep_proof(hands, kept, found, state, watcher)
        watcher(Progress(Stage.ENDED, _ending(state, made.predicted, found)))
    return journal.read(kept.id)


@contextmanager
def noted(kept: Journal) -> Iterator[None]:
    """Write down that a person stopped the work; where it stands is what was written before."""
    try:
        yield
    except (KeyboardInterrupt, SystemExit, CancelledError):
        kept.write("interrupted")
        raise


def by_agents(step: Step) -> bool:
    """Whether the masquerade agents have to take the step over before it is in force."""
    return step.change.kind == "ConfigMap" and not step.settled


def by_nodes(step: Step) -> bool:
    """Whether something on every node has to read the step, sooner or later."""
    return step.change.kind in ("ConfigMap", "EgressNATPolicy") and not step.settled


def keep_proof(hands: Hands, kept: Journal, found: Outcome, state: State, watcher: Watcher) -> None:
    """Measure what the waiting has not, and write everything down."""
    proof = {found.probe.id: found.probe.outcome.value}
    for name in hands.probes():
        if name not in proof:
            probe = hands.measure(name)
            proof[name] = probe.outcome.value
            watcher(Progress(Stage.MEASURED, _("{id}: {outcome}").format(id=name, outcome=proof[name]), probe=probe))
    kept.write(
        "measured",
        state=state.value,
        proof=proof,
        taken_over=list(found.taken_over),
        late=list(found.late),
        unseen=list(found.unseen),
        **({"why": found.reverted} if found.reverted else {}),
    )


def _made(
    hands: Hands, kept: Journal, index: int, step: Step, watcher: Watcher, run: Run | None, *, first: bool
) -> bool:
    """Make one step; False when it is somebody else's to make, who then has the next word."""
    if run is None and step.settled:
        watcher(Progress(Stage.SKIPPED, _("{where} is already so.").format(where=step.where)))
        return True
    if run is not None:
        left = trace.left_to_do(hands, run, index, step)
        if left is None:
            watcher(Progress(Stage.SKIPPED, _("{where} is done already.").format(where=step.where)))
            return True
        step = left
    watcher(Progress(Stage.CALLING, _("Changing {where} …").format(where=step.where)))
    request = trace.request_id(run, index, "calling")
    kept.write("calling", change=index, state=State.APPLYING.value, request=request)
    try:
        left_there = hands.write(
            step.change,
            step.live,
            step.wanted,
            request=request,
            say=lambda sentence: watcher(Progress(Stage.BUSY, sentence)),
        )
    except CancelledError:
        raise
    except ProbeError as error:
        # The first half is done and the second is somebody else's: that is a hand-over, not an accident.
        theirs = isinstance(error, ForbiddenError) and not first
        state = State.WAITING_FOR_PEER if theirs else State.FAILED
        refused = isinstance(error, REFUSALS) and _untouched(hands, step)
        kept.write("failed", change=index, state=state.value, why=error.sentence, refused=refused)
        if not theirs:
            raise
        watcher(Progress(Stage.SKIPPED, error.sentence))
        return False
    kept.write("called", change=index, left=left_there)
    watcher(Progress(Stage.CALLED, _("{where} is changed.").format(where=step.where)))
    return True


def _untouched(hands: Hands, step: Step) -> bool:
    """Whether what is there now is not what we meant to write; False where that cannot be read."""
    try:
        return not step.same(hands.read(step.change), step.wanted)
    except ProbeError:
        return False


def _state(found: Outcome, *, waits: bool) -> State:
    if found.reverted:
        return State.REVERTED
    if found.probe.outcome.value == "ok" and not found.late:
        return State.PROVEN
    return State.WAITING_FOR_PEER if waits else State.NOT_PROVEN


def _ending(state: State, predicted: str, found: Outcome) -> str:
    name, outcome = found.probe.id, found.probe.outcome.value
    if state is State.REVERTED:
        return found.reverted
    if state is State.PROVEN:
        return _("Proven with a fresh connection: {id}: {outcome}.").format(id=name, outcome=outcome)
    if state is State.WAITING_FOR_PEER:
        return _("Waiting for the peer: this side's part is made, the other side's is not; {id}: {outcome}.").format(
            id=name, outcome=outcome
        )
    if found.late:
        return _("{nodes} did not take the change over in time; {id}: {outcome}.").format(
            nodes=", ".join(found.late), id=name, outcome=outcome
        )
    if outcome == predicted:
        return _("Changed, and as predicted it is not enough alone; {id}: {outcome}.").format(id=name, outcome=outcome)
    return _("Changed, but {id} says {outcome} where {predicted} was predicted; taking it back is possible.").format(
        id=name, outcome=outcome, predicted=predicted
    )
