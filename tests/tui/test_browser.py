"""A class in a browser: a real headless Chromium opens the served app, types, and sees a lesson begin.

A tab that has gone leaves neither its app nor its lab behind, however it went.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import re
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


ESCAPES = re.compile(r"\x1b(\[[0-9;?<=>]*[ -/]*[@-~]|\][^\x07\x1b]*(\x07|\x1b\\)|.)")
FIRST_LESSON = "The answer that could not find the way home"
A_PREDICTION = "You are sure of it."


def ended(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture
def port() -> int:
    with socket.socket() as there:
        there.bind(("127.0.0.1", 0))
        return int(there.getsockname()[1])


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """The state folder of a served app."""
    return tmp_path / "state"


@pytest.fixture
def server(state: Path, tmp_path: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """`wayhome serve`, ready."""
    environment = {**os.environ, "WAYHOME_STATE_DIR": str(state), "PYTHONUNBUFFERED": "1", "LANG": "C.UTF-8"}
    words = [sys.executable, "-m", "tui", "serve", "--port", str(port)]
    server = subprocess.Popen(words, env=environment, stderr=subprocess.PIPE, cwd=tmp_path)
    try:
        assert server.stderr is not None
        assert f"http://127.0.0.1:{port}".encode() in server.stderr.readline()
        until = time.monotonic() + PATIENCE
        while not listens(port):
            assert time.monotonic() < until
            assert server.poll() is None
            time.sleep(0.05)
        yield server
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
        self._drawn = b""

    async def order(self, method: str, **params: Any) -> dict[str, Any]:
        self._number += 1
        await self._socket.send_json({"id": self._number, "method": method, "params": params})
        while True:
            answer = json.loads((await self._socket.receive(timeout=PATIENCE)).data)
            if answer.get("method") == "Network.requestWillBeSent" and not _chrome(answer):
                self.asked.append(answer["params"]["request"]["url"])
            if answer.get("method") == "Network.webSocketFrameReceived":
                frame = answer["params"]["response"]
                self._drawn += base64.b64decode(frame["payloadData"]) if frame["opcode"] == 2 else b""
            if answer.get("id") == self._number:
                assert "error" not in answer, answer
                return dict(answer["result"])

    async def value(self, script: str) -> Any:
        return (await self.order("Runtime.evaluate", expression=script))["result"].get("value")

    async def until_shown(self, text: str) -> None:
        """Wait until `text` is drawn."""
        end = time.monotonic() + PATIENCE
        while text not in plain(self._drawn):
            assert time.monotonic() < end, plain(self._drawn)[-2000:]
            await self.value("0")
            await asyncio.sleep(0.1)

    async def type(self, text: str) -> None:
        for character in text:
            await self.order("Input.dispatchKeyEvent", type="keyDown", text=character, key=character)
            await self.order("Input.dispatchKeyEvent", type="keyUp", key=character)

    async def enter(self) -> None:
        self._drawn = b""
        key = {"key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 13, "text": "\r"}
        await self.order("Input.dispatchKeyEvent", type="keyDown", **key)
        await self.order("Input.dispatchKeyEvent", type="keyUp", **key)


@pytest.fixture
async def tab(browser: int, server: object, port: int) -> AsyncIterator[Tab]:
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


async def until(check: Any, pause: float = 0.1) -> None:
    end = time.monotonic() + PATIENCE
    while not await check():
        assert time.monotonic() < end
        await asyncio.sleep(pause)


def plain(drawn: bytes) -> str:
    """What was drawn, without the terminal's orders."""
    return ESCAPES.sub("", drawn.decode("utf-8", "ignore"))


def labs(state: Path) -> list[str]:
    """The scenarios of the labs that run in a state folder."""
    return [json.loads(file.read_text())["scenario"] for file in state.glob("labs/*/lab.json")]


def processes(word: str, state: Path) -> list[int]:
    """The processes with `word` in their command line that use a state folder."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                command = (entry / "cmdline").read_bytes().decode("utf-8", "replace").split("\0")
                uses = f"WAYHOME_STATE_DIR={state}".encode() in (entry / "environ").read_bytes().split(b"\0")
            except OSError:
                continue
            if word in command and uses:
                found.append(int(entry.name))
    return found


def left(state: Path) -> list[int]:
    """The processes of apps and labs."""
    return processes("--class", state) + processes("lab.daemon", state)


class Line:
    """A tab without a browser: the socket that its page would open."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket
        self._drawn = b""

    async def until_shown(self, text: str) -> None:
        end = time.monotonic() + PATIENCE
        while text not in plain(self._drawn):
            said = await self.socket.receive(timeout=max(0.0, end - time.monotonic()))
            assert said.type in (aiohttp.WSMsgType.BINARY, aiohttp.WSMsgType.TEXT), said
            self._drawn += said.data if isinstance(said.data, bytes) else b""

    async def press(self, text: str) -> None:
        self._drawn = b""
        await self.socket.send_json(["stdin", text])


async def begun(line: Line, state: Path) -> None:
    """Begin a lesson, up to the moment when its lab's process is there and not ready yet."""
    await line.until_shown(FIRST_LESSON)
    await line.press("\r")
    await line.until_shown(FIRST_LESSON)  # drawn anew, with the focus
    await line.press("\r")

    async def spawned() -> bool:
        return bool(processes("lab.daemon", state))

    await until(spawned, 0.001)
    assert labs(state) == []


async def nothing_left(state: Path) -> bool:
    return not left(state)


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="looks for processes in /proc")
async def test_a_tab_closed_while_its_lab_starts_leaves_nothing_behind(server: object, state: Path, port: int) -> None:
    async with aiohttp.ClientSession() as session:
        async with session.ws_connect(f"http://127.0.0.1:{port}/ws") as socket:
            await begun(Line(socket), state)
        await until(lambda: nothing_left(state))


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="looks for processes in /proc")
@pytest.mark.parametrize("victim", ["server", "app"])
async def test_a_kill_leaves_no_lab_behind(
    server: subprocess.Popen[bytes], state: Path, port: int, victim: str
) -> None:
    async with aiohttp.ClientSession() as session, session.ws_connect(f"http://127.0.0.1:{port}/ws") as socket:
        await begun(Line(socket), state)

        async def ready() -> bool:
            return labs(state) == ["article"]

        await until(ready)
        for number in [server.pid] if victim == "server" else processes("--class", state):
            os.kill(number, signal.SIGKILL)
        await until(lambda: nothing_left(state))
    assert labs(state) == []


async def test_the_server_ends_its_tabs(server: subprocess.Popen[bytes], state: Path, port: int) -> None:
    async with aiohttp.ClientSession() as session, session.ws_connect(f"http://127.0.0.1:{port}/ws") as socket:
        await Line(socket).until_shown(FIRST_LESSON)
        server.send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(server.wait, PATIENCE) == 0
        assert left(state) == []


async def test_a_lesson_begins_in_a_browser(tab: Tab, state: Path, port: int) -> None:
    await until(lambda: tab.value("document.activeElement.className.includes('xterm')"))
    await tab.type("mari")
    await tab.until_shown(FIRST_LESSON)
    await tab.enter()
    await tab.until_shown(FIRST_LESSON)  # drawn anew, with the focus
    await tab.enter()
    await tab.until_shown(A_PREDICTION)
    assert labs(state) == ["article"]
    picture = base64.b64decode((await tab.order("Page.captureScreenshot"))["data"])
    assert picture.startswith(b"\x89PNG")
    assert len(picture) > 5_000
    ours = (f"http://127.0.0.1:{port}/", f"ws://127.0.0.1:{port}/", "data:")
    assert [url for url in tab.asked if not url.startswith(ours)] == []
    await tab.order("Page.navigate", url="about:blank")

    await until(lambda: nothing_left(state))


@pytest.mark.parametrize("headers", [{"Origin": "https://elsewhere.example"}, {"Host": "elsewhere.example"}])
async def test_other_sites_cannot_reach_the_class(server: object, port: int, headers: dict[str, str]) -> None:
    async with aiohttp.ClientSession() as session:
        async with session.get(f"http://127.0.0.1:{port}/") as answer:
            assert answer.status == 200
        async with session.get(f"http://127.0.0.1:{port}/", headers=headers) as answer:
            assert answer.status == 403
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await session.ws_connect(f"http://127.0.0.1:{port}/ws", headers=headers)
