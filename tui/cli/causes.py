"""`wayhome causes [ID]`: the catalogue of causes, or one page of it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rules import causes
from rules.words import _, english
from tui.cli.arguments import Parser
from tui.cli.failures import CliError
from tui.cli.output import near, report, table


def run(argv: Sequence[str]) -> int:
    """List the causes, or print one cause's page."""
    parser = Parser("causes", _("The causes that wayhome knows, or the page of one."))
    parser.add_argument("id", metavar="ID", nargs="?", help=_("a cause, such as RC01"))
    args = parser.parse_args(argv)
    known = causes.load()
    if args.id is None:
        report(table([(cause.id, cause.title) for cause in known]))
        return 0
    wanted = re.sub(r"^(RC)?0*([0-9])$", r"RC0\2", args.id.strip().upper())
    ids = [cause.id for cause in known]
    if wanted not in ids:
        raise CliError(
            _("There is no cause {id!r}.{near} `wayhome causes` lists them.").format(id=args.id, near=near(wanted, ids))
        )
    page = causes.page(wanted)
    if not english():
        title = next(cause.title for cause in known if cause.id == wanted)
        page = "\n".join([f"{wanted}  {title}", _("(The pages of causes are written in English.)"), "", page])
    report(page)
    return 0
