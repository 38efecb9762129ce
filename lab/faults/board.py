"""The faults that are asked for, and who gets the next one."""

from __future__ import annotations

import difflib
import fnmatch
from dataclasses import dataclass, replace

from lab.faults.kinds import kinds
from rules.words import _


class FaultError(ValueError):
    """That fault cannot be asked for; the message is one sentence."""


@dataclass(frozen=True)
class Fault:
    """A fault `name` on every call that the pattern `on` matches (`compute.*`); `times` more times, None for ever."""

    name: str
    on: str = "*"
    times: int | None = None


class Board:
    """Faults in the order in which they were asked for; the first that fits a call befalls it."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Ask for a fault. Raises FaultError for a name that no fault has, or a number of times that is none."""
        known = kinds()
        if fault.name not in known:
            near = difflib.get_close_matches(fault.name, known, n=1, cutoff=0.5)
            hint = _(" Did you mean {name}?").format(name=near[0]) if near else ""
            raise FaultError(
                _("There is no fault {name!r}.{hint} `wayhome lab fault list` shows them.").format(
                    name=fault.name, hint=hint
                )
            )
        if fault.times is not None and fault.times < 1:
            raise FaultError(_("{times} is no number of times; give 1 or more, or always.").format(times=fault.times))
        self._faults.append(fault)

    def clear(self) -> None:
        """No more faults."""
        self._faults.clear()

    def all(self) -> tuple[Fault, ...]:
        """What is still asked for."""
        return tuple(self._faults)

    def take(self, call: str) -> str | None:
        """The name of the fault that befalls `call` now, or None."""
        for index, fault in enumerate(self._faults):
            if not (_matches(fault.on, call) and kinds()[fault.name].befalls(call)):
                continue
            if fault.times == 1:
                del self._faults[index]
            elif fault.times is not None:
                self._faults[index] = replace(fault, times=fault.times - 1)
            return fault.name
        return None


def _matches(pattern: str, call: str) -> bool:
    return fnmatch.fnmatchcase(call, pattern) or (pattern == "exec" and call.endswith(".exec"))
