"""What all commands' arguments have in common."""

from __future__ import annotations

import argparse
import gettext
from collections.abc import Mapping
from typing import NoReturn

from probes import parse
from probes.ask import Ask
from rules import words
from rules.words import N_, _
from tui.cli.failures import CliError

ARGPARSE = (
    N_("usage: "),
    N_("positional arguments"),
    N_("options"),
    N_("show this help message and exit"),
    N_("argument %(argument_name)s: %(message)s"),
    N_("the following arguments are required: %s"),
    N_("unrecognized arguments: %s"),
    N_("expected one argument"),
    N_("ignored explicit argument %r"),
    N_("invalid choice: %(value)r (choose from %(choices)s)"),
    N_("invalid %(type)s value: %(value)r"),
    N_("not allowed with argument %s"),
    N_("one of the arguments %s is required"),
)
"""The sentences of argparse that people may see; it looks them up itself, in the domain that is bound here."""

gettext.bindtextdomain(words.DOMAIN, str(words.LOCALES))
gettext.textdomain(words.DOMAIN)


class Parser(argparse.ArgumentParser):
    """An ArgumentParser whose errors are sentences and whose options are never guessed from their beginnings."""

    def __init__(self, command: str, description: str, **more: str) -> None:
        super().__init__(
            prog=f"wayhome {command}".strip(),
            description=description,
            allow_abbrev=False,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            epilog=more.get("epilog"),
        )

    def error(self, message: str) -> NoReturn:
        raise CliError(
            _("{message}; `{prog} --help` shows how it is used.").format(message=message.rstrip(".。"), prog=self.prog)
        )


def port(text: str) -> int:
    """A TCP port. Raises argparse.ArgumentTypeError."""
    if not text.isascii() or not text.isdigit() or not 0 < int(text) < 65536:
        raise argparse.ArgumentTypeError(_("{text!r} is not a port from 1 to 65535").format(text=text))
    return int(text)


def add_question(parser: Parser, *, optional: bool = False) -> None:
    """POD and TARGET, `optional` where a file may hold them."""
    nargs = "?" if optional else None
    parser.add_argument(
        "pod", metavar="POD", nargs=nargs, help=_("[NAMESPACE/]NAME of the pod that cannot get through")
    )
    parser.add_argument("target", metavar="TARGET", nargs=nargs, help=_("IP[:PORT] or http(s)://IP[:PORT]/PATH"))


def add_cluster(parser: Parser) -> None:
    """Which cluster is asked."""
    parser.add_argument("--kubeconfig", metavar="F", help=_("the kubeconfig to use, as kubectl's option"))
    parser.add_argument("--context", metavar="C", help=_("the context to use, as kubectl's option"))


def add_measuring(parser: Parser) -> None:
    """What is measured, and what may be created for it."""
    parser.add_argument(
        "--local", metavar="ADDRESS", help=_("an address in the pod's own VPC to compare with (else found by itself)")
    )
    parser.add_argument("--proxy", metavar="ADDRESS", help=_("a TCP proxy to try as well"))
    parser.add_argument(
        "--host",
        metavar="NAME",
        help=_("the name by which the application calls TARGET: the pod is asked by that name as well"),
    )
    parser.add_argument("--no-node-probe", action="store_true", help=_("create no probe pod on the node"))
    parser.add_argument(
        "--no-stand-in", action="store_true", help=_("add nothing to a pod that has nothing to measure with")
    )
    parser.add_argument("--container", metavar="NAME", default="", help=_("the pod's container to measure from"))
    parser.add_argument("--read-only", action="store_true", help=_("nothing may be created or changed"))


def ask(args: argparse.Namespace) -> Ask:
    """The Ask that parsed arguments mean. Raises parse.ParseError."""
    local, proxy = getattr(args, "local", None), getattr(args, "proxy", None)
    return Ask(
        pod=parse.pod(args.pod),
        target=parse.target(args.target),
        local=parse.target(local) if local else None,
        proxy=parse.target(proxy) if proxy else None,
        kubeconfig=args.kubeconfig,
        context=args.context,
        node_probe=not getattr(args, "no_node_probe", False),
        read_only=getattr(args, "read_only", False),
        stand_in=not getattr(args, "no_stand_in", False),
        container=getattr(args, "container", ""),
        host=parse.host(args.host) if getattr(args, "host", None) else "",
    )


def ask_of(where: Mapping[str, str], args: argparse.Namespace) -> Ask:
    """The Ask of an earlier run, as its journal keeps it; options given now win."""
    return Ask(
        pod=parse.pod(where["pod"]),
        target=parse.target(where["target"]),
        local=parse.target(where["local"]) if where.get("local") else None,
        kubeconfig=getattr(args, "kubeconfig", None) or where.get("kubeconfig") or None,
        context=getattr(args, "context", None) or where.get("context") or None,
        node_probe=not args.no_node_probe,
        host=parse.host(where["host"]) if where.get("host") else "",
    )
