"""A lesson, and its instructor."""

from __future__ import annotations

from rules.words import N_
from tui.commands.model import Command

COMMANDS: tuple[Command, ...] = (
    Command(
        "lesson.say",
        "lesson",
        "enter",
        "say",
        N_("Say it"),
        N_("Take the choice under the cursor; a probe then runs."),
        N_("Say it"),
    ),
    Command(
        "lesson.sure",
        "lesson",
        "s",
        "doubt",
        N_("Sure or not"),
        N_("Say whether you are sure of a prediction: who is not risks less and gains less."),
        N_("Sure?"),
    ),
    Command(
        "lesson.hint",
        "lesson",
        "h",
        "hint",
        N_("A hint"),
        N_("Show the next hint; each costs five marks."),
        N_("Hint"),
    ),
    Command(
        "lesson.up",
        "lesson",
        "up,k",
        "move(-1)",
        N_("Previous choice"),
        N_("Select the choice above."),
        shown="↑",
        palette=False,
    ),
    Command(
        "lesson.down",
        "lesson",
        "down,j",
        "move(1)",
        N_("Next choice"),
        N_("Select the choice below."),
        shown="↓",
        palette=False,
    ),
    Command(
        "class.inject",
        "class",
        "f6",
        "inject",
        N_("Inject a fault…"),
        N_("Instructor: turn the running lab into another scenario's world; a new lesson begins."),
    ),
    Command(
        "class.reveal",
        "class",
        "f7",
        "reveal",
        N_("Reveal the answers…"),
        N_("Instructor: show the right answers; this lesson has no marks for them."),
    ),
    Command(
        "class.reset",
        "class",
        "f8",
        "reset",
        N_("Reset the lab…"),
        N_("Instructor: put the lab's world back as it began; the lesson starts anew."),
    ),
)
