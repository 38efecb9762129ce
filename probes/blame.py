"""Who wrote an object last, as far as the API tells: managedFields of Kubernetes, the operations of Compute."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rules.snapshot import Json
from rules.words import _

MANAGER = "wayhome"  # what our own writes are called in managedFields


def by_managed_fields(live: Json | None) -> str:
    """`argocd-controller (Update) at 2026-01-01T00:00:00Z`: the newest writer that is not wayhome; empty if unknown."""
    metadata = (live or {}).get("metadata")
    entries = metadata.get("managedFields") if isinstance(metadata, Mapping) else None
    theirs = [one for one in entries or () if isinstance(one, Mapping) and one.get("manager") != MANAGER]
    newest = max(theirs, key=lambda one: str(one.get("time", "")), default=None)
    if newest is None:
        return ""
    return _("{manager} ({operation}) at {time}").format(
        manager=newest.get("manager", "?"), operation=newest.get("operation", "?"), time=newest.get("time", "?")
    )


def by_operations(operations: Sequence[Mapping[str, Any]], target: str) -> str:
    """The newest operation on the object whose URL ends in `target`: `user (updatePeering) at TIME`; or empty."""
    about = [one for one in operations if str(one.get("targetLink", "")).endswith(target)]
    newest = max(about, key=lambda one: str(one.get("insertTime", "")), default=None)
    if newest is None:
        return ""
    return _("{manager} ({operation}) at {time}").format(
        manager=newest.get("user", "?"), operation=newest.get("operationType", "?"), time=newest.get("insertTime", "?")
    )
