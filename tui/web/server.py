"""textual-serve with a page of our own, which asks nothing of the internet, and a door that other sites cannot open."""

from __future__ import annotations

import asyncio
import logging
import os
import shlex
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from urllib.parse import urlsplit

from aiohttp import web
from textual_serve.server import Server

from tui.web.tab import Tab

log = logging.getLogger("wayhome.tui")

HOST = "127.0.0.1"
COMMAND = (sys.executable, "-m", "tui", "--class")
HEARTBEAT = 15.0
MOST_CELLS = 1000
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class ClassServer(Server):
    """Serves the app; each tab is a process and a lab of its own."""

    def __init__(self, port: int) -> None:
        super().__init__(
            f"exec {shlex.join(COMMAND)}",  # without a shell in between, which would be ended in the app's place
            host=HOST,
            port=port,
            title="wayhome",
            templates_path=str(Path(__file__).resolve().parent),
        )
        self._mine = frozenset({f"{HOST}:{port}", f"localhost:{port}"})
        self._tabs: set[Tab] = set()

    async def _make_app(self) -> web.Application:
        app = await super()._make_app()
        app.middlewares.append(self._only_here)
        return app

    @web.middleware
    async def _only_here(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Refuse pages of other sites that reach for this server, by another name or from another origin."""
        origin = request.headers.get("Origin")
        if request.host not in self._mine or (origin is not None and urlsplit(origin).netloc not in self._mine):
            raise web.HTTPForbidden(text="wayhome serves its own page only.\n")
        return await handler(request)

    async def handle_websocket(self, request: web.Request) -> web.WebSocketResponse:
        """Open the app for a tab, and end it when the tab is closed, or reloaded, or says what no page of ours says."""
        socket = web.WebSocketResponse(heartbeat=HEARTBEAT)
        await socket.prepare(request)
        tab = Tab(
            self.command,
            write_bytes=socket.send_bytes,
            write_str=socket.send_str,
            close=socket.close,
            download_manager=self.download_manager,
        )
        self._tabs.add(tab)
        try:
            await tab.start(_cells(request, "width", 80), _cells(request, "height", 24))
            await self._process_messages(socket, tab)
        except Exception:
            log.info("a tab is closed", exc_info=True)
            await socket.close()
        finally:
            await tab.stop()
            self._tabs.discard(tab)
        return socket

    async def on_shutdown(self, _app: web.Application) -> None:
        """End the apps of all tabs."""
        await asyncio.gather(*(tab.stop() for tab in self._tabs))

    def initialize_logging(self) -> None:
        """Say nothing of requests."""

    async def on_startup(self, app: web.Application) -> None:
        """Nothing is announced here; the command line has said where to look."""


def _cells(request: web.Request, name: str, usual: int) -> int:
    """A side of the tab's terminal, as its address gives it."""
    given = request.query.get(name, "")
    return min(int(given), MOST_CELLS) if given.isascii() and given.isdigit() else usual


def serve(port: int) -> None:
    """Serve until SIGINT or SIGTERM. Raises OSError where the port cannot be had."""
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, sys.path))
    ClassServer(port).serve()
