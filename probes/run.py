"""What a journal says about one run of apply: its lines in order, and where it stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class State(StrEnum):
    """Where a run stands. `applied` and `restored` are changed and not measured yet; `reverted`: by somebody else."""

    PLANNED = "planned"
    APPLYING = "applying"
    APPLIED = "applied"
    PROVEN = "proven"
    NOT_PROVEN = "not-proven"
    WAITING_FOR_PEER = "waiting-for-peer"
    REVERTED = "reverted"
    FAILED = "failed"
    ROLLING_BACK = "rolling-back"
    RESTORED = "restored"
    ROLLED_BACK = "rolled-back"
    ROLLBACK_FAILED = "rollback-failed"
    LEFT = "left"


FORTH = frozenset({State.APPLYING, State.APPLIED, State.FAILED})
BACK = frozenset({State.ROLLING_BACK, State.RESTORED, State.ROLLBACK_FAILED})
ENDED = frozenset({State.ROLLED_BACK, State.LEFT})


@dataclass(frozen=True)
class Run:
    """The lines of one journal; `torn` when one of them cannot be read (a crash, or a disk that forgot)."""

    id: str
    lines: tuple[Mapping[str, Any], ...]
    torn: bool = False

    @property
    def plan(self) -> Mapping[str, Any]:
        """The plan as the first line holds it."""
        return self.lines[0] if self.lines else {}

    @property
    def number(self) -> int:
        """Runs are counted, because clocks may go backwards."""
        found = self.plan.get("number")
        return found if isinstance(found, int) else 0

    @property
    def state(self) -> State:
        """Where the run stands: what the last line that names a state says."""
        named = [State(line["state"]) for line in self.lines if line.get("state") in set(State)]
        found = named[-1] if named else State.PLANNED
        return State.APPLYING if found is State.PLANNED and self._begun else found

    @property
    def half_done(self) -> bool:
        """True when something was begun and not ended. While somebody is at work on it, that is as it should be."""
        return self.state in FORTH | BACK and (self.torn or self._begun)

    @property
    def can_go_on(self) -> bool:
        """Whether it can be completed: the rest of its changes, or of its proof, is still to come."""
        if not self.lines:
            return False
        waits = self.state in (State.PLANNED, State.WAITING_FOR_PEER, State.NOT_PROVEN)
        return waits or (self.state in FORTH and self.half_done)

    @property
    def can_be_taken_back(self) -> bool:
        """Whether it may have changed something that has not been taken back."""
        return bool(self.lines) and self.state not in ENDED and (self._begun or self.state in BACK)

    @property
    def started_at(self) -> str:
        return str(self.plan.get("at", ""))

    @property
    def proof(self) -> Mapping[str, str]:
        """The last measurements: outcome by probe."""
        found = [line["proof"] for line in self.lines if line.get("step") == "measured"]
        return found[-1] if found else {}

    @property
    def late(self) -> tuple[str, ...]:
        """What had not taken the last change over when the last waiting ended."""
        found = [line.get("late") or () for line in self.lines if line.get("step") == "measured"]
        return tuple(map(str, found[-1])) if found else ()

    def called(self) -> int:
        """How many changes have been answered by their API."""
        return len({line.get("change") for line in self.lines if line.get("step") == "called"})

    def refused(self, index: int) -> bool:
        """Whether the last call for change number `index` was refused before it changed anything."""
        failed = self.last("failed", index)
        at = max((number for number, line in enumerate(self.lines) if _is(line, "calling", index)), default=-1)
        return failed is not None and failed.get("refused") is True and failed in self.lines[at + 1 :]

    def last(self, step: str, index: int) -> Mapping[str, Any] | None:
        """The last line of `step` about change number `index`, or None."""
        found = [line for line in self.lines if _is(line, step, index)]
        return found[-1] if found else None

    @property
    def _begun(self) -> bool:
        touched = {line.get("change") for line in self.lines if line.get("step") in ("calling", "called")}
        return any(not (isinstance(index, int) and self.refused(index)) for index in touched)


def _is(line: Mapping[str, Any], step: str, index: int) -> bool:
    return line.get("step") == step and line.get("change") == index
