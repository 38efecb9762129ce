"""Time from the start of the process to the first whole frame in a terminal, against a bare app of the same widgets."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import signal
import struct
import sys
import tempfile
import termios
from collections.abc import Sequence

from bench.clock import heading, interleaved, ratio, within

RUNS = 9
LAST = "Practise"  # a word of the footer, which is drawn last
CODES = re.compile(rb"\x1b\[[0-9;?<>=]*[ -/]*[@-~]|\x1b[PX^_\]].*?(?:\x1b\\|\x07)|\x1b[()][A-Z0-9]")


def run() -> str:
    """The section's text."""
    with tempfile.TemporaryDirectory() as state:
        os.environ["WAYHOME_STATE_DIR"] = state
        bare, whole = interleaved(
            RUNS,
            ("a bare Textual app, same widgets", lambda: until_drawn([sys.executable, "-m", "bench.bare"])),
            ("wayhome", lambda: until_drawn([sys.executable, "-m", "tui"])),
        )
    met = within(whole.least / bare.least, 1.25)
    return "\n".join([heading("First frame"), str(bare), str(whole), ratio(whole, bare, f"1.25 x: {met}")])


def until_drawn(command: Sequence[str]) -> None:
    """Start `command` in a terminal of 100 × 30 and end it once its footer is there."""
    pid, ours = pty.fork()
    if pid == 0:
        os.environ.update(TERM="xterm-256color", LANG="C.UTF-8", TEXTUAL_ANIMATIONS="none")
        os.execv(command[0], list(command))  # noqa: S606 - the measured program itself
    fcntl.ioctl(ours, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
    shown = b""
    try:
        while LAST.encode() not in CODES.sub(b"", shown).split(b"Open a recording", 1)[-1]:
            shown += os.read(ours, 65536)
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        os.close(ours)
