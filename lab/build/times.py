"""When things in a lab were made: the cluster long ago, its nodes last night, the configuration before them."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from lab.scenario.model import ClusterPlan, NodePlan

_SPACE = uuid.uuid5(uuid.NAMESPACE_DNS, "lab.wayhome")


@dataclass(frozen=True)
class Times:
    """RFC 3339 times around `now`. The ConfigMap is older than the nodes, so every agent started with it."""

    now: datetime

    def _at(self, **ago: float) -> str:
        return self.ago(timedelta(**ago))

    def ago(self, passed: timedelta) -> str:
        """The time when `passed` more had to pass until now."""
        return (self.now - passed).strftime("%Y-%m-%dT%H:%M:%SZ")

    def node(self, node: NodePlan) -> str:
        """When a node was made."""
        return self.nodes if node.made is None else self.ago(node.made)

    @property
    def cluster(self) -> str:
        return self._at(days=40)

    @property
    def config(self) -> str:
        return self._at(days=3)

    @property
    def nodes(self) -> str:
        return self._at(hours=20)

    @property
    def agents(self) -> str:
        return self._at(hours=20, minutes=-1)

    @property
    def pods(self) -> str:
        return self._at(hours=6)


def compute_time(time: str) -> str:
    """An RFC 3339 time as the Compute API writes it."""
    return f"{time.removesuffix('Z')}.000+00:00"


def uid(cluster: ClusterPlan, kind: str, name: str) -> str:
    """A uid that depends on names alone: the same world is built twice the same."""
    return str(uuid.uuid5(_SPACE, f"{cluster.project}/{cluster.zone}/{cluster.name}/{kind}/{name}"))
