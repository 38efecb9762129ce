"""Papers, objects, trouble and small dialogs."""

from __future__ import annotations

from rules.words import N_
from tui.commands.model import Command

COMMANDS: tuple[Command, ...] = (
    Command("paper.copy", "paper", "c", "copy", N_("Copy the message"), N_("Copy it whole (OSC 52)."), N_("Copy")),
    Command("paper.write", "paper", "w", "write", N_("Write the message"), N_("Write it to a new file."), N_("Write")),
    Command("exhibit.copy", "exhibit", "c", "copy", N_("Copy the object"), N_("Copy the whole object."), N_("Copy")),
    Command(
        "trouble.again", "trouble", "r", "again", N_("Try again"), N_("Do what failed once more."), N_("Try again")
    ),
    Command("trouble.copy", "trouble", "c", "copy", N_("Copy the message"), N_("Copy the sentence."), N_("Copy")),
    Command("trouble.close", "trouble", "escape", "close", N_("Go back"), N_("Leave it as it is."), N_("Back")),
    Command(
        "dialog.close", "dialog", "escape", "close", N_("Close"), N_("Close this dialog; nothing happens."), N_("Close")
    ),
)
