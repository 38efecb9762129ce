"""The remedies: one file each, a function from world to world. A preview is the judgement of the changed world."""

from __future__ import annotations

from functools import cache

from rules.remedies import (
    exchange_routes,
    export_routes,
    import_routes,
    masquerade_article,
    masquerade_minimal,
)
from rules.remedies.remedy import Draft, Remedy

__all__ = ["Draft", "Remedy", "load"]


@cache
def load() -> tuple[Remedy, ...]:
    """Every remedy, the one that touches least first."""
    return (
        masquerade_minimal.REMEDY,
        exchange_routes.REMEDY,
        export_routes.REMEDY,
        import_routes.REMEDY,
        masquerade_article.REMEDY,
    )
