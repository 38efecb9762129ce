"""`wayhome snapshot DIRECTORY`: a ticket's attachments become a Snapshot."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from probes import folder, parse
from rules.snapshot import Question, dumps
from rules.words import _
from tui.cli import files
from tui.cli.arguments import Parser, add_question
from tui.cli.output import report, say

QUESTION = "question.txt"


def run(argv: Sequence[str]) -> int:
    """Read DIRECTORY and print the Snapshot, or write it with --save."""
    parser = Parser(
        "snapshot",
        _("Make a Snapshot from files of `kubectl … -o json` and `gcloud … --format=json`."),
        epilog=_("POD and TARGET may stand in a file {name} in DIRECTORY instead.").format(name=QUESTION),
    )
    parser.add_argument(
        "directory", metavar="DIRECTORY", help=_("the folder; docs/snapshot.md says what to save there")
    )
    add_question(parser, optional=True)
    parser.add_argument("--save", metavar="FILE", help=_("write the Snapshot to FILE instead of stdout"))
    args = parser.parse_args(argv)
    if args.save is not None:
        files.check_writable(args.save)
    where = Path(args.directory)
    words = [args.pod, args.target] if args.target else _asked(where, parser)
    question = Question(pod=parse.pod(words[0]), target=parse.target(words[1]))
    found = folder.read(where)
    for name in found.skipped:
        if name != QUESTION:
            say(_("{name} is nothing that wayhome knows; left out.").format(name=name))
    text = dumps(folder.snapshot(found, question))
    if args.save is None:
        report(text, finished=True)
    else:
        files.write(args.save, text)
    return 0


def _asked(where: Path, parser: Parser) -> list[str]:
    try:
        words = (where / QUESTION).read_text("utf-8").split()
    except (OSError, UnicodeDecodeError):
        words = []
    if len(words) != 2:
        parser.error(
            _("POD and TARGET are missing; type them behind DIRECTORY or write them into {file}").format(
                file=where / QUESTION
            )
        )
    return words
