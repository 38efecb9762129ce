"""The lines at the top: whose case this is, how it stands, and which view is open."""

from __future__ import annotations

from textual import events
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget
from textual.widgets import Static

from rules.words import _
from tui.case import Case
from tui.glyphs import colour, glyph
from tui.plain import fit, plain, width_of

VIEWS = ("steps", "verdict", "path", "routes", "fixes", "evidence")


def view_title(view: str) -> str:
    """A view's name for people."""
    return {
        "steps": _("Steps"),
        "verdict": _("Verdict"),
        "path": _("Path"),
        "routes": _("Routes"),
        "fixes": _("Fixes"),
        "evidence": _("Evidence"),
    }[view]


class CaseBar(Static):
    """Pod, target and state of the case on one line; the state is never cut."""

    case: reactive[Case | None] = reactive(None)

    def __init__(self, *, ascii: bool) -> None:
        super().__init__(markup=False)
        self._ascii = ascii

    def render(self) -> Content:
        case = self.case
        width = self.size.width
        if case is None or width < 20:
            return Content("wayhome")
        arrow = " -> " if self._ascii else " → "
        left = plain(f" {case.pod}{arrow}{case.target}") if case.pod else " wayhome"
        if case.name and width >= 100:
            left += plain(f"   {case.name}")
        state = f"{glyph(case.state, ascii=self._ascii)} {plain(case.word())} "
        room = max(width - width_of(state) - 1, 10)
        return Content.assemble((fit(left, room), "bold"), " ", (state, f"bold {colour(case.state)}"))


class ViewBar(Widget):
    """The six views with their keys; the open one stands out by colour, weight and a mark. A click opens one."""

    view: reactive[str] = reactive("steps")

    class Chosen(Message):
        """A view was clicked."""

        def __init__(self, view: str) -> None:
            super().__init__()
            self.view = view

    def render(self) -> Content:
        parts: list[Content] = [Content(" ")]
        gap = self._gap
        for number, view in enumerate(VIEWS, 1):
            here = view == self.view
            text = Content.styled(f"{number} ", "$active") + Content.styled(
                view_title(view), "bold underline" if here else "$quiet"
            )
            parts += [text, Content(gap)]
        return Content.assemble(*parts)

    @property
    def _gap(self) -> str:
        words = sum(width_of(view_title(view)) + 2 for view in VIEWS)
        return " " * max(1, min(3, (self.size.width - words) // len(VIEWS)))

    def on_click(self, event: events.Click) -> None:
        x = 1
        for view in VIEWS:
            end = x + 2 + width_of(view_title(view))
            if x <= event.x < end:
                self.post_message(self.Chosen(view))
            x = end + len(self._gap)
