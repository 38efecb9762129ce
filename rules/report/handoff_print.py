"""A hand-off message as Markdown and as plain text; everything from outside is escaped."""

from __future__ import annotations

from collections.abc import Iterator

from rules.report.handoff import Block, Handoff
from rules.report.markdown import block, escape
from rules.report.plain import cells, plain, wrap

WIDTH = 78


def as_markdown(message: Handoff) -> str:
    """CommonMark, for a ticket or a chat."""
    lines = [f"# {escape(message.title)}"]
    for section in message.sections:
        lines += ["", f"## {escape(section.title)}"]
        for one in section.blocks:
            lines += ["", *_marked(one)]
    return "\n".join(lines) + "\n"


def as_text(message: Handoff) -> str:
    """Plain text of at most 78 columns, but for commands, which are never broken."""
    lines = wrap(plain(message.title), WIDTH)
    for section in message.sections:
        title = plain(section.title)
        lines += ["", title, "-" * cells(title)]
        for one in section.blocks:
            lines += ["", *_plain(one)]
    return "\n".join(lines) + "\n"


def _marked(one: Block) -> Iterator[str]:
    if one.kind == "code":
        yield from block("\n".join(one.lines))
    elif one.kind == "list":
        yield from (f"- {escape(line)}" for line in one.lines)
    else:
        for number, line in enumerate(one.lines):
            yield from [""] * bool(number)
            yield escape(line)


def _plain(one: Block) -> Iterator[str]:
    for line in one.lines:
        if one.kind == "code":
            yield f"    {plain(line)}"
        elif one.kind == "list":
            yield from wrap(plain(line), WIDTH, first="- ", rest="  ")
        else:
            yield from wrap(plain(line), WIDTH)
