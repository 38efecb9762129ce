"""A plan's steps as JSON for the journal, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from probes.plan import Step
from rules.report.model import Change


def step_to(step: Step) -> dict[str, Any]:
    """One step as a JSON object."""
    return {"change": dict(vars(step.change)), "live": step.live, "wanted": step.wanted}


def step_from(data: Mapping[str, Any]) -> Step:
    """The step that `step_to` wrote. Raises KeyError or TypeError for anything else."""
    return Step(Change(**data["change"]), data["live"], data["wanted"])
