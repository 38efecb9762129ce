"""Textual's driver for browsers, in an app that does not outlive its server."""

from __future__ import annotations

from textual import messages
from textual.drivers.web_driver import WebDriver


class TabDriver(WebDriver):
    """Leaves the app when nobody can type any more: the server has ended, and closed its end of the pipe."""

    def run_input_thread(self) -> None:
        """Read until the end, then leave."""
        super().run_input_thread()
        self._app.post_message(messages.ExitApp())
