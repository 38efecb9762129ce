"""What web servers say to whom they do not serve; both fabrics say it alike."""

from __future__ import annotations

BAD_GATEWAY = "502 Bad Gateway\n"
"""The body of a proxy's answer where it reaches nobody to ask."""


def forbidden(source: str) -> str:
    """The body of a 403 for a client at `source`."""
    return f"403 Forbidden: access denied for client {source}\n"
