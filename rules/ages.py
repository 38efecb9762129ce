"""How long before another time something was, from RFC 3339 texts."""

from __future__ import annotations

from datetime import UTC, datetime


def seconds(earlier: str, later: str) -> float | None:
    """Seconds from `earlier` to `later`; None where one of them is no time."""
    start, end = _time(earlier), _time(later)
    return None if start is None or end is None else (end - start).total_seconds()


def _time(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)
