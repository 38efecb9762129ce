"""One trial: kill a run at one point, look what the next start says, complete it or take it back, and count."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from crash import victim
from crash.victim import HALF, Done
from lab import control
from lab.state import Running

QUESTION = ("my-pod", "http://10.2.0.10/health")
SPEED = 60.0
# Where a remedy has something to change; the article's incident otherwise.
SCENARIOS = {"deploy-agent": "rc18-no-agent", "egress-nat-policy": "rc27-egress-nat-policy-keeps-pods"}


@dataclass(frozen=True)
class Row:
    """What was found at one point. `wrong` says what should not have been, and is empty where all is well."""

    point: str
    state: str
    says: str
    completed: str
    taken_back: str
    wrong: str = ""


@dataclass(frozen=True)
class Course:
    """A remedy on a running lab, as it goes when nobody kills it: points, calls and what is different afterwards."""

    remedy: str
    running: Running
    forth: tuple[str, ...]
    back: tuple[str, ...]
    calls: tuple[int, int]
    differs: tuple[str, ...]


@contextmanager
def lab(remedy: str, fabric: str) -> Iterator[Running]:
    """A lab of one's own on an incident that `remedy` mends."""
    with tempfile.TemporaryDirectory(prefix="wayhome-crash-") as folder:
        before = os.environ.get("WAYHOME_STATE_DIR")
        os.environ["WAYHOME_STATE_DIR"] = folder
        try:
            running = control.start(SCENARIOS.get(remedy, "article"), fabric=fabric, speed=SPEED)
            try:
                yield running
            finally:
                control.stop()
        finally:
            if before is None:
                os.environ.pop("WAYHOME_STATE_DIR")
            else:
                os.environ["WAYHOME_STATE_DIR"] = before


class Place:
    """A fresh state folder on a lab that has been put back to its beginning."""

    def __init__(self, running: Running, folder: str) -> None:
        control.turn(running, None)
        self._running = running
        self._folder = Path(folder)
        self._environment = {**control.environment(running), "WAYHOME_STATE_DIR": folder, "NO_COLOR": "1"}

    def __call__(self, *argv: str, point: str = "", trail: Path | None = None) -> Done:
        return victim.run(argv, self._environment, point=point, trail=trail)

    def apply(self, remedy: str, point: str = "", trail: Path | None = None) -> Done:
        return self("apply", remedy, *QUESTION, "--yes", "--no-node-probe", point=point, trail=trail)

    def resume(self, run: str) -> Done:
        return self("apply", "--resume", run, "--yes", "--no-node-probe")

    def rollback(self, run: str = "", point: str = "", trail: Path | None = None) -> Done:
        named = (run,) if run else ()
        return self("rollback", *named, "--yes", "--no-node-probe", point=point, trail=trail)

    def run(self) -> dict[str, object]:
        """What `wayhome runs` says of the only run; empty where there is none."""
        found = json.loads(self("runs", "--json").out or "[]")
        return dict(found[0]) if found else {}

    def calls(self) -> int:
        """How many calls that change something have been sent to the lab."""
        sent = self._folder / "sent"
        return len(sent.read_text("utf-8").splitlines()) if sent.exists() else 0

    def differs(self) -> tuple[str, ...]:
        """What in the lab is not as it was in the beginning."""
        return control.changed(self._running).differs


@contextmanager
def place(running: Running) -> Iterator[Place]:
    """See Place."""
    with tempfile.TemporaryDirectory(prefix="wayhome-crash-") as folder:
        yield Place(running, folder)


def course(remedy: str, running: Running) -> Course:
    """Apply and take back without a kill, and note everything on the way. Raises AssertionError when that fails."""
    with place(running) as here, tempfile.TemporaryDirectory() as notes:
        forth, back = Path(notes) / "forth", Path(notes) / "back"
        done = here.apply(remedy, trail=forth)
        if done.code != 0:
            raise AssertionError(f"apply of {remedy} ended with {done.code}: {done.err}")
        calls, differs = here.calls(), here.differs()
        done = here.rollback(trail=back)
        if done.code != 0 or here.differs():
            raise AssertionError(f"rollback of {remedy} ended with {done.code}: {done.err} {here.differs()}")
        return Course(remedy, running, _points(forth), _points(back), (calls, here.calls() - calls), differs)


def _points(trail: Path) -> tuple[str, ...]:
    """The points in their order, each once; before a line is written it may also be torn.

    Between the end of one line and the beginning of the next is one point, not two.
    """
    found: list[str] = []
    for name in dict.fromkeys(trail.read_text("utf-8").splitlines()):
        if not (found and found[-1].startswith("after the line") and name.startswith("before the line")):
            found.append(name)
        if name.startswith("before the line"):
            found.append(HALF + name.removeprefix("before "))
    return tuple(found)


def forth(on: Course, point: str) -> Row:
    """Kill apply at `point`; complete it and take it back; then kill it there again and take it back at once."""
    wrong = []
    with place(on.running) as here:
        killed = here.apply(on.remedy, point)
        if not killed.killed:
            wrong.append(f"was not killed ({killed.code})")
        seen = here.run()
        if not seen:
            if here.differs() or here.calls():
                wrong.append("changed something without a journal")
            return Row(point, "no run", "", "nothing to complete", "nothing to take back", "; ".join(wrong))
        completed = "is complete"
        if seen["can_go_on"]:
            done = here.resume(str(seen["id"]))
            completed = "completed and proven" if done.code == 0 else f"exit {done.code}: {done.err[-300:]}"
            wrong += [completed] * (done.code != 0)
        if here.run() and here.run()["state"] not in ("proven", "planned"):
            wrong.append(f"is {here.run()['state']} in the end")
        if seen["plan_known"] and (here.calls() != on.calls[0] or here.differs() != on.differs):
            wrong.append(f"{here.calls()} calls, not {on.calls[0]}; different: {here.differs()}")
        done = here.rollback(str(seen["id"]))
        if seen["plan_known"] and (done.code != 0 or here.differs()):
            wrong.append(f"not taken back: {done.code} {done.err[-300:]} {here.differs()}")
    with place(on.running) as here:
        here.apply(on.remedy, point)
        before = here.calls()
        taken = _taken_back(here, wrong)
        if here.calls() - before > on.calls[1] or here.differs():
            wrong.append(f"{here.calls() - before} calls to take it back; different: {here.differs()}")
    if not seen["plan_known"]:
        completed = "nothing to complete"
    return Row(point, str(seen["state"]), str(seen["means"]), completed, taken, "; ".join(wrong))


def back(on: Course, point: str) -> Row:
    """Kill rollback at `point`, and take the run back once more."""
    wrong: list[str] = []
    with place(on.running) as here:
        here.apply(on.remedy)
        killed = here.rollback(point=point)
        if not killed.killed:
            wrong.append(f"was not killed ({killed.code})")
        seen = here.run()
        taken = _taken_back(here, wrong)
        if here.calls() != sum(on.calls) or here.differs():
            wrong.append(f"{here.calls()} calls, not {sum(on.calls)}; different: {here.differs()}")
        return Row(point, str(seen["state"]), str(seen["means"]), "–", taken, "; ".join(wrong))


def _taken_back(here: Place, wrong: list[str]) -> str:
    seen = here.run()
    if seen["state"] == "rolled-back":
        return "is taken back"
    if not seen["can_be_taken_back"]:
        return "nothing to take back"
    done = here.rollback()
    if done.code != 0 or here.run()["state"] != "rolled-back":
        wrong.append(f"rollback: {done.code} {done.err[-300:]}")
    return "taken back and measured" if done.code == 0 else f"exit {done.code}"
