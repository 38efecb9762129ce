"""The few files that a lab's container has. Its file system is read-only."""

from __future__ import annotations

from collections.abc import Mapping

from lab.shell.context import Context
from lab.shell.streams import Stream, Text

_DESCRIPTORS = {"/dev/stdin": 0, "/dev/stdout": 1, "/dev/stderr": 2}
FOLDERS = frozenset({"/", "/bin", "/dev", "/etc", "/proc", "/tmp", "/usr", "/var"})  # noqa: S108 - names in a lab


class FileFault(OSError):  # noqa: N818 - a program's error, not the lab's
    """The file cannot be opened; the message is the system's."""


def content(path: str, context: Context) -> str | None:
    """The text of the file at `path`, or None."""
    machine = context.host.machine
    pretty = context.kind.pretty
    files = {
        "/etc/hostname": f"{machine.hostname}\n",
        "/etc/os-release": f'PRETTY_NAME="{pretty}"\nNAME="{pretty.split(" v")[0].split(" 1")[0]}"\n',
        "/etc/resolv.conf": "search default.svc.cluster.local svc.cluster.local cluster.local\noptions ndots:5\n",
        "/etc/hosts": f"127.0.0.1\tlocalhost\n{machine.address}\t{machine.hostname}\n",
        "/proc/sys/net/ipv4/ip_forward": "1\n",
        "/proc/version": "Linux version 6.6.105+\n",
    }
    return files.get(path)


def opened(path: str, context: Context, streams: Mapping[int, Stream], *, writing: bool) -> Stream:
    """The file at `path` as a stream; FileFault when it cannot be."""
    if path == "/dev/null":
        return Stream()
    if path in _DESCRIPTORS:
        return streams.get(_DESCRIPTORS[path], Stream())
    if path in FOLDERS:
        raise FileFault("Is a directory")
    if writing:
        raise FileFault("Read-only file system")
    text = content(path, context)
    if text is None:
        raise FileFault("No such file or directory" if context.kind.busybox else "No such file")
    return Text(text.encode())
