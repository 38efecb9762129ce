"""Every program by name, and which of them an image holds."""

from __future__ import annotations

from lab.shell import basic, curl, ip, nc, ping, scripts, shells, wget
from lab.shell.context import Program
from lab.shell.images import Kind

PROGRAMS: dict[str, Program] = {
    **basic.PROGRAMS,
    **ip.PROGRAMS,
    **scripts.PROGRAMS,
    **shells.PROGRAMS,
    "curl": curl.curl,
    "nc": nc.nc,
    "ping": ping.ping,
    "wget": wget.wget,
}

FOLDERS = ("/bin/", "/sbin/", "/usr/bin/", "/usr/sbin/", "/usr/local/bin/")


def find(path: str, kind: Kind) -> Program | None:
    """The program at `path` (or of that name) in an image of `kind`, or None."""
    name = path
    if "/" in path:
        folder = next((folder for folder in FOLDERS if path.startswith(folder)), None)
        if folder is None:
            return None
        name = path.removeprefix(folder)
    return PROGRAMS.get(name) if name in kind.programs else None
