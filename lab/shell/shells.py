"""sh, ash, dash and bash as programs: -c TEXT, or commands from standard input."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from lab.shell.context import Context, Exit, Program
from lab.shell.syntax import SyntaxFault, parse

if TYPE_CHECKING:
    from lab.shell.runner import Shell


async def shell(context: Context) -> int:
    """sh [-elx] [-c TEXT [NAME ARGS…]]."""
    from lab.shell.runner import Shell  # the runner starts programs, of which this is one

    words, strict, command = context.args, False, False
    while words and words[0].startswith("-") and words[0] != "-":
        flag = words.pop(0)
        if flag == "--":
            break
        if flag.startswith("--"):
            continue
        strict = strict or "e" in flag
        if flag == "-o" and words:
            words.pop(0)
        if "c" in flag:
            command = True
            break
    if command and not words:
        await context.err(f"{context.name}: -c requires an argument\n")
        return 2
    made = Shell(context, [context.name])
    made.strict = strict
    if command:
        made.parameters = words[1:] or [context.name]
        return await made.text(words[0])
    if words and words[0] != "-":
        await context.err(f"{context.name}: can't open '{words[0]}': No such file or directory\n")
        return 2
    return await _interactive(made)


async def _interactive(made: Shell) -> int:
    """Commands from standard input, line by line; a line that is not finished waits for the next."""
    terminal = made.context.terminal
    prompt = "bash-5.2# " if made.bash else "/ $ "
    pending = ""
    if terminal is not None:
        terminal.foreground = None  # ^C at the prompt ends a line, not the shell
    while True:
        if terminal is not None:
            await made.write(2, "> " if pending else prompt)
        line = await made.context.input.line()
        if not line:
            return await made.text(pending) if pending else made.status
        pending += line.decode("utf-8", "surrogateescape").replace("\r", "\n")
        try:
            tree = parse(pending)
        except SyntaxFault as fault:
            if "end of file" not in str(fault) and "unterminated" not in str(fault):
                await made.complain(f"syntax error: {fault}")
                made.status, pending = 2, ""
            continue
        pending = ""
        try:
            if terminal is None:
                await made.commands(tree)
            else:
                made.status = await terminal.run(asyncio.create_task(made.commands(tree)))
        except Exit as end:
            return end.code


PROGRAMS: dict[str, Program] = {"sh": shell, "ash": shell, "dash": shell, "bash": shell}
