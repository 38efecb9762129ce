"""Runs of apply that did not end or wait for the other side, as the app goes on with them."""

from __future__ import annotations

from collections.abc import Sequence

from probes import parse
from probes.ask import Ask
from probes.plan import Plan, Step, diff
from probes.run import Run, State
from probes.steps import step_from
from rules.report.model import Answer, MatrixRow, Offer, Report
from rules.words import _
from tui import standing
from tui.diff import TextLine, roles

PROBE = "pod-peer"


def open_runs(runs: Sequence[Run]) -> tuple[Run, ...]:
    """Those of `runs` that somebody should decide about, in their order; nobody is at work on any of them."""
    return tuple(run for run in runs if run.plan and (run.half_done or run.state is State.WAITING_FOR_PEER))


def steps_of(run: Run) -> tuple[Step, ...]:
    """The changes of the run's plan. Raises KeyError or TypeError where the journal holds something else."""
    return tuple(step_from(data) for data in run.plan.get("steps", ()))


def ask_of(run: Run) -> Ask:
    """The question that the run was about, at its own cluster. Raises ParseError."""
    where = run.plan.get("where", {})
    local = where.get("local")
    return Ask(
        parse.pod(str(where.get("pod", ""))),
        parse.target(str(where.get("target", ""))),
        parse.target(str(local)) if local else None,
        kubeconfig=str(where.get("kubeconfig") or "") or None,
        context=str(where.get("context") or "") or None,
    )


def about(run: Run) -> str:
    """One line on a run: what, where, and how it stands."""
    where = run.plan.get("where", {})
    return _("{remedy} for {pod} to {target}: {words}").format(
        remedy=run.plan.get("remedy", "?"),
        pod=where.get("pod", "?"),
        target=where.get("target", "?"),
        words=standing.words(run),
    )


def lines(run: Run, *, back: bool) -> list[TextLine]:
    """The run's changes as a diff, or what taking them back does."""
    steps = steps_of(run)
    turned = [step.reversed() for step in reversed(steps)] if back else steps
    return roles(line for step in turned for line in diff(step).splitlines())


def offer(run: Run, report: Report | None = None) -> Offer:
    """The run's remedy as `report` offers it now, else as much of it as the journal holds."""
    remedy, predicted = str(run.plan.get("remedy", "")), str(run.plan.get("predicted", ""))
    for one in report.remedies if report is not None else ():
        if one.id == remedy:
            return one
    return Offer(
        remedy,
        str(run.plan.get("title", remedy)),
        "",
        complete=False,
        applicable=True,
        owner="",
        predicted=predicted,
        matrix=(MatrixRow(PROBE, None, predicted, None),),
        changes=tuple(step.change for step in steps_of(run)),
        change_sentences=(),
        blast_radius=(),
        preconditions=(),
        commands=(),
    )


def plan(run: Run) -> Plan:
    """The run's plan as it was made."""
    data = run.plan
    others = tuple(str(one) for one in data.get("others", ()))
    return Plan(
        str(data.get("remedy", "")), str(data.get("title", "")), str(data.get("predicted", "")), steps_of(run), others
    )


def before(run: Run) -> Report:
    """What was measured before the run changed anything, as the proof shows it."""
    seen = run.plan.get("before", {})
    rows = tuple(MatrixRow(str(probe), str(outcome), "unknown", None) for probe, outcome in seen.items())
    return Report(Answer.UNKNOWN, "", None, rows, None, None, {}, (), (), None, ())
