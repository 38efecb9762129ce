"""A class in a browser: a real headless Chromium opens the served app, types, and sees a lesson begin."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

CHROMIUM = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), ""
)
QUIET = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage"),
    *("--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1", "--remote-debugging-port=0"),
)
PATIENCE = 120.0

pytestmark = pytest.mark.lab


def ended(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@pytest.fixture
def port() -> int:
    with socket.socket() as there:
        there.bind(("127.0.0.1", 0))
        return int(there.getsockname()[1])


@pytest.fixture
def served(tmp_path: Path, port: int) -> Iterator[Path]:
    """The state folder of a served app."""
    state = tmp_path / "state"
    environment = {**os.environ, "WAYHOME_STATE_DIR": str(state), "PYTHONUNBUFFERED": "1", "LANG": "C.UTF-8"}
    words = [sys.executable, "-m", "tui", "serve", "--port", str(port)]
    server = subprocess.Popen(words, env=environment, stderr=subprocess.PIPE, cwd=tmp_path)
    try:
        assert server.stderr is not None
        assert f"http://127.0.0.1:{port}".encode() in server.stderr.readline()
        yield state
    finally:
        ended(server)
        if server.stderr is not None:
            server.stderr.close()


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[int]:
    """The port at which a Chromium takes orders."""
    if not CHROMIUM:
        if os.environ.get("CI"):
            pytest.fail("there is no Chromium")
        pytest.skip("needs Chromium")
    profile = tmp_path / "profile"
    process = subprocess.Popen(
        [CHROMIUM, *QUIET, f"--user-data-dir={profile}", "--window-size=1300,800", "about:blank"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        until = time.monotonic() + PATIENCE
        file = profile / "DevToolsActivePort"
        while not (file.exists() and "\n" in file.read_text()):
            assert time.monotonic() < until
            assert process.poll() is None
            time.sleep(0.05)
        yield int(file.read_text().splitlines()[0])
    finally:
        ended(process)


def _chrome(event: dict[str, Any]) -> bool:
    return bool(event["params"]["documentURL"].startswith("chrome"))


class Tab:
    """One page of the browser, over its own protocol."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._number = 0
        self.asked: list[str] = []

    async def order(self, method: str, **params: Any) -> dict[str, Any]:
        self._number += 1
        await self._socket.send_json({"id": self._number, "method": method, "params": params})
        while True:
            answer = json.loads((await self._socket.receive(timeout=PATIENCE)).data)
            if answer.get("method") == "Network.requestWillBeSent" and not _chrome(answer):
                self.asked.append(answer["params"]["request"]["url"])
            if answer.get("id") == self._number:
                assert "error" not in answer, answer
                return dict(answer["result"])

    async def value(self, script: str) -> Any:
        return (await self.order("Runtime.evaluate", expression=script))["result"].get("value")

    async def type(self, text: str) -> None:
        for character in text:
            await self.order("Input.dispatchKeyEvent", type="keyDown", text=character, key=character)
            await self.order("Input.dispatchKeyEvent", type="keyUp", key=character)

    async def enter(self) -> None:
        key = {"key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 13, "text": "\r"}
        await self.order("Input.dispatchKeyEvent", type="keyDown", **key)
        await self.order("Input.dispatchKeyEvent", type="keyUp", **key)


@pytest.fixture
async def tab(browser: int, served: Path, port: int) -> AsyncIterator[Tab]:
    """A tab in which the app has drawn its first byte."""
    async with aiohttp.ClientSession() as session:
        async with session.get(f"http://127.0.0.1:{browser}/json") as answer:
            page = next(each for each in await answer.json() if each["type"] == "page")
        async with session.ws_connect(page["webSocketDebuggerUrl"], max_msg_size=0) as channel:
            found = Tab(channel)
            await found.order("Network.enable")
            await found.order("Page.navigate", url=f"http://127.0.0.1:{port}/")
            await until(lambda: found.value("document.body && document.body.classList.contains('-first-byte')"))
            yield found


async def until(check: Any) -> None:
    end = time.monotonic() + PATIENCE
    while not await check():
        assert time.monotonic() < end
        await asyncio.sleep(0.1)


def labs(state: Path) -> list[str]:
    """The scenarios of the labs that run in a state folder."""
    return [json.loads(file.read_text())["scenario"] for file in state.glob("labs/*/lab.json")]


async def test_a_lesson_begins_in_a_browser(tab: Tab, served: Path, port: int) -> None:
    await until(lambda: tab.value("document.activeElement.className.includes('xterm')"))
    await tab.type("mari")
    for _turn in range(100):  # the list of lessons fills after the first frame
        await tab.enter()
        await asyncio.sleep(0.2)
        if labs(served):
            break
    assert labs(served) == ["article"]
    picture = base64.b64decode((await tab.order("Page.captureScreenshot"))["data"])
    assert picture.startswith(b"\x89PNG")
    assert len(picture) > 5_000
    ours = (f"http://127.0.0.1:{port}/", f"ws://127.0.0.1:{port}/", "data:")
    assert [url for url in tab.asked if not url.startswith(ours)] == []
    await tab.order("Page.navigate", url="about:blank")

    async def gone() -> bool:
        return not labs(served)

    await until(gone)


@pytest.mark.parametrize("headers", [{"Origin": "https://elsewhere.example"}, {"Host": "elsewhere.example"}])
async def test_other_sites_cannot_reach_the_class(served: Path, port: int, headers: dict[str, str]) -> None:
    async def reached() -> bool:
        try:
            async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{port}/") as answer:
                return answer.status == 200
        except aiohttp.ClientError:
            return False

    await until(reached)
    async with aiohttp.ClientSession() as session:
        async with session.get(f"http://127.0.0.1:{port}/", headers=headers) as answer:
            assert answer.status == 403
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await session.ws_connect(f"http://127.0.0.1:{port}/ws", headers=headers)
