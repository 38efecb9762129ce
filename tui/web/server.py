"""textual-serve with a page of our own, which asks nothing of the internet, and a door that other sites cannot open."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from urllib.parse import urlsplit

from aiohttp import web
from textual_serve.server import Server

HOST = "127.0.0.1"
COMMAND = (sys.executable, "-m", "tui", "--class")
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class ClassServer(Server):
    """Serves the app; each tab is a process and a lab of its own."""

    def __init__(self, port: int) -> None:
        super().__init__(
            shlex.join(COMMAND),
            host=HOST,
            port=port,
            title="wayhome",
            templates_path=str(Path(__file__).resolve().parent),
        )
        self._mine = frozenset({f"{HOST}:{port}", f"localhost:{port}"})

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

    def initialize_logging(self) -> None:
        """Say nothing of requests."""

    async def on_startup(self, app: web.Application) -> None:
        """Nothing is announced here; the command line has said where to look."""


def serve(port: int) -> None:
    """Serve until SIGINT or SIGTERM. Raises OSError where the port cannot be had."""
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, sys.path))
    ClassServer(port).serve()
