"""The agent's file as it was meant: what the agent refuses or overlooks is put right, and nothing else is touched.

Comments and order stay where a word can be exchanged in place; else the file is written anew from what it says.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from ipaddress import IPv4Network, ip_interface
from typing import Any

import yaml

from rules.agent_config import LIMIT, agent_config
from rules.remedies import carve
from rules.words import _

LIST_KEY = "nonMasqueradeCIDRs"
_MEANT = LIST_KEY.lower()
_ALIKE = 0.75
_TRUTHS = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}


@dataclass(frozen=True)
class Mended:
    """The file put right, the ranges that it gives now, and a sentence for each correction."""

    text: str
    ranges: tuple[IPv4Network, ...]
    notes: tuple[str, ...]


class _HopelessError(ValueError):
    """What was meant cannot be told."""


@dataclass
class _Work:
    text: str
    data: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    in_place: bool = True

    def exchange(self, old: str, new: str) -> None:
        """Put one word in place of another in the text; where that is not clear the file is written anew."""
        found = list(re.finditer(rf"(?<![\w./:-]){re.escape(old)}(?![\w./:-])", self.text))
        if old and len(found) == 1:
            self.text = self.text[: found[0].start()] + new + self.text[found[0].end() :]
        else:
            self.in_place = False


def mended(text: str, *, all_reserved: bool, ipv6: bool = False) -> Mended | None:
    """`text` as it was meant; None where it needs nothing, gives no list, or cannot be understood."""
    now = agent_config(text, all_reserved=all_reserved, ipv6=ipv6)
    if not now.error and now.given:
        return None
    work = _Work(text)
    try:
        _structure(work)
        _values(work, ipv6)
    except _HopelessError:
        return None
    if not work.notes:
        return None
    wanted = [str(entry) for entry in work.data[LIST_KEY]]
    written = yaml.safe_dump({**work.data, LIST_KEY: wanted}, sort_keys=False, default_flow_style=False)
    for candidate in (work.text, written) if work.in_place else (written,):
        found = agent_config(candidate, all_reserved=all_reserved, ipv6=ipv6)
        if (
            not found.error
            and found.given
            and [str(entry) for entry in found.ranges] == [entry for entry in wanted if ":" not in entry]
        ):
            return Mended(candidate, found.ranges, tuple(work.notes))
    return None


def _structure(work: _Work) -> None:
    """Tabs, a list without its key, a key that the agent does not know, a file wrapped once too often."""
    if re.search(r"^ *\t", work.text, re.MULTILINE):
        work.text = re.sub(r"^[ \t]+", lambda found: found.group().replace("\t", "  "), work.text, flags=re.MULTILINE)
        work.notes.append(_("tabs become spaces: YAML takes no tabs to indent with"))
    if re.search(r"^\s*-(?=\d)", work.text, re.MULTILINE):
        work.text = re.sub(r"^(\s*)-(?=\d)", r"\1- ", work.text, flags=re.MULTILINE)
        work.notes.append(_("a space follows each dash: without it YAML sees no list"))
    data = _load(work.text)
    if isinstance(data, list):
        work.text = f"{LIST_KEY}:\n{work.text}"
        work.notes.append(_("the list gets its key, {key}").format(key=LIST_KEY))
        data = _load(work.text)
    if not isinstance(data, dict):
        raise _HopelessError
    known = [key for key in data if str(key).lower() == _MEANT]
    if known:
        work.data = {(LIST_KEY if key == known[-1] else str(key)): value for key, value in data.items()}
        return
    for key, value in data.items():
        if SequenceMatcher(None, str(key).lower(), _MEANT).ratio() >= _ALIKE:
            work.text, count = re.subn(
                rf"^([\"']?){re.escape(str(key))}(?=\1\s*:)", rf"\1{LIST_KEY}", work.text, flags=re.MULTILINE
            )
            work.in_place &= count == 1
            work.notes.append(
                _("{wrong} becomes {key}: the agent ignores keys that it does not know").format(wrong=key, key=LIST_KEY)
            )
            work.data = {(LIST_KEY if name == key else str(name)): held for name, held in data.items()}
            return
        inner = _load(value) if isinstance(value, str) else value
        if isinstance(inner, Mapping) and any(str(name).lower() == _MEANT for name in inner):
            work.notes.append(
                _("what stands below {wrong} moves up: the agent reads the top level alone").format(wrong=key)
            )
            _unwrapped(work, str(key), {**{str(n): held for n, held in data.items() if n != key}, **inner})
            return
    raise _HopelessError


def _unwrapped(work: _Work, key: str, flat: Mapping[str, Any]) -> None:
    work.data = {(LIST_KEY if str(name).lower() == _MEANT else str(name)): held for name, held in flat.items()}
    line = re.search(rf"^[\"']?{re.escape(key)}[\"']?\s*:.*\n", work.text, re.MULTILINE)
    below = textwrap.dedent(work.text[line.end() :]) if line is not None else ""
    if line is not None and _load(work.text[: line.start()] + below) == dict(flat):
        work.text = work.text[: line.start()] + below
    else:
        work.in_place = False


def _load(text: str) -> Any:
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise _HopelessError from error


def _values(work: _Work, ipv6: bool) -> None:
    given = work.data[LIST_KEY]
    if isinstance(given, str):
        work.in_place = False
        work.notes.append(_("{key} becomes a list, one range on each line").format(key=LIST_KEY))
        given = [word.lstrip("-") for word in re.split(r"[\s,]+", given.strip()) if word.strip("-")]
    if not isinstance(given, list):
        raise _HopelessError
    entries = [found for each in given if (found := _entry(work, each, ipv6)) is not None]
    entries = list(dict.fromkeys(entries))
    _limit(work, entries)
    work.data[LIST_KEY] = entries if len(entries) <= LIMIT else _joined(work, entries)
    _interval(work)
    for key, value in list(work.data.items()):
        if key.lower() in ("masqlinklocal", "masqlinklocalipv6") and not isinstance(value, bool) and value is not None:
            truth = _TRUTHS.get(str(value).lower())
            if truth is None:
                raise _HopelessError
            work.data[key], work.in_place = truth, False
            work.notes.append(_("{key} becomes {value}, a truth value").format(key=key, value=str(truth).lower()))


def _entry(work: _Work, given: Any, ipv6: bool) -> str | None:
    """One range as the agent takes it; None for one that is left out."""
    if not isinstance(given, str):
        raise _HopelessError
    plain = re.sub(r"(?<![\d:])0+(?=\d)", "", given.strip()) if ":" not in given else given.strip()
    try:
        network = ip_interface(plain).network
    except ValueError as error:
        raise _HopelessError from error
    if network.version == 6 and not ipv6:
        work.in_place = False
        work.notes.append(_("{range} is left out: the agent runs without --enable-ipv6").format(range=given.strip()))
        return None
    if str(network) != given:
        work.exchange(given, str(network))
        work.notes.append(_("{wrong} becomes {range}").format(wrong=given.strip(), range=network))
    return str(network)


def _limit(work: _Work, entries: list[str]) -> None:
    for key, value in list(work.data.items()):
        if key.lower() != "cidrlimit" or value is None:
            continue
        whole = isinstance(value, int) and not isinstance(value, bool)
        if not whole or value < len(entries):
            del work.data[key]
            work.in_place = False
            work.notes.append(
                _("cidrLimit {value} goes: the agent's own limit is {limit}").format(value=value, limit=LIMIT)
            )


def _joined(work: _Work, entries: list[str]) -> list[str]:
    v4 = carve.collapsed(IPv4Network(entry) for entry in entries if ":" not in entry)
    if len(v4) > LIMIT or any(":" in entry for entry in entries):
        raise _HopelessError
    work.in_place = False
    work.notes.append(_("neighbouring ranges are joined: the agent takes {limit} at most").format(limit=LIMIT))
    return [str(entry) for entry in v4]


def _interval(work: _Work) -> None:
    for key, value in list(work.data.items()):
        if key.lower() != "resyncinterval" or isinstance(value, str):
            continue
        if value is None:
            del work.data[key]
            work.in_place = False
            work.notes.append(_("resyncInterval goes: it is empty, and the agent has 60s by itself"))
        elif isinstance(value, int) and not isinstance(value, bool):
            work.data[key] = f"{value}s"
            line = re.search(rf"^({re.escape(key)}\s*:\s*){value}\b", work.text, re.MULTILINE | re.IGNORECASE)
            if line is None:
                work.in_place = False
            else:
                work.text = work.text[: line.start()] + f"{line[1]}{value}s" + work.text[line.end() :]
            work.notes.append(_("resyncInterval {value} becomes {value}s: a duration has a unit").format(value=value))
        else:
            raise _HopelessError
