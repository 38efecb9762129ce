"""How the kernel fabric names networks."""

from __future__ import annotations

Net = tuple[str, str]
"""A network: project and name."""


def network(url: str) -> Net:
    """The network of a URL or path."""
    words = url.split("/")
    return words[words.index("projects") + 1], words[-1]
