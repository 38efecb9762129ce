"""`w`: write the report or the Snapshot to a file in the working directory; nothing is ever overwritten."""

from __future__ import annotations

from collections.abc import Callable
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
from rules.words import N_, _
from tui.commands import bindings
from tui.errands import ErrandFailed, Errands
from tui.messages import Written
from tui.plain import plain

if TYPE_CHECKING:
    from tui.app import WayhomeApp


def _markdown(snapshot: Snapshot, report: Report) -> str:  # noqa: ARG001 - one shape for all writers
    from rules.report import markdown

    return markdown.render(report)


def _text(snapshot: Snapshot, report: Report) -> str:  # noqa: ARG001 - one shape for all writers
    from rules.report import text

    return text.render(report)


def _json(snapshot: Snapshot, report: Report) -> str:  # noqa: ARG001 - one shape for all writers
    import json

    from rules.report.as_json import to_json

    return json.dumps(to_json(report), indent=1, ensure_ascii=False) + "\n"


def _snapshot(snapshot: Snapshot, report: Report) -> str:  # noqa: ARG001 - one shape for all writers
    from rules.snapshot import dumps

    return dumps(snapshot)


def _routes(snapshot: Snapshot, report: Report) -> str:  # noqa: ARG001 - one shape for all writers
    import csv
    import io

    sheet = io.StringIO()
    writer = csv.writer(sheet)
    writer.writerow(["vpc", "dest", "kind", "next_hop", "priority", "used", "why_not", "missing", "name"])
    for vpc, rows in report.routes.items():
        for row in rows:
            fate = [row.used, row.why_not or "", "yes" if row.ghost else "", row.name]
            writer.writerow([str(vpc), row.dest, row.kind, row.next_hop, row.priority, *fate])
    return sheet.getvalue()


def _handoff(snapshot: Snapshot, report: Report) -> str:
    from rules.report import handoff
    from rules.report.handoff_print import as_markdown

    theirs = [offer for offer in report.remedies if handoff.for_others(snapshot, offer)]
    parts = [as_markdown(handoff.make(snapshot, report, offer)) for offer in theirs]
    return "\n---\n\n".join(parts) or _("No fix that is known has a part for the other side.") + "\n"


Writer = Callable[[Snapshot, Report], str]
WRITERS: dict[str, tuple[str, str, Writer]] = {
    "markdown": (N_("Report for a ticket (Markdown)"), "report.md", _markdown),
    "text": (N_("Report as text"), "report.txt", _text),
    "json": (N_("Report as JSON"), "report.json", _json),
    "snapshot": (N_("Snapshot: everything that was seen (JSON)"), "snapshot.json", _snapshot),
    "handoff": (N_("Message for the other side's admin (Markdown)"), "handoff.md", _handoff),
    "routes": (N_("Route tables (CSV)"), "routes.csv", _routes),
}


def free_path(folder: Path, name: str) -> Path:
    """`name` in `folder`, with a number where a file of that name is there already."""
    path = folder / name
    number = 2
    while path.exists():
        path = folder / f"{Path(name).stem}-{number}{Path(name).suffix}"
        number += 1
    return path


class WriteScreen(ModalScreen[None]):
    """Choose what to write."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("dialog")]
    CSS_PATH = "../styles/dialogs.tcss"
    HELP = _("Enter writes the selected file into the working directory; the path is shown. Nothing is overwritten.")

    def __init__(self, snapshot: Snapshot, report: Report) -> None:
        super().__init__()
        self._snapshot = snapshot
        self._report = report
        self._errands = Errands(self)

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog", classes="write"):
            yield Static(Content.styled(_("Write a file"), "bold $active"), markup=False)
            yield OptionList(*(Option(Content(_(title)), id=key) for key, (title, _n, _w) in WRITERS.items()))
            yield Static(Content.styled(plain(_("into {folder}").format(folder=Path.cwd())), "$quiet"), markup=False)
        yield Footer(show_command_palette=False)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        _title, name, writer = WRITERS[event.option_id or "markdown"]
        pod = self._snapshot.question.pod.name
        snapshot, report = self._snapshot, self._report

        def work(run: int) -> Written:
            path = free_path(Path.cwd(), f"wayhome-{pod}-{name}")
            text = writer(snapshot, report)
            with path.open("x", encoding="utf-8") as file:
                file.write(text)
            return Written(run, str(path))

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
