"""`wayhome`: the app on its start screen."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from rules.words import _
from tui.cli.arguments import Parser
from tui.cli.failures import CliError


def run(argv: Sequence[str]) -> int:
    """Open the app; without a terminal that can show it, say what to do instead."""
    parser = Parser("", _("The app: Diagnose, Practise, Open a recording."))
    parser.add_argument("--read-only", action="store_true", help=_("nothing may be created or changed"))
    args = parser.parse_args(argv)
    require_terminal()
    from tui.app import Start
    from tui.app import run as open_app

    return open_app(Start(read_only=args.read_only))


def require_terminal() -> None:
    """Raise CliError unless a person at a terminal could see the app. Textual reads stdin and draws on stderr."""
    if os.environ.get("TERM", "dumb") == "dumb" or not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise CliError(
            _(
                "The app needs a terminal; without one, run `wayhome diagnose POD TARGET` for the same verdict as text,"
                " or `wayhome --help`."
            )
        )
