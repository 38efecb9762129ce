"""What a person asks, before anything has been read; parsed from the command line or a form."""

from __future__ import annotations

from dataclasses import dataclass

from rules.repeats import Repeat
from rules.snapshot import PodRef, Target


@dataclass(frozen=True)
class Ask:
    """A question with the leave it gives.

    `node_probe`: a probe pod may be created; `stand_in`: a container may be added to a pod that has nothing to measure
    with; `read_only`: nothing may be. `container` is the one to measure from, or '' for the best one. `host` is the
    name by which the application calls the target, or ''.
    """

    pod: PodRef
    target: Target
    local: Target | None = None
    proxy: Target | None = None
    kubeconfig: str | None = None
    context: str | None = None
    node_probe: bool = True
    read_only: bool = False
    stand_in: bool = True
    container: str = ""
    host: str = ""

    @property
    def by_name(self) -> tuple[str, ...]:
        """The probe that asks by the application's own name, where one was given."""
        return (str(Repeat("pod-peer", "host", self.host)),) if self.host else ()
