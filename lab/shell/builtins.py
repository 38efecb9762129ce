"""Commands that are part of the shell itself."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from lab.shell.context import Exit
from lab.shell.printf import escaped, formatted
from lab.shell.streams import Lines, Stream

if TYPE_CHECKING:
    from lab.shell.runner import Shell

Builtin = Callable[["Shell", list[str]], Awaitable[int]]


async def _true(_shell: Shell, _argv: list[str]) -> int:
    return 0


async def _false(_shell: Shell, _argv: list[str]) -> int:
    return 1


async def _exit(shell: Shell, argv: list[str]) -> int:
    if len(argv) > 1 and not re.fullmatch(r"[0-9]{1,9}", argv[1]):
        await shell.complain(f"exit: Illegal number: {argv[1]}")
        raise Exit(2)
    raise Exit(int(argv[1]) % 256 if len(argv) > 1 else shell.status)


async def _echo(shell: Shell, argv: list[str]) -> int:
    words, newline, escapes = argv[1:], True, False
    while words and re.fullmatch(r"-[neE]+", words[0]):
        newline = newline and "n" not in words[0]
        escapes = "e" in words[0] or escapes
        words = words[1:]
    text = " ".join(words)
    await shell.write(1, (escaped(text) if escapes else text) + ("\n" if newline else ""))
    return 0


async def _printf(shell: Shell, argv: list[str]) -> int:
    if len(argv) < 2:
        await shell.complain("printf: usage: printf format [arguments]")
        return 2
    await shell.write(1, formatted(argv[1], argv[2:]))
    return 0


async def _test(shell: Shell, argv: list[str]) -> int:
    words = argv[1:]
    if argv[0] == "[":
        if not words or words[-1] != "]":
            await shell.complain("[: missing ]")
            return 2
        words = words[:-1]
    try:
        return int(not _truth(words))
    except ValueError as fault:
        await shell.complain(f"{argv[0]}: {fault}")
        return 2


def _truth(words: list[str]) -> bool:
    for op, both in (("-o", False), ("-a", True)):
        if op in words[1:-1] and len(words) > 3:
            at = words.index(op, 1)
            left, right = _truth(words[:at]), _truth(words[at + 1 :])
            return (left and right) if both else (left or right)
    if words and words[0] == "!":
        return not _truth(words[1:])
    if len(words) < 2:
        return bool(words and words[0])
    if len(words) == 2:
        return _unary(words[0], words[1])
    if len(words) == 3:
        return _binary(*words)
    raise ValueError("too many arguments")


def _unary(op: str, word: str) -> bool:
    if op in ("-n", "-z"):
        return bool(word) == (op == "-n")
    if op in ("-e", "-f", "-r", "-d", "-x", "-w", "-s", "-t"):
        return op == "-e" and word == "/dev/null"
    raise ValueError(f"{op}: unknown operand")


def _binary(left: str, op: str, right: str) -> bool:
    if op in ("=", "==", "!="):
        return (left == right) == (op != "!=")
    numbers = {"-eq": "__eq__", "-ne": "__ne__", "-lt": "__lt__", "-le": "__le__", "-gt": "__gt__", "-ge": "__ge__"}
    if op not in numbers:
        raise ValueError(f"{op}: unknown operand")
    for word in (left, right):
        if not re.fullmatch(r"\s*[-+]?[0-9]{1,18}\s*", word):
            raise ValueError(f"{word}: bad number")
    return bool(getattr(int(left), numbers[op])(int(right)))


async def _export(shell: Shell, argv: list[str]) -> int:
    for word in argv[1:]:
        name, equals, value = word.partition("=")
        if equals:
            shell.variables[name] = value
        shell.exported.add(name)
    return 0


async def _unset(shell: Shell, argv: list[str]) -> int:
    for name in argv[1:]:
        shell.variables.pop(name, None)
        shell.exported.discard(name)
    return 0


async def _set(shell: Shell, argv: list[str]) -> int:
    for word in argv[1:]:
        if re.fullmatch(r"[-+][a-z]+", word) and "e" in word:
            shell.strict = word[0] == "-"
    if "--" in argv:
        shell.parameters[1:] = argv[argv.index("--") + 1 :]
    return 0


async def _shift(shell: Shell, argv: list[str]) -> int:
    count = int(argv[1]) if len(argv) > 1 and argv[1].isdigit() else 1
    if count >= len(shell.parameters):
        return 1
    del shell.parameters[1 : 1 + count]
    return 0


async def _read(shell: Shell, argv: list[str]) -> int:
    words, seconds, raw = argv[1:], None, False
    while words and words[0].startswith("-") and len(words[0]) > 1:
        flags = words.pop(0)[1:]
        raw = raw or "r" in flags
        if flags[-1] in "tuNnpd":
            value = words.pop(0) if words else ""
            if flags[-1] == "t":
                if not re.fullmatch(r"[0-9]+(\.[0-9]+)?", value):
                    await shell.complain(f"read: {value}: invalid timeout specification")
                    return 2
                seconds = float(value)
    source = Lines(shell.streams.get(0, Stream()))
    try:
        async with asyncio.timeout(seconds):
            line = await source.line()
    except TimeoutError:
        return 142
    names = words or ["REPLY"]
    text = line.decode("utf-8", "surrogateescape").removesuffix("\n")
    if not raw:
        text = text.replace("\\", "")
    split = shell.variables.get("IFS", " \t\n") != ""
    values = text.split(None, len(names) - 1) if split else [text]
    if split and values:
        values[-1] = values[-1].rstrip(" \t\n")
    for index, name in enumerate(names):
        shell.variables[name] = values[index] if index < len(values) else ""
    return 0 if line.endswith(b"\n") else 1


async def _command(shell: Shell, argv: list[str]) -> int:
    from lab.shell.programs import find

    if len(argv) > 1 and argv[1] in ("-v", "-V"):
        found = False
        for name in argv[2:]:
            if name in BUILTINS:
                found = True
                await shell.write(1, f"{name}\n" if argv[1] == "-v" else f"{name} is a shell builtin\n")
            elif find(name, shell.context.kind) is not None:
                found = True
                path = name if "/" in name else f"/usr/bin/{name}"
                await shell.write(1, f"{path}\n" if argv[1] == "-v" else f"{name} is {path}\n")
            elif argv[1] == "-V":
                await shell.complain(f"{name}: not found")
        return 0 if found else 127
    words = argv[2:] if argv[1:2] == ["-p"] else argv[1:]
    if not words:
        return 0
    builtin = BUILTINS.get(words[0])
    return await shell.program(words) if builtin is None else await builtin(shell, words)


async def _type(shell: Shell, argv: list[str]) -> int:
    return await _command(shell, ["command", "-V", *argv[1:]])


async def _exec(_shell: Shell, _argv: list[str]) -> int:
    return 0


async def _cd(_shell: Shell, _argv: list[str]) -> int:
    return 0


SPECIAL = frozenset({":", "exec", "exit", "export", "return", "set", "shift", "trap", "unset"})
"""Built-ins before which an assignment stays (POSIX's special built-in utilities)."""

BUILTINS: dict[str, Builtin] = {
    ":": _true,
    "[": _test,
    "cd": _cd,
    "command": _command,
    "echo": _echo,
    "exec": _exec,
    "exit": _exit,
    "export": _export,
    "false": _false,
    "printf": _printf,
    "read": _read,
    "return": _exit,
    "set": _set,
    "shift": _shift,
    "test": _test,
    "trap": _true,
    "true": _true,
    "type": _type,
    "unset": _unset,
    "wait": _true,
}
