"""`python -m bench [NAME…]`: print the sections (all, or those named)."""

from __future__ import annotations

import importlib
import sys

SECTIONS = ("files", "scale", "frame", "keys", "routes", "verdict", "kernel")


def main() -> int:
    """Print each section as it is ready."""
    for name in sys.argv[1:] or SECTIONS:
        if name not in SECTIONS:
            sys.stderr.write(f"bench: there is no {name!r}; there are {', '.join(SECTIONS)}\n")
            return 2
        sys.stdout.write(importlib.import_module(f"bench.{name}").run() + "\n")
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
