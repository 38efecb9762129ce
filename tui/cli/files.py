"""Files that a person names: read whole, written whole or not at all."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path

from rules import snapshot
from rules.snapshot import Json, Snapshot, SnapshotError
from rules.words import _
from tui.cli.failures import CliError


def read_snapshot(name: str) -> Snapshot:
    """The Snapshot in the file `name`. Raises CliError with exit code 2."""
    path = Path(name)
    try:
        size = path.stat().st_size
        with path.open("rb") as file:  # a device or a pipe does not say how much it holds
            data = b"" if size > snapshot.MAX_BYTES else file.read(snapshot.MAX_BYTES + 1)
        if max(size, len(data)) > snapshot.MAX_BYTES:
            raise CliError(_("{path} is larger than 512 MiB; that is not one Snapshot.").format(path=path))
        text = data.decode("utf-8-sig")
    except OSError as error:
        raise CliError(
            _("{path} cannot be read ({reason}); check the path.").format(path=path, reason=error.strerror)
        ) from error
    except UnicodeDecodeError as error:
        raise CliError(_("{path} is not a Snapshot: it is not UTF-8 text.").format(path=path)) from error
    try:
        return snapshot.loads(text)
    except SnapshotError as error:
        raise CliError(_("{path}: {reason}").format(path=path, reason=error)) from error


def read_connectivity_test(name: str) -> Json:
    """The result of a connectivity test in the file `name`. Raises CliError with exit code 2."""
    from rules import oracle

    path = Path(name)
    try:
        with path.open("rb") as file:
            data = file.read(oracle.MAX_BYTES + 1)
        if len(data) > oracle.MAX_BYTES:
            raise CliError(_("{path} is larger than 16 MiB; that is not one connectivity test.").format(path=path))
        return oracle.loads(data.decode("utf-8-sig"))
    except OSError as error:
        raise CliError(
            _("{path} cannot be read ({reason}); check the path.").format(path=path, reason=error.strerror)
        ) from error
    except UnicodeDecodeError as error:
        raise CliError(_("{path} is not a connectivity test: it is not UTF-8 text.").format(path=path)) from error
    except oracle.OracleError as error:
        raise CliError(_("{path}: {reason}").format(path=path, reason=error)) from error


def check_writable(name: str) -> None:
    """Raise CliError now when a file `name` could not be written later."""
    path = Path(name)
    if path.is_dir():
        raise CliError(_("{path} is a folder; name a file.").format(path=path))
    if not path.parent.is_dir():
        raise CliError(_("There is no folder {path}; make it or name another.").format(path=path.parent))
    if not os.access(path if path.exists() else path.parent, os.W_OK):
        raise CliError(_("{path} may not be written; name another file.").format(path=path))


def write(name: str, text: str) -> None:
    """Write `text` to the file `name`, whole or not at all, readable by its owner alone. Raises CliError."""
    path = Path(name).resolve()
    try:
        if path.exists() and not path.is_file():
            path.write_text(text, "utf-8")  # a device or a pipe, such as /dev/stdout
            return
        descriptor, part = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(text)
            Path(part).replace(path)
        except BaseException:
            with contextlib.suppress(OSError):
                Path(part).unlink()
            raise
    except OSError as error:
        raise CliError(
            _("{path} cannot be written ({reason}).").format(path=path, reason=error.strerror or error)
        ) from error
