"""Help, usage errors and everything a person can get wrong before a cluster is asked: one sentence, the right code."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rules.version import __version__
from tui.cli.dispatch import commands
from tui.cli.lab import known

Wayhome = Callable[..., Any]
NAMES = [command.name for command in commands()]
LAB = list(known())


def test_help_lists_what_is_built_and_nothing_else(wayhome: Wayhome) -> None:
    done = wayhome("--help")
    assert (done.code, done.err) == (0, "")
    listed = [line.split()[1] for line in done.out.splitlines() if line.startswith("  wayhome ") and line[10] != " "]
    assert listed == NAMES
    assert max(len(line) for line in done.out.splitlines()) <= 100


@pytest.mark.parametrize("words", [*([name] for name in NAMES), *(["lab", name] for name in LAB)], ids=" ".join)
def test_every_command_explains_itself(wayhome: Wayhome, words: list[str]) -> None:
    done = wayhome(*words, "--help")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith(f"usage: wayhome {' '.join(words)}")


def test_version(wayhome: Wayhome) -> None:
    assert wayhome("--version").out == f"wayhome {__version__}\n"


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["diagnos"], "Did you mean diagnose?"),
        (["served"], "no command 'served'"),
        (["--frobnicate"], "unrecognized arguments: --frobnicate"),
        (["--practise", "artcle"], "Did you mean article?"),
        (["diagnose"], "POD and TARGET are missing"),
        (["diagnose", "my-pod"], "TARGET is missing"),
        (["diagnose", "My_Pod", "10.2.0.10"], "cannot be a pod's name"),
        (["diagnose", "my-pod", "10.2.0"], "not an IPv4 address"),
        (["diagnose", "my-pod", "fd00::1"], "IPv6"),
        (["diagnose", "my-pod", "http://example.internal/"], "is a name"),
        (["diagnose", "my-pod", "10.2.0.10", "--local", "x"], "is a name"),
        (["diagnose", "my-pod", "10.2.0.10", "--host", "a b[/x]"], "'a b[/x]' is not a host's name"),
        (["diagnose", "my-pod", "10.2.0.10", "--host", "10.2.0.11"], "is not a host's name"),
        (["apply", "masquerade-minimal", "my-pod", "10.2.0.10", "--host", "a b"], "is not a host's name"),
        (["check", "my-pod", "10.2.0.10", "--host", "a b"], "is not a host's name"),
        (["diagnose", "my-pod", "10.2.0.10", "--host", "db", "--snapshot", "x.json"], "--host measures"),
        (["diagnose", "my-pod", "10.2.0.10", "--jso"], "unrecognized arguments"),
        (["diagnose", "my-pod", "10.2.0.10", "--save", "nix/case.json"], "There is no folder nix"),
        (["diagnose", "my-pod", "10.2.0.10", "--save", "."], "is a folder"),
        (["diagnose", "my-pod", "10.2.0.10", "--kubeconfig", "nix"], "nix"),
        (["apply", "masquerade-minmal", "my-pod", "10.2.0.10"], "Did you mean masquerade-minimal"),
        (["apply", "masquerade-minimal", "my-pod", "10.2.0.10", "--read-only"], "--dry-run"),
        (["rollback", "nix"], "no run 'nix'"),
        (["rollback"], "nothing to take back"),
        (["open", "nix.json"], "nix.json cannot be read"),
        (["snapshot", "nix", "my-pod", "10.2.0.10"], "nix is not a folder"),
        (["snapshot", "."], "POD and TARGET are missing"),
        (["causes", "RC99"], "no cause 'RC99'"),
        (["lab", "mark"], "no command 'mark'"),
        (["lab", "strat"], "Did you mean start"),
        (["lab", "start"], "SCENARIO"),
        (["lab", "start", "artcle"], "Did you mean article?"),
        (["lab", "start", "article", "--speed", "0"], "not a number from 1 to 1000"),
        (["lab", "start", "article", "--speed", "nan"], "not a number from 1 to 1000"),
        (["lab", "start", "article", "--port", "99999"], "not a port"),
        (["lab", "start", "./nix.yaml"], "nix.yaml"),
        (["lab", "env"], "No lab is running"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_usage_errors(wayhome: Wayhome, args: list[str], says: str) -> None:
    done = wayhome(*args)
    assert (done.code, done.out) == (2, "")
    assert says in done.sentence


def test_a_broken_scenario_file_is_named_with_its_line(wayhome: Wayhome, tmp_path: Path) -> None:
    (tmp_path / "cwd" / "mine.yaml").write_text("base: article\nprojects:\n  project-a: 7\n")
    done = wayhome("lab", "start", "./mine.yaml")
    assert (done.code, done.out) == (2, "")
    assert "mine.yaml" in done.sentence
    assert "3" in done.sentence


def test_no_cluster_anywhere(wayhome: Wayhome) -> None:
    done = wayhome("diagnose", "my-pod", "10.2.0.10")
    assert (done.code, done.out) == (3, "")
    assert "kubeconfig" in done.sentence


def test_a_context_that_does_not_exist(wayhome: Wayhome, tmp_path: Path) -> None:
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "here",
        "clusters": [{"name": "here", "cluster": {"server": "https://127.0.0.1:9"}}],
        "users": [{"name": "me", "user": {"token": "t"}}],
        "contexts": [{"name": "here", "context": {"cluster": "here", "user": "me"}}],
    }
    path = tmp_path / "config"
    path.write_text(json.dumps(config))
    done = wayhome("diagnose", "my-pod", "10.2.0.10", "--kubeconfig", str(path), "--context", "ther")
    assert (done.code, done.out) == (2, "")
    assert "ther" in done.sentence
    assert "here" in done.sentence
    done = wayhome("diagnose", "my-pod", "10.2.0.10", "--kubeconfig", str(path))
    assert (done.code, done.out) == (3, "")
    assert "lab is not running" in done.sentence


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "not complete JSON"),
        ('{"schema": "wayhome.snapshot/1", "question"', "not complete JSON"),
        ('{"schema": "wayhome.snapshot/9"}', "schema wayhome.snapshot/9"),
        ('{"schema": "wayhome.snapshot/1"}', "damaged"),
        ('{"kind": "PodList"}', 'no "schema"'),
        ("[" * 100_000, "not complete JSON"),
        (b"\xff\xfe\x00", "not UTF-8"),
    ],
    ids=["empty", "cut off", "other schema", "no question", "something else", "too deep", "binary"],
)
@pytest.mark.parametrize("command", [["diagnose", "--snapshot"], ["open"]], ids=" ".join)
def test_files_that_are_no_snapshot(
    wayhome: Wayhome, tmp_path: Path, command: list[str], content: str | bytes, says: str
) -> None:
    path = tmp_path / "case.json"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    done = wayhome(*command, str(path))
    assert (done.code, done.out) == (2, "")
    assert says in done.sentence
    assert str(path) in done.sentence


def test_a_recording_cut_anywhere_is_refused_with_a_sentence(
    wayhome: Wayhome, tmp_path: Path, article_text: str
) -> None:
    path = tmp_path / "case.json"
    for part in (0.2, 0.5, 0.99):
        path.write_text(article_text[: int(len(article_text) * part)])
        done = wayhome("diagnose", "--snapshot", str(path))
        assert (done.code, done.out) == (2, "")
        assert "not complete JSON" in done.sentence


def test_without_a_terminal_the_app_says_what_to_do(wayhome: Wayhome, article_file: str) -> None:
    for args in ([], ["open", article_file], ["--practise", "article"]):
        done = wayhome(*args)
        assert (done.code, done.out) == (2, "")
        assert "wayhome diagnose" in done.sentence


def test_on_a_dumb_terminal_the_app_says_what_to_do(environment: dict[str, str]) -> None:
    ours, theirs = pty.openpty()
    try:
        done = subprocess.run(
            [sys.executable, "-m", "tui"],
            env={**environment, "TERM": "dumb"},
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            timeout=60,
            check=False,
        )
        said = os.read(ours, 4096).decode()
    finally:
        os.close(ours)
        os.close(theirs)
    assert done.returncode == 2
    assert "wayhome diagnose" in said
    assert "\x1b" not in said


def test_causes_and_their_pages(wayhome: Wayhome) -> None:
    listed = wayhome("causes")
    assert (listed.code, listed.err) == (0, "")
    known = [line.split()[0] for line in listed.out.splitlines()]
    assert known[0] == "RC01"
    for cause in known:
        page = wayhome("causes", cause.lower())
        assert page.out.startswith(f"# {cause} ")
    assert wayhome("causes", "1").out == wayhome("causes", "RC01").out


def test_scenarios_are_listed(wayhome: Wayhome) -> None:
    done = wayhome("lab", "list")
    assert done.code == 0
    names = [line.split()[0] for line in done.out.splitlines()]
    assert names[0] == "article"
    assert {"healthy-routes-based", "healthy-vpc-native"} < set(names)


def test_status_and_stop_without_a_lab(wayhome: Wayhome) -> None:
    assert wayhome("lab", "status").code == 2
    assert wayhome("lab", "stop").code == 0


def test_no_runs_yet(wayhome: Wayhome) -> None:
    done = wayhome("runs")
    assert (done.code, done.out) == (0, "")
    assert json.loads(wayhome("runs", "--json").out) == []


@pytest.mark.parametrize("words", [["--lang", "xx", "runs"], ["runs", "--lang=xx"], ["runs", "--lang", "[/x]"]])
def test_a_language_that_is_not_spoken_is_named(wayhome: Wayhome, words: list[str]) -> None:
    done = wayhome(*words)
    assert done.code == 2
    assert "does not speak" in done.sentence
    assert "it speaks en" in done.sentence


def test_a_language_must_be_named(wayhome: Wayhome) -> None:
    done = wayhome("runs", "--lang")
    assert done.code == 2
    assert done.sentence.startswith("--lang needs a language")


@pytest.mark.parametrize("words", [["--lang", "en", "runs"], ["runs", "--lang=en_GB.UTF-8"]])
def test_a_language_may_stand_anywhere(wayhome: Wayhome, words: list[str]) -> None:
    assert wayhome(*words).out == wayhome("runs").out
