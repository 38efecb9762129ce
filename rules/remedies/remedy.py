"""What a remedy is: from a case to a draft of changes, the world after them, and what they need and touch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from rules.case import Case
from rules.report.model import Change, Precondition
from rules.snapshot import Question
from rules.world import World


@dataclass(frozen=True)
class Draft:
    """A remedy worked out for one case. `after` is the world once it is in force; `applicable` False: advice only."""

    sentence: str
    owner: str
    changes: tuple[Change, ...]
    change_sentences: tuple[str, ...]
    after: World
    preconditions: tuple[Precondition, ...]
    blast_radius: tuple[str, ...]
    commands: tuple[str, ...]
    undo: tuple[str, ...]
    applicable: bool = True


@dataclass(frozen=True)
class Remedy:
    """One way to mend. `draft` answers None when the remedy has nothing to change in a case."""

    id: str
    name: Callable[[], str]
    draft: Callable[[Case], Draft | None]

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
