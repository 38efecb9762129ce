"""`wayhome serve`: the app in a browser, for a class, on loopback."""

from __future__ import annotations

import errno
import socket
from collections.abc import Sequence
from importlib.util import find_spec

from rules.words import _
from tui.cli.arguments import Parser, port
from tui.cli.failures import CliError
from tui.cli.output import say

PORT = 8000


def run(argv: Sequence[str]) -> int:
    """Serve the lab's lessons until ctrl+c."""
    parser = Parser(
        "serve", _("The lab's lessons in a browser, on this machine alone. Each tab has a lab of its own; ctrl+c ends.")
    )
    parser.add_argument("--port", metavar="P", type=port, default=PORT, help=_("the port (default 8000)"))
    args = parser.parse_args(argv)
    if find_spec("textual_serve") is None:
        raise CliError(
            _("`wayhome serve` needs textual-serve; install wayhome with its extra: `uv tool install 'wayhome[web]'`.")
        )
    from tui.web.server import HOST, serve

    _try(HOST, args.port)
    say(_("Open http://{host}:{port} in a browser. ctrl+c ends.").format(host=HOST, port=args.port))
    serve(args.port)
    return 0


def _try(host: str, number: int) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as there:
        there.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            there.bind((host, number))
        except OSError as error:
            if error.errno not in (errno.EADDRINUSE, errno.EACCES):
                raise
            raise CliError(
                _("Port {port} is in use or not allowed; choose another one with --port.").format(port=number)
            ) from error
