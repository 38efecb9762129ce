"""`wayhome runs`: what was changed, when, and where each run stands."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime

from probes import journal, lock
from probes.run import Run
from rules.words import _
from tui import standing
from tui.cli.arguments import Parser
from tui.cli.output import report, say, table


def run(argv: Sequence[str]) -> int:
    """List the runs, the newest first."""
    parser = Parser("runs", _("The runs of `wayhome apply` and the app, the newest first, and where they stand."))
    parser.add_argument("--json", action="store_true", help=_("as JSON on stdout"))
    args = parser.parse_args(argv)
    found = journal.runs()
    at_work = lock.someone_at_work()
    if args.json:
        report(json.dumps([_as_data(one, at_work) for one in found], indent=1))
    elif found:
        report(
            table(
                [
                    (
                        one.id,
                        _local(one.started_at),
                        str(one.plan.get("remedy", "?")),
                        _where(one),
                        _state(one, at_work),
                    )
                    for one in found
                ]
            )
        )
    else:
        say(_("No remedy has been applied from here yet."))
    for one in found:
        if one.half_done and not at_work:
            say(standing.dead(one))
    for sentence in journal.unreadable():
        say(sentence)
    return 0


def _state(one: Run, at_work: bool) -> str:
    if one.half_done and not at_work:
        return _("{state}, did not end").format(state=one.state.value)
    return one.state.value


def _where(one: Run) -> str:
    where = one.plan.get("where", {})
    return f"{where.get('pod', '?')} -> {where.get('target', '?')}"


def _as_data(one: Run, at_work: bool) -> dict[str, object]:
    return {
        "id": one.id,
        "started_at": one.started_at,
        "remedy": one.plan.get("remedy"),
        "where": one.plan.get("where"),
        "state": one.state.value,
        "half_done": one.half_done and not at_work,
        "means": standing.words(one),
        "plan_known": bool(one.plan),
        "can_go_on": one.can_go_on,
        "can_be_taken_back": one.can_be_taken_back,
    }


def _local(utc: str) -> str:
    try:
        return datetime.fromisoformat(utc).astimezone().strftime("%Y-%m-%d %H:%M:%S")
    except ValueError:
        return utc
