"""The command palette: every command that can be used where the person is."""

from __future__ import annotations

from functools import partial

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content

from rules.words import _
from tui import commands, themes


class Commands(Provider):
    """The commands whose keys work now, and the themes."""

    def _entries(self) -> list[tuple[str, str, str]]:
        entries = []
        for active in self.screen.active_bindings.values():
            command = commands.find(active.binding.id)
            if command is not None and command.palette and active.enabled:
                title = _(command.title)
                entries.append((f"{title}  ({command.display})", _(command.help), command.action))
        names = {
            themes.DARK: _("Dark theme"),
            themes.LIGHT: _("Light theme"),
            themes.CONTRAST: _("High contrast theme"),
        }
        entries += [(title, _("Change the colours."), f"app.use_theme('{name}')") for name, title in names.items()]
        return list(dict.fromkeys(entries))

    async def discover(self) -> Hits:
        for title, about, action in self._entries():
            yield DiscoveryHit(title, partial(self._run, action), help=about)

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for title, about, action in self._entries():
            score = matcher.match(title)
            if score > 0:
                yield Hit(score, Content(title), partial(self._run, action), help=about)

    async def _run(self, action: str) -> None:
        focused = self.screen.focused
        chain = [focused, *focused.ancestors] if focused is not None else [self.screen, self.app]
        name = action.split("(")[0]
        for node in chain:
            if hasattr(node, f"action_{name.removeprefix('app.')}"):
                await self.app.run_action(action, default_namespace=node)
                return
