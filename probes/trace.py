"""What became of a step, judged by the journal and by what is there now."""

from __future__ import annotations

import contextlib
import uuid
from dataclasses import replace

from probes import plan
from probes.errors import ChangedMeanwhileError, ProbeError
from probes.hands import Hands
from probes.plan import Step
from probes.run import Run
from rules.snapshot import Json
from rules.words import _


def landed(hands: Hands, run: Run, index: int, step: Step) -> bool:
    """Whether the run has changed the object of its change number `index`.

    A call that died without an answer is judged by what is there now: our object means that it arrived. Raises
    ChangedMeanwhileError where that cannot be told, because somebody else has changed it since.
    """
    if run.last("called", index) is not None:
        return True
    if (run.last("calling", index) is None and not run.torn) or run.refused(index):
        return False
    live = hands.read(step.change)
    if plan.alike(step, live, step.wanted) and not step.settled:
        return True
    if plan.alike(step, live, step.live):
        return False
    raise stranger(
        hands,
        step,
        live,
        _("The run died while it changed {where}, and someone else has changed it since; nothing was done.").format(
            where=step.where
        ),
    )


def left_to_do(hands: Hands, run: Run, index: int, step: Step) -> Step | None:
    """The step as it still has to be made, on the object as it is now; None when it is done, whoever did it.

    Raises ChangedMeanwhileError when somebody else has changed the object, or has taken our change back.
    """
    live = hands.read(step.change)
    if plan.alike(step, live, step.wanted):
        return None
    if run.last("called", index) is not None:
        sentence = _("{where} was changed by this run, and someone has changed it since; nothing was done.")
        raise stranger(hands, step, live, sentence.format(where=step.where))
    if not plan.alike(step, live, step.live):
        sentence = _("{where} has changed since the plan was made; nothing was done.")
        raise stranger(hands, step, live, sentence.format(where=step.where))
    return replace(step, live=live, wanted=plan.wanted(step.change, live))


def request_id(run: Run | None, index: int, step: str) -> str:
    """The id that lets an API do a call once: that of the call that died without an answer, or a new one."""
    asked = run.last(step, index) if run is not None else None
    if run is not None and asked is not None and run.last("failed", index) is None and asked.get("request"):
        return str(asked["request"])
    return str(uuid.uuid4())


def stranger(hands: Hands, step: Step, live: Json | None, sentence: str) -> ChangedMeanwhileError:
    """`sentence`, what is there now, and who wrote it as far as that is known."""
    said = [sentence, plan.shown(step, live)]
    who = by_whom(hands, step, live)
    if who:
        said.append(_("Last written by {who}.").format(who=who))
    return ChangedMeanwhileError("\n".join(said))


def by_whom(hands: Hands, step: Step, live: Json | None) -> str:
    """Who wrote the object last, or an empty string."""
    with contextlib.suppress(ProbeError):
        return hands.last_writer(step.change, live)
    return ""
