"""`wayhome lab list|start|env|status|fault|stop|…`: incidents to practise on, served on loopback."""

from __future__ import annotations

import argparse
import math
import shlex
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from rules.words import _
from tui.cli import classroom, lab_faults
from tui.cli.app import require_scenario
from tui.cli.arguments import Parser, port
from tui.cli.failures import CliError
from tui.cli.output import near, report, say, table

if TYPE_CHECKING:
    from lab.fabric.base import LegCount


def known() -> dict[str, Callable[[Sequence[str]], int]]:
    """The lab's commands by name."""
    return {
        "list": _list,
        "start": _start,
        "env": _env,
        "status": _status,
        "fault": lab_faults.run,
        "rights": _rights,
        "stop": _stop,
        "inject": classroom.inject,
        "reset": classroom.reset,
        "grade": classroom.grade,
    }


def run(argv: Sequence[str]) -> int:
    """Find the lab's command and run it."""
    if not argv or argv[0] in ("-h", "--help"):
        parser = Parser("lab", _("Incidents to practise on: the real APIs on loopback, with nothing real behind."))
        parser.epilog = "\n".join(
            [
                "  wayhome lab list              " + _("the scenarios"),
                "  wayhome lab start SCENARIO    " + _("start one; returns when it is ready"),
                '  eval "$(wayhome lab env)"     ' + _("point this shell's kubectl, gcloud and wayhome at it"),
                "  wayhome lab status            " + _("what is running"),
                "  wayhome lab fault NAME        " + _("let its servers misbehave; `fault list` shows how"),
                "  wayhome lab rights [NAME]     " + _("what its user may do: show the sets, or switch to one"),
                "  wayhome lab stop              " + _("stop it"),
                "  wayhome lab inject SCENARIO   " + _("turn it into another scenario's world, live"),
                "  wayhome lab reset             " + _("put its world back as it was when it began"),
                "  wayhome lab grade             " + _("the marks of what was practised"),
            ]
        )
        parser.usage = "wayhome lab COMMAND"
        if argv:
            parser.parse_args(argv)
        report(parser.format_help())
        return 0 if argv else 2
    if argv[0] not in known():
        raise CliError(
            _("The lab has no command {word!r}.{near} `wayhome lab --help` lists them.").format(
                word=argv[0], near=near(argv[0], known())
            )
        )
    try:
        return known()[argv[0]](argv[1:])
    except RuntimeError as error:
        from lab.control import LabError

        if isinstance(error, LabError):
            raise CliError(str(error)) from error
        raise


def _list(argv: Sequence[str]) -> int:
    Parser("lab list", _("The scenarios that ship with wayhome.")).parse_args(argv)
    from lab import scenario

    report(table([(name, _(title) if (title := scenario.load(name).title) else "") for name in scenario.names()]))
    return 0


def _start(argv: Sequence[str]) -> int:
    parser = Parser("lab start", _("Start the lab on a scenario; returns when it is ready."))
    parser.add_argument("scenario", metavar="SCENARIO", help=_("a name from `wayhome lab list`, or a YAML file"))
    parser.add_argument(
        "--fabric", choices=("simulated", "kernel"), default="simulated", help=_("what carries the packets")
    )
    parser.add_argument(
        "--speed", metavar="N", type=_speed, default=1.0, help=_("make the lab's waits N times shorter")
    )
    parser.add_argument("--port", metavar="P", type=port, help=_("serve the Kubernetes API on this port"))
    args = parser.parse_args(argv)
    from lab import scenario

    if "/" not in args.scenario and not args.scenario.endswith((".yaml", ".yml")):
        require_scenario(args.scenario)
    try:
        asked = scenario.load(args.scenario).question
    except scenario.ScenarioError as error:
        raise CliError(str(error)) from error
    from lab import control

    say(_("Starting the lab on {scenario} …").format(scenario=args.scenario))
    control.start(args.scenario, fabric=args.fabric, speed=args.speed, port=args.port)
    report(
        "\n".join(
            [
                _("The lab is ready. Next:"),
                '  eval "$(wayhome lab env)"',
                "  " + shlex.join(["wayhome", "diagnose", _pod(asked.pod), str(asked.target)]),
            ]
        )
    )
    return 0


def _env(argv: Sequence[str]) -> int:
    Parser("lab env", _('Lines for the shell: eval "$(wayhome lab env)".')).parse_args(argv)
    from lab import control

    running = classroom.required()
    lines = [f"export {name}={shlex.quote(value)}" for name, value in control.environment(running).items()]
    report("\n".join(lines))
    return 0


def _status(argv: Sequence[str]) -> int:
    parser = Parser("lab status", _("Which lab is running; exit code 2 when none is."))
    parser.add_argument("--legs", action="store_true", help=_("packets that crossed each wire (kernel fabric)"))
    args = parser.parse_args(argv)
    from lab import control

    running = control.running()
    if running is None:
        report(_("No lab is running."))
        return classroom.NOT_RUNNING
    if args.legs:
        return _legs(control.legs(running))
    rows = [
        (_("scenario"), str(running.scenario)),
        (_("fabric"), running.fabric),
        (_("process"), str(running.pid)),
        (_("changed"), ", ".join(control.changed(running).differs) or _("nothing")),
        (_("rights"), control.rights(running)),
    ]
    report(table([*rows, *((name, value) for name, value in control.environment(running).items())]))
    return 0


def _rights(argv: Sequence[str]) -> int:
    parser = Parser("lab rights", _("What the lab's user may do, switched while the lab runs."))
    parser.add_argument("name", metavar="NAME", nargs="?", help=_("a set of rights; without it the sets are listed"))
    args = parser.parse_args(argv)
    from lab import control
    from lab.rights import SETS

    running = control.running()
    if running is None:
        raise CliError(_("No lab is running; start one with `wayhome lab start article`."), classroom.NOT_RUNNING)
    now = control.rights(running, args.name)
    if args.name is None:
        report(table([("*" if one.name == now else "", one.name, one.title()) for one in SETS.values()]))
    else:
        say(_("The lab's user now has: {title}.").format(title=SETS[now].title()))
    return 0


def _legs(found: Sequence[LegCount]) -> int:
    if not found:
        raise CliError(_("The simulated fabric has no wires; start the lab with --fabric kernel to count packets."))
    report(table([(leg.start, "→", leg.end, str(leg.packets)) for leg in found]))
    return 0


def _stop(argv: Sequence[str]) -> int:
    Parser("lab stop", _("Stop the lab. It is no error when none is running.")).parse_args(argv)
    from lab import control

    was_running = control.running() is not None
    control.stop()
    say(_("The lab has stopped.") if was_running else _("No lab was running."))
    return 0


def _pod(pod: object) -> str:
    return str(pod).removeprefix("default/")


def _speed(text: str) -> float:
    try:
        speed = float(text)
    except ValueError:
        speed = math.nan
    if not 1 <= speed <= 1000:
        raise argparse.ArgumentTypeError(_("{text!r} is not a number from 1 to 1000").format(text=text))
    return speed
