"""Partial responses: the `fields` parameter (`items(name,network),nextPageToken`, `items/name`, `items/*`)."""

from __future__ import annotations

import re
from typing import Any

from lab.compute.errors import ApiError

Mask = dict[str, Any]

MAX_LENGTH = 8192
MAX_DEPTH = 32
_PIECE = re.compile(r"[A-Za-z0-9_\-.*$@]+|[(),/]")


def parse(text: str) -> Mask:
    """The mask that `fields` stands for: names to masks of what is below, an empty mask for everything below.

    Raises ApiError 400 when it is not a selection.
    """
    spaceless = re.sub(r"\s+", "", text)
    pieces = _PIECE.findall(spaceless)
    if len(text) > MAX_LENGTH or "".join(pieces) != spaceless:
        raise _bad(text)
    mask, at = _many(pieces, 0, text, 0)
    if at != len(pieces):
        raise _bad(text)
    return mask


def select(item: Any, mask: Mask) -> Any:
    """The parts of `item` that the mask names; a list's mask holds for each of its elements."""
    if not mask:
        return item
    if isinstance(item, list):
        return [select(element, mask) for element in item]
    if not isinstance(item, dict):
        return item
    found = {}
    for name, value in item.items():
        below = mask.get(name, mask.get("*"))
        if below is not None:
            found[name] = select(value, below)
    return found


def _many(pieces: list[str], at: int, text: str, depth: int) -> tuple[Mask, int]:
    mask: Mask = {}
    while True:
        at = _one(pieces, at, text, depth, mask)
        if at >= len(pieces) or pieces[at] != ",":
            return mask, at
        at += 1


def _one(pieces: list[str], at: int, text: str, depth: int, mask: Mask) -> int:
    if depth > MAX_DEPTH or at >= len(pieces) or pieces[at] in "(),/":
        raise _bad(text)
    name = pieces[at]
    at += 1
    below: Mask = {}
    if at < len(pieces) and pieces[at] == "/":
        at = _one(pieces, at + 1, text, depth + 1, below)
    elif at < len(pieces) and pieces[at] == "(":
        below, at = _many(pieces, at + 1, text, depth + 1)
        if at >= len(pieces) or pieces[at] != ")":
            raise _bad(text)
        at += 1
    mask[name] = {**mask[name], **below} if mask.get(name) and below else {} if name in mask else below
    return at


def _bad(text: str) -> ApiError:
    return ApiError(400, "invalidParameter", f"Invalid field selection {text}")
