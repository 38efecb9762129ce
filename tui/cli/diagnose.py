"""`wayhome diagnose POD TARGET`: the verdict without a screen.

With `--snapshot` neither Textual nor a cloud client nor networkx is imported: from a file to a verdict in well under
a second.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from probes import parse
from rules.words import _
from tui.cli import files, keeping
from tui.cli.arguments import Parser, add_cluster, add_measuring, add_question, ask
from tui.cli.output import is_colourful, report, say, width
from tui.glyphs import ascii_only

if TYPE_CHECKING:
    from probes.session import Session
    from rules.report.model import Report
    from rules.snapshot import Snapshot

ROUNDS = 5
EXIT_CODES = {"reachable": 0, "broken": 1, "unknown": 4}


def run(argv: Sequence[str]) -> int:
    """Collect or load a Snapshot, judge it, print the Report. Returns contract 3.1's exit code."""
    parser = Parser(
        "diagnose",
        _("Measure, read both sides' routes, and say why the pod cannot reach the target."),
        epilog=_("Exit codes: 0 reachable, 1 broken and the cause is named, 2 usage, 3 no access, 4 cannot tell."),
    )
    add_question(parser, optional=True)
    add_measuring(parser)
    add_cluster(parser)
    parser.add_argument("--json", action="store_true", help=_("the Report as JSON on stdout"))
    parser.add_argument("--save", metavar="FILE", help=_("write the Snapshot to FILE as well"))
    parser.add_argument("--redact", action="store_true", help=_("names and addresses in FILE become pseudonyms"))
    keeping.add_recording(parser)
    parser.add_argument(
        "--snapshot", metavar="FILE", help=_("judge a saved Snapshot; POD and TARGET are optional then")
    )
    parser.add_argument(
        "--ask",
        action="store_true",
        help=_("where causes remain, ask again from elsewhere or in another manner until one is left"),
    )
    parser.add_argument(
        "--connectivity-test",
        metavar="FILE",
        help=_("a result of Google's Connectivity Tests as JSON, to hold against the walk"),
    )
    args = parser.parse_args(argv)
    test = None if args.connectivity_test is None else files.read_connectivity_test(args.connectivity_test)
    if args.ask and args.snapshot is not None:
        parser.error(_("--ask measures again, and a saved Snapshot has no cluster; leave one of the two out"))
    if args.host is not None and args.snapshot is not None:
        parser.error(_("--host measures, and a saved Snapshot has no cluster; leave one of the two out"))
    if args.snapshot is None and args.target is None:
        parser.error(_("POD and TARGET are missing") if args.pod is None else _("TARGET is missing"))
    if args.redact and args.save is None:
        parser.error(_("--redact goes with --save FILE"))
    if args.save is not None:
        files.check_writable(args.save)
    snapshot = _collect(args) if args.snapshot is None else _load(args, parser)
    if test is not None:
        snapshot = dataclasses.replace(snapshot, connectivity_test=test)
    if args.save is not None:
        keeping.save(args.save, snapshot, redacted=args.redact)
    from rules.evaluate import evaluate

    judged = evaluate(snapshot)
    report(_as_json(judged) if args.json else _as_text(judged), finished=True)
    if args.snapshot is None:
        keeping.record(args, snapshot, judged)
    return EXIT_CODES[judged.answer.value]


def _load(args: argparse.Namespace, parser: Parser) -> Snapshot:
    snapshot = files.read_snapshot(args.snapshot)
    if args.pod is None:
        return snapshot
    if args.target is None:
        parser.error(_("TARGET is missing"))
    pod, target = parse.pod(args.pod), parse.target(args.target)
    asked = snapshot.question
    if (pod, target.ip, target.port) == (asked.pod, asked.target.ip, asked.target.port):
        return snapshot
    # The measurements answered another question; what was read still holds.
    question = dataclasses.replace(asked, pod=pod, target=target, peer=None)
    return dataclasses.replace(snapshot, question=question, probes=())


def _collect(args: argparse.Namespace) -> Snapshot:
    question = ask(args)
    from probes import warmup

    warmup.begin(then=_load_judges)  # what takes long to load is there by the time that it is needed
    from probes.session import Session
    from tui.cli.narration import Narrator

    session = Session(question, Narrator())
    try:
        snapshot = session.collect()
        return _asked(session, snapshot) if args.ask else snapshot
    finally:
        session.close()


def _load_judges() -> None:
    from probes import recordings  # noqa: F401  used when the probes are done
    from rules import causes, evaluate, redact  # noqa: F401  used when the probes are done
    from rules.report import as_json, text  # noqa: F401  used when the probes are done

    causes.load()


def _asked(session: Session, snapshot: Snapshot) -> Snapshot:
    """Make the observation that would tell the remaining causes apart, and the next one, within ROUNDS."""
    from rules.evaluate import evaluate

    for _round in range(ROUNDS):
        wanted = evaluate(snapshot).next
        if wanted is None or not wanted.probes:
            break
        say(wanted.sentence)
        session.probe_many(wanted.probes)
        snapshot = session.snapshot()
    return snapshot


def _as_json(judged: Report) -> str:
    from rules.report.as_json import to_json

    return json.dumps(to_json(judged), ensure_ascii=ascii_only(sys.stdout), indent=1)


def _as_text(judged: Report) -> str:
    from rules.report.text import render

    return render(judged, width=width(), ascii=ascii_only(sys.stdout), color=is_colourful(sys.stdout))
