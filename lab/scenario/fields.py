"""Typed access to a section's keys; whatever is wrong becomes one sentence with file, line and key path."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from difflib import get_close_matches
from ipaddress import AddressValueError, IPv4Address, IPv4Network
from typing import NoReturn, TypeVar

from lab.scenario.errors import ScenarioError
from lab.scenario.text import Items, Scalar, Section, Value, Where
from rules.repeats import is_host
from rules.snapshot import PodRef, Vpc
from rules.words import _

T = TypeVar("T")

_NAME = re.compile(r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?")
_KUBE_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?")
_YES = {"yes": True, "true": True, "on": True, "no": False, "false": False, "off": False}


def fail(where: Where, path: str, sentence: str) -> NoReturn:
    """Raise ScenarioError for the key at `path`."""
    at = _("{where}, {path}").format(where=where, path=path) if path else str(where)
    raise ScenarioError(f"{at}: {sentence}")


class Fields:
    """The keys of one section, each to be asked for once; `done` names what nobody asked for."""

    def __init__(self, section: Section, path: str = "") -> None:
        self.section = section
        self.path = path
        self.where = section.where
        self._asked: list[str] = []

    def at(self, key: str) -> str:
        """The key path of `key`."""
        return f"{self.path} > {key}" if self.path else key

    def fail(self, key: str, sentence: str) -> NoReturn:
        """Raise ScenarioError about `key`."""
        value = self.section.values.get(key)
        fail(self.where if value is None else value.where, self.at(key) if key else self.path, sentence)

    def find(self, key: str) -> Value | None:
        """The value of `key`; None when it is absent or empty."""
        self._asked.append(key)
        value = self.section.values.get(key)
        return None if isinstance(value, Scalar) and value.kind == "null" else value

    def has(self, key: str) -> bool:
        """Whether `key` has a value; does not count as asking."""
        value = self.section.values.get(key)
        return value is not None and not (isinstance(value, Scalar) and value.kind == "null")

    def done(self) -> None:
        """Raise ScenarioError for the first key that nobody asked for."""
        for key, value in self.section.values.items():
            if key not in self._asked:
                near = get_close_matches(key, self._asked, 1)
                known = _("did you mean `{key}`?").format(key=near[0]) if near else ""
                known = known or _("the keys here are {keys}.").format(keys=", ".join(sorted(set(self._asked))))
                fail(value.where, self.at(key), _("there is no such key; {known}").format(known=known))

    def _scalar(self, key: str, expected: str) -> str | None:
        value = self.find(key)
        if value is None:
            return None
        if not isinstance(value, Scalar):
            self.fail(key, _("expected {expected}, found a list or keys.").format(expected=expected))
        return value.text

    def _required(self, key: str, expected: str) -> NoReturn:
        self.fail(key, _("this key is missing; give {expected}.").format(expected=expected))

    def text(self, key: str, default: str | None = None, *, expected: str = "") -> str:
        """A word or a block of text; required when there is no default."""
        expected = expected or _("a text")
        found = self._scalar(key, expected)
        if found is None:
            return self._required(key, expected) if default is None else default
        return found

    def convert(self, key: str, expected: str, make: Callable[[str], T], default: T | None = None) -> T:
        """The scalar through `make`, whose ValueError means it is not what was `expected`."""
        found = self._scalar(key, expected)
        if found is None:
            return self._required(key, expected) if default is None else default
        try:
            return make(found)
        except ValueError:
            self.fail(key, _("`{found}` is not {expected}.").format(found=found[:60], expected=expected))

    def name(self, key: str, default: str | None = None) -> str:
        """A Google Cloud name."""
        return self.convert(key, _name_words(), cloud_name, default)

    def flag(self, key: str, default: bool) -> bool:
        """Yes or no."""
        return self.convert(key, _("yes or no"), _flag, default)

    def number(self, key: str, default: int, low: int, high: int) -> int:
        """A whole number within bounds."""
        expected = _("a whole number from {low} to {high}").format(low=low, high=high)
        return self.convert(key, expected, lambda text: _number(text, low, high), default)

    def address(self, key: str) -> IPv4Address:
        """An IPv4 address."""
        return self.convert(key, _("an IPv4 address such as 10.1.0.21"), _address)

    def range(self, key: str) -> IPv4Network:
        """A CIDR range without host bits."""
        return self.convert(key, _range_words(), cidr)

    def choice(self, key: str, default: str, *words: str) -> str:
        """One of a few words."""
        expected = _("one of {words}").format(words=", ".join(words))
        return self.convert(key, expected, lambda text: words[words.index(text)], default)

    def list(self, key: str, expected: str, make: Callable[[str], T]) -> tuple[T, ...]:
        """A list of scalars through `make`; absent is empty."""
        value = self.find(key)
        if value is None:
            return ()
        if not isinstance(value, Items):
            self.fail(key, _("expected a list, such as `[a, b]` or lines that start with a dash."))
        found = []
        for item in value.values:
            text = item.text if isinstance(item, Scalar) else ""
            try:
                found.append(make(text))
            except ValueError:
                fail(
                    item.where,
                    self.at(key),
                    _("`{found}` is not {expected}.").format(found=text[:60], expected=expected),
                )
        return tuple(found)

    def names(self, key: str) -> tuple[str, ...]:
        """A list of Google Cloud names."""
        return self.list(key, _name_words(), cloud_name)

    def ranges(self, key: str) -> tuple[IPv4Network, ...]:
        """A list of CIDR ranges."""
        return self.list(key, _range_words(), cidr)

    def labels(self, key: str) -> dict[str, str]:
        """Keys with plain words; absent is empty."""
        value = self.find(key)
        if value is None:
            return {}
        if not isinstance(value, Section) or not all(isinstance(item, Scalar) for item in value.values.values()):
            self.fail(key, _("expected names with values, such as `app: web`."))
        return {name: item.text for name, item in value.values.items() if isinstance(item, Scalar)}

    def part(self, key: str) -> Fields | None:
        """The section under `key`, or None when it is absent."""
        value = self.find(key)
        if value is None:
            return None
        if not isinstance(value, Section):
            self.fail(key, _("expected keys with values under it."))
        return Fields(value, self.at(key))

    def need(self, key: str) -> Fields:
        """The section under `key`; required."""
        part = self.part(key)
        return self._required(key, _("keys with values under it")) if part is None else part

    def each(self, key: str, make: Callable[[str], T]) -> Iterator[tuple[T, Fields]]:
        """(name, section) for each entry under `key`; `make` checks the name."""
        part = self.part(key)
        if part is not None:
            yield from part.entries(make)

    def entries(self, make: Callable[[str], T]) -> Iterator[tuple[T, Fields]]:
        """(name, section) for each key here."""
        for name, value in self.section.values.items():
            if isinstance(value, Scalar) and value.kind == "null":
                value = Section(value.where, {})
            if not isinstance(value, Section):
                fail(value.where, self.at(name), _("expected keys with values under it."))
            try:
                yield make(name), Fields(value, self.at(name))
            except ValueError:
                fail(
                    value.where,
                    self.at(name),
                    _("`{name}` is not {expected}.").format(name=name[:60], expected=_name_words()),
                )


def cloud_name(text: str) -> str:
    """`text` if it is a name that Google Cloud accepts; ValueError otherwise."""
    if not _NAME.fullmatch(text):
        raise ValueError(text)
    return text


def kube_name(text: str) -> str:
    """`text` if it is a name that Kubernetes accepts; ValueError otherwise."""
    if not _KUBE_NAME.fullmatch(text):
        raise ValueError(text)
    return text


def pod_ref(text: str) -> PodRef:
    """NAME or NAMESPACE/NAME as a pod; ValueError otherwise."""
    namespace, slash, name = text.partition("/")
    return PodRef(kube_name(namespace), kube_name(name)) if slash else PodRef("default", kube_name(text))


def host(text: str) -> str:
    """A host's name; ValueError otherwise."""
    if not is_host(text):
        raise ValueError(text)
    return text


def vpc(text: str) -> Vpc:
    """PROJECT/NETWORK; ValueError otherwise."""
    project, slash, name = text.partition("/")
    if not slash:
        raise ValueError(text)
    return Vpc(cloud_name(project), cloud_name(name))


def vpc_of(project: str, text: str) -> Vpc:
    """NETWORK of `project`, or PROJECT/NETWORK; ValueError otherwise."""
    return vpc(text) if "/" in text else Vpc(project, cloud_name(text))


def cidr(text: str) -> IPv4Network:
    """`text` as a range; ValueError when it is none, has host bits or no slash."""
    if "/" not in text:
        raise AddressValueError(text)
    return IPv4Network(text)


def _address(text: str) -> IPv4Address:
    return IPv4Address(text)


def _flag(text: str) -> bool:
    try:
        return _YES[text.lower()]
    except KeyError:
        raise ValueError(text) from None


def _number(text: str, low: int, high: int) -> int:
    if not re.fullmatch(r"[0-9]{1,9}", text) or not low <= int(text) <= high:
        raise ValueError(text)
    return int(text)


def _name_words() -> str:
    return _("a name of small letters, digits and dashes that begins with a letter")


def _range_words() -> str:
    return _("a range such as 10.1.0.0/16, with no bits set behind the slash's length")
