"""What a command is, how its key is written, and where it works."""

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
