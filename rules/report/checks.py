"""What a gcloud command's effect looks like: a command that shows it, and what that says before and after."""

from __future__ import annotations

import shlex
from dataclasses import dataclass

from rules.case import Case
from rules.report.model import Report
from rules.words import _

COLUMNS = {
    "--import-custom-routes": ("IMPORT_CUSTOM_ROUTES", "False", "True"),
    "--no-import-custom-routes": ("IMPORT_CUSTOM_ROUTES", "True", "False"),
    "--export-custom-routes": ("EXPORT_CUSTOM_ROUTES", "False", "True"),
    "--no-export-custom-routes": ("EXPORT_CUSTOM_ROUTES", "True", "False"),
}
SHOWN = 8


@dataclass(frozen=True)
class Check:
    """`command` shows `before` and `after`; `more` are further commands with what they show afterwards."""

    command: str
    before: str
    after: str
    more: tuple[tuple[str, str], ...] = ()


def checks(commands: tuple[str, ...], case: Case, report: Report) -> tuple[Check, ...]:
    """One Check for each command."""
    return tuple(_check(command, case, report) for command in commands)


def _check(command: str, case: Case, report: Report) -> Check:
    words = shlex.split(command)
    project, network = _value(words, "--project"), _value(words, "--network")
    place = tuple(word for flag in ("--project",) for word in (flag, project) if project)
    if words[1:4] == ["compute", "networks", "peerings"] and words[4:5] == ["update"]:
        return _peering(words, project, network, case, report)
    if words[1:3] == ["compute", "firewall-rules"] and len(words) > 4:
        shows = shlex.join(("gcloud", "compute", "firewall-rules", "list", "--filter", f"name={words[4]}", *place))
        there, absent = _("one row: {name}").format(name=words[4]), _("no row (Listed 0 items.)")
        if words[3] == "create":
            return Check(shows, absent, there)
        if words[3] == "delete":
            return Check(shows, there, absent)
        changed = shlex.join(("gcloud", "compute", "firewall-rules", "describe", words[4], *place))
        return Check(changed, _("the rule as it is now"), _("the rule with what the command names"))
    if "describe" not in words and len(words) > 4 and words[3] in ("create", "delete"):
        shows = shlex.join((*words[:3], "list", "--filter", f"name={words[4]}", *place))
        there, absent = _("one row: {name}").format(name=words[4]), _("no row (Listed 0 items.)")
        return Check(shows, *((absent, there) if words[3] == "create" else (there, absent)))
    shows = shlex.join((*words[:3], "list", *place))
    return Check(shows, _("what is there now; keep its output"), _("the same with what the command names"))


def _peering(words: list[str], project: str, network: str, case: Case, report: Report) -> Check:
    name = words[5] if len(words) > 5 else "?"
    command = shlex.join(
        ("gcloud", "compute", "networks", "peerings", "list", "--network", network, "--project", project)
    )
    columns = [COLUMNS[word] for word in words if word in COLUMNS]
    before = ", ".join(_("column {name}: {value}").format(name=column, value=was) for column, was, _is in columns)
    after = ", ".join(_("column {name}: {value}").format(name=column, value=is_) for column, _was, is_ in columns)
    row = _(" in the row of {name}").format(name=name)
    return Check(command, before + row, after + row, _rows(words, project, network, name, case, report))


def _rows(
    words: list[str], project: str, network: str, name: str, case: Case, report: Report
) -> tuple[tuple[str, str], ...]:
    """The rows that the receiving side's list of exchanged routes gets, where that is what the command is about."""
    if "--import-custom-routes" not in words:
        return ()
    found = [row for vpc, rows in report.routes.items() if vpc.project == project for row in rows if row.ghost]
    if not found:
        return ()
    region = (case.node.zone.rpartition("-")[0] if case.node is not None else "") or "REGION"
    place = ("--network", network, "--project", project, "--region", region, "--direction", "INCOMING")
    shows = shlex.join(("gcloud", "compute", "networks", "peerings", "list-routes", name, *place))
    lines = ", ".join(row.dest for row in found[:SHOWN])
    more = _(" and others") if len(found) > SHOWN else ""
    return (
        (
            shows,
            _("STATIC_PEERING_ROUTE rows with STATUS accepted for {dests}, once our side exports them").format(
                dests=lines
            )
            + more,
        ),
    )


def _value(words: list[str], flag: str) -> str:
    for at, word in enumerate(words):
        if word == flag and at + 1 < len(words):
            return words[at + 1]
        if word.startswith(f"{flag}="):
            return word.partition("=")[2]
    return ""
