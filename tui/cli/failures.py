"""The last net: whatever happens becomes one sentence and an exit code, never a traceback.

Exit codes beside those of `diagnose`: 70 for an unexpected error, 130 after ctrl+c, 143 after SIGTERM, 129 after
SIGHUP, 141 when the reader of stdout went away.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

from rules.words import _
from tui.cli.output import OutputError, complain, finish

UNEXPECTED = 70


class CliError(Exception):
    """Something the person can put right; `sentence` says how, `exit_code` is the design's."""

    def __init__(self, sentence: str, exit_code: int = 2) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.exit_code = exit_code


def guarded(run: Callable[[], int]) -> int:
    """Call `run` and return its exit code, or the one that its failure means."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        with contextlib.suppress(ValueError):  # not the main thread
            if signal.getsignal(number) is signal.SIG_DFL:  # under nohup, SIGHUP stays ignored
                signal.signal(number, _leave)
    try:
        _stand_in()
        code = run()
        finish()
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        _deafen()
        return 141
    except OutputError as error:
        _deafen()
        return _explain(error)
    except Exception as error:
        return _explain(error)
    return code


def _stand_in() -> None:
    """Put /dev/null where stdin, stdout or stderr was closed, so that no file of ours takes its number."""
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        if getattr(sys, name) is not None:
            continue
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest free number, which is this one
        setattr(sys, name, Path(os.devnull).open(mode, encoding="utf-8"))  # noqa: SIM115 - open until the end


def _explain(error: Exception) -> int:
    sentence = getattr(error, "sentence", None)
    if isinstance(sentence, str):
        complain(sentence)
        code = getattr(error, "exit_code", 2)
        return code if isinstance(code, int) else 2
    where = write_log(error)
    reason = f"{type(error).__name__}: {error}".splitlines()[0][:200]
    if where is None:
        complain(_("An unexpected error ended the program ({reason}).").format(reason=reason))
    else:
        complain(
            _("An unexpected error ended the program ({reason}); the details are in {path}.").format(
                reason=reason, path=where
            )
        )
    return UNEXPECTED


def write_log(error: BaseException) -> Path | None:
    """Write the traceback of `error` to a log file and return its path; None where no folder takes one."""
    from probes.journal import state_dir

    now = datetime.now(UTC)
    text = f"{now.isoformat()} {sys.argv!r} Python {sys.version}\n{''.join(traceback.format_exception(error))}"
    for folder in (state_dir() / "log", Path(tempfile.gettempdir())):
        path = folder / f"wayhome-{now:%Y%m%dT%H%M%S}-{os.getpid()}.log"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace") as file:
                file.write(text)
        except OSError:
            continue
        return path
    return None


def _leave(number: int, _frame: FrameType | None) -> None:
    raise SystemExit(128 + number)


def _deafen() -> None:
    """Let the flush at exit go nowhere instead of raising again."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
