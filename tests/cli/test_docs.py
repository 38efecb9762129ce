"""What README, CONTRIBUTING and docs/ say exists: commands, options, remedies, scenarios, files, keys."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from lab import scenario
from rules import remedies
from tui.cli.dispatch import commands
from tui.cli.lab import known as known_to_lab

HOUSE = Path(__file__).parent.parent.parent
PAGES = [HOUSE / "README.md", HOUSE / "CONTRIBUTING.md", HOUSE / "CHANGELOG.md", *sorted((HOUSE / "docs").glob("*.md"))]
README = (HOUSE / "README.md").read_text("utf-8")
PLACEHOLDER = re.compile(r"[A-Z]{2,}|\[.*")

Wayhome = Callable[..., Any]


def typed(page: Path) -> Iterator[list[str]]:
    """Every `wayhome …` line of code in a page, as words, without its remark."""
    text = page.read_text("utf-8")
    blocks = re.findall(r"^```\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    lines = [line for block in blocks for line in block.splitlines()]
    lines += re.findall(r"`(wayhome [^`]*)`", text)
    for line in lines:
        found = re.match(r"\s*(wayhome( .*)?)$", re.split(r"\s{2,}", line.strip(), maxsplit=1)[0])
        if found and "…" not in line:
            yield shlex.split(found[1].replace("$(wayhome lab env)", ""), comments=True)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_that_pages_show_exist(page: Path) -> None:
    known = {command.name for command in commands()}
    for words in typed(page):
        for word in words[1:2]:
            assert word in known or word.startswith("--") or PLACEHOLDER.match(word) or word.endswith(","), words
        match words[1:]:
            case ["lab", word, *rest] if not PLACEHOLDER.match(word):
                assert word.rstrip(",") in known_to_lab(), words
                if word == "start" and rest and not PLACEHOLDER.match(rest[0]) and "." not in rest[0]:
                    assert rest[0] in scenario.names(), words
            case ["apply", remedy, *_rest] if not (PLACEHOLDER.match(remedy) or remedy.startswith("--")):
                assert remedy in {one.id for one in remedies.load()}, words


def test_readme_lists_every_command() -> None:
    listed = re.findall(r"^\| `wayhome ([a-z]+)", README, re.MULTILINE)
    assert listed == [command.name for command in commands()]


def test_readme_begins_with_a_sentence_a_picture_and_two_commands() -> None:
    parts = README.split("\n\n")
    assert parts[0] == "# wayhome"
    assert parts[1].startswith("wayhome finds out")
    assert parts[2].startswith("![")
    assert [line.split()[:2] for line in parts[3].strip("`\n").splitlines()] == [["make", "run"], ["make", "test"]]


def test_options_in_readme_exist(wayhome: Wayhome) -> None:
    shown = "".join(
        wayhome(*words, "--help").out for words in ([], ["diagnose"], ["apply"], ["rollback"], ["lab", "start"])
    )
    for option in set(re.findall(r"`(--[a-z-]+)", README)):
        assert option in shown, option


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\(([^)#]+)", page.read_text("utf-8")):
        if not link.startswith("https://"):
            assert (page.parent / link).exists(), link


def test_make_targets_in_pages_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (HOUSE / "Makefile").read_text("utf-8"), re.MULTILINE))
    for page in PAGES:
        for target in re.findall(r"`make ([a-z-]+)`", page.read_text("utf-8")):
            assert target in targets, (page.name, target)


def test_keys_are_those_of_the_program() -> None:
    done = subprocess.run([sys.executable, "-m", "tui.commands"], capture_output=True, text=True, check=True, cwd=HOUSE)
    assert (HOUSE / "docs" / "keys.md").read_text("utf-8") == done.stdout


def test_no_page_names_a_machine() -> None:
    for page in [*PAGES, HOUSE / "Makefile", HOUSE / "constraints.txt", HOUSE / ".ci" / "run"]:
        text = page.read_text("utf-8")
        assert not re.search(r"/(home|root|work|Users)/", text), page.name
        assert "index-url" not in text, page.name
