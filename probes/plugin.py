"""Runs another program for what it prints: without a terminal, with a deadline, and never more than it should say."""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

MOST = 1 << 20
_TICK = 0.1


@dataclass(frozen=True)
class Said:
    """What a program printed, and its exit code. `code` is None where it was stopped: `late` at the deadline, else
    because it printed more than MOST bytes."""

    code: int | None
    stdout: bytes
    stderr: bytes
    late: bool = False


def run(argv: Sequence[str], environment: Mapping[str, str], seconds: float) -> Said:
    """Run `argv` in a session of its own, so that it cannot open the terminal; whatever ends this ends it too.

    A program that it left running with its output open is not waited for. Raises OSError where it cannot be started.
    """
    until = time.monotonic() + seconds
    process = subprocess.Popen(
        list(argv),
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        return _listen(process, until)
    finally:
        if process.poll() is None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        for stream in (process.stdout, process.stderr):
            if stream is not None:
                stream.close()
        process.wait()


def _listen(process: subprocess.Popen[bytes], until: float) -> Said:
    heard = {"stdout": bytearray(), "stderr": bytearray()}
    with selectors.DefaultSelector() as open_ones:
        for name in heard:
            open_ones.register(getattr(process, name), selectors.EVENT_READ, name)
        while True:
            left = until - time.monotonic()
            if left <= 0 or any(len(text) > MOST for text in heard.values()):
                return Said(None, bytes(heard["stdout"]), bytes(heard["stderr"]), late=left <= 0)
            ready = open_ones.select(min(left, _TICK)) if open_ones.get_map() else []
            for key, _mask in ready:
                part = os.read(key.fd, 1 << 16)
                heard[key.data] += part
                if not part:
                    open_ones.unregister(key.fileobj)
            if not ready and _ended(process, 0 if open_ones.get_map() else min(left, _TICK)):
                return Said(process.returncode, bytes(heard["stdout"]), bytes(heard["stderr"]))


def _ended(process: subprocess.Popen[bytes], seconds: float) -> bool:
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        return False
    return True
