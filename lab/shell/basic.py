"""The small programs: what stands around a network question in a shell's one-liner."""

from __future__ import annotations

import asyncio
import re
import time
from datetime import UTC, datetime

from lab.shell import builtins
from lab.shell.context import Context, Program
from lab.shell.files import FOLDERS, FileFault, opened
from lab.shell.printf import escaped, formatted
from lab.shell.streams import Lines

TERMINATED, TIMED_OUT = 143, 124
_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}


def seconds(word: str) -> float | None:
    """`3`, `0.5`, `2m` as seconds; None when it is not a duration."""
    found = re.fullmatch(r"([0-9]+(?:\.[0-9]*)?|\.[0-9]+)([smhd]?)", word)
    return None if found is None else min(float(found.group(1)) * _UNITS[found.group(2)], 1e8)


async def _true(_context: Context) -> int:
    return 0


async def _false(_context: Context) -> int:
    return 1


async def _echo(context: Context) -> int:
    words, newline, escapes = context.args, True, False
    while words and re.fullmatch(r"-[neE]+", words[0]):
        flags = words.pop(0)
        newline, escapes = newline and "n" not in flags, escapes or "e" in flags
    text = " ".join(words)
    await context.out((escaped(text) if escapes else text) + ("\n" if newline else ""))
    return 0


async def _printf(context: Context) -> int:
    await context.out(formatted(context.args[0], context.args[1:]) if context.args else "")
    return 0 if context.args else 1


async def _test(context: Context) -> int:
    from lab.shell.runner import Shell

    return await builtins.BUILTINS["["](Shell(context, [context.name]), list(context.argv))


async def _sleep(context: Context) -> int:
    if not context.args:
        await context.err("sleep: missing operand\n")
        return 1
    total = 0.0
    for word in context.args:
        one = 1e8 if word == "infinity" else seconds(word)
        if one is None:
            quote = "invalid number" if context.kind.busybox else "invalid time interval"
            await context.err(f"sleep: {quote} '{word}'\n")
            return 1
        total += one
    await asyncio.sleep(total)
    return 0


async def _timeout(context: Context) -> int:
    words, given = context.args, None
    while words and words[0].startswith("-"):
        flag = words.pop(0)
        if flag in ("-s", "-k", "-t") and words:
            value = words.pop(0)
            given = value if flag == "-t" else given
    if given is None and words:
        given = words.pop(0)
    limit = seconds(given or "")
    if limit is None or not words:
        await context.err(
            f"timeout: invalid time interval '{given or ''}'\n" if words else "timeout: missing operand\n"
        )
        return 125
    from lab.shell.programs import find

    if find(words[0], context.kind) is None:
        quoted = f"'{words[0]}'" if context.kind.busybox else f"‘{words[0]}’"
        await context.err(f"timeout: failed to run command {quoted}: No such file or directory\n")
        return 127
    try:
        async with asyncio.timeout(limit or None):
            return await context.run(words)
    except TimeoutError:
        if context.kind.busybox:
            await context.err("Terminated\n")
            return TERMINATED
        return TIMED_OUT


async def _env(context: Context) -> int:
    environment, words = dict(context.environment), context.args
    while words and (words[0] == "-i" or "=" in words[0]):
        word = words.pop(0)
        if word == "-i":
            environment.clear()
        else:
            name, _, value = word.partition("=")
            environment[name] = value
    if words:
        from lab.shell.programs import find

        if find(words[0], context.kind) is None:
            await context.err(f"env: can't execute '{words[0]}': No such file or directory\n")
            return 127
        return await context.run(words, environment)
    await context.out("".join(f"{name}={value}\n" for name, value in environment.items()))
    return 0


async def _printenv(context: Context) -> int:
    if not context.args:
        return await _env(context)
    found = [context.environment[name] for name in context.args if name in context.environment]
    await context.out("".join(f"{value}\n" for value in found))
    return int(len(found) < len(context.args))


async def _id(context: Context) -> int:
    root = context.host.machine.node_network or context.kind.name != "curl"
    number, name = (0, "root") if root else (100, "curl_user")
    group = name if root else "curl_group"
    gid = 0 if root else 101
    if context.args[:1] == ["-u"]:
        await context.out(f"{number}\n")
    elif "-un" in context.args or context.name == "whoami":
        await context.out(f"{name}\n")
    else:
        await context.out(f"uid={number}({name}) gid={gid}({group}) groups={gid}({group})\n")
    return 0


async def _hostname(context: Context) -> int:
    machine = context.host.machine
    await context.out(f"{machine.address if context.args[:1] in (['-i'], ['-I']) else machine.hostname}\n")
    return 0


async def _uname(context: Context) -> int:
    every = f"Linux {context.host.machine.hostname} 6.6.105+ #1 SMP x86_64 Linux"
    words = {"-a": every, "-n": context.host.machine.hostname, "-r": "6.6.105+", "-m": "x86_64"}
    await context.out(f"{words.get(''.join(context.args[:1]), 'Linux')}\n")
    return 0


async def _date(context: Context) -> int:
    form = next((word[1:] for word in context.args if word.startswith("+")), "%a %b %e %H:%M:%S UTC %Y")
    if "%s" in form:
        form = form.replace("%s", str(int(time.time())))
    await context.out(f"{datetime.now(UTC).strftime(form)}\n")
    return 0


async def _which(context: Context) -> int:
    from lab.shell.programs import find

    missing = 0
    for name in context.args:
        if find(name, context.kind) is None:
            missing = 1
        else:
            await context.out(f"{name}\n" if "/" in name else f"/usr/bin/{name}\n")
    return missing


async def _pwd(context: Context) -> int:
    await context.out("/\n")
    return 0


async def _ls(context: Context) -> int:
    wanted = [word for word in context.args if not word.startswith("-")] or ["/"]
    if wanted == ["/"]:
        await context.out("".join(f"{folder[1:]}\n" for folder in sorted(FOLDERS) if folder != "/"))
        return 0
    await context.err(f"ls: {wanted[0]}: No such file or directory\n")
    return 1


async def _inputs(context: Context, names: list[str]) -> tuple[list[bytes], int]:
    """The content of the named files, or of standard input; and the exit code so far."""
    found, code = [], 0
    for name in names or ["-"]:
        if name == "-":
            found.append(await context.input.all())
            continue
        try:
            found.append(await Lines(opened(name, context, context.streams, writing=False)).all())
        except FileFault as fault:
            code = 1
            await context.err(f"{context.name}: {name}: {fault}\n")
    return found, code


async def _cat(context: Context) -> int:
    names = [word for word in context.args if word == "-" or not word.startswith("-")]
    if not names or names == ["-"]:
        while data := await context.input.some():
            await context.out(data)
        return 0
    found, code = await _inputs(context, names)
    await context.out(b"".join(found))
    return code


async def _head(context: Context) -> int:
    words, count = context.args, 10
    tail = context.name == "tail"
    while words and words[0].startswith("-") and len(words[0]) > 1:
        flag = words.pop(0)
        text = flag.lstrip("-n") or (words.pop(0) if words else "")
        if not text.isdigit():
            await context.err(f"{context.name}: invalid number of lines '{text}'\n")
            return 1
        count = int(text)
    if not tail and not words:
        for _ in range(count):
            line = await context.input.line()
            if not line:
                break
            await context.out(line)
        return 0
    found, code = await _inputs(context, words)
    lines = b"".join(found).splitlines(keepends=True)
    await context.out(b"".join(lines[-count:] if tail and count else lines[:count] if not tail else []))
    return code


async def _grep(context: Context) -> int:
    flags, words = set[str](), context.args
    while words and words[0].startswith("-") and len(words[0]) > 1:
        flags.update(words.pop(0)[1:])
    unknown = flags - set("ivEFqcnow")
    if unknown or not words:
        await context.err(f"grep: unrecognized option: {min(unknown)}\n" if unknown else "grep: no pattern\n")
        return 2
    pattern = re.escape(words[0]) if "F" in flags else words[0] if "E" in flags else _basic(words[0])
    try:
        wanted = re.compile(rf"\b(?:{pattern})\b" if "w" in flags else pattern, re.IGNORECASE if "i" in flags else 0)
    except re.error:
        await context.err(f"grep: bad regex '{words[0]}'\n")
        return 2
    found, code = await _inputs(context, words[1:])
    lines = b"".join(found).decode("utf-8", "surrogateescape").splitlines()
    hits = [(number, line) for number, line in enumerate(lines, 1) if (wanted.search(line) is None) == ("v" in flags)]
    if "c" in flags:
        await context.out(f"{len(hits)}\n")
    elif "q" not in flags:
        for number, line in hits:
            prefix = f"{number}:" if "n" in flags else ""
            texts = [hit.group() for hit in wanted.finditer(line)] if "o" in flags else [line]
            await context.out("".join(f"{prefix}{text}\n" for text in texts))
    return code * 2 or int(not hits)


def _basic(pattern: str) -> str:
    """A basic regular expression as Python writes it: \\( \\) \\| \\+ \\? are operators, their bare forms are text."""
    return re.sub(
        r"\\?[(){}|+?]", lambda hit: hit.group()[1:] if hit.group()[0] == "\\" else f"\\{hit.group()}", pattern
    )


async def _wc(context: Context) -> int:
    found, code = await _inputs(context, [word for word in context.args if not word.startswith("-")])
    data = b"".join(found)
    counts = {"l": data.count(b"\n"), "w": len(data.split()), "c": len(data)}
    flags = "".join(word[1:] for word in context.args if word.startswith("-")) or "lwc"
    await context.out(" ".join(str(counts[flag]) for flag in "lwc" if flag in flags) + "\n")
    return code


async def _tr(context: Context) -> int:
    words = context.args
    data = (await context.input.all()).decode("utf-8", "surrogateescape")
    if len(words) == 2 and words[0] == "-d":
        await context.out("".join(char for char in data if char not in escaped(words[1])))
    elif len(words) == 2:
        await context.out(data.translate(str.maketrans(*_pairs(*map(escaped, words)))))
    else:
        await context.err("tr: missing operand\n")
        return 1
    return 0


def _pairs(left: str, right: str) -> tuple[str, str]:
    ranges = {"a-z": "abcdefghijklmnopqrstuvwxyz", "A-Z": "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "0-9": "0123456789"}
    left, right = ranges.get(left, left), ranges.get(right, right)
    return left, (right + right[-1:] * len(left))[: len(left)]


async def _cut(context: Context) -> int:
    found = re.fullmatch(r"(?:-d *(.))? ?-f *([0-9]+)", " ".join(context.args)) or re.fullmatch(
        r"-d(.) -f *([0-9]+)", " ".join(context.args)
    )
    if found is None:
        await context.err("cut: the lab knows -dC -fN\n")
        return 1
    for line in (await context.input.all()).decode("utf-8", "surrogateescape").splitlines():
        parts = line.split(found.group(1) or "\t")
        number = int(found.group(2))
        await context.out((parts[number - 1] if 0 < number <= len(parts) else "") + "\n")
    return 0


async def _seq(context: Context) -> int:
    numbers = [int(word) for word in context.args if re.fullmatch(r"-?[0-9]{1,6}", word)]
    if not 1 <= len(numbers) <= 3 or len(numbers) != len(context.args):
        await context.err("seq: invalid number\n")
        return 1
    first, step, end = (1, 1, numbers[0]) if len(numbers) == 1 else (numbers[0], 1, numbers[-1])
    step = numbers[1] if len(numbers) == 3 else step
    if step:
        await context.out("".join(f"{number}\n" for number in range(first, end + (1 if step > 0 else -1), step)))
    return 0


async def _tee(context: Context) -> int:
    while data := await context.input.some():
        await context.out(data)
    return 0


async def _nslookup(context: Context) -> int:
    name = next((word for word in context.args if not word.startswith(("-", "+", "@"))), "")
    address = context.host.resolve(name)
    if address is None:
        await context.out(f"** server can't find {name}: NXDOMAIN\n")
        return 1
    await context.out(f"{address}\n" if context.name == "dig" else f"Name:\t{name}\nAddress: {address}\n")
    return 0


PROGRAMS: dict[str, Program] = {
    "[": _test,
    "cat": _cat,
    "cut": _cut,
    "date": _date,
    "dig": _nslookup,
    "echo": _echo,
    "env": _env,
    "false": _false,
    "grep": _grep,
    "head": _head,
    "hostname": _hostname,
    "id": _id,
    "ls": _ls,
    "nslookup": _nslookup,
    "printenv": _printenv,
    "printf": _printf,
    "pwd": _pwd,
    "seq": _seq,
    "sleep": _sleep,
    "tail": _head,
    "tee": _tee,
    "test": _test,
    "timeout": _timeout,
    "tr": _tr,
    "true": _true,
    "uname": _uname,
    "wc": _wc,
    "which": _which,
    "whoami": _id,
}
