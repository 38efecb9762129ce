"""`wayhome`: the app on its start screen."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from rules.words import _
from tui.cli.arguments import Parser
from tui.cli.failures import CliError
from tui.cli.keeping import add_recording
from tui.cli.output import near


def run(argv: Sequence[str]) -> int:
    """Open the app; without a terminal that can show it, say what to do instead."""
    parser = Parser("", _("The app: Diagnose, Practise, Open a recording."))
    parser.add_argument("--read-only", action="store_true", help=_("nothing may be created or changed"))
    parser.add_argument("--lab", metavar="SCENARIO", help=_("diagnose a scenario of the lab; starts it if need be"))
    parser.add_argument("--practise", metavar="SCENARIO", help=_("a lesson on a scenario of the lab, with marks"))
    parser.add_argument("--class", dest="taught", action="store_true", help=argparse.SUPPRESS)
    add_recording(parser)
    args = parser.parse_args(argv)
    scenario = args.practise or args.lab
    if scenario is not None:
        require_scenario(scenario)
    if not args.taught:
        require_terminal()
    from tui.app import Start
    from tui.app import run as open_app

    return open_app(
        Start(
            scenario=scenario,
            taught=args.taught,
            lesson=args.practise is not None,
            read_only=args.read_only,
            record=not args.no_record,
            redacted=not args.no_redact,
        )
    )


def require_scenario(name: str) -> None:
    """Raise CliError unless a scenario called `name` ships with the lab."""
    from lab import scenario

    names = scenario.names()
    if name not in names:
        raise CliError(
            _("There is no scenario {name!r}.{near} `wayhome lab list` shows them.").format(
                name=name, near=near(name, names)
            )
        )


def require_terminal() -> None:
    """Raise CliError unless a person at a terminal could see the app. Textual reads stdin and draws on stderr."""
    if os.environ.get("TERM", "dumb") == "dumb" or not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise CliError(
            _(
                "The app needs a terminal; without one, run `wayhome diagnose POD TARGET` for the same verdict as text,"
                " or `wayhome --help`."
            )
        )
