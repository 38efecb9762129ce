"""The message for somebody else, to read before it is sent: copied with c, written with w."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING, ClassVar, cast

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Footer, Static

from rules.words import _
from tui.commands import bindings
from tui.errands import ErrandFailed, Errands
from tui.handover import Paper
from tui.messages import Written
from tui.plain import plain
from tui.widgets.text_view import TextView

if TYPE_CHECKING:
    from tui.app import WayhomeApp


class PaperScreen(ModalScreen[None]):
    """One message, whole."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("dialog"), *bindings("paper")]
    CSS_PATH: ClassVar[list[str | PurePath]] = ["../styles/lines.tcss", "../styles/dialogs.tcss"]
    HELP = _("The message as it will be sent. c copies it, w writes it to a new file, esc closes it.")

    def __init__(self, paper: Paper) -> None:
        super().__init__()
        self.paper = paper
        self._errands = Errands(self)

    def compose(self) -> ComposeResult:
        from tui.folding import wrap

        width = max(min(self.app.size.width * 9 // 10, 140) - 8, 20)
        folded: list[tuple[str, str]] = []
        code = False
        for line in self.paper.text.splitlines():
            code ^= line.startswith("```")
            role = "strong" if line.startswith("#") else "ok" if code else "plain"
            folded += [(piece, role) for piece in ([line] if code else wrap(line, width))]
        with Vertical(id="dialog", classes="exhibit"):
            title = _("Ready to send: {what}").format(what=self.paper.title)
            yield Static(Content.styled(plain(title), "bold $active"), markup=False)
            yield TextView(folded, id="paper-text")
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        self.set_focus(self.query_one(TextView))

    def action_copy(self) -> None:
        """Copy the whole message."""
        cast("WayhomeApp", self.app).copy(self.paper.title, self.paper.text)

    def action_write(self) -> None:
        """Write it to a file that is not there yet."""
        from tui.screens.write import written

        paper = self.paper
        self._errands.start("write", lambda run: Written(run, str(written(paper.name, paper.text))))

    def on_written(self, event: Written) -> None:
        cast("WayhomeApp", self.app).tell(_("Written: {path}").format(path=event.path))

    def on_errand_failed(self, event: ErrandFailed) -> None:
        from tui.sentences import sentence_of

        cast("WayhomeApp", self.app).tell(sentence_of(event.error), bad=True)

    def action_close(self) -> None:
        """Close."""
        self.dismiss()
