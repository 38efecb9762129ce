"""The command `wayhome`."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path

_ROOMS = ("rules", "probes", "lab")


def main() -> int:
    """Run the command line in `sys.argv` and return its exit code (contract 3.1)."""
    stranger = _stranger()
    if stranger is not None:
        sys.stderr.write(
            f"wayhome: another distribution's package {stranger!r} stands in the place of wayhome's own; install"
            " wayhome by itself, with `uv tool install wayhome` or `pipx install wayhome`.\n"
        )
        return 2
    from tui.cli.dispatch import run  # behind the guard: it needs our own rooms

    return run(sys.argv[1:])


def _stranger() -> str | None:
    """The first room that is not wayhome's own, or None. PyPI has other packages of these names (django-rules)."""
    home = Path(__file__).resolve().parent.parent
    for room in _ROOMS:
        spec = find_spec(room)
        if spec is None or spec.origin is None or Path(spec.origin).resolve().parent.parent != home:
            return room
    import rules

    return None if getattr(rules, "DISTRIBUTION", None) == "wayhome" else "rules"


if __name__ == "__main__":
    sys.exit(main())
