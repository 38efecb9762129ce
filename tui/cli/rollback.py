"""`wayhome rollback [RUN]`: take back what a run of apply changed, to the exact object."""

from __future__ import annotations

from collections.abc import Sequence

from probes import journal
from probes.plan import diff
from probes.run import ENDED, Run, State
from probes.steps import step_from
from rules.words import _
from tui.cli import consent, going_on
from tui.cli.arguments import Parser, ask_of
from tui.cli.failures import CliError
from tui.cli.narration import Narrator, Teller
from tui.cli.output import report


def run(argv: Sequence[str]) -> int:
    """Show what is taken back, ask, do it, measure. 0: the objects are as before; 1: not taken back."""
    parser = Parser("rollback", _("Take back what a run of apply changed, to the exact object, and measure again."))
    parser.add_argument("run", metavar="RUN", nargs="?", help=_("a run from `wayhome runs` (else the latest)"))
    parser.add_argument("--yes", action="store_true", help=_("consent without being asked"))
    parser.add_argument("--no-node-probe", action="store_true", help=_("create no probe pod on the node"))
    parser.add_argument(
        "--leave", action="store_true", help=_("touch nothing: close the run, and keep what is there now")
    )
    args = parser.parse_args(argv)
    old = journal.read(args.run) if args.run else _latest()
    if old.state is State.LEFT:
        raise CliError(_("Run {id} was closed; what is there was left as it is.").format(id=old.id))
    if old.state in ENDED:
        raise CliError(_("Run {id} has been taken back already.").format(id=old.id))
    if not old.plan:
        raise CliError(_("Run {id} died before it had a plan; it changed nothing.").format(id=old.id))
    if args.leave:
        from probes.apply import leave

        leave(old)
        report(_("Run {id}: {state}").format(id=old.id, state=State.LEFT.value))
        return 0
    steps = [step_from(data) for data in reversed(old.plan["steps"])]
    report("\n".join([_("Run {id}, {remedy}, back to:").format(id=old.id, remedy=old.plan["remedy"]), ""]))
    report("\n".join(diff(step.reversed()) for step in steps))
    if not consent.require(steps[-1].name, yes=args.yes):
        return 1
    from probes.apply import Applier
    from probes.session import Session

    session = Session(ask_of(old.plan["where"], args), Narrator())
    try:
        session.connect()
        try:
            ended = Applier(session).rollback(old, Teller())
        except BaseException:
            report(going_on.ended(journal.read(old.id)))
            raise
    finally:
        session.close()
    report(going_on.ended(ended))
    return 0 if ended.state is State.ROLLED_BACK else 1


def _latest() -> Run:
    for old in journal.runs():
        if old.can_be_taken_back:
            return old
    raise CliError(_("There is nothing to take back: `wayhome runs` lists no open run."))
