"""What to tell a person about an error: its own sentence, or something unexpected and where the log is."""

from __future__ import annotations

from probes.errors import ProbeError
from rules.snapshot import SnapshotError
from rules.words import _
from tui.plain import plain


def sentence_of(error: Exception) -> str:
    """What to tell a person about an error."""
    if isinstance(error, ProbeError):
        return error.sentence
    if isinstance(error, SnapshotError):
        return str(error)
    if isinstance(error, OSError):
        return plain(f"{error.strerror or error}: {error.filename or ''}".rstrip(": "))
    if type(error).__module__ == "lab.control":
        return plain(error)
    sentence = getattr(error, "sentence", None)
    return plain(sentence) if isinstance(sentence, str) else _unexpected(error)


def _unexpected(error: Exception) -> str:
    from tui.cli.failures import write_log

    what = plain(f"{type(error).__name__}: {error}")
    path = write_log(error)
    if path is None:
        return _("Something unexpected happened ({what}).").format(what=what)
    return _("Something unexpected happened ({what}); {path} says more.").format(what=what, path=path)
