"""`diagnose --snapshot`: the verdict from a file, without lab, network, screen or clients."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from rules import schemas, snapshot
from tui.cli import files
from tui.cli.failures import CliError

Wayhome = Callable[..., Any]

HEAVY = ("textual", "rich", "google", "kubernetes", "networkx", "requests", "urllib3", "aiohttp", "cryptography", "lab")

LOADED = """
import sys
from tui.__main__ import main
sys.argv = ["wayhome", {args}]
code = main()
print(sorted(set(name.partition(".")[0] for name in sys.modules) & {heavy}), file=sys.stderr)
sys.exit(code)
"""


def test_the_verdict_as_text(wayhome: Wayhome, article_file: str) -> None:
    done = wayhome("diagnose", "--snapshot", article_file)
    assert (done.code, done.err) == (1, "")
    assert "BROKEN" in done.out
    assert "project-b/vpc-b" in done.out
    assert "RC01" in done.out
    assert "\x1b" not in done.out
    assert max(len(line) for line in done.out.splitlines()) <= 80


def test_the_verdict_as_json_validates(wayhome: Wayhome, article_file: str) -> None:
    done = wayhome("diagnose", "--snapshot", article_file, "--json")
    assert (done.code, done.err) == (1, "")
    judged = json.loads(done.out)
    jsonschema.validate(judged, json.loads(schemas.report()))
    assert judged["verdict"] == "broken"
    assert judged["broken"]["direction"] == "return"
    assert judged["broken"]["at"] == {"project": "project-b", "network": "vpc-b"}
    assert judged["broken"]["owner"] == "project-b"


def test_what_is_saved_is_what_was_read(wayhome: Wayhome, article_file: str, tmp_path: Path) -> None:
    copy = tmp_path / "copy.json"
    done = wayhome("diagnose", "--snapshot", article_file, "--save", str(copy))
    assert done.code == 1
    assert copy.stat().st_mode & 0o077 == 0
    text = copy.read_text("utf-8")
    jsonschema.validate(json.loads(text), json.loads(schemas.snapshot()))
    assert snapshot.loads(text) == snapshot.loads(Path(article_file).read_text("utf-8"))
    again = wayhome("diagnose", "--snapshot", str(copy))
    assert again.out == done.out


def test_another_question_to_the_same_recording(wayhome: Wayhome, article_file: str) -> None:
    asked = ("diagnose", "--snapshot", article_file, "--json")
    same = wayhome(*asked, "my-pod", "http://10.2.0.10/health")
    assert same.out == wayhome(*asked).out
    other = wayhome(*asked, "my-pod", "10.2.0.99:5432")
    assert other.code in (1, 4)
    assert "10.2.0.99" in other.out
    nobody = wayhome(*asked, "no-such-pod", "10.2.0.10")
    assert nobody.code in (2, 4)


def test_a_terminal_without_unicode_gets_ascii(
    wayhome: Wayhome, environment: dict[str, str], article_file: str
) -> None:
    environment["PYTHONIOENCODING"] = "ascii"
    done = wayhome("diagnose", "--snapshot", article_file)
    assert done.code == 1
    assert done.out.isascii()
    assert "?" * 3 not in done.out
    json_text = wayhome("diagnose", "--snapshot", article_file, "--json").out
    assert json_text.isascii()
    assert json.loads(json_text)["verdict"] == "broken"


@pytest.mark.parametrize(
    ("args", "allowed"),
    [
        (["diagnose", "--snapshot", "FILE"], set()),
        (["diagnose", "--snapshot", "FILE", "--json"], set()),
        (["causes"], set()),
        (["runs"], set()),
        (["--help"], set()),
        (["apply", "x", "my-pod", "10.2.0.10"], set()),
        (["lab", "list"], {"lab"}),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_no_heavy_import(environment: dict[str, str], article_file: str, args: list[str], allowed: set[str]) -> None:
    words = ", ".join(repr(article_file if word == "FILE" else word) for word in args)
    program = LOADED.format(args=words, heavy=set(HEAVY))
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=False)
    assert done.stderr.splitlines()[-1] == str(sorted(allowed))


def test_a_file_of_an_editor_that_marks_utf_8(article_file: str, tmp_path: Path) -> None:
    marked = tmp_path / "marked.json"
    marked.write_bytes(b"\xef\xbb\xbf" + Path(article_file).read_bytes())
    assert files.read_snapshot(str(marked)) == files.read_snapshot(article_file)


def test_a_device_without_an_end_is_not_read_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshot, "MAX_BYTES", 1000)
    with pytest.raises(CliError, match="is larger than"):
        files.read_snapshot("/dev/zero")
