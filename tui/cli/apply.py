"""`wayhome apply REMEDY POD TARGET`: the plan, consent, the change, the proof."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from probes import journal
from probes.journal import Run, State
from probes.plan import Plan
from rules.report.model import Offer, Report
from rules.words import _
from tui.cli import consent
from tui.cli.arguments import Parser, add_cluster, add_measuring, add_question, ask
from tui.cli.failures import CliError
from tui.cli.narration import Narrator, Teller
from tui.cli.output import near, report, say, wrapped

if TYPE_CHECKING:
    from probes.apply import Applier


def run(argv: Sequence[str]) -> int:
    """Diagnose, plan the remedy, ask, apply, prove. 0: proven; 1: not made, or made and not proven."""
    parser = Parser(
        "apply",
        _("Show what a remedy changes; make the change with consent, and measure with fresh connections."),
        epilog=_("Exit codes: 0 proven (or only shown), 1 not made or not proven, 2 usage, 3 no access."),
    )
    parser.add_argument("remedy", metavar="REMEDY", help=_("a remedy that `wayhome diagnose` offers"))
    add_question(parser)
    parser.add_argument("--yes", action="store_true", help=_("consent without being asked"))
    parser.add_argument("--dry-run", action="store_true", help=_("show the plan, ask the servers, change nothing"))
    add_measuring(parser)
    add_cluster(parser)
    args = parser.parse_args(argv)
    if args.read_only and not args.dry_run:
        parser.error(_("--read-only changes nothing; add --dry-run to see the plan"))
    _require_known(args.remedy)
    question = ask(args)
    _tell_of_the_dead()
    from probes.apply import Applier
    from probes.session import Session
    from rules.evaluate import evaluate

    session = Session(question, Narrator())
    try:
        offer = _offer(evaluate(session.collect()), args.remedy)
        applier = Applier(session)
        made = applier.plan(offer)
        report(_plan_text(offer, made))
        for sentence in applier.dry_run(made):
            say(sentence)
        if args.dry_run:
            return 0
        if not consent.require(made.name, yes=args.yes):
            return 1
        ended = _applied(applier, made, offer)
    finally:
        session.close()
    report(_ended_text(ended, offer))
    return 0 if ended.state is State.PROVEN else 1


def _applied(applier: Applier, made: Plan, offer: Offer) -> Run:
    known = {old.id for old in journal.runs()}
    try:
        return applier.apply(made, Teller())
    except Exception:
        for begun in journal.runs():
            if begun.id not in known:
                report(_ended_text(begun, offer))
        raise


def _require_known(remedy: str) -> None:
    from rules import remedies

    known = [one.id for one in remedies.load()]
    if remedy not in known:
        raise CliError(
            _("There is no remedy {remedy!r}.{near} There are: {known}.").format(
                remedy=remedy, near=near(remedy, known), known=", ".join(known)
            )
        )


def _offer(judged: Report, remedy: str) -> Offer:
    for offer in judged.remedies:
        if offer.id == remedy:
            return offer
    offered = ", ".join(offer.id for offer in judged.remedies if offer.applicable)
    raise CliError(
        _("{remedy} would mend nothing here: {headline} {rest}").format(
            remedy=remedy,
            headline=judged.headline,
            rest=_("Offered: {offered}.").format(offered=offered) if offered else _("Nothing is offered."),
        )
    )


def _tell_of_the_dead() -> None:
    if journal.someone_at_work():
        return
    for old in journal.runs():
        if old.half_done:
            say(
                _("Run {id} ({remedy}) did not end; `wayhome rollback {id}` takes it back.").format(
                    id=old.id, remedy=old.plan.get("remedy", "?")
                )
            )


def _plan_text(offer: Offer, made: Plan) -> str:
    lines = [f"{offer.id}: {offer.title}", "", made.diff, ""]
    lines.append(_("Predicted afterwards: pod-peer {predicted}.").format(predicted=offer.predicted))
    marks = {True: _("met"), False: _("NOT met"), None: _("not known")}
    for heading, rows in (
        (_("Touches as well:"), offer.blast_radius),
        (_("Needs:"), [f"{one.sentence} ({marks[one.met]})" for one in offer.preconditions]),
        (_("Taken back with:"), offer.undo),
    ):
        if rows:
            lines += ["", heading, *(wrapped(row) for row in rows)]
    return "\n".join(lines)


def _ended_text(ended: Run, offer: Offer) -> str:
    proof: dict[str, str] = next(
        (line["proof"] for line in reversed(ended.lines) if line.get("step") == "measured"), {}
    )
    lines = [_("Run {id}: {state}").format(id=ended.id, state=ended.state.value)]
    lines += [f"  {name}: {outcome}" for name, outcome in proof.items()]
    if ended.state is not State.PROVEN:
        lines.append(_("The whole remedy by hand, for whoever may do what is left of it:"))
        lines += [f"  {line}" for command in offer.commands for line in command.splitlines()]
    lines.append(_("To take it back: wayhome rollback {id}").format(id=ended.id))
    return "\n".join(lines)
