"""Runs a shell's tree: expansions, redirections, pipelines, built-ins."""

from __future__ import annotations

import asyncio
import fnmatch
from collections.abc import Callable, Mapping, Sequence
from ipaddress import IPv4Address

from lab.shell import builtins
from lab.shell.context import CONNECT_SECONDS, NOT_FOUND, Context, Exit
from lab.shell.files import FileFault, opened
from lab.shell.host import Outcome
from lab.shell.http import Peer
from lab.shell.programs import find
from lab.shell.streams import BrokenPipe, Pipe, Stream, Text
from lab.shell.syntax import (
    AndOr,
    Case,
    Command,
    Commands,
    For,
    Group,
    If,
    Literal,
    Pipeline,
    Redirect,
    Simple,
    Substitution,
    SyntaxFault,
    Variable,
    While,
    Word,
    parse,
)

SIGPIPE = 141
SUBSTITUTION_BYTES = 1024 * 1024

_REASONS = {
    Outcome.TIMEOUT: "Connection timed out",
    Outcome.REFUSED: "Connection refused",
    Outcome.UNREACHABLE: "Network is unreachable",
}


class RedirectFault(Exception):  # noqa: N818 - never leaves this module
    """A redirection that could not be made; the shell has said why."""


class Shell:
    """One shell process: variables, positional parameters ($0 first), streams, the last status."""

    def __init__(self, context: Context, parameters: Sequence[str]) -> None:
        self.context = context
        self.bash = context.name == "bash"
        self.parameters = list(parameters)
        self.variables = dict(context.environment)
        self.exported = set(context.environment)
        self.streams = dict(context.streams)
        self.status = 0
        self.inner = 0
        """The status of the command substitution that came last."""
        self.strict = False

    async def text(self, text: str) -> int:
        """Run the commands in `text`; the exit code."""
        try:
            return await self.commands(parse(text))
        except SyntaxFault as fault:
            await self.complain(f"syntax error: {fault}")
            return 2
        except Exit as end:
            return end.code

    async def complain(self, text: str) -> None:
        """An error message in this shell's own manner."""
        await self.write(2, f"{self.prefix()}{text}\n")

    def prefix(self) -> str:
        """What stands before this shell's error messages."""
        if self.bash:
            return "bash: line 1: "
        return "sh: 1: " if self.context.kind.dash else "sh: "

    async def write(self, fd: int, text: str | bytes) -> None:
        """Write to one of the shell's descriptors."""
        stream = self.streams.get(fd)
        if stream is not None:
            await stream.write(text.encode("utf-8", "surrogateescape") if isinstance(text, str) else text)

    async def commands(self, tree: Commands) -> int:
        """Run a list of commands."""
        for item in tree:
            await asyncio.sleep(0)
            self.status = await self.and_or(item)
        return self.status

    async def and_or(self, item: AndOr) -> int:
        self.status = await self.pipeline(item.first)
        for op, pipeline in item.rest:
            if (self.status == 0) == (op == "&&"):
                self.status = await self.pipeline(pipeline)
        if self.strict and self.status != 0 and not item.rest and not item.first.negated:
            raise Exit(self.status)
        return self.status

    async def pipeline(self, item: Pipeline) -> int:
        if len(item.commands) == 1:
            status = await self.command(item.commands[0])
        else:
            status = await self.pipe(item.commands)
        return int(status == 0) if item.negated else status

    async def pipe(self, commands: Sequence[Command]) -> int:
        pipes = [Pipe() for _ in commands[1:]]
        tasks = []
        for index, command in enumerate(commands):
            shell = self.copy()
            if index > 0:
                shell.streams[0] = pipes[index - 1]
            if index < len(pipes):
                shell.streams[1] = pipes[index]
            tasks.append(asyncio.create_task(shell.part(command, pipes, index)))
        try:
            results = await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        return results[-1]

    async def part(self, command: Command, pipes: Sequence[Pipe], index: int) -> int:
        """One command of a pipeline, in a shell of its own."""
        try:
            return await self.command(command)
        except Exit as end:
            return end.code
        except BrokenPipe:
            return SIGPIPE
        finally:
            if index < len(pipes):
                await pipes[index].close()
            if index > 0:
                await pipes[index - 1].abandon()

    def copy(self) -> Shell:
        """A subshell: what it changes stays in it."""
        other = Shell(self.context, self.parameters)
        other.variables, other.exported = dict(self.variables), set(self.exported)
        other.streams = dict(self.streams)
        other.status, other.strict = self.status, self.strict
        return other

    async def command(self, command: Command) -> int:
        saved = dict(self.streams)
        keep = False
        try:
            if isinstance(command, Simple):
                keep, status = await self.simple(command)
                return status
            await self.redirect(command.redirects)
            return await self.compound(command)
        except RedirectFault:
            return 1
        finally:
            if not keep:
                self.streams = saved

    async def compound(self, command: Command) -> int:
        if isinstance(command, Group):
            if not command.own:
                return await self.commands(command.body)
            try:
                return await self.copy().commands(command.body)
            except Exit as end:
                return end.code
        if isinstance(command, If):
            for condition, body in command.arms:
                if await self.condition(condition) == 0:
                    return await self.commands(body)
            return 0 if command.otherwise is None else await self.commands(command.otherwise)
        if isinstance(command, While):
            status = 0
            while (await self.condition(command.condition) == 0) != command.until:
                status = await self.commands(command.body)
            return status
        if isinstance(command, For):
            words = ['"$@"'] if command.words is None else []
            fields = self.parameters[1:] if words else await self.fields(command.words or ())
            status = 0
            for value in fields:
                self.variables[command.name] = value
                status = await self.commands(command.body)
            return status
        if isinstance(command, Case):
            value = await self.value(command.word)
            for patterns, body in command.arms:
                for pattern in patterns:
                    if fnmatch.fnmatchcase(value, await self.pattern(pattern)):
                        return await self.commands(body)
        return 0

    async def condition(self, tree: Commands) -> int:
        strict, self.strict = self.strict, False
        try:
            return await self.commands(tree)
        finally:
            self.strict = strict

    async def simple(self, command: Simple) -> tuple[bool, int]:
        """Run a simple command; (whether its redirections stay, status)."""
        fields = await self.fields(command.words)
        keep = fields[:1] == ["exec"] and len(fields) == 1
        await self.redirect(command.redirects)
        self.inner = 0
        assigned = {name: await self.value(word) for name, word in command.assignments}
        if not fields:
            self.variables.update(assigned)
            return False, self.inner
        if fields[0] == "exec" and not keep:
            raise Exit(await self.program(fields[1:], assigned))
        builtin = builtins.BUILTINS.get(fields[0])
        if builtin is not None:
            before = dict(self.variables)
            self.variables.update(assigned)
            status = await builtin(self, fields)
            if fields[0] not in builtins.SPECIAL:
                for name in assigned:
                    if name in before:
                        self.variables[name] = before[name]
                    else:
                        self.variables.pop(name, None)
            return keep, status
        return False, await self.program(fields, assigned)

    async def program(self, argv: Sequence[str], assigned: Mapping[str, str] | None = None) -> int:
        """Start a program that is not built in."""
        path = argv[0]
        if find(path, self.context.kind) is None:
            missing = "command not found" if self.bash else "not found"
            await self.complain(f"{path}: {missing if '/' not in path else 'No such file or directory'}")
            return NOT_FOUND
        environment = {name: self.variables.get(name, "") for name in self.exported} | dict(assigned or {})
        context = Context(argv, self.context.host, self.context.kind, self.streams, environment, self.context.start)
        return await self.context.start(context)

    async def redirect(self, redirects: Sequence[Redirect]) -> None:
        for item in redirects:
            target = await self.value(item.word)
            if item.op in (">&", "<&") and (target.isdigit() or target == "-"):
                fd = item.fd if item.fd is not None else int(item.op == ">&")
                if target == "-":
                    self.streams.pop(fd, None)
                elif int(target) not in self.streams:
                    await self.complain(f"{target}: Bad file descriptor")
                    raise RedirectFault
                else:
                    self.streams[fd] = self.streams[int(target)]
                continue
            stream = await self.open(target, item.op)
            if item.op in ("&>", ">&"):
                self.streams[1] = self.streams[2] = stream
            else:
                self.streams[item.fd if item.fd is not None else int(item.op not in ("<", "<>"))] = stream

    async def open(self, path: str, op: str) -> Stream:
        if self.bash and path.startswith("/dev/tcp/"):
            return await self.dial(path)
        try:
            return opened(path, self.context, self.streams, writing=op not in ("<", "<>"))
        except FileFault as fault:
            verb = "create" if op not in ("<", "<>") else "open"
            await self.complain(f"{path}: {fault}" if self.bash else f"can't {verb} {path}: {fault}")
            raise RedirectFault from fault

    async def dial(self, path: str) -> Stream:
        host, _, port = path.removeprefix("/dev/tcp/").partition("/")
        address = self.context.host.resolve(host)
        if address is None or not port.isdigit() or not 0 < int(port) < 65536:
            reason = "Name or service not known" if address is None else "Servname not supported for ai_socktype"
            await self.write(2, f"bash: line 1: {host if address is None else port}: {reason}\n")
            await self.complain(f"{path}: Invalid argument")
            raise RedirectFault
        reach = await self.context.host.reach(IPv4Address(address), "tcp", int(port))
        if reach.outcome is Outcome.OK and reach.server is not None:
            return Peer(reach.server)
        if reach.outcome is Outcome.TIMEOUT:
            await asyncio.sleep(CONNECT_SECONDS)
        await self.write(2, f"bash: connect: {_REASONS[reach.outcome]}\n")
        await self.complain(f"{path}: {_REASONS[reach.outcome]}")
        raise RedirectFault

    async def value(self, word: Word) -> str:
        """A word as one text, without splitting."""
        return "".join([await self.part_text(part) for part in word])

    async def pattern(self, word: Word) -> str:
        """A word as a pattern: quoted parts stand for themselves."""
        found = []
        for part in word:
            text = await self.part_text(part)
            quoted = part.quoted
            found.append("".join(f"[{char}]" if char in "*?[" else char for char in text) if quoted else text)
        return "".join(found)

    async def fields(self, words: Sequence[Word]) -> list[str]:
        """Words as fields: what was not quoted is split at blanks."""
        found: list[str] = []
        for word in words:
            current: str | None = None
            for part in word:
                if isinstance(part, Variable) and part.name == "@" and part.quoted and not part.op:
                    for index, value in enumerate(self.parameters[1:]):
                        if index > 0 and current is not None:
                            found.append(current)
                            current = None
                        current = (current or "") + value
                    continue
                text = await self.part_text(part)
                if isinstance(part, Literal) or part.quoted:
                    current = (current or "") + text
                    continue
                pieces = text.split()
                if pieces and current is not None and text[:1].isspace():
                    found.append(current)
                    current = None
                for index, piece in enumerate(pieces):
                    if index > 0 and current is not None:
                        found.append(current)
                        current = None
                    current = (current or "") + piece
                if pieces and text[-1:].isspace() and current is not None:
                    found.append(current)
                    current = None
            if current is not None:
                found.append(current)
        return found

    async def part_text(self, part: Literal | Variable | Substitution) -> str:
        if isinstance(part, Literal):
            return part.text
        if isinstance(part, Substitution):
            shell, collected = self.copy(), Text()
            shell.streams[1] = collected
            try:
                self.inner = await shell.commands(part.body)
            except Exit as end:
                self.inner = end.code
            return collected.data[:SUBSTITUTION_BYTES].decode("utf-8", "surrogateescape").rstrip("\n")
        value = self.variable(part.name)
        if part.op == "#":
            return str(len(value or ""))
        empty = value is None or (part.op.startswith(":") and value == "")
        kind = part.op[-1:]
        if kind == "-" and empty:
            return await self.value(part.word)
        if kind == "=" and empty:
            self.variables[part.name] = await self.value(part.word)
            return self.variables[part.name]
        if kind == "+":
            return "" if empty else await self.value(part.word)
        return value or ""

    def variable(self, name: str) -> str | None:
        """The value of a variable or special parameter; None when it is not set."""
        special: Mapping[str, Callable[[], str]] = {
            "?": lambda: str(self.status),
            "$": lambda: "7",
            "!": lambda: "",
            "-": lambda: "",
            "#": lambda: str(len(self.parameters) - 1),
            "@": lambda: " ".join(self.parameters[1:]),
            "*": lambda: " ".join(self.parameters[1:]),
        }
        if name in special:
            return special[name]()
        if name.isdigit():
            return self.parameters[int(name)] if int(name) < len(self.parameters) else None
        return self.variables.get(name)
