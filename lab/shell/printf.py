"""echo -e and printf."""

from __future__ import annotations

import re
from collections.abc import Sequence

_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v", "\\": "\\", "e": "\x1b"}
_ESCAPE = re.compile(r"\\(x[0-9a-fA-F]{1,2}|0?[0-7]{1,3}|.)", re.DOTALL)
_FIELD = re.compile(r"%(%|[-0 +#]*[0-9]{0,4}(?:\.[0-9]{1,4})?[sdiuxXocbf])")
MAX_ROUNDS = 1000


def escaped(text: str) -> str:
    """`text` with its backslash escapes replaced."""

    def one(found: re.Match[str]) -> str:
        code = found.group(1)
        if code in _ESCAPES:
            return _ESCAPES[code]
        if code[0] == "x" and len(code) > 1:
            return chr(int(code[1:], 16))
        if code[0] in "01234567":
            return chr(int(code, 8) & 0xFF)
        return found.group()

    return _ESCAPE.sub(one, text)


def formatted(form: str, words: Sequence[str]) -> str:
    """printf's output; the format is used again until all words are used up."""
    form = escaped(form)
    rest = list(words)
    parts = []
    for _round in range(MAX_ROUNDS):
        before = len(rest)
        parts.append(_FIELD.sub(lambda found: _field(found.group(1), rest), form))
        if not rest or len(rest) == before:
            break
    return "".join(parts)


def _field(spec: str, rest: list[str]) -> str:
    if spec == "%":
        return "%"
    word, kind = rest.pop(0) if rest else "", spec[-1]
    if kind in "diuxXo":
        number = int(word) if re.fullmatch(r"[-+]?[0-9]{1,18}", word) else 0
        return ("%" + spec[:-1] + ("d" if kind in "iu" else kind)) % number
    if kind == "f":
        return ("%" + spec) % (float(word) if re.fullmatch(r"[-+]?[0-9]+(\.[0-9]+)?", word) else 0.0)
    if kind == "c":
        return word[:1]
    return ("%" + spec[:-1] + "s") % (escaped(word) if kind == "b" else word)
