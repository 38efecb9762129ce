"""Consent to a change: the name of the thing changed is typed, or --yes was given. Nothing else counts."""

from __future__ import annotations

import sys

from rules.words import _
from tui.cli.failures import CliError
from tui.cli.output import say


def require(name: str, *, yes: bool) -> bool:
    """True when the change may be made; False when the person typed something else.

    Raises CliError (exit code 2) without --yes where nobody can be asked.
    """
    if yes:
        return True
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise CliError(_("Nothing was changed: there is no terminal to ask at; --yes consents beforehand."))
    sys.stderr.write(_("Type {name} to make this change, anything else to leave it: ").format(name=name))
    sys.stderr.flush()
    if sys.stdin.readline().strip() == name:
        return True
    say(_("Nothing was changed."))
    return False
