"""Japanese: every sentence of the code is translated, and what a person sees is Japanese in straight columns."""

from __future__ import annotations

import ast
import html
import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable
from io import BytesIO
from pathlib import Path
from string import Formatter
from typing import Any

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po

from rules.report.plain import cells

HOUSE = Path(__file__).parent.parent.parent
CATALOGUE = HOUSE / "rules" / "locale" / "ja" / "LC_MESSAGES"
RECORDING = HOUSE / "screenshots" / "recording" / "before.json"
ROOMS = ("rules", "probes", "lab", "tui")
MAPPINGS = tomllib.loads((HOUSE / "pyproject.toml").read_text("utf-8"))["tool"]["babel"]["mappings"]
KEYWORDS = DEFAULT_KEYWORDS | {"N_": None, "plural": (1, 2)}
METHODS = [(entry["pattern"], entry["method"]) for entry in MAPPINGS]
JAPANESE = re.compile("[\u3041-\u30ff\u4e00-\u9fff]")


@pytest.fixture(scope="module")
def spoken() -> Catalog:
    """The sentences of the code as it is."""
    found = Catalog()
    for room in ROOMS:
        for _file, _line, sentence, _comments, _context in extract_from_dir(HOUSE / room, METHODS, keywords=KEYWORDS):
            found.add(sentence)
    return found


@pytest.fixture(scope="module")
def translated() -> Catalog:
    """The Japanese catalogue."""
    return read_po(BytesIO((CATALOGUE / "wayhome.po").read_bytes()), locale="ja")


def _ids(catalogue: Catalog) -> set[Any]:
    return {message.id for message in catalogue if message.id}


def _both(message: Message) -> tuple[list[str], list[str]]:
    """The English and the Japanese forms of a message."""
    english = [message.id] if isinstance(message.id, str) else list(message.id)
    japanese = [message.string] if isinstance(message.string, str) else list(message.string)
    return english, japanese


def _places(text: str) -> set[str]:
    """What is filled in later: `{name!r}` and the like, and argparse's `%s`."""
    try:
        named = {f"{{{name}!{how}:{spec}}}" for _text, name, spec, how in Formatter().parse(text) if name is not None}
    except ValueError:  # braces of an example, never filled in
        named = set()
    return named | set(re.findall(r"%(?:\(\w+\))?[sr]", text))


def test_every_sentence_of_the_code_is_in_the_catalogue_and_nothing_else(spoken: Catalog, translated: Catalog) -> None:
    hint = "`make locale` brings the catalogue up to date; then translate what is new"
    assert _ids(spoken) - _ids(translated) == set(), hint
    assert _ids(translated) - _ids(spoken) == set(), hint


def test_every_sentence_is_translated(translated: Catalog) -> None:
    assert [message.id for message in translated if message.id and (message.fuzzy or not all(_both(message)[1]))] == []


def test_translations_have_the_same_places_to_fill_in(translated: Catalog) -> None:
    wrong = []
    for message in translated:
        english, japanese = _both(message)
        wanted = set.union(*map(_places, english))
        wrong += [message.id for text in japanese if message.id and _places(text) != wanted]
    assert wrong == []


def test_translations_keep_the_spaces_at_their_ends_and_their_lines(translated: Catalog) -> None:
    def shape(text: str) -> tuple[bool, bool, int]:
        return text.startswith(" "), text.endswith(" "), text.count("\n")

    wrong = []
    for message in translated:
        english, japanese = _both(message)
        wrong += [message.id for text in japanese if message.id and shape(text) != shape(english[-1])]
    assert wrong == []


def test_the_compiled_catalogue_is_that_of_the_text(translated: Catalog) -> None:
    compiled = read_mo(BytesIO((CATALOGUE / "wayhome.mo").read_bytes()))

    def content(catalogue: Catalog) -> dict[Any, list[str]]:
        return {_both(message)[0][0]: _both(message)[1] for message in catalogue if message.id}

    assert content(compiled) == content(translated), "`make locale` compiles it"


def test_the_catalogue_names_no_person(translated: Catalog) -> None:
    said = dict(translated.mime_headers)
    assert "@" not in translated.header_comment + "".join(said.values())
    assert not said["Last-Translator"].strip()


def test_no_sentence_hides_in_an_f_string() -> None:
    """What collects the sentences does not look there."""
    hidden = []
    for file in (file for room in ROOMS for file in (HOUSE / room).rglob("*.py")):
        texts = [node for node in ast.walk(ast.parse(file.read_text("utf-8"))) if isinstance(node, ast.JoinedStr)]
        calls = [node for text in texts for node in ast.walk(text) if isinstance(node, ast.Call)]
        hidden += [f"{file}:{call.lineno}" for call in calls if _speaks(call)]
    assert hidden == []


def _speaks(call: ast.Call) -> bool:
    named = isinstance(call.func, ast.Name) and call.func.id in ("_", "N_", "plural")
    return named and isinstance(call.args[0], (ast.Constant, ast.JoinedStr))


def test_the_help_is_japanese_and_its_columns_are_straight(wayhome: Any) -> None:
    done = wayhome("--lang", "ja", "--help")
    assert done.code == 0, done.err
    lines = done.out.splitlines()
    assert all(JAPANESE.search(line) for line in lines if line)
    rows = [line for line in lines if line.startswith("  wayhome")]
    assert len(rows) > 8
    assert len({_column_of_the_last_word(row) for row in rows}) == 1


def _column_of_the_last_word(row: str) -> int:
    """Where the last column of a table's row begins, in cells."""
    return cells(row[: row.rindex("  ") + 2])


def test_scenarios_have_japanese_titles_and_a_page_in_english_says_so(wayhome: Any) -> None:
    listed = wayhome("--lang", "ja", "lab", "list").out.splitlines()
    assert "帰り道を見つけられなかった応答" in listed[0]
    assert [line for line in listed if not JAPANESE.search(line)] == []
    page = wayhome("--lang", "ja", "causes", "RC01").out.splitlines()
    assert JAPANESE.search(page[0])
    assert "英語" in page[1]
    assert wayhome("causes", "RC01").out.startswith("# RC01")


def test_the_help_of_a_command_is_japanese_to_the_last_heading(wayhome: Any) -> None:
    done = wayhome("diagnose", "--help", "--lang=ja")
    assert done.code == 0, done.err
    assert done.out.startswith("使い方: wayhome diagnose")
    assert not re.search("usage:|options:|arguments:|show this", done.out)


def test_a_wrong_option_is_a_japanese_sentence(wayhome: Any) -> None:
    done = wayhome("--lang", "ja", "runs", "--no-such")
    assert done.code == 2
    assert done.sentence == "不明な引数です: --no-such。使い方は `wayhome runs --help` で表示できます。"


@pytest.mark.parametrize(
    ("words", "variables"),
    [(["--lang", "ja"], {}), ([], {"LANG": "ja_JP.UTF-8"}), ([], {"LANGUAGE": "ja:en"})],
    ids=["--lang", "LANG", "LANGUAGE"],
)
def test_a_diagnosis_is_japanese_and_its_columns_are_straight(
    words: list[str], variables: dict[str, str], wayhome: Any, environment: dict[str, str]
) -> None:
    environment.update(variables)
    done = wayhome("diagnose", "--snapshot", str(RECORDING), *words)
    assert done.code == 1, done.err
    lines = done.out.splitlines()
    assert lines[0].startswith("✗ 不通  default/my-pod")
    assert all(cells(line) <= 80 for line in lines if not line.startswith("      "))
    assert "担当 project-b)。" in "".join(line.strip() for line in lines[:4])
    headings = [line for line in lines if line and line[0] not in " ✗"]
    assert len(headings) >= 8
    assert all(JAPANESE.search(line) for line in headings)
    head, *rows = lines[lines.index("project-b/vpc-b のルート") + 1 :][:4]
    kinds = {cells(re.match(r"  \S \S+ +", row)[0]) for row in rows}  # type: ignore[index]  # rows look so
    assert kinds == {cells(head[: head.index("種別")])}


DRAW = """
import asyncio, importlib.util, json, sys
from pathlib import Path
from rules import words
words.use("ja")
from tui import shots
from tui.app import Start
spec = importlib.util.spec_from_file_location("fakes", "tests/tui/conftest.py")
fakes = sys.modules["fakes"] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(fakes)
recording = shots.load(Path("screenshots/recording"))
found = {}
for name, keys in json.loads(sys.argv[1]).items():
    shot = shots.Shot(name, tuple(keys), (80, 24), start=name == "start")
    lesson = name.startswith("lesson")
    app = fakes.House().app(Start(scenario="article", lesson=True)) if lesson else shots.app_for(shot, recording)
    found[name] = asyncio.run(shots.photograph(app, shot))
json.dump(found, sys.stdout)
"""
PREDICTED = ("enter", "enter", "enter", "enter", "down", "enter")
ANSWERED = ("enter", "down", "enter", "down", "enter", "down", "enter")
SCREENS = {
    "start": (),
    "steps": ("a",),
    "verdict": ("a", "2"),
    "path": ("a", "3"),
    "routes": ("a", "4"),
    "fixes": ("a", "5"),
    "evidence": ("a", "6"),
    "consent": ("a", "5", "enter"),
    "proof": ("a", "5", "enter", *"ip-masq-agent", "enter"),
    "help": ("a", "3", "f1"),
    "write": ("a", "w"),
    "lesson": (),
    "lesson answered": (*PREDICTED, *ANSWERED),
}
CELL, LINE = 12.2, 24.4
TEXT = re.compile(
    r'<text [^>]*x="([\d.]+)" y="([\d.]+)" textLength="([\d.]+)" clip-path="[^"]*-line-\d+\)">([^<]*)</text>'
)


@pytest.fixture(scope="module")
def screens() -> dict[str, list[str]]:
    """The screens at 80x24, drawn by a process that chose Japanese before it imported the app."""
    done = subprocess.run(
        [sys.executable, "-c", DRAW, json.dumps(SCREENS)],
        cwd=HOUSE,
        env={**os.environ, "PYTHONUTF8": "1"},
        capture_output=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    return {name: _rows(svg) for name, svg in json.loads(done.stdout).items()}


def _rows(svg: str) -> list[str]:
    """The rows of a screen; every text stands in its picture where its cells are."""
    rows = [""] * 24
    for x, y, length, text in TEXT.findall(svg):
        words = html.unescape(text).replace("\xa0", " ").rstrip("\n")
        if not words:
            continue
        row, column = round((float(y) - 20) / LINE), round(float(x) / CELL)
        assert cells(rows[row]) <= column
        assert words.isspace() or float(length) == pytest.approx(cells(words) * CELL, abs=0.1)
        rows[row] += " " * (column - cells(rows[row])) + words
    return rows


def _columns(rows: Iterable[str], mark: str) -> set[int]:
    """In which cells the first match of `mark` stands in the rows that have one."""
    found = (re.search(mark, row) for row in rows)
    return {cells(each.string[: each.start()]) for each in found if each}


@pytest.mark.screen
@pytest.mark.parametrize("name", SCREENS)
def test_a_screen_is_japanese_and_fits(name: str, screens: dict[str, list[str]], translated: Catalog) -> None:
    rows = screens[name]
    whole = "\n".join(rows)
    assert len(JAPANESE.findall(whole)) > 30, whole
    assert all(cells(row) <= 80 for row in rows), whole
    footer = rows[-1]
    assert JAPANESE.search(footer), whole
    assert footer.rstrip().endswith(("ヘルプ", "閉じる", "何もしない")), footer
    english = [_both(message)[0][0] for message in translated if message.id]
    assert [words for words in english if len(words) > 14 and words in whole] == [], whole


@pytest.mark.screen
def test_the_columns_of_japanese_screens_are_straight(screens: dict[str, list[str]]) -> None:
    assert len(_columns(screens["steps"][3:7], "[✓✗·]")) == 1
    assert len(_columns(screens["path"][4:], "(?<=\\d) [^ ]+ +[a-z]")) == 1
    routes = screens["routes"][4:16]
    assert _columns(routes, "ネクストホップ") == _columns(routes, "(ピアリング|ネットワーク|VM) [a-z]|default-internet")
    assert len(_columns(screens["fixes"][3:12], "担当|project-[ab]")) == 1
    assert len(_columns(screens["fixes"][3:12], "単独|いいえ|十分か")) == 1
    borders = [row for row in screens["consent"] if "│" in row]
    assert len(borders) > 10
    assert {cells(row[: row.rindex("│")]) for row in borders} == {77}
