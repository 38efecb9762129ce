"""Shell text to a tree: the POSIX grammar without functions, here-documents, globbing and arithmetic."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

MAX_TEXT = 64 * 1024
MAX_DEPTH = 40

_RESERVED = frozenset({"if", "then", "elif", "else", "fi", "while", "until", "do", "done", "for", "in", "case", "esac"})
_OPERATORS = ("&&", "||", ";;", ">>", ">&", "<&", "<>", "<<", "&>", "|", "&", ";", "<", ">", "(", ")", "\n")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_ASSIGN = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)=")
_SPECIAL = "?$#@*!-0123456789"


class SyntaxFault(ValueError):  # noqa: N818 - SyntaxError is Python's own
    """The text is not a command; the message is what comes behind `syntax error: `."""


@dataclass(frozen=True)
class Literal:
    text: str
    quoted: bool


@dataclass(frozen=True)
class Variable:
    """$NAME, or ${NAME OP WORD} with OP one of :- - := = :+ + # (length)."""

    name: str
    quoted: bool
    op: str = ""
    word: Word = ()


@dataclass(frozen=True)
class Substitution:
    """$(commands)."""

    body: Commands
    quoted: bool


Part: TypeAlias = Literal | Variable | Substitution
Word: TypeAlias = tuple[Part, ...]


@dataclass(frozen=True)
class Redirect:
    """`fd op word`; fd None: the operator's usual one."""

    fd: int | None
    op: str
    word: Word


@dataclass(frozen=True)
class Simple:
    assignments: tuple[tuple[str, Word], ...]
    words: tuple[Word, ...]
    redirects: tuple[Redirect, ...]


@dataclass(frozen=True)
class Group:
    """{ …; } or, with `own`, a subshell ( … )."""

    body: Commands
    own: bool
    redirects: tuple[Redirect, ...] = ()


@dataclass(frozen=True)
class If:
    arms: tuple[tuple[Commands, Commands], ...]
    otherwise: Commands | None
    redirects: tuple[Redirect, ...] = ()


@dataclass(frozen=True)
class While:
    condition: Commands
    body: Commands
    until: bool
    redirects: tuple[Redirect, ...] = ()


@dataclass(frozen=True)
class For:
    name: str
    words: tuple[Word, ...] | None
    body: Commands
    redirects: tuple[Redirect, ...] = ()


@dataclass(frozen=True)
class Case:
    word: Word
    arms: tuple[tuple[tuple[Word, ...], Commands], ...]
    redirects: tuple[Redirect, ...] = ()


Command: TypeAlias = Simple | Group | If | While | For | Case


@dataclass(frozen=True)
class Pipeline:
    commands: tuple[Command, ...]
    negated: bool


@dataclass(frozen=True)
class AndOr:
    """The first pipeline, then (operator, pipeline) pairs."""

    first: Pipeline
    rest: tuple[tuple[str, Pipeline], ...]
    background: bool = False


Commands: TypeAlias = tuple[AndOr, ...]


def parse(text: str) -> Commands:
    """The commands in `text`; SyntaxFault when it is not shell."""
    if len(text) > MAX_TEXT:
        raise SyntaxFault("the text is too long for the lab's shell")
    parser = _Parser(text)
    commands = parser.commands(())
    if not parser.at_end():
        raise parser.unexpected()
    return commands


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.depth = 0

    def at_end(self) -> bool:
        self.blank(newlines=True)
        return self.at >= len(self.text)

    def unexpected(self) -> SyntaxFault:
        self.blank()
        if self.at >= len(self.text):
            return SyntaxFault("unexpected end of file")
        found = self.operator() or self.text[self.at :].split()[0]
        return SyntaxFault("unexpected newline" if found == "\n" else f'unexpected "{found[:40]}"')

    def blank(self, *, newlines: bool = False) -> None:
        while self.at < len(self.text):
            if self.text.startswith("\\\n", self.at):
                self.at += 2
            elif self.text[self.at] in " \t\r" or (newlines and self.text[self.at] == "\n"):
                self.at += 1
            elif self.text[self.at] == "#":
                end = self.text.find("\n", self.at)
                self.at = len(self.text) if end < 0 else end
            else:
                return

    def operator(self) -> str:
        return next((op for op in _OPERATORS if self.text.startswith(op, self.at)), "")

    def take(self, *operators: str) -> str:
        self.blank()
        found = self.operator()
        if found in operators:
            self.at += len(found)
            return found
        return ""

    def peek_word(self) -> str:
        self.blank()
        found = re.compile(r"[A-Za-z{}!]+(?=[\s;&|()<>]|$)").match(self.text, self.at)
        return found.group() if found else ""

    def keyword(self, *words: str) -> str:
        found = self.peek_word()
        if found in words:
            self.at += len(found)
            return found
        return ""

    def need(self, word: str) -> None:
        self.blank(newlines=True)
        if not self.keyword(word):
            raise self.unexpected()

    def commands(self, until: tuple[str, ...]) -> Commands:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise SyntaxFault("the commands are nested too deeply for the lab's shell")
        found: list[AndOr] = []
        while True:
            self.blank(newlines=True)
            if self.at >= len(self.text) or self.peek_word() in until or self.operator() in (")", ";;"):
                break
            item = self.and_or()
            end = self.take(";", "&", "\n")
            found.append(AndOr(item.first, item.rest, end == "&"))
            if not end:
                break
        self.depth -= 1
        return tuple(found)

    def body(self, *until: str) -> Commands:
        found = self.commands(until)
        if not found:
            raise self.unexpected()
        return found

    def and_or(self) -> AndOr:
        first = self.pipeline()
        rest = []
        while op := self.take("&&", "||"):
            self.blank(newlines=True)
            rest.append((op, self.pipeline()))
        return AndOr(first, tuple(rest))

    def pipeline(self) -> Pipeline:
        negated = bool(self.keyword("!"))
        found = [self.command()]
        while self.take("|"):
            self.blank(newlines=True)
            found.append(self.command())
        return Pipeline(tuple(found), negated)

    def command(self) -> Command:
        self.blank()
        if self.take("("):
            body = self.body()
            if not self.take(")"):
                raise self.unexpected()
            return Group(body, True, self.redirects())
        word = self.peek_word()
        if word == "{":
            self.at += 1
            body = self.body("}")
            self.need("}")
            return Group(body, False, self.redirects())
        if word in ("if", "while", "until", "for", "case"):
            self.at += len(word)
            readers: dict[str, Callable[[], Command]] = {"if": self.if_, "for": self.for_, "case": self.case}
            return readers[word]() if word in readers else self.loop(word == "until")
        if word in _RESERVED - {"in"} or word == "}":
            raise self.unexpected()
        return self.simple()

    def if_(self) -> If:
        arms = []
        while True:
            condition = self.body("then")
            self.need("then")
            arms.append((condition, self.body("elif", "else", "fi")))
            if not self.keyword("elif"):
                break
        otherwise = self.body("fi") if self.keyword("else") else None
        self.need("fi")
        return If(tuple(arms), otherwise, self.redirects())

    def loop(self, until: bool) -> While:
        condition = self.body("do")
        self.need("do")
        body = self.body("done")
        self.need("done")
        return While(condition, body, until, self.redirects())

    def for_(self) -> For:
        self.blank()
        name = _NAME.match(self.text, self.at)
        if name is None:
            raise self.unexpected()
        self.at = name.end()
        words: list[Word] | None = None
        self.blank(newlines=True)
        if self.keyword("in"):
            words = []
            while (word := self.word()) is not None:
                words.append(word)
        self.take(";", "\n")
        self.need("do")
        body = self.body("done")
        self.need("done")
        return For(name.group(), None if words is None else tuple(words), body, self.redirects())

    def case(self) -> Case:
        word = self.word()
        if word is None:
            raise self.unexpected()
        self.need("in")
        arms = []
        while True:
            self.blank(newlines=True)
            if self.keyword("esac"):
                break
            self.take("(")
            patterns = []
            while True:
                pattern = self.word()
                if pattern is None:
                    raise self.unexpected()
                patterns.append(pattern)
                if not self.take("|"):
                    break
            if not self.take(")"):
                raise self.unexpected()
            arms.append((tuple(patterns), self.commands(("esac",))))
            self.blank(newlines=True)
            if not self.take(";;"):
                self.need("esac")
                break
        return Case(word, tuple(arms), self.redirects())

    def redirects(self) -> tuple[Redirect, ...]:
        found = []
        while (redirect := self.redirect()) is not None:
            found.append(redirect)
        return tuple(found)

    def redirect(self) -> Redirect | None:
        self.blank()
        number = re.compile(r"[0-9]{1,3}(?=[<>])").match(self.text, self.at)
        start = self.at
        if number is not None:
            self.at = number.end()
        op = self.operator()
        if op not in (">", ">>", "<", "<>", ">&", "<&", "&>"):
            if op == "<<":
                raise SyntaxFault("the lab's shell has no here-documents")
            self.at = start
            return None
        self.at += len(op)
        word = self.word()
        if word is None:
            raise self.unexpected()
        return Redirect(int(number.group()) if number else None, op, word)

    def simple(self) -> Simple:
        assignments: list[tuple[str, Word]] = []
        words: list[Word] = []
        redirects: list[Redirect] = []
        while True:
            redirect = self.redirect()
            if redirect is not None:
                redirects.append(redirect)
                continue
            assign = _ASSIGN.match(self.text, self.at) if not words else None
            if assign is not None:
                self.at = assign.end()
                assignments.append((assign.group(1), self.word(glued=True) or ()))
                continue
            word = self.word()
            if word is None:
                break
            words.append(word)
        if not (assignments or words or redirects):
            raise self.unexpected()
        return Simple(tuple(assignments), tuple(words), tuple(redirects))

    def word(self, *, glued: bool = False) -> Word | None:
        if not glued:
            self.blank()
        parts: list[Part] = []
        start = self.at
        while self.at < len(self.text):
            char = self.text[self.at]
            if char in " \t\r\n;&|<>()":
                break
            if char == "'":
                parts.append(Literal(self.until_quote(), True))
            elif char == '"':
                parts.extend(self.double())
            elif char == "\\":
                self.at += 1
                if self.at >= len(self.text):
                    parts.append(Literal("\\", True))
                elif self.text[self.at] == "\n":
                    self.at += 1
                else:
                    parts.append(Literal(self.text[self.at], True))
                    self.at += 1
            elif char in "$`":
                parts.append(self.dollar(quoted=False))
            else:
                run = re.compile(r"[^\s;&|<>()'\"\\$`]+").match(self.text, self.at)
                text = run.group() if run else char
                self.at += len(text)
                parts.append(Literal(text, False))
        return tuple(parts) if self.at > start else None

    def until_quote(self) -> str:
        end = self.text.find("'", self.at + 1)
        if end < 0:
            raise SyntaxFault("unterminated quoted string")
        text = self.text[self.at + 1 : end]
        self.at = end + 1
        return text

    def double(self) -> list[Part]:
        self.at += 1
        parts: list[Part] = [Literal("", True)]
        while True:
            if self.at >= len(self.text):
                raise SyntaxFault("unterminated quoted string")
            char = self.text[self.at]
            if char == '"':
                self.at += 1
                return parts
            if char in "$`":
                parts.append(self.dollar(quoted=True))
                continue
            if char == "\\" and self.text[self.at + 1 : self.at + 2] in ("$", "`", '"', "\\", "\n"):
                self.at += 1
                char = "" if self.text[self.at] == "\n" else self.text[self.at]
            self.at += 1
            parts.append(Literal(char, True))

    def dollar(self, *, quoted: bool) -> Part:
        if self.text[self.at] == "`":
            end = self.text.find("`", self.at + 1)
            if end < 0:
                raise SyntaxFault("unterminated quoted string")
            body = parse(self.text[self.at + 1 : end].replace("\\`", "`"))
            self.at = end + 1
            return Substitution(body, quoted)
        self.at += 1
        if self.text.startswith("((", self.at):
            raise SyntaxFault("the lab's shell has no arithmetic")
        if self.text.startswith("(", self.at):
            self.at += 1
            body = self.commands(())
            if not self.take(")"):
                raise self.unexpected()
            return Substitution(body, quoted)
        if self.text.startswith("{", self.at):
            return self.braces(quoted)
        name = _NAME.match(self.text, self.at)
        if name is not None:
            self.at = name.end()
            return Variable(name.group(), quoted)
        char = self.text[self.at : self.at + 1]
        if char and char in _SPECIAL:
            self.at += 1
            return Variable(char, quoted)
        return Literal("$", quoted)

    def braces(self, quoted: bool) -> Part:
        end = self.text.find("}", self.at)
        if end < 0:
            raise SyntaxFault("missing '}'")
        body = self.text[self.at + 1 : end]
        self.at = end + 1
        found = re.fullmatch(r"(#?)([A-Za-z_][A-Za-z0-9_]*|[0-9]+|[?$#@*!-])(?:(:?[-=+])(.*))?", body, re.DOTALL)
        if found is None:
            raise SyntaxFault("bad substitution")
        length, name, op, word = found.groups()
        inner = _Parser(word or "")
        inner.depth = self.depth + 1
        if inner.depth > MAX_DEPTH:
            raise SyntaxFault("the commands are nested too deeply for the lab's shell")
        return Variable(name, quoted, "#" if length else op or "", _whole(inner, quoted))


def _whole(parser: _Parser, quoted: bool) -> Word:
    """All of a parser's text as one word, blanks included."""
    parts: list[Part] = []
    while parser.at < len(parser.text):
        word = parser.word(glued=True)
        if word is not None:
            parts.extend(word)
        elif parser.at < len(parser.text):
            parts.append(Literal(parser.text[parser.at], quoted))
            parser.at += 1
    return tuple(parts)
