"""`wayhome check POD TARGET`: which rights and tools are there, which are missing, what each gap costs.

It looks and asks, and creates nothing.
"""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from probes import journal, lock
from rules import consumer, grants
from rules.snapshot import Gap, Outcome, Probe
from rules.words import _
from tui import standing
from tui.cli.arguments import Parser, add_cluster, add_measuring, add_question, ask
from tui.cli.output import report

if TYPE_CHECKING:
    from probes.rights import Need
    from probes.session import Session

GOOD, BAD, OPEN = "ok", "MISSING", "unknown"

Row = tuple[str, str]
GRANT = "$"


def run(argv: Sequence[str]) -> int:
    """Connect, ask, read, measure once, look for what earlier runs left. 0: all is there; 1: something is not."""
    parser = Parser(
        "check",
        _("Which rights and tools are there, which are missing, and what each gap costs. Nothing is created."),
        epilog=_("Exit codes: 0 everything is there, 1 something is missing, 2 usage, 3 no access."),
    )
    add_question(parser)
    add_measuring(parser)
    add_cluster(parser)
    question = dataclasses.replace(ask(parser.parse_args(argv)), read_only=True)
    from probes import iam, rights
    from probes.session import Session
    from tui.cli.narration import Narrator

    session = Session(question, Narrator())
    try:
        session.connect()
        access = session.access
        report(_("Cluster {server}, context {context}").format(server=access.server, context=access.context))
        sections: tuple[tuple[str, Callable[[], list[Row]]], ...] = (
            (_("To diagnose: Kubernetes"), lambda: _kubernetes(session, rights.diagnosis(question.pod))),
            (_("To diagnose: Google"), lambda: _google(session)),
            (_("To diagnose: tools"), lambda: _tools(session)),
            (
                _("To apply masquerade-minimal, masquerade-article or mend-config"),
                lambda: _kubernetes(session, rights.masquerading()),
            ),
            (_("To apply deploy-agent"), lambda: _kubernetes(session, rights.deploying())),
            (_("To apply egress-nat-policy, on Autopilot"), lambda: _kubernetes(session, rights.egress_nat())),
            (
                _("To apply exchange-routes, export-routes or import-routes"),
                lambda: _permitted(session, lambda _own: iam.CHANGES),
            ),
            (_("Left behind"), lambda: _left_behind(session)),
        )
        found = []
        for heading, look in sections:
            rows = look()
            report("\n".join(["", heading, *(f"  {mark:7}  {text}" for mark, text in _ordered(rows))]))
            found += [mark for mark, _text in rows]
    finally:
        session.close()
    return 1 if BAD in found else 0


def _ordered(rows: Sequence[Row]) -> list[Row]:
    """What is there and what is not, then each command that grants something once."""
    return [
        *(row for row in rows if row[0] != GRANT),
        *dict.fromkeys(row for row in rows if row[0] == GRANT),
    ]


def _kubernetes(session: Session, needs: Sequence[Need]) -> list[Row]:
    from probes import rights

    rows = []
    for right in rights.ask(session.kube, needs):
        need = right.need
        if right.held:
            rows.append((GOOD, need.permission))
        elif right.held is None:
            rows.append((OPEN, _("{permission}: {why}").format(permission=need.permission, why=right.why)))
        else:
            grant = grants.kubernetes(need.verb, need.qualified, need.namespace)
            rows += [(BAD, f"{need.permission}: {need.cost}"), (GRANT, grant)]
    return rows


def _google(session: Session) -> list[Row]:
    from probes import iam
    from probes.errors import ProbeError

    rows = []
    try:
        session.read()
    except ProbeError as error:
        rows.append((BAD, error.sentence))
    asked = _permitted(session, lambda own: (*iam.READS, *(iam.OWN_READS if own else ())))
    missing = {text for mark, text in asked if mark == BAD}
    for gap in session.snapshot().gaps:
        named = gap.permission and any(f"{gap.of.partition('/')[0]}: {gap.permission}" in text for text in missing)
        if not gap.read.startswith("kubernetes.") and gap.read != "node_nat" and not named:
            rows.append((BAD, _gap(gap)))
            grant = grants.for_gap(gap)
            rows += [(GRANT, grant)] if grant else []
    return [*asked, *rows]


def _permitted(session: Session, asked: Callable[[bool], Sequence[str]]) -> list[Row]:
    """What the login may do in each project; `asked` gives the permissions, also for the pod's own project."""
    from probes.errors import CallError

    rows = []
    projects = session.projects()
    for place, project in enumerate(projects):
        permissions = asked(place == 0)
        try:
            held = session.permissions(project, permissions)
        except CallError as error:
            charged = consumer.refusal(error.detail)
            why = charged.cause if charged is not None else error.detail
            rows.append((OPEN, _("{project}: rights cannot be asked ({why})").format(project=project, why=why)))
            rows += [(GRANT, charged.command)] if charged is not None else []
            continue
        rows += _judged(project, permissions, held)
    return rows or [(OPEN, _("the pod's project is not known, so its rights could not be asked"))]


def _judged(project: str, permissions: Sequence[str], held: frozenset[str]) -> Iterator[Row]:
    from rules.unknowns import cost

    if len(held) == len(permissions):
        yield GOOD, _("{project}: all {count} permissions").format(project=project, count=len(permissions))
    for permission in permissions:
        if permission not in held:
            lost = cost(permission) or _("changed by its owner; the commands are shown")
            grant = grants.google(project, permission)
            yield BAD, f"{project}: {permission}: {lost}"
            yield GRANT, grant


def _tools(session: Session) -> list[Row]:
    measured = [_measured(session.probe(each)) for each in ("pod-peer", *session.ask.by_name)]
    return [*measured, *(_program(name) for name in ("kubectl", "gcloud"))]


def _left_behind(session: Session) -> list[Row]:
    from probes.errors import CallError

    try:
        rows = [
            (
                BAD,
                _("pod {pod}: kubectl delete pod -n {space} {name}").format(
                    pod=ref, space=ref.namespace, name=ref.name
                ),
            )
            for ref in session.strays()
        ]
    except CallError as error:
        rows = [(OPEN, _("pods of other namespaces may not be listed ({why})").format(why=error.why))]
    if not lock.someone_at_work():
        for old in journal.runs():
            if old.half_done:
                rows.append((BAD, standing.dead(old)))
    return rows or [(GOOD, _("nothing"))]


def _gap(gap: Gap) -> str:
    from rules.unknowns import cost

    needs = _("; it needs {permission}").format(permission=gap.permission) if gap.permission else ""
    return f"{gap.read} ({gap.of}): {gap.why}{needs}: " + (cost(gap.read) or _("what it would show stays unknown"))


def _measured(probe: Probe) -> Row:
    if probe.outcome is Outcome.NOT_RUN:
        return BAD, probe.why
    return GOOD, _("the pod measures with {tool}").format(tool=probe.command[0])


def _program(name: str) -> Row:
    """A program that the shown commands use; wayhome itself does without."""
    if shutil.which(name):
        return GOOD, name
    return OPEN, _("{name} is not here; wayhome needs none, its commands are for one").format(name=name)
