"""The way in: one command in one container."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from lab.fabric.base import Read, Write
from lab.shell.context import NOT_FOUND, Context, Exit
from lab.shell.host import Host
from lab.shell.images import kind
from lab.shell.programs import find
from lab.shell.streams import BrokenPipe, Outside, Stream
from lab.shell.terminal import Terminal


async def enter(
    host: Host, argv: Sequence[str], stdin: Read, stdout: Write, stderr: Write, *, tty: bool = False
) -> int:
    """Run `argv` on `host`, as `kubectl exec` would (`tty`: with -it), and return its exit code."""
    if not tty:
        streams: dict[int, Stream] = {0: Outside(read=stdin), 1: Outside(write=stdout), 2: Outside(write=stderr)}
        return await _enter(host, argv, streams)
    terminal = Terminal(stdin, stdout)
    listening = asyncio.create_task(terminal.listen())
    try:
        main = asyncio.create_task(_enter(host, argv, dict.fromkeys((0, 1, 2), terminal)))
        return await terminal.run(main)
    finally:
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)


def no_program(name: str) -> str:
    """What a container runtime says of a program that the image does not hold."""
    return (
        "OCI runtime exec failed: exec failed: unable to start container process: "
        f'exec: "{name}": executable file not found in $PATH: unknown\n'
    )


async def _enter(host: Host, argv: Sequence[str], streams: Mapping[int, Stream]) -> int:
    family = kind(host.machine.image)
    context = Context(argv, host, family, streams, host.machine.environment, _start)
    if not argv or find(argv[0], family) is None:
        name = argv[0] if argv else ""
        await context.err(no_program(name))
        return NOT_FOUND
    return await _start(context)


async def _start(context: Context) -> int:
    program = find(context.argv[0], context.kind)
    if program is None:
        return NOT_FOUND
    try:
        return await program(context)
    except Exit as end:
        return end.code
    except BrokenPipe:
        return 141
