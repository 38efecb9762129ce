"""`wayhome handoff REMEDY POD TARGET`: the message for the other side's administrator."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path

from rules.snapshot import Snapshot
from rules.words import _
from tui.cli import files
from tui.cli.apply import find_offer, require_known
from tui.cli.arguments import Parser, add_cluster, add_measuring, add_question, ask
from tui.cli.narration import Narrator
from tui.cli.output import report, say


def run(argv: Sequence[str]) -> int:
    """Print the message on stdout, or write it to a file that is not there yet."""
    parser = Parser(
        "handoff",
        _("The message for the other side's admin: evidence, their commands, before and after, how to undo it."),
        epilog=_("Exit codes: 0 made, 2 usage, 3 no access, 4 cannot tell."),
    )
    parser.add_argument("remedy", metavar="REMEDY", help=_("a remedy that `wayhome diagnose` offers"))
    add_question(parser, optional=True)
    parser.add_argument("--text", action="store_true", help=_("plain text instead of Markdown"))
    parser.add_argument("--write", metavar="FILE", help=_("write it to a new file instead of stdout"))
    parser.add_argument("--snapshot", metavar="FILE", help=_("from a saved Snapshot instead of a cluster"))
    add_measuring(parser)
    add_cluster(parser)
    args = parser.parse_args(argv)
    require_known(args.remedy)
    if not args.snapshot and not (args.pod and args.target):
        parser.error(_("the following arguments are required: POD, TARGET (or --snapshot FILE)"))
    from rules.evaluate import evaluate
    from rules.report import handoff
    from rules.report.handoff_print import as_markdown, as_text

    seen = files.read_snapshot(args.snapshot) if args.snapshot else _look(args)
    judged = evaluate(seen)
    left = [one for one in judged.remedies if handoff.for_others(seen, one)]
    named = any(one.id == args.remedy for one in judged.remedies)
    # Once our part is made, the remedy that is left is the other side's alone, and has another name.
    offer = left[0] if left and not named else find_offer(judged, args.remedy)
    message = handoff.make(seen, judged, offer)
    text = as_text(message) if args.text else as_markdown(message)
    if not args.write:
        report(text.rstrip("\n"))
        return 0
    try:
        with Path(args.write).open("x", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        parser.error(
            _("{path} cannot be written ({reason})").format(path=args.write, reason=error.strerror or str(error))
        )
    say(_("Written: {path}").format(path=args.write))
    return 0


def _look(args: Namespace) -> Snapshot:
    from probes.session import Session

    session = Session(ask(args), Narrator())
    try:
        return session.collect()
    finally:
        session.close()
