"""The app in a real terminal: tmux at 80×24, keys typed, the screen read back."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = [
    pytest.mark.clients,
    pytest.mark.skipif(shutil.which("tmux") is None, reason="needs tmux"),
]
PATIENCE = 30.0


class Terminal:
    """A tmux of its own with one pane."""

    def __init__(self, socket: Path) -> None:
        self._tmux = ["tmux", "-S", str(socket), "-f", "/dev/null"]

    def run(self, *words: str) -> str:
        return subprocess.run([*self._tmux, *words], capture_output=True, text=True, check=False).stdout

    def keys(self, *keys: str) -> None:
        self.run("send-keys", "-t", "w", *keys)

    def wait_for(self, text: str) -> str:
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            screen = self.run("capture-pane", "-p", "-t", "w")
            if text in screen:
                return screen
            time.sleep(0.05)
        raise AssertionError(f"{text!r} did not appear:\n{screen}")


@pytest.fixture
def terminal(tmp_path):
    made = Terminal(tmp_path / "tmux")
    code = f"{sys.executable} -m tui open screenshots/recording/before.json; echo left with $?; sleep 60"
    shell = f"env LANG=C.UTF-8 WAYHOME_STATE_DIR={tmp_path} {'/bin/sh'} -c '{code}'"
    made.run("new-session", "-d", "-s", "w", "-x", "80", "-y", "24", shell)
    yield made
    made.run("kill-server")


def test_a_recording_is_walked_with_the_keyboard_and_left(terminal):
    terminal.wait_for("broken: return leg")
    terminal.keys("3")
    screen = terminal.wait_for("BACK   10.2.0.10")
    assert "THERE  default/my-pod as 172.16.1.2 → 10.2.0.10" in screen
    assert max(len(line) for line in screen.splitlines()) <= 80
    terminal.keys("2")
    terminal.wait_for("Measured")
    terminal.keys("n")
    terminal.wait_for("A recording cannot be measured again.")
    terminal.keys("F9")
    terminal.wait_for("Every run has ended.")
    terminal.keys("Escape")
    terminal.wait_for("n Observe")  # a key that follows escape at once would be alt and that key
    terminal.keys("4")
    terminal.wait_for("MISSING: not-exported")
    terminal.keys("F1")
    terminal.wait_for("Every route of both VPCs")
    terminal.keys("F1")
    terminal.keys("5")
    terminal.wait_for("enough?")
    terminal.keys("C-q")
    terminal.wait_for("left with 0")
