"""Finds the command that was asked for, imports its module alone, and runs it."""

from __future__ import annotations

import importlib
import locale
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from rules import words
from rules.version import __version__
from rules.words import _
from tui.cli.failures import CliError, guarded
from tui.cli.output import near, report, table


@dataclass(frozen=True)
class Command:
    """A command's name, the arguments shown beside it, what it does, and the module whose `run` does it."""

    name: str
    arguments: str
    help: str
    module: str


def commands() -> tuple[Command, ...]:
    """Every command, in the order of the help."""
    return (
        Command(
            "diagnose", "POD TARGET", _("say why the pod cannot reach the target, and what would mend it"), "diagnose"
        ),
        Command("apply", "REMEDY POD TARGET", _("show a remedy's plan, apply it with consent, measure again"), "apply"),
        Command("handoff", "REMEDY POD TARGET", _("the message for the other side's admin, with commands"), "handoff"),
        Command("rollback", "[RUN]", _("take back what a run of apply changed"), "rollback"),
        Command("runs", "", _("list the runs of apply and their states"), "runs"),
        Command("check", "POD TARGET", _("which rights and tools are there, what each missing one costs"), "check"),
        Command("open", "[FILE]", _("look at a recording, read-only, or list them"), "recording"),
        Command("snapshot", "DIRECTORY", _("make a Snapshot from kubectl's and gcloud's JSON files"), "folder"),
        Command("causes", "[ID]", _("the catalogue of causes, or one page of it"), "causes"),
        Command("serve", "", _("the lab's lessons in a browser, on this machine alone"), "serve"),
        Command("lab", "COMMAND", _("incidents to practise on: list, start, status, stop and more"), "lab"),
    )


def run(argv: Sequence[str]) -> int:
    """Run one command line (without the program's name) and return its exit code."""
    return guarded(lambda: _run(argv))


def _run(argv: Sequence[str]) -> int:
    argv = _speak(argv)
    if not argv:
        return _call("app", argv)
    return _command(argv[0], argv[1:], argv)


def _command(word: str, rest: Sequence[str], argv: Sequence[str]) -> int:
    if word in ("-h", "--help", "help"):
        return _help(rest)
    if word in ("-V", "--version"):
        report(f"wayhome {__version__}")
        return 0
    if word.startswith("-"):
        return _call("app", argv)
    for command in commands():
        if command.name == word:
            return _call(command.module, rest)
    raise CliError(
        _("There is no command {word!r}.{near} `wayhome --help` lists them.").format(
            word=word, near=near(word, [command.name for command in commands()])
        )
    )


def _call(module: str, argv: Sequence[str]) -> int:
    found = importlib.import_module(f"tui.cli.{module}")
    code: int = found.run(argv)
    return code


def _help(rest: Sequence[str]) -> int:
    if rest:
        return _command(rest[0], ["--help"], [rest[0], "--help"])
    rows = [(f"  wayhome {command.name} {command.arguments}".rstrip(), command.help) for command in commands()]
    rows.insert(0, ("  wayhome", _("the app: Diagnose, Practise, Open a recording")))
    report(
        "\n".join(
            [
                _("Find out why a pod cannot reach a private address in a peered VPC, mend it, prove it."),
                "",
                table(rows),
                "",
                _(
                    "`wayhome COMMAND --help` says more about each; --lang LANGUAGE goes with any of them ({known})."
                ).format(known=", ".join(words.languages())),
                _("Exit codes of diagnose: 0 reachable, 1 broken and named, 2 usage, 3 no access, 4 cannot tell."),
            ]
        )
    )
    return 0


def _speak(argv: Sequence[str]) -> list[str]:
    """Use the language of `--lang`, else that of the environment, as gettext programs do; the other arguments."""
    wanted, rest = _asked(argv)
    if wanted is not None:
        code = locale.normalize(wanted).split(".")[0].split("_")[0].lower()
        if code not in words.languages():
            raise CliError(
                _("wayhome does not speak {language!r}; it speaks {known}.").format(
                    language=wanted, known=", ".join(words.languages())
                )
            )
        words.use(code)
        os.environ["LANGUAGE"] = code  # argparse asks gettext, and gettext the environment
        return rest
    for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        value = os.environ.get(name)
        if value:
            languages = [locale.normalize(word).split(".")[0] for word in value.split(":") if word]
            words.use(*(code for language in languages for code in (language, language.split("_")[0])))
            return rest
    if sys.platform == "darwin":
        words.use(*(code for code in [locale.getlocale()[0]] if code))
    return rest


def _asked(argv: Sequence[str]) -> tuple[str | None, list[str]]:
    """The value of `--lang`, wherever it stands, and the arguments without it."""
    wanted: str | None = None
    rest: list[str] = []
    words_left = list(argv)
    while words_left:
        word = words_left.pop(0)
        if word == "--":
            return wanted, [*rest, word, *words_left]
        if word == "--lang":
            if not words_left:
                raise CliError(_("--lang needs a language, such as {known}.").format(known=words.languages()[-1]))
            wanted = words_left.pop(0)
        elif word.startswith("--lang="):
            wanted = word.removeprefix("--lang=")
        else:
            rest.append(word)
    return wanted, rest
