"""Times as the Kubernetes API writes and prints them."""

from __future__ import annotations

import re
from datetime import UTC, datetime

NEVER = "<unknown>"

_NANOS = re.compile(r"(\.\d{6})\d+")


def now() -> str:
    """This moment, RFC 3339 in whole seconds."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def now_micro() -> str:
    """This moment, RFC 3339 in microseconds (Kubernetes' MicroTime)."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def now_nano() -> str:
    """This moment, RFC 3339 in nanoseconds, as container runtimes stamp log lines."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f000Z")


def parse(text: str | None) -> datetime | None:
    """The moment that `text` names, or None when it names none."""
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(_NANOS.sub(r"\1", text))
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def after(text: str | None) -> float | None:
    """Seconds since `text`, or None."""
    moment = parse(text)
    return None if moment is None else (datetime.now(UTC) - moment).total_seconds()


def age(text: str | None) -> str:
    """How long ago `text` was, in kubectl's short form: `42s`, `5m10s`, `3h`, `12d`."""
    seconds = after(text)
    return NEVER if seconds is None else human(seconds)


def human(value: float) -> str:
    """A duration in seconds in kubectl's short form (the rules of apimachinery's HumanDuration)."""
    seconds = int(value)
    if seconds < -1:
        return "<invalid>"
    if seconds < 0:
        return "0s"
    if seconds < 120:
        return f"{seconds}s"
    minutes = seconds // 60
    if minutes < 10:
        return _two(minutes, "m", seconds % 60, "s")
    if minutes < 180:
        return f"{minutes}m"
    hours = minutes // 60
    if hours < 8:
        return _two(hours, "h", minutes % 60, "m")
    if hours < 48:
        return f"{hours}h"
    days = hours // 24
    if hours < 192:
        return _two(days, "d", hours % 24, "h")
    if days < 730:
        return f"{days}d"
    years = days // 365
    if years < 8:
        return _two(years, "y", days % 365, "d")
    return f"{years}y"


def _two(large: int, large_unit: str, small: int, small_unit: str) -> str:
    return f"{large}{large_unit}{small}{small_unit}" if small else f"{large}{large_unit}"
