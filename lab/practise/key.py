"""The right answers to a scenario, and the choices among which they stand."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice

from lab import truth
from lab.agent import Agents
from lab.build import populate
from lab.scenario.model import Scenario
from lab.store import Store
from rules import causes
from rules.evaluate import evaluate
from rules.remedies import load as load_remedies
from rules.report.model import Report
from rules.words import _

NONE = "none"
CHOICES = 5
QUESTIONS = ("cause", "leg", "owner", "fix")


@dataclass(frozen=True)
class Key:
    """What is right: any of each. A question without a right answer, () , is not asked. `deciding` names the objects
    of the hop at which the packet is lost."""

    cause: tuple[str, ...]
    leg: tuple[str, ...]
    owner: tuple[str, ...]
    fix: tuple[str, ...]
    deciding: tuple[str, ...] = ()

    def right(self, question: str) -> tuple[str, ...]:
        """The right answers to one of QUESTIONS."""
        found: tuple[str, ...] = getattr(self, question)
        return found


def key(scenario: Scenario) -> Key:
    """The answers: the causes as the scenario's author wrote them, the rest by judging its world with every right."""
    report = _judged(scenario)
    if not scenario.answer:
        return Key((NONE,), (NONE,), (NONE,), (NONE,))
    broken = report.broken
    fixes = tuple(offer.id for offer in report.remedies if offer.complete or offer.predicted == "ok")
    return Key(
        cause=scenario.answer,
        leg=(str(broken.direction),) if broken is not None else (),
        owner=(broken.owner,) if broken is not None and broken.owner else (),
        fix=fixes,
        deciding=_deciding(report),
    )


def _deciding(report: Report) -> tuple[str, ...]:
    hops = [*report.walk.forward, *report.walk.back] if report.walk is not None else []
    return tuple(dict.fromkeys(hop.object for hop in hops if hop.object and hop.verdict.value != "ok"))


def _judged(scenario: Scenario) -> Report:
    store = Store()
    populate(store, scenario)
    Agents(store).settle()
    return evaluate(truth.snapshot(store))


def hints(known: Key) -> tuple[str, ...]:
    """What helps, the gentlest first."""
    found = [_("Hold pod → peer against node → peer: what differs is the address that the packet wears.")]
    if known.leg and known.leg != (NONE,):
        legs = {"forward": _("It is the request that is lost."), "return": _("It is the answer that is lost.")}
        found.append(legs[known.leg[0]])
    if known.owner and known.owner != (NONE,):
        found.append(_("What has to change belongs to {owner}.").format(owner=known.owner[0]))
    if known.deciding:
        found.append(_("Look at {objects}.").format(objects=", ".join(known.deciding)))
    return tuple(found)


def choices(scenario: Scenario, known: Key, question: str) -> tuple[str, ...]:
    """What may be answered to a question, the right answers among them, in an order that tells nothing."""
    right = known.right(question)
    match question:
        case "cause":
            return (*sorted({*right, *_alike(right)} - {NONE}), NONE)
        case "leg":
            return ("forward", "return", NONE)
        case "owner":
            return (*sorted({*scenario.projects, *right} - {NONE}), NONE)
        case "fix":
            return (*sorted({*(remedy.id for remedy in load_remedies()), *right} - {NONE}), NONE)
    raise ValueError(question)


def _alike(right: tuple[str, ...]) -> list[str]:
    """Causes that look most like the right one from the outside: they predict the same matrix."""
    known = causes.load()
    here = next((cause for cause in known if cause.id in right), None)
    others = [cause for cause in known if cause.id not in right and cause.id != NONE]
    if here is not None:
        first = here
        others.sort(key=lambda cause: (cause.cells != first.cells, abs(int(cause.id[2:]) - int(first.id[2:]))))
    return [cause.id for cause in islice(others, CHOICES - min(len(right), 2))]
