"""The app behind one tab: when the tab has gone, so does the app, whatever it is doing."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

from textual_serve.app_service import AppService

DRIVER = "tui.web.driver:TabDriver"
PATIENCE = 10.0


class Tab(AppService):
    """One process of the app. Its lab ends with it, by its leash."""

    def __init__(self, command: str, **more: Any) -> None:
        super().__init__(command, **more)
        self._ending = asyncio.Lock()

    def _build_environment(self, width: int = 80, height: int = 24) -> dict[str, str]:
        return {**super()._build_environment(width, height), "TEXTUAL_DRIVER": DRIVER}

    async def on_data(self, payload: bytes) -> None:
        """Hand on what the app draws. An app that nobody sees any more is still read, or it could not even end."""
        with contextlib.suppress(ConnectionError):
            await super().on_data(payload)

    async def stop(self) -> None:
        """Let the app leave, and end it where it does not within PATIENCE seconds."""
        async with self._ending:
            process, task = self._process, self._task
            if process is None or task is None:
                return
            with contextlib.suppress(TimeoutError, asyncio.TimeoutError):
                await asyncio.wait_for(self._leave(process, task), PATIENCE)
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
            self._task = None

    async def _leave(self, process: asyncio.subprocess.Process, task: asyncio.Task[None]) -> None:
        await self._download_manager.cancel_app_downloads(app_service_id=self.app_service_id)
        await self.send_meta({"type": "quit"})
        await task
        await process.wait()
