"""The JSON Schemas (draft 2020-12) of the files that wayhome writes."""

from __future__ import annotations

from importlib.resources import files


def snapshot() -> str:
    """The schema of `wayhome.snapshot/1`, as JSON text."""
    return _text("snapshot.schema.json")


def report() -> str:
    """The schema of `wayhome.report/1`, as JSON text."""
    return _text("report.schema.json")


def _text(name: str) -> str:
    return files(__name__).joinpath(name).read_text(encoding="utf-8")
