"""What a remedy is: from a case to a draft of changes, the world after them, and what they need and touch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from rules.case import Case
from rules.remedies.effect import Effect
from rules.report.model import Change, Document, Precondition, Role
from rules.snapshot import Question
from rules.world import World


@dataclass(frozen=True)
class Draft:
    """A remedy worked out for one case. `after` is the world once it is in force.

    `applicable` False: as things are, it cannot be done or would do nothing, and `sentence` says why. `question` is
    what to ask of `after` where that is not the question of the case. `inert`: packets fare in `after` as they do now,
    until something else is done too. `permissions` are those beyond what `changes`
    need.
    """

    sentence: str
    owner: str
    changes: tuple[Change, ...]
    change_sentences: tuple[str, ...]
    after: World
    preconditions: tuple[Precondition, ...]
    blast_radius: tuple[str, ...]
    commands: tuple[str, ...]
    undo: tuple[str, ...]
    effect: Effect
    applicable: bool = True
    question: Question | None = None
    inert: bool = False
    permissions: tuple[str, ...] = ()
    documents: tuple[Document, ...] = ()
    checks: tuple[str, ...] = ()
    expected_before: tuple[str, ...] = ()
    expected_after: tuple[str, ...] = ()


@dataclass(frozen=True)
class Remedy:
    """One way to mend. `draft` answers None when the remedy has nothing to change in a case.

    `stage` orders those that are done together: what others rest on comes first. `parts` are remedies that this one
    does at once; no set holds it beside one of them.
    """

    id: str
    name: Callable[[], str]
    draft: Callable[[Case], Draft | None]
    role: Role = Role.APPLY
    stage: int = 1
    parts: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """The remedy's name in the language in use."""
        return self.name()

    def changes(self, world: World, question: Question) -> tuple[Change, ...]:
        """The objects this remedy would change in `world`."""
        draft = self.draft(Case(world, question))
        return draft.changes if draft else ()

    def after(self, world: World, question: Question) -> World:
        """The world once this remedy is in force; the same world where it has nothing to change."""
        draft = self.draft(Case(world, question))
        return draft.after if draft else world
