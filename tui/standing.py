"""Where a run stands and which commands go on from there, in words for people."""

from __future__ import annotations

from collections.abc import Sequence

from probes.run import FORTH, Run, State
from rules.words import _


def words(run: Run) -> str:
    """What the state of a run means, in a few words."""
    count, total = run.called(), len(run.plan.get("steps", ()))
    return {
        State.PLANNED: _("planned; nothing was changed"),
        State.APPLYING: _("died while applying; {count} of {total} changes were answered").format(
            count=count, total=total
        ),
        State.APPLIED: _("changed, not measured yet"),
        State.PROVEN: _("proven"),
        State.NOT_PROVEN: _("changed, not proven"),
        State.WAITING_FOR_PEER: _("waiting for the other side"),
        State.REVERTED: _("changed, and put back or changed again by somebody else"),
        State.FAILED: _("failed after {count} of {total} changes").format(count=count, total=total),
        State.ROLLING_BACK: _("died while it was taken back"),
        State.RESTORED: _("taken back, not measured yet"),
        State.ROLLED_BACK: _("taken back"),
        State.ROLLBACK_FAILED: _("not taken back"),
        State.LEFT: _("closed; what is there was left as it is"),
    }[run.state]


def ways_on(run: Run) -> tuple[str, ...]:
    """The commands that go on from where a run stands, each with what it does."""
    ways = []
    if run.can_go_on:
        word = _("completes it") if run.state in FORTH else _("measures again")
        ways.append(_("`wayhome apply --resume {id}` {word}").format(id=run.id, word=word))
    if run.can_be_taken_back:
        ways.append(_("`wayhome rollback {id}` takes it back").format(id=run.id))
    return tuple(ways)


def dead(run: Run) -> str:
    """One sentence on a run that did not end."""
    return _("Run {id} ({remedy}) did not end: {words}. {ways}.").format(
        id=run.id, remedy=run.plan.get("remedy", "?"), words=words(run), ways="; ".join(ways_on(run))
    )


def open_ones(runs: Sequence[Run]) -> str:
    """One sentence on the runs that somebody should decide about, for the app."""
    newest = words(runs[0])
    if len(runs) == 1:
        return _("A run did not end ({words}): F9 completes it, takes it back or leaves it.").format(words=newest)
    return _(
        "{count} runs did not end (the newest: {words}): F9 completes them, takes them back or leaves them."
    ).format(count=len(runs), words=newest)
