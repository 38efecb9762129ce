"""`wayhome open FILE`: a recording in the app, read-only; without FILE, the recordings there are."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from probes import recordings
from rules.words import _
from tui.cli import files
from tui.cli.app import require_terminal
from tui.cli.arguments import Parser
from tui.cli.failures import CliError
from tui.cli.output import report, say, table

_STEPS = ((86400.0, "d"), (3600.0, "h"), (60.0, "min"), (1.0, "s"))


def run(argv: Sequence[str]) -> int:
    """Check that FILE is a Snapshot and open the app on it; or list the recordings."""
    parser = Parser(
        "open",
        _("Look at a recording (a saved Snapshot) in the app; nothing can be changed there."),
        epilog=_("Without FILE, lists what diagnose, apply and the app have recorded, the newest first."),
    )
    parser.add_argument(
        "file", metavar="FILE", nargs="?", help=_("a recording's name, or what `wayhome diagnose --save FILE` wrote")
    )
    args = parser.parse_args(argv)
    if args.file is None:
        return _list()
    path = Path(args.file)
    if not path.exists():
        path = recordings.find(args.file) or path
    files.read_snapshot(str(path))
    require_terminal()
    from tui.app import Start
    from tui.app import run as open_app

    return open_app(Start(recording=path, read_only=True))


def _list() -> int:
    try:
        found = recordings.listed()
    except recordings.RecordingError as error:
        raise CliError(error.sentence) from error
    if not found:
        say(_("Nothing has been recorded yet; `wayhome diagnose` and the app record what they see."))
        return 0
    now = datetime.now(UTC)
    rows = [(one.path.stem, age((now - one.at).total_seconds()), one.verdict, one.pod or "?") for one in found]
    report(table(rows))
    return 0


def age(seconds: float) -> str:
    """A time span in its largest unit, as kubectl shows ages: 3d, 5h, 12min, 40s."""
    for size, unit in _STEPS:
        if seconds >= size:
            return f"{int(seconds / size)}{unit}"
    return "0s"
