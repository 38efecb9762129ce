"""Draws screenshots/ from a recording of the lab: `python -m tui.shots [FOLDER] [--check] [--record]`.

The recording (FOLDER/recording/) was made by the lab and the real clients with --record; from it every picture is
drawn the same on every machine. --check draws them beside and says which of the committed ones differ.
"""

from __future__ import annotations

import argparse
import asyncio
import html
import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import chdir, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual.pilot import Pilot
from textual.widgets import Input

from probes.progress import Progress, Stage
from rules.evaluate import evaluate
from rules.snapshot import Outcome, Probe, Snapshot, dumps, loads
from tui import rooms, themes
from tui.app import Start, WayhomeApp
from tui.plain import width_of
from tui.ports import Rooms
from tui.replay import Recording, ReplayApplier, ReplayLab, ReplaySession

if TYPE_CHECKING:
    from probes.session import Session

SCENARIO, FIX = "article", "masquerade-minimal"
UNEXPLAINED = "rc39-guest-firewall-rejects-pods"
CONSENT = "ip-masq-agent"
MOMENT = "2026-11-23T03:00:00Z"
SPEED = 20.0
TYPED = tuple(CONSENT)
LESSON = ("enter", "enter", "down", "enter", "enter", "down", "enter", "enter", "down", "down", "enter")


@dataclass(frozen=True)
class Shot:
    """One picture: its name, the keys that lead there, its size, theme and language.

    `start` for the start screen, `lesson` for a lesson on the recording, `after` for the world after the fix; `world`
    names another recording than the article's.
    """

    name: str
    keys: tuple[str, ...] = ()
    size: tuple[int, int] = (100, 30)
    theme: str = themes.DARK
    start: bool = False
    lesson: bool = False
    after: bool = False
    world: str = "before"
    language: str = "en"


SHOTS = (
    Shot("start", start=True),
    Shot("step-1-pod-local", ("enter",)),
    Shot("step-2-node-peer", ("enter", "enter")),
    Shot("step-3-pod-peer", ("enter", "enter", "enter")),
    Shot("verdict", ("a", "2"), (100, 36)),
    Shot("path-broken", ("a", "3"), (140, 36)),
    Shot("path-whole", ("a", "3"), (140, 36), after=True),
    Shot("path-ladder", ("a", "3"), (80, 24)),
    Shot("routes", ("a", "4"), (140, 24)),
    Shot("fixes", ("a", "5"), (100, 36)),
    Shot("consent", ("a", "5", "enter"), (100, 40)),
    Shot("proof", ("a", "5", "enter", *TYPED, "enter"), (100, 30)),
    Shot("handoff", ("a", "5", "down", "m"), (100, 40)),
    Shot("report", ("a", "w"), (100, 30)),
    Shot("contradictions", ("a", "2"), (100, 36), world="contradictions"),
    Shot("practise", ("enter", "enter", "down", "h"), (100, 30), lesson=True),
    Shot("marks", LESSON, (100, 30), lesson=True),
    Shot("evidence", ("a", "6", "down", "down"), (140, 36)),
    Shot("help", ("a", "3", "f1"), (100, 36)),
    Shot("light", ("a", "3"), (140, 36), themes.LIGHT),
    Shot("contrast", ("a", "2"), (100, 36), themes.CONTRAST),
    Shot("narrow", ("a", "3"), (60, 20)),
    Shot("japanese", ("a",), (80, 24), language="ja"),
)


def load(folder: Path, world: str = "before") -> Recording:
    """The recording in `folder`, of the article's world or another one."""
    read = (folder / "steps.json").read_text(encoding="utf-8")
    return Recording(
        before=loads((folder / f"{world}.json").read_text(encoding="utf-8")),
        after=loads((folder / "after.json").read_text(encoding="utf-8")),
        fix=FIX,
        steps=tuple(_step(kept) for kept in json.loads(read)),
    )


def app_for(shot: Shot, recording: Recording) -> WayhomeApp:
    """The app as the picture shows it."""
    shown = replace(recording, before=recording.after) if shot.after else recording
    lessons = (rooms.lesson(SCENARIO),) if shot.lesson else ()
    replayed = Rooms(
        session=lambda _ask, _listener: ReplaySession(shown),
        applier=ReplayApplier,
        evaluate=evaluate,
        lab=lambda: ReplayLab(lessons, MOMENT),
        warm_up=lambda: None,
        clock=lambda: 0.0,
    )
    start = Start() if shot.start else Start(ask=recording.ask)
    if shot.lesson:
        start = Start(scenario=SCENARIO, lesson=True)
    return WayhomeApp(start, replayed, theme=shot.theme, ascii=False)


SPEAKING = """
import asyncio, sys
from pathlib import Path
from rules import words
words.use(sys.argv[2])
from tui import shots
shot = next(shot for shot in shots.SHOTS if shot.name == sys.argv[1])
sys.stdout.buffer.write(asyncio.run(shots.draw(shot, shots.load(Path(sys.argv[3]), shot.world))).encode())
"""


def picture(shot: Shot, folder: Path) -> str:
    """One picture as SVG. Another language is spoken by a process that chose it before it imported the app."""
    if shot.language == "en":
        return asyncio.run(draw(shot, load(folder, shot.world)))
    words = [sys.executable, "-c", SPEAKING, shot.name, shot.language, str(folder)]
    return subprocess.run(words, stdout=subprocess.PIPE, check=True, timeout=600).stdout.decode()


async def draw(shot: Shot, recording: Recording) -> str:
    """One picture as SVG, in the language that this process speaks."""
    return await photograph(app_for(shot, recording), shot)


async def photograph(app: WayhomeApp, shot: Shot) -> str:
    """The picture of an app after the keys of the shot."""
    with chdir("/"):  # a dialog names the folder, which is another one on every machine
        return await _photographed(app, shot)


async def _photographed(app: WayhomeApp, shot: Shot) -> str:
    async with app.run_test(size=shot.size) as pilot:
        await _settle(pilot)
        for key in shot.keys:
            await pilot.press(key)
            if key not in TYPED or key == "a":
                await _settle(pilot)
        for field in app.screen.query(Input):
            field.cursor_blink = False
        await _settle(pilot)
        return _WIDE.sub(_stretched, app.export_screenshot(title="wayhome"))


_CELL = 12.2
_WIDE = re.compile(r'textLength="[\d.]+"( clip-path="[^"]*">)([^<]*[\u1100-\uffef][^<]*)')


def _stretched(found: re.Match[str]) -> str:
    """A text of the picture with its length in cells; the export counts characters, which would squeeze wide ones."""
    length = width_of(html.unescape(found[2])) * _CELL
    return f'textLength="{length:g}"{found[1]}{found[2]}'


async def _settle(pilot: Pilot[int]) -> None:
    for _ in range(500):
        await pilot.pause()
        if getattr(pilot.app.screen, "listed", True) and not _at_work():
            await pilot.pause()
            return
    raise TimeoutError("the app does not come to rest")


def _at_work() -> bool:
    return any(thread.name.startswith("wayhome ") for thread in threading.enumerate())


def record(folder: Path) -> None:
    """Run the lab, diagnose, apply the fix, diagnose again, and keep it all in `folder`; then the world that the model
    cannot explain."""
    from probes.apply import Applier

    steps: list[Progress] = []
    with _session(SCENARIO) as session:
        before = session.collect()
        offer = next(offer for offer in evaluate(before).remedies if offer.id == FIX)
        applier = Applier(session)
        applier.apply(applier.plan(offer), steps.append)
        session.read()
        session.probe_all()
        after = session.snapshot()
    with _session(UNEXPLAINED) as session:
        odd = session.collect()
    folder.mkdir(parents=True, exist_ok=True)
    for name, found in {"before": before, "after": after, "contradictions": odd}.items():
        (folder / f"{name}.json").write_text(dumps(calm(found)), encoding="utf-8")
    kept = [_kept(step) for step in steps]
    (folder / "steps.json").write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


@contextmanager
def _session(scenario: str) -> Iterator[Session]:
    """The lab on a scenario, and a session that asks its question."""
    from lab import control
    from lab.scenario import load as plan
    from probes.ask import Ask
    from probes.session import Session

    question = plan(scenario).question
    os.environ.update(control.environment(control.start(scenario, speed=SPEED)))
    session = Session(Ask(question.pod, question.target, question.local))
    try:
        yield session
    finally:
        session.close()
        control.stop()


def calm(snapshot: Snapshot) -> Snapshot:
    """The Snapshot without what differs from run to run and means nothing: clock times and random names."""
    return replace(snapshot, taken_at=MOMENT, probes=tuple(_calm(probe) for probe in snapshot.probes))


def _kept(step: Progress) -> dict[str, Any]:
    """A step of applying as JSON; of a measurement what the screen says of it."""
    found = _calm(step.probe) if step.probe is not None else None
    probe = None if found is None else {"id": found.id, "outcome": found.outcome.value, "seconds": found.seconds}
    return {"stage": step.stage.value, "sentence": step.sentence, "node": step.node, "probe": probe}


def _step(kept: dict[str, Any]) -> Progress:
    found = kept["probe"]
    probe = None if found is None else Probe(found["id"], Outcome(found["outcome"]), seconds=found["seconds"])
    return Progress(Stage(kept["stage"]), kept["sentence"], kept["node"], probe)


def _calm(probe: Probe) -> Probe:
    return replace(
        probe,
        via=re.sub(r"wayhome-probe-[0-9a-f]+", "wayhome-probe", probe.via),
        stderr=re.sub(r"after \d+ milliseconds", "after 3000 milliseconds", probe.stderr),
        started_at=MOMENT,
        seconds=0.02 if probe.seconds < 1 else float(round(probe.seconds)),
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Draw, check or record; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tui.shots", description=__doc__.split("\n")[0] if __doc__ else "")
    parser.add_argument("folder", nargs="?", type=Path, default=Path("screenshots"))
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when a picture has changed")
    parser.add_argument("--record", action="store_true", help="make the recording anew with the lab first")
    args = parser.parse_args(argv)
    if args.record:
        record(args.folder / "recording")
    changed = []
    for shot in SHOTS:
        path = args.folder / f"{shot.name}.svg"
        svg = picture(shot, args.folder / "recording")
        if not path.is_file() or path.read_text(encoding="utf-8") != svg:
            changed.append(path.name)
            if not args.check:
                path.write_text(svg, encoding="utf-8")
    if changed:
        verb = "differ" if args.check else "drawn"
        sys.stdout.write(f"{verb}: {', '.join(changed)}\n")
    return 1 if changed and args.check else 0


if __name__ == "__main__":
    sys.exit(main())
