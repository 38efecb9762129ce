"""The one error of this package."""

from __future__ import annotations


class ScenarioError(ValueError):
    """The scenario cannot be used. The message is one sentence: file, line, key path, and what is expected."""
