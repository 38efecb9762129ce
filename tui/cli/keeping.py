"""What the commands that look at a cluster have in common about recording it."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from rules.words import _
from tui.cli.output import say

if TYPE_CHECKING:
    from pathlib import Path

    from rules.report.model import Report
    from rules.snapshot import Snapshot


def add_recording(parser: argparse.ArgumentParser) -> None:
    """Whether and how the run is kept in the state folder."""
    parser.add_argument("--no-record", action="store_true", help=_("keep no recording of this run"))
    parser.add_argument("--no-redact", action="store_true", help=_("record names and addresses as they are"))


def record(
    args: argparse.Namespace, snapshot: Snapshot, judged: Report, *, instead_of: Path | None = None
) -> Path | None:
    """Keep what a live run saw, unless asked not to. A failure is one remark, never a failed run."""
    if args.no_record:
        return None
    from probes import recordings

    try:
        return recordings.keep(snapshot, judged.answer.value, redacted=not args.no_redact, instead_of=instead_of)
    except recordings.RecordingError as error:
        say(str(error))
        return None


def save(name: str, snapshot: Snapshot, *, redacted: bool) -> None:
    """Write the Snapshot where --save said; under pseudonyms of this folder's key if `redacted`. Raises CliError."""
    from rules.snapshot import dumps
    from tui.cli import files

    if redacted:
        import secrets

        from probes import recordings
        from rules.redact import redact

        try:
            key = recordings.key()
        except recordings.RecordingError:
            key = secrets.token_bytes(recordings.KEY_BYTES)  # without a state folder, pseudonyms of this file alone
        snapshot = redact(snapshot, key)
    files.write(name, dumps(snapshot))
