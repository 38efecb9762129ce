"""Every command of the app, declared once: its key, its footer word, its palette title, its help, its row in the docs.

`python -m tui.commands` prints the table that docs/keys.md holds.
"""

from __future__ import annotations

from dataclasses import dataclass

from textual.binding import Binding

from rules.words import _


@dataclass(frozen=True)
class Command:
    """A thing a person can do. `scope` is the view or screen in which `key` works; empty `footer` keeps it out of
    the footer; `palette` False keeps it out of the palette (moving a cursor is not worth a line there)."""

    id: str
    scope: str
    key: str
    action: str
    title: str
    help: str
    footer: str = ""
    shown: str = ""
    palette: bool = True
    priority: bool = False

    @property
    def display(self) -> str:
        """The key as people write it."""
        return self.shown or KEY_NAMES.get(self.key, self.key)

    def binding(self) -> Binding:
        """The command as Textual binds it."""
        return Binding(
            self.key,
            self.action,
            _(self.footer or self.title),
            show=bool(self.footer),
            key_display=self.display,
            tooltip=_(self.help),
            id=self.id,
            priority=self.priority,
        )


KEY_NAMES = {
    "slash": "/",
    "escape": "esc",
    "f1": "F1",
    "f2": "F2",
    "f3": "F3",
    "f4": "F4",
    "f5": "F5",
    "ctrl+p": "^p",
    "ctrl+q": "^q",
    "upper_n": "N",
}

SCOPES = {
    "app": "Everywhere",
    "start": "Start screen",
    "case": "A case",
    "steps": "Steps",
    "verdict": "Verdict",
    "path": "Path",
    "routes": "Routes",
    "fixes": "Fixes",
    "evidence": "Evidence",
    "consent": "Plan and consent",
    "proof": "Applying and proof",
    "dialog": "Dialogs",
    "exhibit": "An object",
    "trouble": "When something did not work",
}

COMMANDS: tuple[Command, ...] = (
    Command(
        "app.help", "app", "f1", "help", "Help for what has the focus", "What this view shows, and its keys.", "Help"
    ),
    Command("app.theme", "app", "f2", "next_theme", "Next theme", "Dark, light and high contrast take turns."),
    Command(
        "app.palette",
        "app",
        "ctrl+p",
        "command_palette",
        "Command palette",
        "Find any command by its name.",
        palette=False,
    ),
    Command(
        "app.quit",
        "app",
        "ctrl+q",
        "quit",
        "Quit",
        "Leave at once; a probe pod is removed on the way out.",
        "Quit",
        priority=True,
    ),
    Command(
        "start.diagnose",
        "start",
        "f3",
        "choose('diagnose')",
        "Diagnose a pod",
        "Go to the form: a pod and a target.",
        "Diagnose",
    ),
    Command(
        "start.practise",
        "start",
        "f4",
        "choose('practise')",
        "Practise in the lab",
        "Go to the list of the lab's scenarios.",
        "Practise",
    ),
    Command(
        "start.open",
        "start",
        "f5",
        "choose('open')",
        "Open a recording",
        "Go to the field for a Snapshot's file.",
        "Open",
    ),
    Command("case.steps", "case", "1", "show('steps')", "Show the steps", "The three probes, one by one."),
    Command("case.verdict", "case", "2", "show('verdict')", "Show the verdict", "What is broken, who owns it, why."),
    Command("case.path", "case", "3", "show('path')", "Show the path", "Hop by hop, there and back."),
    Command(
        "case.routes",
        "case",
        "4",
        "show('routes')",
        "Show the route tables",
        "Both VPCs, with the row that is missing.",
    ),
    Command(
        "case.fixes", "case", "5", "show('fixes')", "Show the fixes", "What would help, and what each would change."
    ),
    Command(
        "case.evidence", "case", "6", "show('evidence')", "Show the evidence", "The raw objects behind every statement."
    ),
    Command(
        "case.copy",
        "case",
        "c",
        "copy",
        "Copy",
        "Copy what is selected to the clipboard of your terminal (OSC 52).",
        "Copy",
    ),
    Command(
        "case.write",
        "case",
        "w",
        "write",
        "Write a file…",
        "Write the report or the Snapshot; the path is shown.",
        "Write…",
    ),
    Command(
        "case.again",
        "case",
        "r",
        "again",
        "Read and measure again",
        "Read the configuration and run every probe afresh.",
    ),
    Command(
        "case.back",
        "case",
        "escape",
        "back",
        "Cancel, or go back",
        "Cancel what is running; when nothing runs, go back.",
        "Back",
    ),
    Command(
        "steps.next",
        "steps",
        "enter",
        "next_step",
        "Run the next step",
        "Run the selected probe, or go on to the next.",
        "Next step",
    ),
    Command(
        "steps.all",
        "steps",
        "a",
        "all_steps",
        "Run all steps at once",
        "Run every probe at the same time.",
        "All at once",
    ),
    Command(
        "steps.up", "steps", "up,k", "move(-1)", "Previous step", "Select the step above.", shown="↑", palette=False
    ),
    Command(
        "steps.down",
        "steps",
        "down,j",
        "move(1)",
        "Next step in the list",
        "Select the step below.",
        shown="↓",
        palette=False,
    ),
    Command(
        "path.break",
        "path",
        "x",
        "first_break",
        "Go to the first break",
        "Select the first hop that stops the packet.",
        "First break",
    ),
    Command(
        "path.object",
        "path",
        "enter",
        "open_object",
        "Show what decided",
        "The object that decided at this hop, as it was read.",
        "Object",
    ),
    Command(
        "path.previous",
        "path",
        "up,left,k,h",
        "move(-1)",
        "Previous hop",
        "Select the hop before.",
        shown="↑←",
        palette=False,
    ),
    Command(
        "path.next", "path", "down,right,j,l", "move(1)", "Next hop", "Select the hop after.", shown="↓→", palette=False
    ),
    Command("path.boxes", "path", "b", "shape", "Boxes or ladder", "Draw boxes, or one line for each hop."),
    Command(
        "routes.filter",
        "routes",
        "slash",
        "filter",
        "Filter the rows",
        "Show the rows that contain what you type.",
        "Filter",
    ),
    Command(
        "routes.sort",
        "routes",
        "s",
        "sort",
        "Sort by the next column",
        "By fate, then by destination, kind, next hop, priority.",
        "Sort",
    ),
    Command(
        "routes.other",
        "routes",
        "tab",
        "other",
        "Go to the other VPC",
        "Move the cursor to the other table.",
        palette=False,
    ),
    Command("routes.object", "routes", "enter", "open_object", "Show the route", "The route as it was read.", "Object"),
    Command(
        "fixes.plan",
        "fixes",
        "enter",
        "plan",
        "Plan this fix…",
        "Show the exact change and ask for consent. Nothing changes yet.",
        "Plan…",
    ),
    Command(
        "fixes.up", "fixes", "up,k", "move(-1)", "Previous fix", "Select the fix before.", shown="↑", palette=False
    ),
    Command("fixes.down", "fixes", "down,j", "move(1)", "Next fix", "Select the fix after.", shown="↓", palette=False),
    Command(
        "evidence.search",
        "evidence",
        "slash",
        "search",
        "Search the objects",
        "List the objects that contain what you type.",
        "Search",
    ),
    Command("evidence.next", "evidence", "n", "next_match", "Next match", "Go to the next match in this object."),
    Command(
        "evidence.previous",
        "evidence",
        "N",
        "previous_match",
        "Previous match",
        "Go to the match before.",
        palette=False,
    ),
    Command(
        "proof.back", "proof", "escape", "close", "Back to the case", "Return; what was applied stays applied.", "Back"
    ),
    Command(
        "proof.undo",
        "proof",
        "u",
        "undo",
        "Take the change back…",
        "Show what would be restored and ask for consent.",
        "Take back…",
    ),
    Command(
        "consent.close", "consent", "escape", "close", "Do nothing", "Close the plan; nothing is changed.", "Do nothing"
    ),
    Command("consent.down", "consent", "pagedown", "page(1)", "Scroll the change", "One page down.", palette=False),
    Command("consent.up", "consent", "pageup", "page(-1)", "Scroll back", "One page up.", palette=False),
    Command("exhibit.copy", "exhibit", "c", "copy", "Copy the object", "Copy the whole object.", "Copy"),
    Command("trouble.again", "trouble", "r", "again", "Try again", "Do what failed once more.", "Try again"),
    Command("trouble.copy", "trouble", "c", "copy", "Copy the message", "Copy the sentence.", "Copy"),
    Command("trouble.close", "trouble", "escape", "close", "Go back", "Leave it as it is.", "Back"),
    Command("dialog.close", "dialog", "escape", "close", "Close", "Close this dialog; nothing happens.", "Close"),
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


if __name__ == "__main__":
    print(table(), end="")  # noqa: T201 - the table goes to stdout so that a file can be made of it
