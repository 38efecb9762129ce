"""Words under other words: keyed, one to one, of the same length and the same kinds of characters.

A character moves within its alphabet by a keyed hash of the characters before it, so that names which begin alike do
so afterwards (a DaemonSet and its pods). Small numbers, sizes, durations and versions stay; a number behind a hyphen
in a name does not.
"""

from __future__ import annotations

import hashlib
import re

from rules.redact.vocabulary import WORDS

_PLAIN = re.compile(r"[0-9]{1,5}|[0-9]+(?:m|s|h|[KMGT]i)|v[0-9]{1,5}(?:(?:alpha|beta)[0-9]+)?", re.ASCII)
_HEX = re.compile(r"(?=[a-f]*[0-9])[0-9a-f]{6,}", re.ASCII)
_LOWER, _UPPER, _DIGITS = "abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "0123456789"


def stays(word: str) -> bool:
    """Whether `word` says nothing about anybody: a word of the APIs and the field, a small number, a version."""
    return word.lower() in WORDS or _PLAIN.fullmatch(word) is not None


class Pseudonyms:
    """The mapping of words under `key`."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._cycles: dict[tuple[str, str], dict[str, str]] = {}
        self._found: dict[str, str] = {}

    def word(self, word: str) -> str:
        """The pseudonym of `word`, which is letters and digits alone."""
        if stays(word):
            return word
        if not word.isascii():
            return "x" * len(word)
        found = self._found.get(word)
        if found is None:
            hexadecimal = _HEX.fullmatch(word) is not None
            found = self._moved(word, hexadecimal=hexadecimal)
            # A one-to-one mapping, walked on until it lands on a word of the same kind that is nobody's.
            while stays(found) or (_HEX.fullmatch(found) is not None) != hexadecimal:
                found = self._moved(found, hexadecimal=hexadecimal)
            self._found[word] = found
        return found

    def number(self, digits: str) -> str:
        """The pseudonym of a number that is part of a name, as in cluster-1."""
        return self._moved(digits, hexadecimal=False)

    def _moved(self, word: str, *, hexadecimal: bool) -> str:
        made = []
        for place, character in enumerate(word):
            alphabet = _DIGITS if character.isdigit() else _UPPER if character.isupper() else _LOWER
            if hexadecimal and alphabet is _LOWER:
                alphabet = "abcdef"
            made.append(self._next(alphabet, word[:place])[character])
        return "".join(made)

    def _next(self, alphabet: str, before: str) -> dict[str, str]:
        """A keyed cycle through the whole alphabet: one to one, and no word is its own pseudonym."""
        found = self._cycles.get((alphabet, before))
        if found is None:
            order = sorted(alphabet, key=lambda one: self._digest(f"{alphabet} {before} {one}"))
            found = self._cycles[alphabet, before] = dict(zip(order, [*order[1:], order[0]], strict=True))
        return found

    def _digest(self, text: str) -> bytes:
        return hashlib.blake2b(text.encode(), key=self._key, digest_size=8).digest()
