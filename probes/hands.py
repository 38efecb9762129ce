"""What apply and rollback do to a cluster and to Google, as few verbs; a Session does them through probes.write."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from rules.report.model import Change
from rules.snapshot import Json, Probe

Say = Callable[[str], None]


def silent(sentence: str) -> None:
    """A listener that does not listen."""


class Hands(Protocol):
    """Reads and writes the objects that remedies change, and measures again."""

    def where(self) -> Mapping[str, str]:
        """What identifies the cluster and the login: API server, context, kubeconfig."""

    def read(self, change: Change) -> Json | None:
        """The object of `change` as it is now: a ConfigMap whole, of a peering the fields named by the change.

        None when it is absent. Raises ProbeError when it cannot be read.
        """

    def write(
        self,
        change: Change,
        live: Json | None,
        wanted: Json | None,
        *,
        dry_run: bool = False,
        request: str = "",
        say: Say = silent,
    ) -> Json | None:
        """Make `wanted` out of `live` (None: absent) and return the object as the API has it afterwards.

        The call insists that the object is still `live`. Raises ChangedMeanwhileError when it is not, ForbiddenError
        when the login may not, ProbeError when it failed in another way. With `dry_run` nothing is changed; where the
        API knows no dry run, None is returned and nothing is sent. `request` names the call, so that an API which
        knows request ids does it once however often it is sent; `say` hears why the call waits.
        """

    def pending(self, change: Change) -> bool:
        """Whether a change that was made is in force only when the other side has made its own (CONSENSUS)."""

    def last_writer(self, change: Change, live: Json | None) -> str:
        """Who wrote the object last, and when, as far as the API tells; empty where it does not."""

    def agents(self) -> tuple[str, ...]:
        """Names of the nodes whose masquerade agent has to take a ConfigMap over."""

    def nat(self, node: str) -> str | None:
        """The nat table of `node` as it is now, None when it cannot be read."""

    def probes(self) -> tuple[str, ...]:
        """Ids of the probes that the question has."""

    def measure(self, id: str) -> Probe:
        """One fresh measurement, over a new connection."""

    def pause(self, seconds: float) -> None:
        """Wait; raises CancelledError when the person asks to stop."""
