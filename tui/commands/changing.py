"""Fixes, consent, the proof, and runs that did not end."""

from __future__ import annotations

from rules.words import N_
from tui.commands.model import Command

COMMANDS: tuple[Command, ...] = (
    Command(
        "fixes.plan",
        "fixes",
        "enter",
        "plan",
        N_("Plan this fix, or read its message…"),
        N_("Show the exact change and ask for consent; of what is handed over, the message. Nothing changes yet."),
        N_("Plan…"),
    ),
    Command(
        "fixes.message",
        "fixes",
        "m",
        "message",
        N_("Read the message for others…"),
        N_("What somebody else has to do, ready to copy (c) or to write (w)."),
    ),
    Command(
        "fixes.compare",
        "fixes",
        "s",
        "compare",
        N_("Side by side"),
        N_("Compare what is enough: who acts, how long it takes, what breaks, what else is touched."),
        N_("Side by side"),
    ),
    Command(
        "fixes.up",
        "fixes",
        "up,k",
        "move(-1)",
        N_("Previous fix"),
        N_("Select the fix before."),
        shown="↑",
        palette=False,
    ),
    Command(
        "fixes.down",
        "fixes",
        "down,j",
        "move(1)",
        N_("Next fix"),
        N_("Select the fix after."),
        shown="↓",
        palette=False,
    ),
    Command(
        "proof.back",
        "proof",
        "escape",
        "close",
        N_("Stop waiting, or go back"),
        N_("While something runs: stop; what is made stays, and can be completed or taken back. Then: return."),
        N_("Stop / back"),
    ),
    Command(
        "proof.resume",
        "proof",
        "r",
        "resume",
        N_("Complete the run, or measure it again"),
        N_("What stopped on the way is finished; what waited for the other side is measured. Nothing is done twice."),
    ),
    Command(
        "proof.copy",
        "proof",
        "c",
        "copy",
        N_("Copy the message for the other side"),
        N_("The evidence, their commands, before and after, and the way back (OSC 52)."),
    ),
    Command(
        "proof.undo",
        "proof",
        "u",
        "undo",
        N_("Take the change back…"),
        N_("Show what would be restored and ask for consent."),
        N_("Take back…"),
    ),
    Command(
        "runs.complete",
        "runs",
        "r",
        "complete",
        N_("Complete the run…"),
        N_("Show what was planned and ask for consent; nothing is done twice."),
        N_("Complete…"),
    ),
    Command(
        "runs.undo",
        "runs",
        "u",
        "take_back",
        N_("Take the run back…"),
        N_("Show what would be restored and ask for consent."),
        N_("Take back…"),
    ),
    Command(
        "runs.leave",
        "runs",
        "l",
        "leave",
        N_("Leave it as it is…"),
        N_("Close the run and touch nothing; asks first."),
        N_("Leave…"),
    ),
    Command("runs.copy", "runs", "c", "copy", N_("Copy the run's name"), N_("For the command line (OSC 52).")),
    Command(
        "runs.close", "runs", "escape", "close", N_("Decide later"), N_("Go back; the run stays as it is."), N_("Back")
    ),
    Command(
        "consent.close",
        "consent",
        "escape",
        "close",
        N_("Do nothing"),
        N_("Close the plan; nothing is changed."),
        N_("Do nothing"),
    ),
    Command(
        "consent.down", "consent", "pagedown", "page(1)", N_("Scroll the change"), N_("One page down."), palette=False
    ),
    Command("consent.up", "consent", "pageup", "page(-1)", N_("Scroll back"), N_("One page up."), palette=False),
)
