"""`wayhome check POD TARGET`: which rights and tools are there, which are missing, what each gap costs."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from typing import TYPE_CHECKING

from probes import journal, lock
from rules.snapshot import Gap, Outcome, Probe
from rules.words import _
from tui import standing
from tui.cli.arguments import Parser, add_cluster, add_measuring, add_question, ask
from tui.cli.output import report

if TYPE_CHECKING:
    from probes.session import Session

GOOD, BAD, OPEN = "ok", "MISSING", "unknown"

Row = tuple[str, str]


def run(argv: Sequence[str]) -> int:
    """Connect, ask, read, measure once, look for what earlier runs left. 0: all is there; 1: something is not."""
    parser = Parser(
        "check",
        _("Which rights and tools are there, which are missing, and what each gap costs."),
        epilog=_("Exit codes: 0 everything is there, 1 something is missing, 2 usage, 3 no access."),
    )
    add_question(parser)
    add_measuring(parser)
    add_cluster(parser)
    question = ask(parser.parse_args(argv))
    from probes.session import Session
    from tui.cli.narration import Narrator

    session = Session(question, Narrator())
    try:
        session.connect()
        access = session.access
        report(_("Cluster {server}, context {context}").format(server=access.server, context=access.context))
        found = []
        for heading, look in (
            (_("Kubernetes"), _kubernetes),
            (_("Google"), _google),
            (_("Tools"), _tools),
            (_("Left behind"), _left_behind),
        ):
            rows = look(session)
            report("\n".join(["", heading, *(f"  {mark:7}  {text}" for mark, text in rows)]))
            found += [mark for mark, _text in rows]
    finally:
        session.close()
    return 1 if BAD in found else 0


def _kubernetes(session: Session) -> list[Row]:
    from probes import rights

    marks = {True: GOOD, False: BAD, None: OPEN}
    return [
        (marks[right.held], right.need.permission + ("" if right.held else f": {right.need.cost}"))
        for right in rights.ask(session.kube, session.ask.pod)
    ]


def _google(session: Session) -> list[Row]:
    from probes.errors import ProbeError

    rows = []
    try:
        session.read()
    except ProbeError as error:
        rows.append((BAD, error.sentence))
    gaps = [gap for gap in session.snapshot().gaps if not gap.read.startswith("kubernetes.")]
    rows += [(BAD, _gap(gap)) for gap in gaps]
    return rows or [(GOOD, _("everything that the question needs was read"))]


def _tools(session: Session) -> list[Row]:
    return [_measured(session.probe("pod-peer")), *(_program(name) for name in ("kubectl", "gcloud"))]


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
    needs = _("; it needs {permission}").format(permission=gap.permission) if gap.permission else ""
    return f"{gap.read} ({gap.of}): {gap.why}{needs}: " + _("what it would show stays unknown")


def _measured(probe: Probe) -> Row:
    if probe.outcome is Outcome.NOT_RUN:
        return BAD, probe.why
    return GOOD, _("the pod measures with {tool}").format(tool=probe.command[0])


def _program(name: str) -> Row:
    """A program that the shown commands use; wayhome itself does without."""
    if shutil.which(name):
        return GOOD, name
    return OPEN, _("{name} is not here; wayhome needs none, its commands are for one").format(name=name)
