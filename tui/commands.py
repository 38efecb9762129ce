"""Every command of the app, declared once: its key, its footer word, its palette title, its help, its row in the docs.

`python -m tui.commands` prints the table that docs/keys.md holds.
"""

from __future__ import annotations

from dataclasses import dataclass

from textual.binding import Binding

from rules.words import N_, _


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
    "f6": "F6",
    "f7": "F7",
    "f8": "F8",
    "f9": "F9",
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
    "lesson": "A lesson",
    "class": "A lesson: for the instructor",
    "path": "Path",
    "routes": "Routes",
    "fixes": "Fixes",
    "evidence": "Evidence",
    "runs": "Runs that did not end",
    "consent": "Plan and consent",
    "proof": "Applying and proof",
    "paper": "A message for somebody else",
    "dialog": "Dialogs",
    "exhibit": "An object",
    "trouble": "When something did not work",
}

COMMANDS: tuple[Command, ...] = (
    Command(
        "app.help",
        "app",
        "f1",
        "help",
        N_("Help for what has the focus"),
        N_("What this view shows, and its keys."),
        N_("Help"),
    ),
    Command("app.theme", "app", "f2", "next_theme", N_("Next theme"), N_("Dark, light and high contrast take turns.")),
    Command(
        "app.runs",
        "app",
        "f9",
        "runs",
        N_("Runs that did not end…"),
        N_("Complete what died or waits for the other side, take it back, or leave it."),
    ),
    Command(
        "app.palette",
        "app",
        "ctrl+p",
        "command_palette",
        N_("Command palette"),
        N_("Find any command by its name."),
        palette=False,
    ),
    Command(
        "app.quit",
        "app",
        "ctrl+q",
        "quit",
        N_("Quit"),
        N_("Leave at once; a probe pod is removed on the way out."),
        N_("Quit"),
        priority=True,
    ),
    Command(
        "start.diagnose",
        "start",
        "f3",
        "choose('diagnose')",
        N_("Diagnose a pod"),
        N_("Go to the form: a pod and a target."),
        N_("Diagnose"),
    ),
    Command(
        "start.practise",
        "start",
        "f4",
        "choose('practise')",
        N_("Practise in the lab"),
        N_("Go to the list of the lab's scenarios."),
        N_("Practise"),
    ),
    Command(
        "start.open",
        "start",
        "f5",
        "choose('open')",
        N_("Open a recording"),
        N_("Go to the field for a Snapshot's file."),
        N_("Open"),
    ),
    Command("case.steps", "case", "1", "show('steps')", N_("Show the steps"), N_("The three probes, one by one.")),
    Command(
        "case.verdict", "case", "2", "show('verdict')", N_("Show the verdict"), N_("What is broken, who owns it, why.")
    ),
    Command("case.path", "case", "3", "show('path')", N_("Show the path"), N_("Hop by hop, there and back.")),
    Command(
        "case.routes",
        "case",
        "4",
        "show('routes')",
        N_("Show the route tables"),
        N_("Both VPCs, with the row that is missing."),
    ),
    Command(
        "case.fixes",
        "case",
        "5",
        "show('fixes')",
        N_("Show the fixes"),
        N_("What would help, and what each would change."),
    ),
    Command(
        "case.evidence",
        "case",
        "6",
        "show('evidence')",
        N_("Show the evidence"),
        N_("The raw objects behind every statement."),
    ),
    Command(
        "case.copy",
        "case",
        "c",
        "copy",
        N_("Copy"),
        N_("Copy what is selected to the clipboard of your terminal (OSC 52)."),
        N_("Copy"),
    ),
    Command(
        "case.write",
        "case",
        "w",
        "write",
        N_("Write a file…"),
        N_("Write the report or the Snapshot; the path is shown."),
        N_("Write…"),
    ),
    Command(
        "case.again",
        "case",
        "r",
        "again",
        N_("Read and measure again"),
        N_("Read the configuration and run every probe afresh."),
    ),
    Command(
        "case.back",
        "case",
        "escape",
        "back",
        N_("Cancel, or go back"),
        N_("Cancel what is running; when nothing runs, go back."),
        N_("Back"),
    ),
    Command(
        "steps.next",
        "steps",
        "enter",
        "next_step",
        N_("Run the next step"),
        N_("Run the selected probe, or go on to the next."),
        N_("Next step"),
    ),
    Command(
        "steps.all",
        "steps",
        "a",
        "all_steps",
        N_("Run all steps at once"),
        N_("Run every probe at the same time."),
        N_("All at once"),
    ),
    Command(
        "steps.up",
        "steps",
        "up,k",
        "move(-1)",
        N_("Previous step"),
        N_("Select the step above."),
        shown="↑",
        palette=False,
    ),
    Command(
        "steps.down",
        "steps",
        "down,j",
        "move(1)",
        N_("Next step in the list"),
        N_("Select the step below."),
        shown="↓",
        palette=False,
    ),
    Command(
        "verdict.observe",
        "verdict",
        "n",
        "observe",
        N_("Make the next observation"),
        N_("Run the probes that would settle what is open, and judge again."),
        N_("Observe"),
    ),
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
    Command(
        "path.break",
        "path",
        "x",
        "first_break",
        N_("Go to the first break"),
        N_("Select the first hop that stops the packet."),
        N_("First break"),
    ),
    Command(
        "path.object",
        "path",
        "enter",
        "open_object",
        N_("Show what decided"),
        N_("The object that decided at this hop, as it was read."),
        N_("Object"),
    ),
    Command(
        "path.previous",
        "path",
        "up,left,k,h",
        "move(-1)",
        N_("Previous hop"),
        N_("Select the hop before."),
        shown="↑←",
        palette=False,
    ),
    Command(
        "path.next",
        "path",
        "down,right,j,l",
        "move(1)",
        N_("Next hop"),
        N_("Select the hop after."),
        shown="↓→",
        palette=False,
    ),
    Command("path.boxes", "path", "b", "shape", N_("Boxes or ladder"), N_("Draw boxes, or one line for each hop.")),
    Command(
        "routes.filter",
        "routes",
        "slash",
        "filter",
        N_("Filter the rows"),
        N_("Show the rows that contain what you type."),
        N_("Filter"),
    ),
    Command(
        "routes.sort",
        "routes",
        "s",
        "sort",
        N_("Sort by the next column"),
        N_("By fate, then by destination, kind, next hop, priority."),
        N_("Sort"),
    ),
    Command(
        "routes.other",
        "routes",
        "tab",
        "other",
        N_("Go to the other VPC"),
        N_("Move the cursor to the other table."),
        palette=False,
    ),
    Command(
        "routes.object",
        "routes",
        "enter",
        "open_object",
        N_("Show the route"),
        N_("The route as it was read."),
        N_("Object"),
    ),
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
        "evidence.search",
        "evidence",
        "slash",
        "search",
        N_("Search the objects"),
        N_("List the objects that contain what you type."),
        N_("Search"),
    ),
    Command(
        "evidence.next", "evidence", "n", "next_match", N_("Next match"), N_("Go to the next match in this object.")
    ),
    Command(
        "evidence.previous",
        "evidence",
        "N",
        "previous_match",
        N_("Previous match"),
        N_("Go to the match before."),
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
