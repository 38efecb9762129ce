"""What cannot be foreseen ends in one sentence and an exit code; signals and closed pipes end quietly."""

from __future__ import annotations

import os
import pty
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Wayhome = Callable[..., Any]
HOUSE = Path(__file__).parent.parent.parent

PATCHED = """
import sys
from tui.cli import causes
from tui.cli.dispatch import run
def instead(argv):
    {body}
causes.run = instead
sys.exit(run(["causes"]))
"""


def patched(body: str) -> list[str]:
    return [sys.executable, "-c", PATCHED.format(body=body)]


def test_an_unexpected_error_names_its_log(environment: dict[str, str], tmp_path: Path) -> None:
    done = subprocess.run(
        patched("raise RuntimeError('[/x] odd')"), env=environment, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (70, "")
    assert done.stderr.count("\n") == 1
    (log,) = (tmp_path / "state" / "log").iterdir()
    assert str(log) in done.stderr
    assert "RuntimeError: [/x] odd" in done.stderr
    assert "Traceback" in log.read_text()
    assert log.stat().st_mode & 0o077 == 0


def test_a_state_folder_that_takes_no_file(environment: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "state").write_text("not a folder")
    environment["TMPDIR"] = str(tmp_path)
    done = subprocess.run(patched("1 / 0"), env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 70
    (log,) = tmp_path.glob("wayhome-*.log")
    assert str(log) in done.stderr


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)], ids=["int", "term", "hup"]
)
def test_signals_end_quietly_and_after_tidying_up(
    environment: dict[str, str], undisturbed: Callable[[], None], number: int, code: int
) -> None:
    body = "\n    ".join(
        [
            "try:",
            "    sys.stdout.write('ready\\n'); sys.stdout.flush()",
            "    import time; time.sleep(60)",
            "finally:",
            "    sys.stdout.write('tidied\\n')",
        ]
    )
    with subprocess.Popen(
        patched(body),
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=undisturbed,
    ) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == "ready\n"
        running.send_signal(number)
        out, err = running.communicate(timeout=60)
    assert (running.returncode, out, err) == (code, "tidied\n", "")


CRASH = """
import sys
from tui.screens.start import StartScreen
def crash(self):
    raise RuntimeError("[/x] odd")
StartScreen.on_mount = crash
from tui.cli.dispatch import run
sys.exit(run([]))
"""


def test_the_app_crashes_without_a_traceback(
    environment: dict[str, str], watch: Callable[..., bytes], tmp_path: Path
) -> None:
    pid, ours = pty.fork()
    if pid == 0:
        os.execve(sys.executable, [sys.executable, "-c", CRASH], environment)  # noqa: S606 - the test's child
    shown = watch(ours)
    os.close(ours)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 70
    (log,) = (tmp_path / "state" / "log").iterdir()
    assert log.name in shown.decode().replace("\r\n", "")
    assert b"Traceback" not in shown
    assert "RuntimeError: [/x] odd" in log.read_text()


def test_a_reader_that_goes_away(environment: dict[str, str], article_file: str) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-m", "tui", "diagnose", "--snapshot", article_file],
        env=environment,
        stdout=writing,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (141, "")


def test_another_package_before_ours_on_the_path(environment: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "other" / "rules").mkdir(parents=True)
    (tmp_path / "other" / "rules" / "__init__.py").write_text("from .rulesets import add_rule\n")
    environment["PYTHONPATH"] = str(tmp_path / "other")
    done = subprocess.run(
        [sys.executable, "-m", "tui", "causes"],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("wayhome: ")
    assert done.stderr.count("\n") == 1
    assert "'rules'" in done.stderr
    assert "uv tool install" in done.stderr


def test_another_package_written_over_ours(environment: dict[str, str], tmp_path: Path) -> None:
    """django-rules installed into the same folder replaces rules/__init__.py and leaves our modules beside it."""
    for room in ("rules", "probes", "lab", "tui"):
        shutil.copytree(HOUSE / room, tmp_path / "site" / room, ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "site" / "rules" / "__init__.py").write_text(
        '"""Awesome Django authorization, without the database"""\n'
    )
    environment["PYTHONPATH"] = str(tmp_path / "site")
    done = subprocess.run(
        [sys.executable, "-m", "tui", "causes"],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert "'rules'" in done.stderr


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_streams_change_no_verdict(environment: dict[str, str], article_file: str, closed: str) -> None:
    command = shlex.join([sys.executable, "-m", "tui", "diagnose", "--snapshot", article_file])
    done = subprocess.run(["sh", "-c", f"{command} {closed}"], env=environment, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (1, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
@pytest.mark.parametrize("more", [[], ["--json"]])
def test_a_full_disk_behind_stdout(environment: dict[str, str], article_file: str, more: list[str]) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "tui", "diagnose", "--snapshot", article_file, *more],
            env=environment,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert (done.returncode, done.stderr) == (2, f"wayhome: The output cannot be written ({os.strerror(28)}).\n")
