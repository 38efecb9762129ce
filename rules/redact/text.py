"""Texts with their names and addresses under pseudonyms; everything around them stays as it is."""

from __future__ import annotations

import re

from rules.redact.addresses import Addresses
from rules.redact.pseudonyms import Pseudonyms, stays

_TOKEN = re.compile(
    r"""
    (?P<time> \d{4}-\d\d-\d\dT\d\d:\d\d:[\d.]+ (?:Z|[+-]\d\d:\d\d)? )
    | (?<![\d.]) (?P<v4> \d{1,3}(?:\.\d{1,3}){3} ) (?:/(?P<v4length>\d{1,2})(?!\d))? (?!\d|\.\d)
    | (?<![\d-]) (?P<dashed> \d{1,3}(?:-\d{1,3}){3} ) (?![\d-])
    | (?<![\w:]) (?P<v6> (?=[0-9a-fA-F:]*:[0-9a-fA-F:]*:) [0-9a-fA-F:]{2,}) (?:/(?P<v6length>\d{1,3})(?!\d))? (?![\w:])
    | (?<![a-z0-9]) (?P<place> (?:africa|asia|australia|europe|me|northamerica|southamerica|us)
        -(?:north|south)?(?:central|east|west|north|south)\d{1,2}(?:-[a-f])? ) (?![a-z0-9])
    | (?<=[A-Za-z]-) (?P<number> \d{1,5} ) (?!\w|\.\d)
    | (?P<word> [^\W_]+ )
    """,
    re.VERBOSE,
)
_SHORT = 3
_JOINT = frozenset("-./@_:#=%+~\\")
_QUOTES = frozenset("\"'`")
_YAML_KEY = re.compile(r"""(?m)(?:^|(?<=[{,]))[ \t-]*(?:["']\w+["'](?=[ \t]*:)|\w+(?=[ \t]*:(?:\s|$)))""")
_COMMENT = re.compile(r'(--comment )("(?:[^"\\]|\\.)*"|\S+)')
_OPTION = re.compile(r"(?<!\S)--?[A-Za-z][\w-]*")


class Texts:
    """Texts under the two mappings; remembers the words that were names, to find them again in sentences."""

    def __init__(self, pseudonyms: Pseudonyms, addresses: Addresses) -> None:
        self._pseudonyms = pseudonyms
        self._addresses = addresses
        self._names: set[str] = set()
        self._done: dict[str, str] = {}

    def name(self, text: str) -> str:
        """Every word of `text` that is not everybody's, and every address, under a pseudonym."""
        found = self._done.get(text)
        if found is None:
            found = self._done[text] = _TOKEN.sub(self._token, text)
        return found

    def sentence(self, text: str) -> str:
        """A sentence of a server, a tool or ours: names of this Snapshot, what is quoted, and compound words."""
        return _TOKEN.sub(self._token_of_sentence, text)

    def command(self, text: str) -> str:
        """A command line: its options stay."""
        return self._between(_OPTION, text)

    def settings(self, text: str) -> str:
        """YAML or JSON that a person wrote: keys stay, for the rules see which are misspelt."""
        return self._between(_YAML_KEY, text)

    def addressed(self, text: str) -> str:
        """Only addresses."""
        return _TOKEN.sub(lambda found: found[0] if found["word"] or found["number"] else self._token(found), text)

    def nat(self, text: str) -> str:
        """What iptables-save prints: addresses, and the names in its comments."""
        made, end = [], 0
        for found in _COMMENT.finditer(text):
            made += [self.addressed(text[end : found.start()]), found[1], self.name(found[2])]
            end = found.end()
        return "".join([*made, self.addressed(text[end:])])

    def _between(self, kept: re.Pattern[str], text: str) -> str:
        made, end = [], 0
        for found in kept.finditer(text):
            made += [self.name(text[end : found.start()]), found[0]]
            end = found.end()
        return "".join([*made, self.name(text[end:])])

    def _token(self, found: re.Match[str]) -> str:
        word = found["word"]
        if word is not None:
            if not stays(word):
                self._names.add(word)
            return self._pseudonyms.word(word)
        return self._number(found)

    def _token_of_sentence(self, found: re.Match[str]) -> str:
        word = found["word"]
        if word is None:
            return self._number(found)
        before, after = found.string[: found.start()][-2:], found.string[found.end() :][:2]
        joined = (before[-1:] in _JOINT and before[:1].isalnum()) or (after[:1] in _JOINT and after[1:].isalnum())
        quoted = before[-1:] in _QUOTES or after[:1] in _QUOTES
        known = len(word) >= _SHORT and word in self._names
        telling = known or joined or quoted or any(character.isdigit() for character in word)
        return self._pseudonyms.word(word) if telling else word

    def _number(self, found: re.Match[str]) -> str:
        if found["number"] is not None:
            return self._pseudonyms.number(found["number"])
        try:
            for version in ("v4", "v6"):
                if found[version] is not None:
                    length = found[f"{version}length"]
                    if length is None:
                        return self._addresses.address(found[version])
                    return self._addresses.network(found[version], int(length))
            if found["dashed"] is not None:
                return self._addresses.address(found["dashed"].replace("-", ".")).replace(".", "-")
        except ValueError:
            return found[0]  # four numbers that are no address
        return found[0]
