"""The path: there and back, hop by hop, with the first break marked and what decided one key away."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Static

from rules.path import Hop, Walk
from rules.words import _
from tui import hops
from tui.case import Case
from tui.commands import bindings
from tui.path_layout import BOXES_FROM
from tui.plain import content, plain
from tui.views.base import View, lines
from tui.widgets.path_canvas import PathCanvas


class ObjectWanted(Message):
    """Somebody wants to see the raw object called `name`, or the one that decided at `hop`."""

    def __init__(self, name: str, hop: Hop | None = None) -> None:
        super().__init__()
        self.name = name
        self.hop = hop


class PathView(View):
    """The canvas above, the selected hop in full below."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("path")]
    HELP = _(
        "The packet's way to the target, and the answer's way back. Each line is one decision; the sentence below says "
        "what decided. x goes to the first break; hops behind it are dim, because no packet got there. Enter opens the "
        "object that decided, as it was read."
    )

    def __init__(self) -> None:
        super().__init__(id="path")
        self._walk: Walk | None = None

    def compose(self) -> ComposeResult:
        yield PathCanvas(ascii=self.ascii)
        with VerticalScroll(id="path-detail", can_focus=False):
            yield Static(id="path-hop", markup=False)

    def home(self) -> Widget:
        return self.query_one(PathCanvas)

    def show(self, case: Case) -> None:
        if not self.is_mounted:
            return
        walk = case.report.walk if case.report is not None else None
        canvas = self.query_one(PathCanvas)
        if walk is None or not walk.hops:
            self._walk = None
            canvas.show((), 0)
            hint = case.progress() or _("No path yet: it is drawn from the configuration, once that is read.")
            self.query_one("#path-hop", Static).update(Content.styled(plain(hint), "$quiet"))
            return
        fresh = self._walk is None
        self._walk = walk
        start = hops.first_break(walk) if fresh else canvas.selected
        canvas.show(hops.lanes(walk, ascii=self.ascii), start or 0)
        self._tell(canvas.selected)

    def on_path_canvas_selected(self, event: PathCanvas.Selected) -> None:
        event.stop()
        self._tell(event.number)

    def _tell(self, number: int) -> None:
        walk = self._walk
        if walk is None:
            return
        hop = walk.hops[number]
        head = Content.assemble(
            self.sign(hops.of_verdict(hop.verdict), hops.standing(walk, number), "bold"),
            (f"  {number + 1}/{len(walk.hops)}  {hops.leg_word(hop.leg)}  ", "$quiet"),
            (plain(f"{hops.kind_word(hop.kind)} · {hop.at}"), "bold"),
        )
        facts = []
        if hop.reason:
            facts.append(plain(hop.reason))
        if hop.owner:
            facts.append(_("owner {owner}").format(owner=plain(hop.owner)))
        if hop.object:
            facts.append(plain(hop.object))
        parts = [head, content(hop.sentence)]
        if facts:
            parts.append(Content.styled("  ".join(facts), "$quiet"))
        self.query_one("#path-hop", Static).update(lines(*parts))

    def action_move(self, by: int) -> None:
        """Move the cursor by `by` hops."""
        canvas = self.query_one(PathCanvas)
        canvas.select(canvas.selected + by)

    def action_first_break(self) -> None:
        """Select the first hop that stops the packet."""
        broken = hops.first_break(self._walk) if self._walk is not None else None
        if broken is None:
            self.app.notify(_("Nothing on this path stops the packet."), markup=False)
        else:
            self.query_one(PathCanvas).select(broken)

    def action_shape(self) -> None:
        """Take boxes for a ladder, or the other way round."""
        canvas = self.query_one(PathCanvas)
        now = canvas.boxes if canvas.boxes is not None else canvas.size.width >= BOXES_FROM
        canvas.boxes = not now
        canvas.draw()

    def action_open_object(self) -> None:
        """Show the object that decided at the selected hop."""
        if self._walk is not None:
            hop = self._walk.hops[self.query_one(PathCanvas).selected]
            self.post_message(ObjectWanted(hop.object or hop.at, hop))

    def copied(self) -> tuple[str, str] | None:
        if self._walk is None:
            return None
        hop = self._walk.hops[self.query_one(PathCanvas).selected]
        return _(
            "the hop"
        ), f"{hops.kind_word(hop.kind)} at {hop.at}: {hops.standing(self._walk, self._number())}. {hop.sentence}"

    def _number(self) -> int:
        return self.query_one(PathCanvas).selected
