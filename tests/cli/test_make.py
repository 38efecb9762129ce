"""`make run`: the lab runs beside the app, in a state folder of its own, and both are gone however it ends."""

from __future__ import annotations

import os
import pty
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from lab.state import born

HOUSE = Path(__file__).parent.parent.parent

pytestmark = pytest.mark.lab

# The program that stands in for the app: it says that it runs, with what environment, and waits.
APP = """#!/bin/sh
case "$1" in
--lab) echo "app on $2, state in $WAYHOME_STATE_DIR, cluster in $KUBECONFIG"; read -r _answer; exit 0 ;;
*) exec {python} -m tui "$@" ;;
esac
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder with the Makefile and a .venv that counts as built, whose `wayhome` stands in for the app."""
    if shutil.which("make") is None:
        pytest.skip("no make here")
    where = tmp_path / "checkout"
    binaries = where / ".venv" / "bin"
    binaries.mkdir(parents=True)
    for name in ("Makefile", "pyproject.toml", "constraints.txt"):
        shutil.copy(HOUSE / name, where)
    (binaries / "python").write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    (binaries / "wayhome").write_text(APP.format(python=sys.executable))
    for path in binaries.iterdir():
        path.chmod(0o755)
    (where / ".venv" / ".ready").write_text(str(where))
    return where


@pytest.mark.parametrize("end", ["enter", "hang-up"])
def test_make_run_leaves_nothing_behind(
    checkout: Path,
    environment: dict[str, str],
    undisturbed: Callable[[], None],
    watch: Callable[..., bytes],
    tmp_path: Path,
    end: str,
) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    environment["TMPDIR"] = str(scratch)
    pid, ours = pty.fork()
    if pid == 0:
        undisturbed()
        os.chdir(checkout)
        os.execvpe("make", ["make", "run"], environment)  # noqa: S606 - the test's child
    shown = watch(ours, b"cluster in ")
    (state,) = scratch.glob("wayhome.*")
    assert f"app on article, state in {state}, cluster in {state}" in shown.decode()
    process = next(int(line) for line in _pids(state))
    if end == "enter":
        os.write(ours, b"\n")
    else:
        os.kill(pid, signal.SIGHUP)
        os.killpg(os.getpgid(pid), signal.SIGHUP)
    watch(ours)
    os.waitpid(pid, 0)
    os.close(ours)
    assert not list(scratch.glob("wayhome.*"))
    assert born(process) is None


def _pids(state: Path) -> list[str]:
    told = subprocess.run(
        [sys.executable, "-c", "from lab import control; print(control.running().pid)"],
        env={**os.environ, "WAYHOME_STATE_DIR": str(state)},
        cwd=HOUSE,
        capture_output=True,
        text=True,
        check=True,
    )
    return told.stdout.split()


def test_without_python_make_says_so(checkout: Path, environment: dict[str, str]) -> None:
    shutil.rmtree(checkout / ".venv")
    done = subprocess.run(
        ["make", "test", "PYTHON="], cwd=checkout, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert "Python 3.11" in done.stderr


def test_help_names_every_target(checkout: Path, environment: dict[str, str]) -> None:
    done = subprocess.run(["make"], cwd=checkout, env=environment, capture_output=True, text=True, check=True)
    for target in ("run", "test", "lint", "bench", "shots"):
        assert f"make {target} " in done.stdout
