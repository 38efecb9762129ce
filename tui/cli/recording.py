"""`wayhome open FILE`: a recording in the app, read-only."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rules.words import _
from tui.cli import files
from tui.cli.app import require_terminal
from tui.cli.arguments import Parser


def run(argv: Sequence[str]) -> int:
    """Check that FILE is a Snapshot and open the app on it."""
    parser = Parser("open", _("Look at a recording (a saved Snapshot) in the app; nothing can be changed there."))
    parser.add_argument("file", metavar="FILE", help=_("what `wayhome diagnose --save FILE` wrote"))
    args = parser.parse_args(argv)
    files.read_snapshot(args.file)
    require_terminal()
    from tui.app import Start
    from tui.app import run as open_app

    return open_app(Start(recording=Path(args.file), read_only=True))
