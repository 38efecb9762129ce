"""The `filter` parameter of Compute's list methods.

Two languages, as the API documents them, that one expression must not mix: `FIELD eq|ne REGEX` (the whole value must
match), in parentheses when there are several, all of which must hold; and AIP-160 (`=`, `!=`, `<`, `<=`, `>`, `>=`, `:`
with AND, OR, NOT and parentheses; OR binds tighter than AND, and terms side by side must all hold).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from lab.compute.errors import ApiError, invalid
from lab.compute.links import relative
from lab.store import Object

Test = Callable[[Object], bool]

MAX_LENGTH = 8192
MAX_DEPTH = 64
_TOKEN = re.compile(
    r"""\s*(?:
      (?P<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
    | (?P<operator><=|>=|!=|=|<|>|:)
    | (?P<paren>[()])
    | (?P<word>[^\s()"'<>=!:]+)
    )""",
    re.VERBOSE | re.DOTALL,
)
_LITERAL = re.compile(r"\s*")
_NESTED_REPEAT = re.compile(r"[*+}]\)[*+{]")


def compile_filter(text: str) -> Test:
    """The test that a filter stands for; ApiError 400 in Google's words when it is not a filter."""
    if len(text) > MAX_LENGTH:
        raise invalid("filter", text[:80] + "…", "The filter is too long.")
    try:
        return _Parser(text).parse()
    except (_SyntaxError, re.error) as error:
        raise _bad(text) from error


def _bad(text: str) -> ApiError:
    return invalid("filter", text, "Invalid list filter expression.")


class _SyntaxError(ValueError):
    pass


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    end: int


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.depth = 0
        self.kinds: set[str] = set()

    def parse(self) -> Test:
        test = self.expression()
        if self.peek() is not None or len(self.kinds) > 1:
            raise _SyntaxError
        return test

    def expression(self) -> Test:
        tests = [self.sequence()]
        while self.keyword("AND"):
            tests.append(self.sequence())
        return _all(tests)

    def sequence(self) -> Test:
        tests = [self.factor()]
        while (token := self.peek()) is not None and token.text not in (")", "AND"):
            tests.append(self.factor())
        return _all(tests)

    def factor(self) -> Test:
        tests = [self.term()]
        while self.keyword("OR"):
            tests.append(self.term())
        return tests[0] if len(tests) == 1 else lambda item: any(test(item) for test in tests)

    def term(self) -> Test:
        if self.keyword("NOT"):
            inner = self.simple()
            return lambda item: not inner(item)
        token = self.peek()
        if token is not None and token.kind == "word" and token.text.startswith("-") and len(token.text) > 1:
            self.at = self.text.index("-", self.at) + 1
            inner = self.simple()
            return lambda item: not inner(item)
        return self.simple()

    def simple(self) -> Test:
        token = self.take()
        if token.text == "(" and token.kind == "paren":
            self.depth += 1
            if self.depth > MAX_DEPTH:
                raise _SyntaxError
            test = self.expression()
            if self.take().text != ")":
                raise _SyntaxError
            self.depth -= 1
            return test
        if token.kind != "word" or token.text in ("AND", "OR", "NOT"):
            raise _SyntaxError
        return self.comparison(token.text)

    def comparison(self, field: str) -> Test:
        operator = self.take()
        if operator.kind == "word" and operator.text in ("eq", "ne"):
            self.kinds.add("regex")
            return _regex(field, self.literal(), negated=operator.text == "ne")
        if operator.kind != "operator":
            raise _SyntaxError
        self.kinds.add("aip")
        value = self.take()
        if value.kind == "string":
            return _compare(field, operator.text, _unquote(value.text))
        if value.kind != "word":
            raise _SyntaxError
        end = value.end
        while end < len(self.text) and self.text[end] in ":=" and not self.text[end].isspace():
            more = re.compile(r"[^\s()]+").match(self.text, end)
            end = more.end() if more else end + 1
        word = value.text + self.text[value.end : end]
        self.at = end
        return _compare(field, operator.text, word)

    def literal(self) -> str:
        """The regular expression behind `eq`: quoted, or everything up to a space or an unmatched parenthesis."""
        token = _TOKEN.match(self.text, self.at)
        if token is not None and token.lastgroup == "string":
            self.at = token.end()
            body = token["string"]
            return body[1:-1].replace("\\" + body[0], body[0])
        spaces = _LITERAL.match(self.text, self.at)
        start = end = spaces.end() if spaces else self.at
        depth = 0
        while end < len(self.text) and not self.text[end].isspace():
            depth += {"(": 1, ")": -1}.get(self.text[end], 0)
            if depth < 0:
                break
            end += 1
        if start == end:
            raise _SyntaxError
        self.at = end
        return self.text[start:end]

    def peek(self) -> _Token | None:
        if not self.text[self.at :].strip():
            return None
        found = _TOKEN.match(self.text, self.at)
        if found is None or found.lastgroup is None:
            raise _SyntaxError
        return _Token(found.lastgroup, found[found.lastgroup], found.end())

    def take(self) -> _Token:
        token = self.peek()
        if token is None:
            raise _SyntaxError
        self.at = token.end
        return token

    def keyword(self, word: str) -> bool:
        token = self.peek()
        if token is None or token.kind != "word" or token.text != word:
            return False
        self.at = token.end
        return True


def _all(tests: list[Test]) -> Test:
    return tests[0] if len(tests) == 1 else lambda item: all(test(item) for test in tests)


def _unquote(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text[1:-1], flags=re.DOTALL)


def values(item: Any, path: str) -> Iterator[Any]:
    """Every value at a dotted path; a list stands for each of its elements."""
    if isinstance(item, list):
        for element in item:
            yield from values(element, path)
        return
    if not path:
        yield item
        return
    if not isinstance(item, dict):
        return
    head, _, rest = path.partition(".")
    if head in item:
        yield from values(item[head], rest)
    elif path in item:
        yield from values(item[path], "")


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _regex(field: str, pattern: str, *, negated: bool) -> Test:
    if _NESTED_REPEAT.search(pattern):
        raise _SyntaxError
    wanted = re.compile(pattern, re.DOTALL)

    def test(item: Object) -> bool:
        matched = any(wanted.fullmatch(_text(value)) is not None for value in values(item, field))
        return matched is not negated

    return test


def _compare(field: str, operator: str, operand: str) -> Test:
    if operator == "!=":
        equal = _compare(field, "=", operand)
        return lambda item: not equal(item)
    if operator == ":" and operand == "*":
        return lambda item: any(True for _ in values(item, field))
    check = _has(operand) if operator == ":" else _equals(operand) if operator == "=" else _order(operator, operand)
    return lambda item: any(check(value) for value in values(item, field))


def _equals(operand: str) -> Callable[[Any], bool]:
    if "*" in operand:
        wanted = re.compile(".*".join(re.escape(piece) for piece in operand.split("*")), re.DOTALL)
        return lambda value: wanted.fullmatch(_text(value)) is not None

    def check(value: Any) -> bool:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return _number(operand) == value
        text = _text(value)
        return text == operand or ("://" in operand and "/projects/" in text and relative(text) == relative(operand))

    return check


def _has(operand: str) -> Callable[[Any], bool]:
    equal = _equals(operand)

    def check(value: Any) -> bool:
        if isinstance(value, dict):
            return operand in value
        return equal(value) or (isinstance(value, str) and operand.strip("*").lower() in value.lower())

    return check


def _order(operator: str, operand: str) -> Callable[[Any], bool]:
    compare: Callable[[Any, Any], bool] = {
        "<": lambda left, right: left < right,
        "<=": lambda left, right: left <= right,
        ">": lambda left, right: left > right,
        ">=": lambda left, right: left >= right,
    }[operator]
    limit = _number(operand)

    def check(value: Any) -> bool:
        found = _number(_text(value))
        if limit is not None and found is not None:
            return compare(found, limit)
        return compare(_text(value), operand)

    return check


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
