"""Prints the table that docs/keys.md holds."""

from __future__ import annotations

from tui.commands import table

if __name__ == "__main__":
    print(table(), end="")  # noqa: T201 - the table goes to stdout so that a file can be made of it
