"""Command lines in the manner of getopt."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence


class UsageFault(ValueError):  # noqa: N818 - becomes the program's own usage message
    """An option that the program does not have, or one without its argument."""


def options(
    words: Sequence[str], plain: str, valued: str, *, long: Mapping[str, str] | None = None
) -> tuple[list[tuple[str, str]], list[str]]:
    """(option, value) pairs in order, and the other words. `long` maps --names to letters, or to themselves.

    Options may stand anywhere. A long option takes a value when its letter is in `valued`, or it ends with "=".
    """
    found: list[tuple[str, str]] = []
    others: list[str] = []
    rest = list(words)
    while rest:
        word = rest.pop(0)
        if word == "--":
            others.extend(rest)
            break
        if word.startswith("--") and long is not None:
            name, equals, value = word[2:].partition("=")
            letter = _long(name, long)
            if (len(letter) == 1 and letter in valued) or letter.endswith("="):
                if not equals:
                    value = _next(rest, word)
                found.append((letter.rstrip("="), value))
            else:
                found.append((letter, ""))
        elif word.startswith("-") and len(word) > 1:
            _letters(word[1:], plain, valued, rest, found)
        else:
            others.append(word)
    return found, others


def _letters(text: str, plain: str, valued: str, rest: list[str], found: list[tuple[str, str]]) -> None:
    while text:
        letter, text = text[0], text[1:]
        if letter in valued:
            found.append((letter, text or _next(rest, f"-{letter}")))
            return
        if letter not in plain:
            raise UsageFault(f"-{letter}")
        found.append((letter, ""))


def _next(rest: list[str], option: str) -> str:
    if not rest:
        raise UsageFault(f"{option} requires an argument")
    return rest.pop(0)


def _long(name: str, long: Mapping[str, str]) -> str:
    if name in long:
        return long[name]
    near = [known for known in long if known.startswith(name)]
    if len(near) != 1:
        raise UsageFault(f"--{name}")
    return long[near[0]]


def last(pairs: Iterable[tuple[str, str]], option: str, default: str = "") -> str:
    """The value that an option was given last."""
    value = default
    for name, given in pairs:
        if name == option:
            value = given
    return value
