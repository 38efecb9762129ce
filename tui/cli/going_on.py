"""What `apply` and `rollback` say about a run when it ends, is stopped, or waits for somebody."""

from __future__ import annotations

from probes import journal, lock
from probes.run import Run, State
from rules.report.model import Offer
from rules.words import _
from tui import standing
from tui.cli.output import report, say

PROVEN, NOT_PROVEN, WAITING = 0, 1, 5


def exit_code(run: Run) -> int:
    """0 proven, 5 waiting for the other side, 1 anything else."""
    if run.state is State.PROVEN:
        return PROVEN
    return WAITING if run.state is State.WAITING_FOR_PEER else NOT_PROVEN


def ended(run: Run) -> str:
    """The run's state, what was measured, and the ways on."""
    lines = [_("Run {id}: {state}").format(id=run.id, state=run.state.value)]
    lines += [f"  {name}: {outcome}" for name, outcome in run.proof.items()]
    if run.can_go_on:
        lines.append(_("To go on: wayhome apply --resume {id}").format(id=run.id))
    if run.can_be_taken_back:
        lines.append(_("To take it back: wayhome rollback {id}").format(id=run.id))
    return "\n".join(lines)


def stopped(known: frozenset[str], offer: Offer) -> None:
    """Report the run that was begun since `known` were all there were and did not end, and the remedy by hand."""
    for run in journal.runs():
        if run.id not in known:
            report(ended(run))
            report(by_hand(offer))


def by_hand(offer: Offer) -> str:
    """A remedy's commands, for whoever may do what is left of it."""
    lines = [_("The whole remedy by hand, for whoever may do what is left of it:")]
    return "\n".join([*lines, *(f"  {line}" for command in offer.commands for line in command.splitlines())])


def tell_of_the_dead() -> None:
    """Name every run that did not end, unless somebody is at work on it."""
    if lock.someone_at_work():
        return
    for run in journal.runs():
        if run.half_done:
            say(standing.dead(run))
