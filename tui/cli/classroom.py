"""`wayhome lab inject|reset|grade`: what an instructor does with a lab, and the marks of a class."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rules.words import _
from tui.cli.app import require_scenario
from tui.cli.arguments import Parser
from tui.cli.failures import CliError
from tui.cli.output import complain, report, say, table

if TYPE_CHECKING:
    from lab.control import Running
    from lab.practise.record import Record

NOT_RUNNING = 2
COLUMNS = (
    *("learner", "scenario", "fabric", "started_at", "ended_at", "total"),
    *("predictions", "evidence", "answers", "changes", "rollback", "hints", "revealed"),
)


def required() -> Running:
    """The running lab; CliError when there is none."""
    from lab import control

    found = control.running()
    if found is None:
        raise CliError(_("No lab is running; start one with `wayhome lab start article`."), NOT_RUNNING)
    return found


def inject(argv: Sequence[str]) -> int:
    """Turn the running lab into another scenario's world."""
    parser = Parser("lab inject", _("Turn the running lab into another scenario's world, while people work on it."))
    parser.add_argument("scenario", metavar="SCENARIO", help=_("a name from `wayhome lab list`, or a YAML file"))
    args = parser.parse_args(argv)
    if "/" not in args.scenario and not args.scenario.endswith((".yaml", ".yml")):
        require_scenario(args.scenario)
    from lab import control

    control.turn(required(), args.scenario)
    say(_("The lab's world is now that of {scenario}.").format(scenario=args.scenario))
    return 0


def reset(argv: Sequence[str]) -> int:
    """Put the running lab's world back as it was in the beginning."""
    Parser("lab reset", _("Put the lab's world back as it was when it began.")).parse_args(argv)
    from lab import control

    running = required()
    changed = control.changed(running).differs
    control.turn(running, None)
    say(_("Put back: {objects}.").format(objects=", ".join(changed)) if changed else _("Nothing had been changed."))
    return 0


def grade(argv: Sequence[str]) -> int:
    """The marks of lessons: those of this state folder, or of files and folders that learners handed in."""
    parser = Parser("lab grade", _("Marks of the lessons that were practised; without files, those kept here."))
    parser.add_argument("files", metavar="FILE", nargs="*", type=Path, help=_("records of lessons, or folders of them"))
    parser.add_argument("--csv", action="store_true", help=_("as CSV, one line a lesson"))
    args = parser.parse_args(argv)
    from lab.practise.record import folder

    given = list(args.files) or [folder()]
    missing = [path for path in args.files if not path.exists()]
    if missing:
        raise CliError(_("There is no file {path}.").format(path=missing[0]))
    rows = [_row(record) for record in _records(_files(given))]
    if not rows:
        raise CliError(_("No lesson is here yet; `wayhome --practise article` begins one."))
    report(_csv(rows) if args.csv else table([tuple(map(_title, COLUMNS)), *rows]), finished=args.csv)
    return 0


def _title(column: str) -> str:
    return column.replace("_", " ")


def _files(given: Iterable[Path]) -> list[Path]:
    found: list[Path] = []
    for path in given:
        found += sorted(path.glob("*.json")) if path.is_dir() else [path] if path.exists() else []
    return found


def _records(paths: Iterable[Path]) -> list[Record]:
    from lab.practise.record import RecordError, read

    found = []
    for path in paths:
        try:
            found.append(read(path))
        except (RecordError, OSError) as error:
            why = error.strerror if isinstance(error, OSError) else str(error)
            complain(_("{path} is left out: {why}.").format(path=path, why=why))
    return sorted(found, key=lambda record: (record.learner, record.started_at))


def _row(record: Record) -> tuple[str, ...]:
    from lab.practise.marks import marks

    found = marks(record)
    numbers = (found.predictions, found.evidence, found.answers, found.changes, found.rollback, 0 - found.hints)
    return (
        record.learner,
        Path(record.scenario).stem,
        record.fabric,
        record.started_at,
        record.ended_at,
        str(found.total),
        *(f"{number:g}" for number in numbers),
        _("yes") if record.revealed else "",
    )


def _csv(rows: Iterable[Sequence[str]]) -> str:
    sheet = io.StringIO()
    writer = csv.writer(sheet, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows([_harmless(cell) for cell in row] for row in rows)
    return sheet.getvalue()


def _harmless(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula: only numbers may begin with a sign."""
    if cell[:1] in "=+@\t\r" or (cell[:1] == "-" and not cell[1:].replace(".", "").isdigit()):
        return f"'{cell}"
    return cell
