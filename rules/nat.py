"""A node's nat table as `iptables-save` prints it: read, and asked what POSTROUTING does with a packet.

Matchers that cannot be decided from addresses alone make the answer unknown, unless another matcher of the same rule
already fails.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import AddressValueError, IPv4Address, IPv4Network, NetmaskValueError

from rules.words import _

MAX_DEPTH = 32


class NatError(ValueError):
    """The text is not a nat table; the message says where it stops being one."""


class Fate(StrEnum):
    """What POSTROUTING does to the source address."""

    KEEP = "keep"
    MASQUERADE = "masquerade"
    SNAT = "snat"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Match:
    """One condition of a rule: `kind` source, dest, protocol, dst-type, src-type, mark, port or other."""

    kind: str
    value: str
    negated: bool = False


@dataclass(frozen=True)
class Rule:
    """One appended rule; `text` is the line without counters and comment, `argument` what SNAT and MARK were given."""

    chain: str
    matches: tuple[Match, ...]
    target: str
    goto: bool
    text: str
    argument: str = ""


@dataclass(frozen=True)
class Verdict:
    """The fate of a packet, the rule that decided (None: the end of POSTROUTING) and SNAT's new source."""

    fate: Fate
    rule: Rule | None
    range: IPv4Network | None = None
    to: IPv4Address | None = None


@dataclass(frozen=True)
class NatTable:
    """Chains of the nat table with their rules in order."""

    chains: Mapping[str, tuple[Rule, ...]]

    def kept_ranges(self) -> tuple[IPv4Network, ...]:
        """Destinations that masquerading chains let pass with their source, in order, each once."""
        found: dict[IPv4Network, None] = {}
        for chain in self.masquerading_chains():
            for rule in self.chains[chain]:
                if rule.target in ("RETURN", "ACCEPT") and [match.kind for match in rule.matches] == ["dest"]:
                    network = _network(rule.matches[0].value)
                    if network is not None and not rule.matches[0].negated:
                        found[network] = None
        return tuple(found)

    def masquerading_chains(self) -> tuple[str, ...]:
        """Chains that POSTROUTING reaches and that end by masquerading whatever is left."""
        seen: list[str] = []
        queue = ["POSTROUTING"]
        while queue:
            chain = queue.pop(0)
            if chain in seen or chain not in self.chains:
                continue
            seen.append(chain)
            queue.extend(rule.target for rule in self.chains[chain])
        return tuple(
            chain
            for chain in seen
            if any(rule.target == "MASQUERADE" and not _restricted(rule) for rule in self.chains[chain][-3:])
        )

    def decide(
        self,
        source: IPv4Address,
        dest: IPv4Address,
        *,
        protocol: str = "tcp",
        local: frozenset[IPv4Address] = frozenset(),
    ) -> Verdict:
        """What POSTROUTING does with a forwarded packet that no earlier rule has marked.

        `local` are the node's own addresses, which is what `--dst-type LOCAL` means.
        """
        return _Walker(self, source, dest, protocol, local).run()


def _restricted(rule: Rule) -> bool:
    return any(match.kind != "protocol" for match in rule.matches)


def parse(text: str) -> NatTable:
    """Read the nat table out of `iptables-save` output (counters and other tables may be there).

    Raises NatError when there is no complete nat table.
    """
    chains: dict[str, list[Rule]] | None = None
    inside = done = False
    for number, line in enumerate(text.splitlines(), 1):
        line = line.strip()
        if line.startswith("*"):
            inside = line == "*nat"
            chains = {} if inside and chains is None else chains
        elif not inside or chains is None or not line or line.startswith("#"):
            continue
        elif line == "COMMIT":
            inside, done = False, True
        elif line.startswith(":"):
            chains.setdefault(line[1:].split()[0], [])
        else:
            rule = _rule(line, number)
            chains.setdefault(rule.chain, []).append(rule)
    if chains is None or not done:
        raise NatError(_("The nat table is missing or cut off."))
    return NatTable({name: tuple(rules) for name, rules in chains.items()})


_COMMENT = re.compile(r' -m comment --comment (?:"(?:[^"\\\\]|\\\\.)*"|\S+) ')

_WITH_VALUE = {
    "-s": "source",
    "--source": "source",
    "--src": "source",
    "-d": "dest",
    "--destination": "dest",
    "--dst": "dest",
    "-p": "protocol",
    "--protocol": "protocol",
    "--dst-type": "dst-type",
    "--src-type": "src-type",
    "--mark": "mark",
}
_TARGETS = ("-j", "--jump", "-g", "--goto")
_ARGUMENTS = ("--to-source", "--set-xmark", "--set-mark", "--or-mark", "--and-mark", "--xor-mark")


def _rule(line: str, number: int) -> Rule:
    try:
        words = shlex.split(line)
    except ValueError as error:
        raise NatError(_("Line {number} of the nat table cannot be read.").format(number=number)) from error
    if words and words[0].startswith("["):
        words = words[1:]
    if len(words) < 2 or words[0] != "-A":
        raise NatError(_("Line {number} of the nat table is not a rule.").format(number=number))
    text = _COMMENT.sub(" ", line[line.index("-A") :])
    matches: list[Match] = []
    target, goto, argument = "", False, ""
    negated = False
    rest = iter(words[2:])
    for word in rest:
        if word == "!":
            negated = True
            continue
        if word in _TARGETS:
            target, goto = next(rest, ""), word in ("-g", "--goto")
        elif word in ("-m", "--match", "--comment"):
            next(rest, "")
        elif word in _WITH_VALUE:
            matches.append(Match(_WITH_VALUE[word], next(rest, ""), negated))
        elif word in _ARGUMENTS:
            argument = f"{word} {next(rest, '')}"
        elif word.startswith("-") and not target:
            matches.append(Match("other", word, negated))
        negated = False
    return Rule(words[1], tuple(matches), target, goto, text, argument)


def _network(value: str) -> IPv4Network | None:
    try:
        return IPv4Network(value, strict=False)
    except (AddressValueError, NetmaskValueError, ValueError):
        return None


_ENDS = {"ACCEPT": Fate.KEEP, "MASQUERADE": Fate.MASQUERADE, "SNAT": Fate.SNAT}


class _Walker:
    """One packet's way through POSTROUTING."""

    def __init__(
        self, table: NatTable, source: IPv4Address, dest: IPv4Address, protocol: str, local: frozenset[IPv4Address]
    ) -> None:
        self.table, self.source, self.dest, self.protocol, self.local = table, source, dest, protocol, local
        self.mark = 0
        self.returned: tuple[Rule, IPv4Network | None] | None = None

    def run(self) -> Verdict:
        found = self._chain("POSTROUTING", 0)
        if found is not None:
            return found
        rule, network = self.returned or (None, None)
        return Verdict(Fate.KEEP, rule, network)

    def _chain(self, name: str, depth: int) -> Verdict | None:
        if depth > MAX_DEPTH:
            return Verdict(Fate.UNKNOWN, None)
        for rule in self.table.chains.get(name, ()):
            hit = self._hits(rule)
            if hit is False or not rule.target:
                continue
            if hit is None:
                unclear = self._unclear(rule, depth)
                if unclear is not None:
                    return unclear
                continue
            if rule.target == "RETURN":
                self.returned = (rule, self._range(rule))
                return None
            if rule.target in _ENDS:
                return Verdict(_ENDS[rule.target], rule, self._range(rule), self._to(rule))
            if rule.target == "MARK":
                self._set_mark(rule)
                continue
            if rule.target in self.table.chains:
                found = self._chain(rule.target, depth + 1)
                if found is not None or rule.goto:
                    return found
        return None

    def _unclear(self, rule: Rule, depth: int) -> Verdict | None:
        """A rule that may match: the answer is open if it could do anything to the packet."""
        if rule.target in ("RETURN", *_ENDS):
            return Verdict(Fate.UNKNOWN, rule)
        if rule.target in self.table.chains and self._chain(rule.target, depth + 1) is not None:
            return Verdict(Fate.UNKNOWN, rule)
        return None

    def _hits(self, rule: Rule) -> bool | None:
        """True, False, or None when it cannot be told."""
        answers = [self._matches(match) for match in rule.matches]
        if False in answers:
            return False
        return None if None in answers else True

    def _matches(self, match: Match) -> bool | None:
        found = self._holds(match)
        return found if found is None else found != match.negated

    def _holds(self, match: Match) -> bool | None:
        if match.kind in ("source", "dest"):
            networks = [_network(value) for value in match.value.split(",")]
            address = self.source if match.kind == "source" else self.dest
            return None if None in networks else any(address in network for network in networks if network)
        if match.kind == "protocol":
            numbers = {"1": "icmp", "6": "tcp", "17": "udp", "0": "all", "132": "sctp"}
            return numbers.get(match.value, match.value) in (self.protocol, "all")
        if match.kind in ("dst-type", "src-type"):
            is_local = self.dest in self.local if match.kind == "dst-type" else False
            return {"LOCAL": is_local, "UNICAST": not is_local}.get(match.value)
        if match.kind == "mark":
            wanted, _slash, mask = match.value.partition("/")
            bits = _number(mask) if mask else 0xFFFFFFFF
            number = _number(wanted)
            return None if bits is None or number is None else self.mark & bits == number
        return None

    def _set_mark(self, rule: Rule) -> None:
        how, _space, value = rule.argument.partition(" ")
        wanted, _slash, mask = value.partition("/")
        number, bits = _number(wanted), _number(mask) if mask else 0xFFFFFFFF
        if number is None or bits is None:
            return
        if how == "--set-xmark":
            self.mark = (self.mark & ~bits) ^ number
        elif how == "--set-mark":
            self.mark = (self.mark & ~bits) | number
        elif how == "--or-mark":
            self.mark |= number
        elif how == "--and-mark":
            self.mark &= number
        elif how == "--xor-mark":
            self.mark ^= number

    def _range(self, rule: Rule) -> IPv4Network | None:
        found = [_network(match.value) for match in rule.matches if match.kind == "dest" and not match.negated]
        return found[0] if found else None

    def _to(self, rule: Rule) -> IPv4Address | None:
        if rule.target != "SNAT" or not rule.argument.startswith("--to-source "):
            return None
        try:
            return IPv4Address(rule.argument.split()[1].split("-")[0].split(":")[0])
        except AddressValueError:
            return None


def _number(text: str) -> int | None:
    try:
        return int(text, 0)
    except ValueError:
        return None
