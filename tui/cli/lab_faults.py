"""`wayhome lab fault NAME | list | clear`: let the lab's servers misbehave, to see what a client makes of it."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from rules.words import _
from tui.cli.arguments import Parser
from tui.cli.failures import CliError
from tui.cli.output import report, say, table

ALWAYS = "always"
NOT_RUNNING = 2


def run(argv: Sequence[str]) -> int:
    """Ask for a fault, list those that there are, or end them."""
    parser = Parser("lab fault", _("Let the lab's servers misbehave, as real servers, proxies and wires do."))
    parser.usage = "wayhome lab fault NAME [--on CALL] [--times N|always] | list | clear"
    parser.add_argument("name", metavar="NAME", help=_("a fault; `list` shows them, `clear` ends them all"))
    parser.add_argument(
        "--on",
        metavar="CALL",
        default="*",
        help=_("the call, named as gaps name it: kubernetes.nodes.list, 'compute.*', exec (all that it fits)"),
    )
    parser.add_argument(
        "--times", metavar="N", type=_times, default=ALWAYS, help=_("so many calls, or always (always)")
    )
    args = parser.parse_args(argv)
    if args.name == "list":
        return _list()
    from lab import control

    running = control.running()
    if running is None:
        raise CliError(_("No lab is running; start one with `wayhome lab start article`."), NOT_RUNNING)
    if args.name == "clear":
        control.clear_faults(running)
        say(_("The lab's servers make no more faults."))
        return 0
    times = None if args.times == ALWAYS else args.times
    control.fault(running, control.Fault(args.name, args.on, times))
    say(_("From now on: {name} on {calls}. `wayhome lab fault clear` ends it.").format(name=args.name, calls=args.on))
    return 0


def _list() -> int:
    from lab import control
    from lab.faults.kinds import kinds

    report(table([(kind.name, kind.does) for kind in kinds().values()]))
    running = control.running()
    asked = control.faults(running) if running is not None else []
    if asked:
        report("\n" + _("Asked for now:"))
        report(table([(fault.name, fault.on, _times_text(fault.times)) for fault in asked]))
    return 0


def _times_text(times: int | None) -> str:
    return _("always") if times is None else _("{times} more").format(times=times)


def _times(text: str) -> int | str:
    if text == ALWAYS:
        return text
    if not (text.isascii() and text.isdigit() and 0 < int(text) <= 1_000_000):
        raise argparse.ArgumentTypeError(_("{text!r} is neither a number from 1 nor always").format(text=text))
    return int(text)
