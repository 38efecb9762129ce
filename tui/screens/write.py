"""`w`: write the report, the Snapshot or what a fix gives to a file in the working directory; never over another."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, cast

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Footer, OptionList, Static
from textual.widgets.option_list import Option

from rules.report.model import Report
from rules.snapshot import Snapshot
from rules.words import _
from tui.commands import bindings
from tui.errands import ErrandFailed, Errands
from tui.handover import Paper
from tui.messages import Written
from tui.plain import plain
from tui.writers import WRITERS

if TYPE_CHECKING:
    from tui.app import WayhomeApp


def free_path(folder: Path, name: str) -> Path:
    """`name` in `folder`, with a number where a file of that name is there already."""
    path = folder / name
    number = 2
    while path.exists():
        path = folder / f"{Path(name).stem}-{number}{Path(name).suffix}"
        number += 1
    return path


def written(name: str, text: str) -> Path:
    """Write `text` to a new file in the working directory, and say which it became. Raises OSError."""
    path = free_path(Path.cwd(), name)
    # Names from outside may hold half a surrogate pair, which UTF-8 has no bytes for.
    with path.open("x", encoding="utf-8", errors="backslashreplace") as file:
        file.write(text)
    return path


class WriteScreen(ModalScreen[None]):
    """Choose what to write."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("dialog")]
    CSS_PATH = "../styles/dialogs.tcss"
    HELP = _("Enter writes the selected file into the working directory; the path is shown. Nothing is overwritten.")

    def __init__(self, snapshot: Snapshot, report: Report, papers: Sequence[Paper] = ()) -> None:
        super().__init__()
        self._papers = papers
        self._snapshot = snapshot
        self._report = report
        self._errands = Errands(self)

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog", classes="write"):
            yield Static(Content.styled(_("Write a file"), "bold $active"), markup=False)
            papers = [
                Option(Content(plain(_("Of this fix: {what}").format(what=paper.title))), id=f"paper-{number}")
                for number, paper in enumerate(self._papers)
            ]
            yield OptionList(*papers, *(Option(Content(_(title)), id=key) for key, (title, _n, _w) in WRITERS.items()))
            yield Static(Content.styled(plain(_("into {folder}").format(folder=Path.cwd())), "$quiet"), markup=False)
        yield Footer(show_command_palette=False)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        chosen = event.option_id or "markdown"
        if chosen not in WRITERS:
            paper = self._papers[int(chosen.removeprefix("paper-"))]
            self._errands.start("write", lambda run: Written(run, str(written(paper.name, paper.text))))
            return
        _title, name, writer = WRITERS[chosen]
        pod = self._snapshot.question.pod.name
        snapshot, report = self._snapshot, self._report

        def work(run: int) -> Written:
            return Written(run, str(written(f"wayhome-{pod}-{name}", writer(snapshot, report))))

        self._errands.start("write", work)

    def on_written(self, event: Written) -> None:
        cast("WayhomeApp", self.app).tell(_("Written: {path}").format(path=event.path))
        self.dismiss()

    def on_errand_failed(self, event: ErrandFailed) -> None:
        from tui.sentences import sentence_of

        cast("WayhomeApp", self.app).tell(sentence_of(event.error), bad=True)

    def action_close(self) -> None:
        """Close."""
        self.dismiss()
