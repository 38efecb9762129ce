"""`wayhome apply REMEDY POD TARGET`: the plan, consent, the change, the proof."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from typing import TYPE_CHECKING

from probes import journal
from probes.plan import Plan, diff
from probes.run import Run, State
from rules.remedies.impact import few
from rules.report import labels
from rules.report.model import Answer, FixSet, Offer, Report, Role
from rules.snapshot import Snapshot
from rules.words import _
from tui.cli import consent, going_on, keeping
from tui.cli.arguments import Parser, add_cluster, add_measuring, add_question, ask, ask_of
from tui.cli.failures import CliError
from tui.cli.narration import Narrator, Teller
from tui.cli.output import near, report, say, wrapped

if TYPE_CHECKING:
    from probes.apply import Applier
    from probes.session import Session


CANNOT_TELL = 4


def run(argv: Sequence[str]) -> int:
    """Diagnose, plan the remedy, ask, apply, prove; or finish a run that stopped on the way."""
    parser = Parser(
        "apply",
        _("Show what a remedy changes; make the change with consent, and measure with fresh connections."),
        epilog=_(
            "Exit codes: 0 proven (or only shown), 1 not made or not proven, 2 usage, 3 no access,\n"
            "4 cannot tell whether it helps, 5 this side's part is made and the other side's is not yet."
        ),
    )
    parser.add_argument("remedy", metavar="REMEDY", nargs="?", help=_("a remedy that `wayhome diagnose` offers"))
    add_question(parser, optional=True)
    parser.add_argument("--resume", metavar="RUN", help=_("finish or prove a run that stopped or waited on the way"))
    parser.add_argument("--yes", action="store_true", help=_("consent without being asked"))
    parser.add_argument("--dry-run", action="store_true", help=_("show the plan, ask the servers, change nothing"))
    parser.add_argument(
        "--watch", metavar="SECONDS", type=_seconds, default=0.0, help=_("then see whether somebody puts it back")
    )
    add_measuring(parser)
    add_cluster(parser)
    keeping.add_recording(parser)
    args = parser.parse_args(argv)
    if args.read_only and not args.dry_run:
        parser.error(_("--read-only changes nothing; add --dry-run to see the plan"))
    if args.resume and (args.remedy or args.pod or args.target):
        parser.error(_("--resume RUN knows its remedy, pod and target; leave them out"))
    if not args.resume and not (args.remedy and args.pod and args.target):
        parser.error(_("the following arguments are required: REMEDY, POD, TARGET"))
    return _resume(args) if args.resume else _anew(args)


def _seconds(text: str) -> float:
    found = float(text)
    if not 0 <= found <= 86400:
        raise ValueError(text)
    return found


def _anew(args: Namespace) -> int:
    require_known(args.remedy)
    question = ask(args)
    going_on.tell_of_the_dead()
    from probes.apply import Applier
    from probes.session import Session
    from rules.evaluate import evaluate

    session = Session(question, Narrator())
    try:
        before = session.collect()
        judged = evaluate(before)
        keeping.record(args, before, judged)
        offer = find_offer(judged, args.remedy)
        if args.dry_run and offer.role is Role.HAND_OFF:
            report(handoff_text(before, judged, offer))
            return 0
        if args.dry_run and not (offer.applicable and offer.changes):
            report(_plan_text(offer, None, judged.fix_sets))
            return 0
        applier = Applier(session)
        made = applier.plan(offer)
        report(_plan_text(offer, made, judged.fix_sets))
        for sentence in applier.dry_run(made):
            say(sentence)
        if args.dry_run:
            return 0
        if not consent.require(made.name, yes=args.yes):
            return 1
        known = frozenset(old.id for old in journal.runs())
        try:
            ended = applier.apply(made, Teller())
        except BaseException:
            going_on.stopped(known, offer)
            raise
        _record_after(args, session)
        return _end(applier, ended, args.watch, offer)
    finally:
        session.close()


def _resume(args: Namespace) -> int:
    old = journal.read(args.resume)
    if not old.plan:
        raise CliError(_("Run {id} died before it had a plan; it changed nothing.").format(id=old.id))
    if not old.can_go_on:
        raise CliError(_("Run {id} is {state}: there is nothing to complete.").format(id=old.id, state=old.state.value))
    from probes.apply import Applier
    from probes.session import Session

    session = Session(ask_of(old.plan["where"], args), Narrator())
    try:
        session.connect()
        applier = Applier(session)
        left = applier.left_to_do(old)
        report(_("Run {id}, {remedy}, is {state}.").format(id=old.id, remedy=old.plan["remedy"], state=old.state.value))
        for step in left:
            report(diff(step))
        if not left:
            say(_("Every change is made; what is left is to measure."))
        if args.dry_run:
            return 0
        if left and not consent.require(left[0].name, yes=args.yes):
            return 1
        try:
            ended = applier.resume(old, Teller())
        except BaseException:
            report(going_on.ended(journal.read(old.id)))
            raise
        _record_after(args, session)
        return _end(applier, ended, args.watch)
    finally:
        session.close()


def _record_after(args: Namespace, session: Session) -> None:
    from rules.evaluate import evaluate

    after = session.snapshot()
    keeping.record(args, after, evaluate(after))


def _end(applier: Applier, ended: Run, watch: float, offer: Offer | None = None) -> int:
    """Watch for as long as was asked, report, and say what is left to others."""
    if watch and ended.state is State.PROVEN:
        say(_("Watching for {seconds:.0f} s whether it stays; ctrl+c ends that alone.").format(seconds=watch))
        ended = applier.watch(ended, watch, Teller())
    report(going_on.ended(ended))
    if ended.state is State.WAITING_FOR_PEER:
        where = ended.plan["where"]
        report(
            _("The message for the other side: wayhome handoff {remedy} {pod} {target}").format(
                remedy=ended.plan["remedy"], pod=where["pod"], target=where["target"]
            )
        )
    elif ended.state is not State.PROVEN and offer is not None:
        report(going_on.by_hand(offer))
    return going_on.exit_code(ended)


def handoff_text(seen: Snapshot, judged: Report, offer: Offer) -> str:
    """The message about an offer that is somebody else's to make."""
    from rules.report import handoff
    from rules.report.handoff_print import as_text

    return as_text(handoff.make(seen, judged, offer)).rstrip("\n")


def require_known(remedy: str) -> None:
    from rules import remedies

    known = [one.id for one in remedies.load()]
    if remedy not in known:
        raise CliError(
            _("There is no remedy {remedy!r}.{near} There are: {known}.").format(
                remedy=remedy, near=near(remedy, known), known=", ".join(known)
            )
        )


def find_offer(judged: Report, remedy: str) -> Offer:
    """The offer called `remedy`. Raises CliError: it would mend nothing, or too little could be read to tell."""
    for offer in judged.remedies:
        if offer.id == remedy:
            return offer
    offered = ", ".join(offer.id for offer in judged.remedies if offer.applicable)
    words = {"remedy": remedy, "headline": judged.headline}
    rest = _("Offered: {offered}.").format(offered=offered) if offered else _("Nothing is offered.")
    if judged.answer is Answer.REACHABLE or not (judged.unknowns or judged.answer is Answer.UNKNOWN):
        raise CliError(_("{remedy} would mend nothing here: {headline} {rest}").format(**words, rest=rest))
    unread = few([f"{fact.what} ({fact.why})" for fact in judged.unknowns])
    raise CliError(
        " ".join(
            (
                _("Whether {remedy} would help cannot be told from what could be read: {headline}").format(**words),
                *([_("Not known: {facts}.").format(facts=unread)] if unread else []),
                *([rest] if offered else []),
                _("Nothing was changed; `wayhome diagnose` says what would settle it."),
            )
        ),
        CANNOT_TELL,
    )


def _plan_text(offer: Offer, made: Plan | None, sets: Sequence[FixSet]) -> str:
    """Everything about a remedy; without a plan it is somebody else's to do, and its commands stand for the change."""
    whole = [made.diff] if made is not None else [offer.sentence, "", *offer.commands]
    lines = [f"{offer.id}: {offer.title}", *offer.stops, "", *whole, ""]
    lines.append(_("Predicted afterwards: pod-peer {predicted}.").format(predicted=offer.predicted))
    marks = {True: _("met"), False: _("NOT met"), None: _("not known")}
    for heading, rows in (
        (_("Touches as well:"), [line for line in offer.blast_radius if line not in offer.stops]),
        (_("Who may do it needs:"), offer.permissions),
        (_("Takes effect:"), (offer.effect,) if offer.effect else ()),
        (_("Needs:"), [f"{one.sentence} ({marks[one.met]})" for one in offer.preconditions]),
        (_("Taken back with:"), offer.undo),
        (
            _("What is enough, side by side:"),
            [
                f"{labels.set_title(one)}: " + "; ".join(f"{name}: {fact}" for name, fact in labels.set_facts(one))
                for one in sets
            ],
        ),
    ):
        if rows:
            lines += ["", heading, *(wrapped(row) for row in rows)]
    return "\n".join(lines)
