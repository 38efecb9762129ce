"""Scenario text to a tree of values that remember where they were written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import yaml

from lab.scenario.errors import ScenarioError
from rules.words import _

MAX_BYTES = 1024 * 1024
MAX_DEPTH = 30

_LOADER: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_OPENS = (
    yaml.BlockSequenceStartToken,
    yaml.BlockMappingStartToken,
    yaml.FlowSequenceStartToken,
    yaml.FlowMappingStartToken,
)
_CLOSES = (yaml.BlockEndToken, yaml.FlowSequenceEndToken, yaml.FlowMappingEndToken)


@dataclass(frozen=True)
class Where:
    """A place in a file; lines count from 1."""

    file: str
    line: int

    def __str__(self) -> str:
        return _("{file}, line {line}").format(file=self.file, line=self.line)


@dataclass(frozen=True)
class Scalar:
    """One word, number or block of text, as it was written. `kind` is text, number, bool or null."""

    where: Where
    kind: str
    text: str


@dataclass(frozen=True)
class Items:
    """A list."""

    where: Where
    values: tuple[Value, ...]


@dataclass(frozen=True)
class Section:
    """Keys with values, in the order they were written."""

    where: Where
    values: Mapping[str, Value]


Value: TypeAlias = Scalar | Items | Section

_KINDS = {
    "tag:yaml.org,2002:null": "null",
    "tag:yaml.org,2002:bool": "bool",
    "tag:yaml.org,2002:int": "number",
    "tag:yaml.org,2002:float": "number",
}


def read(path: Path, name: str) -> Section:
    """The keys and values of the file at `path`, which sentences call `name`; ScenarioError when it has none."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ScenarioError(
                _("{name}: the file is larger than 1 MiB; a scenario is a few pages of text.").format(name=name)
            )
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ScenarioError(
            _("{name}: the file cannot be read ({reason}); check the path.").format(name=name, reason=error.strerror)
        ) from error
    except UnicodeDecodeError as error:
        raise ScenarioError(_("{name}: the file is not UTF-8 text; save it as UTF-8.").format(name=name)) from error
    return parse(text, name)


def parse(text: str, name: str) -> Section:
    """The same for text that is already read."""
    try:
        _scan(text, name)
        node = yaml.compose(text, Loader=_LOADER)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = 1 if mark is None else mark.line + 1
        raise ScenarioError(
            _("{where}: this is not YAML ({problem}); check indentation, colons and quotes around that line.").format(
                where=Where(name, line), problem=error.problem or error.context
            )
        ) from error
    except yaml.YAMLError as error:
        raise ScenarioError(
            _("{name}: this is not YAML ({problem}); save it as plain text.").format(
                name=name, problem=" ".join(str(error).split())
            )
        ) from error
    if node is None:
        raise ScenarioError(
            _("{name}: the file is empty; start with `base: article` or copy a scenario.").format(name=name)
        )
    value = _value(node, name)
    if not isinstance(value, Section):
        raise ScenarioError(
            _(
                "{where}: expected keys with values, such as `title: …`; start with `base: article` or copy a scenario."
            ).format(where=value.where)
        )
    return value


def _scan(text: str, name: str) -> None:
    """Refuse what a scenario needs none of, before anything is built from it."""
    depth = 0
    for token in yaml.scan(text, Loader=_LOADER):
        if isinstance(token, yaml.AliasToken | yaml.AnchorToken | yaml.TagToken):
            raise ScenarioError(
                _("{where}: YAML anchors, aliases and tags are not used in scenarios; write the value out.").format(
                    where=Where(name, token.start_mark.line + 1)
                )
            )
        depth += isinstance(token, _OPENS) - isinstance(token, _CLOSES)
        if depth > MAX_DEPTH:
            raise ScenarioError(
                _("{where}: the values are nested too deeply; a scenario needs seven levels.").format(
                    where=Where(name, token.start_mark.line + 1)
                )
            )


def _value(node: yaml.Node, name: str) -> Value:
    where = Where(name, node.start_mark.line + 1)
    if isinstance(node, yaml.ScalarNode):
        return Scalar(where, _KINDS.get(node.tag, "text"), node.value)
    if isinstance(node, yaml.SequenceNode):
        return Items(where, tuple(_value(item, name) for item in node.value))
    values: dict[str, Value] = {}
    for key_node, value_node in node.value:
        line = Where(name, key_node.start_mark.line + 1)
        if not isinstance(key_node, yaml.ScalarNode):
            raise ScenarioError(_("{where}: a key must be one word or phrase.").format(where=line))
        if key_node.value in values:
            raise ScenarioError(
                _("{where}: the key `{key}` is there twice; keep one.").format(where=line, key=key_node.value)
            )
        value = _value(value_node, name)
        values[key_node.value] = _at(value, line)
    return Section(where, values)


def _at(value: Value, where: Where) -> Value:
    """The value, found where its key is: that is the line a person looks for."""
    if isinstance(value, Scalar):
        return Scalar(where, value.kind, value.text)
    return Items(where, value.values) if isinstance(value, Items) else Section(where, value.values)


def merge(base: Section, over: Section) -> Section:
    """`base` with the keys of `over` laid over it: sections merge, everything else is replaced, null removes."""
    values = dict(base.values)
    for key, value in over.values.items():
        below = values.get(key)
        if isinstance(value, Scalar) and value.kind == "null":
            values.pop(key, None)
        elif isinstance(value, Section) and isinstance(below, Section):
            values[key] = merge(below, value)
        else:
            values[key] = value
    return Section(over.where, values)
