"""A Scenario to the lab's store: the objects that the APIs would give, and what no API shows.

Besides the tables of `lab.store`: `lab/scenario`, key `scenario`, holds {"name", "title", "story", "question"}.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime

from lab.build import cloud, guests, kubernetes
from lab.build.times import Times
from lab.scenario.model import Scenario
from lab.store import Store

__all__ = ["populate"]


def populate(store: Store, scenario: Scenario, now: datetime | None = None) -> None:
    """Fill the empty `store` with the world of `scenario`, as it stands at `now` (UTC; None: the clock)."""
    times = Times(now or datetime.now(UTC))
    question = asdict(scenario.question)
    about = {"name": scenario.name, "title": scenario.title, "story": scenario.story, "question": question}
    store.table("lab/scenario").create("scenario", about)
    cloud.populate(store, scenario, times)
    kubernetes.populate(store, scenario, times)
    guests.populate(store, scenario)
