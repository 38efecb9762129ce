"""The catalogue of causes: one file a cause (`rc01_custom_routes_not_exchanged.py`), its page beside it (`.md`).

A new file named `rcNN_…py` with a `CAUSE` in it is found by itself.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from importlib.resources import files
from pkgutil import iter_modules

from rules.causes.cause import Cause, Finding, Prior, cells

__all__ = ["Cause", "Finding", "Prior", "cells", "load", "page"]


@cache
def _modules() -> dict[str, str]:
    """Module names by cause id."""
    names = sorted(found.name for found in iter_modules(__path__) if found.name.startswith("rc"))
    return {name.partition("_")[0].upper(): name for name in names}


@cache
def load() -> tuple[Cause, ...]:
    """Every cause of the catalogue, by id."""
    return tuple(_cause(number, module) for number, module in _modules().items())


def _cause(number: str, module: str) -> Cause:
    cause = getattr(import_module(f"{__name__}.{module}"), "CAUSE", None)
    if not isinstance(cause, Cause) or cause.id != number:
        raise TypeError(f"{module}.py must hold a CAUSE with the id {number}")
    return cause


def page(id: str) -> str:
    """The Markdown page of a cause (`RC01`, any case); raises LookupError when there is no such cause."""
    module = _modules().get(id.strip().upper())
    if module is None:
        raise LookupError(id)
    return files(__name__).joinpath(f"{module}.md").read_text(encoding="utf-8")
