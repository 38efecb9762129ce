"""The app at work: from a key to its frame while probes run, and from the key that leaves to the end."""

from __future__ import annotations

import asyncio
import statistics
import threading
import time
from pathlib import Path
from typing import Any

from bench.clock import heading, within
from probes.events import Probing
from rules.evaluate import evaluate
from rules.snapshot import Probe
from tui.app import Start, WayhomeApp
from tui.ports import Rooms
from tui.replay import Recording, ReplayApplier, ReplayLab, ReplaySession
from tui.shots import load

KEYS = ("2", "3", "4", "6", "1") * 8
LEAVES = 5
SECONDS_TO_LEAVE = 1.0


class _Waiting(ReplaySession):
    """The recording's answers, each only after it was cancelled."""

    def __init__(self, recording: Recording, listener: Any) -> None:
        super().__init__(recording)
        self._say = listener
        self._stop = threading.Event()

    def probe(self, id: str) -> Probe:
        self._say(Probing(id, ""))
        self._stop.wait(60)
        return super().probe(id)

    def cancel(self) -> None:
        self._stop.set()


def run() -> str:
    """The section's text."""
    recording = load(Path("screenshots/recording"))
    idle = asyncio.run(_frames(recording, waiting=False))
    busy = asyncio.run(_frames(recording, waiting=True))
    leaving = [asyncio.run(_leave(recording)) for _run in range(LEAVES)]
    share = _p95(busy) / _p95(idle)
    return "\n".join(
        [
            heading(
                "Keys, and leaving", (f"{len(KEYS)} keys that open a view, by the Pilot, which waits for the frame",)
            ),
            f"key to frame, nothing under way             {_p95(idle) * 1000:8.1f} ms p95",
            f"key to frame, three probes under way        {_p95(busy) * 1000:8.1f} ms p95",
            f"  => {share:.2f} x (busy / idle; aim: 1.5 x: {within(share, 1.5)})",
            f"^q to the end, three probes under way       {max(leaving):8.3f} s at most ({LEAVES} runs)",
            f"  => aim: {SECONDS_TO_LEAVE:.0f} s: {within(max(leaving), SECONDS_TO_LEAVE)}",
        ]
    )


def _p95(seconds: list[float]) -> float:
    return statistics.quantiles(seconds, n=20)[-1]


def _app(recording: Recording, *, waiting: bool) -> WayhomeApp:
    rooms = Rooms(
        session=lambda _ask, say: _Waiting(recording, say) if waiting else ReplaySession(recording),
        applier=ReplayApplier,
        evaluate=evaluate,
        lab=lambda: ReplayLab(()),
        warm_up=lambda: None,
    )
    return WayhomeApp(Start(ask=recording.ask), rooms, ascii=False)


async def _judged(app: WayhomeApp, pilot: Any) -> None:
    """Until the configuration was read and judged; then all probes begin."""
    for _attempt in range(2000):
        await pilot.pause()
        if getattr(getattr(app.screen, "case", None), "report", None) is not None:
            break
    await pilot.press("a")
    await pilot.pause()


async def _frames(recording: Recording, *, waiting: bool) -> list[float]:
    app = _app(recording, waiting=waiting)
    found = []
    async with app.run_test(size=(120, 36)) as pilot:
        await _judged(app, pilot)
        for key in KEYS[:5]:
            await pilot.press(key)
        for key in KEYS:
            started = time.perf_counter()
            await pilot.press(key)
            await pilot.pause()
            found.append(time.perf_counter() - started)
    return found


async def _leave(recording: Recording) -> float:
    app = _app(recording, waiting=True)
    async with app.run_test(size=(120, 36)) as pilot:
        await _judged(app, pilot)
        started = time.perf_counter()
        await pilot.press("ctrl+q")
    app.wait_farewells()
    return time.perf_counter() - started
