"""The real command line in processes of its own, with a state folder and an environment that belong to the test."""

from __future__ import annotations

import os
import pty
import select
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from lab import scenario, truth
from lab.build import populate
from lab.store import Store
from rules.snapshot import dumps

_CARRIED = ("PATH", "SYSTEMROOT", "TMPDIR", "LD_LIBRARY_PATH")


@dataclass(frozen=True)
class Done:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def sentence(self) -> str:
        """The one sentence on stderr, without the program's name; fails when there is more or less than one line."""
        lines = [line for line in self.err.splitlines() if line.startswith("wayhome: ")]
        assert len(lines) == 1, self.err
        return lines[0].removeprefix("wayhome: ")


Wayhome = Callable[..., Done]


def _undisturbed() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


@pytest.fixture(scope="session")
def undisturbed() -> Callable[[], None]:
    """For a child before it runs its program: signals do what they do at a terminal, also under nohup and in CI."""
    return _undisturbed


def _watch(terminal: int, mark: bytes = b"") -> bytes:
    shown = b""
    while not mark or mark not in shown:
        ready, _writing, _errors = select.select([terminal], [], [], 180)
        assert ready, shown
        try:
            part = os.read(terminal, 65536)
        except OSError:  # Linux says EIO when the other side is gone
            part = b""
        if not part:
            break
        shown += part
    return shown


@pytest.fixture(scope="session")
def watch() -> Callable[..., bytes]:
    """What a terminal shows until `mark` appears or the program there has gone; long silence fails."""
    return _watch


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """An environment without clusters, logins or a terminal. Tests may add to it before they run a command."""
    kept = {name: os.environ[name] for name in _CARRIED if name in os.environ}
    home = tmp_path / "home"
    home.mkdir()
    return {
        **kept,
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "TERM": "xterm-256color",
        "WAYHOME_STATE_DIR": str(tmp_path / "state"),
    }


@pytest.fixture
def wayhome(environment: dict[str, str], tmp_path: Path) -> Wayhome:
    """Run `wayhome ARGS…` in an empty folder and return exit code, stdout and stderr."""
    where = tmp_path / "cwd"
    where.mkdir()

    def run(*args: str, seconds: float = 120, text: str = "") -> Done:
        done = subprocess.run(
            [sys.executable, "-m", "tui", *args],
            cwd=where,
            env=environment,
            input=text,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
        assert "Traceback" not in done.stderr
        return Done(done.returncode, done.stdout, done.stderr)

    return run


@pytest.fixture
def started(wayhome: Wayhome, environment: dict[str, str]) -> Iterator[Callable[..., Wayhome]]:
    """Start the lab on a scenario, make the environment that of `wayhome lab env`, and stop it in the end."""

    def start(scenario: str, *options: str) -> Wayhome:
        done = wayhome("lab", "start", scenario, "--speed", "60", *options)
        assert done.code == 0, done.err
        shell = subprocess.run(
            ["sh", "-c", f'eval "$({sys.executable} -m tui lab env)" && env -0'],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        environment.update(line.split("=", 1) for line in shell.stdout.split("\0") if line)
        environment["WAYHOME_PATIENCE"] = "6"  # tests may run on a machine that has much else to do
        return wayhome

    yield start
    wayhome("lab", "stop")


@pytest.fixture
def at_a_terminal(environment: dict[str, str], watch: Callable[..., bytes]) -> Callable[..., tuple[int, str]]:
    """Run `wayhome ARGS…` with a terminal, do `meanwhile` when asked, and then type `answer`.

    Returns the exit code and what was shown.
    """

    def run(*args: str, answer: str, meanwhile: Callable[[], None] = lambda: None) -> tuple[int, str]:
        pid, ours = pty.fork()
        if pid == 0:
            os.execve(sys.executable, [sys.executable, "-m", "tui", *args], environment)  # noqa: S606 - the test's child
        shown = watch(ours, b"anything else to leave it: ")
        meanwhile()
        os.write(ours, answer.encode() + b"\n")
        shown += watch(ours)
        os.close(ours)
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), shown.decode()

    return run


@pytest.fixture(scope="session")
def article_text() -> str:
    """The article's incident as a Snapshot's text: all configuration, no measurements."""
    store = Store()
    populate(store, scenario.load("article"))
    return dumps(truth.snapshot(store, "2026-01-01T00:00:00Z"))


@pytest.fixture
def article_file(article_text: str, tmp_path: Path) -> str:
    """A file that holds `article_text`."""
    path = tmp_path / "article.json"
    path.write_text(article_text, "utf-8")
    return str(path)
