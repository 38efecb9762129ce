"""Every command of the app, declared once: its key, its footer word, its palette title, its help, its row in the docs.

`python -m tui.commands` prints the table that docs/keys.md holds.
"""

from __future__ import annotations

from textual.binding import Binding

from tui.commands import changing, dialogs, house, lessons, looking
from tui.commands.model import KEY_NAMES, SCOPES, Command

__all__ = ["COMMANDS", "KEY_NAMES", "SCOPES", "Command", "bindings", "find", "of", "table"]

COMMANDS: tuple[Command, ...] = (
    *house.COMMANDS,
    *looking.COMMANDS,
    *lessons.COMMANDS,
    *changing.COMMANDS,
    *dialogs.COMMANDS,
)


def of(scope: str) -> tuple[Command, ...]:
    """The commands of one scope, in order."""
    return tuple(command for command in COMMANDS if command.scope == scope)


def bindings(scope: str) -> list[Binding]:
    """The BINDINGS of a screen or view."""
    return [command.binding() for command in of(scope)]


def find(id: str | None) -> Command | None:
    """The command with `id`, or None."""
    return next((command for command in COMMANDS if command.id == id), None)


def table() -> str:
    """The commands as Markdown, one table for each scope."""
    parts = ["# Keys\n\nMade by `python -m tui.commands`; the app's footer, palette and F1 say the same.\n"]
    for scope, title in SCOPES.items():
        rows = of(scope)
        if not rows:
            continue
        lines = [f"\n## {title}\n", "| key | what it does | |", "|---|---|---|"]
        for command in rows:
            keys = " ".join(f"`{KEY_NAMES.get(key, key)}`" for key in command.key.split(","))
            lines.append(f"| {keys} | {command.title} | {command.help} |")
        parts.append("\n".join(lines) + "\n")
    return "".join(parts)
