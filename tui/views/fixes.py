"""The fixes: what each would change, what would come of it, what else it touches. Nothing is changed here."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.geometry import Region, Spacing
from textual.message import Message
from textual.widgets import Static

from rules.report.model import FixSet, Offer, Role
from rules.words import _
from tui import handover
from tui.case import Case
from tui.commands import bindings
from tui.glyphs import State
from tui.plain import plain
from tui.views import fix_detail, fix_list, fix_sets
from tui.views.base import View, lines

ROWS_FOR_BOTH = 30


class FixesView(View, can_focus=True):
    """The offers by who does them, the selected one in full, and the sets that are enough side by side."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("fixes")]
    HELP = _(
        "Every fix that the rules know for this trouble, tried on a copy of the world: the prediction is the verdict "
        "of that copy, and what would break comes first. Enter shows the exact change and asks for consent by typing "
        "a name; nothing changes before. What is for somebody else to do opens as a message (m), which c copies and w "
        "writes; of all others c copies the commands. s compares what is enough, side by side."
    )

    class Wanted(Message):
        """The plan of a fix is wanted."""

        def __init__(self, offer: Offer) -> None:
            super().__init__()
            self.offer = offer

    class MessageWanted(Message):
        """What is handed over is to be read."""

        def __init__(self, paper: handover.Paper) -> None:
            super().__init__()
            self.paper = paper

    def __init__(self) -> None:
        super().__init__(id="fixes")
        self._case: Case | None = None
        self._lines: list[int | None] = []
        self.selected = 0
        self.comparing = False

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="fix-pane", can_focus=False):
            yield Static(id="fix-list", markup=False)
        with VerticalScroll(id="fix-detail", can_focus=False):
            yield Static(id="fix-text", markup=False)
        with VerticalScroll(id="fix-sets", can_focus=False):
            yield Static(id="fix-sets-text", markup=False)

    @property
    def offers(self) -> tuple[Offer, ...]:
        """What is offered, by who does it."""
        report = self._case.report if self._case is not None else None
        return tuple(sorted(report.remedies, key=fix_list.group)) if report is not None else ()

    @property
    def sets(self) -> tuple[FixSet, ...]:
        """The smallest sets that are enough."""
        report = self._case.report if self._case is not None else None
        return report.fix_sets if report is not None else ()

    @property
    def offer(self) -> Offer | None:
        """The selected offer."""
        return self.offers[self.selected] if self.selected < len(self.offers) else None

    @property
    def _both(self) -> bool:
        """Whether there is room for the comparison below the detail."""
        return self.wide and self.size.height >= ROWS_FOR_BOTH

    def show(self, case: Case) -> None:
        self._case = case
        self.selected = max(0, min(self.selected, len(self.offers) - 1))
        self._draw()

    def on_resize(self) -> None:
        self._draw()

    def _draw(self) -> None:
        if not self.is_mounted or self._case is None:
            return
        offer = self.offer
        below = bool(self.sets) and (self.comparing or self._both)
        self.query_one("#fix-pane").display = offer is not None
        self.query_one("#fix-sets").display = below and offer is not None
        self.query_one("#fix-detail").display = not (below and not self._both)
        self.query_one("#fix-sets").set_class(self._both, "below")
        if offer is None:
            self.query_one("#fix-text", Static).update(Content.styled(self._nothing(self._case), "$quiet"))
            return
        width = self.size.width - 4
        found = fix_list.rows(self.offers, self.sets, self.selected, width + (0 if self.wide else 2), ascii=self.ascii)
        self._lines = [number for number, _row in found]
        self.query_one("#fix-list", Static).update(lines(*(row for _number, row in found)))
        self.query_one("#fix-text", Static).update(self._detail(offer))
        if below:
            side = fix_sets.table(self.sets, offer.id, width - 2, ascii=self.ascii)
            self.query_one("#fix-sets-text", Static).update(lines(Content.styled(fix_sets.heading(), "$active"), side))
        self.call_after_refresh(self._follow)

    def _follow(self) -> None:
        """Keep the selected line in sight, with the heading above it."""
        if self.is_mounted and self.selected in self._lines:
            at = self._lines.index(self.selected)
            top = at - 1 if self._lines[at - 1] is None else at
            pane = self.query_one("#fix-pane")
            pane.scroll_to_region(Region(0, top, 1, at - top + 1), spacing=Spacing(), animate=False, force=True)

    def _nothing(self, case: Case) -> str:
        if case.report is None:
            return plain(case.progress()) or _("No fixes yet: they follow from the verdict.")
        if case.state is State.OK:
            return _("Nothing to fix: the pod reaches the target.")
        return _("No fix that wayhome knows would help here; the verdict (2) says what is known.")

    def _detail(self, offer: Offer) -> Content:
        report = self._case.report if self._case is not None else None
        seen = {row.probe: row.observed for row in report.matrix} if report is not None else {}
        paper = self._paper(offer)
        width = min(self.size.width - 8, 120) if self.wide else self.size.width - 4
        message = paper.title if paper is not None else ""
        return lines(*fix_detail.parts(offer, seen, message, width, ascii=self.ascii))

    def _paper(self, offer: Offer) -> handover.Paper | None:
        case = self._case
        if case is None or case.snapshot is None or case.report is None:
            return None
        return handover.message(case.snapshot, case.report, offer)

    def on_click(self, event: events.Click) -> None:
        listing = self.query_one("#fix-list", Static)
        at = event.get_content_offset(listing)
        chosen = self._lines[at.y] if event.widget is listing and at is not None and at.y < len(self._lines) else None
        if chosen is not None:
            self.action_move(chosen - self.selected)

    def action_move(self, by: int) -> None:
        """Select the offer `by` places further, and show its beginning."""
        self.selected = max(0, min(self.selected + by, len(self.offers) - 1))
        self._draw()
        self.query_one("#fix-detail").scroll_home(animate=False)

    def action_plan(self) -> None:
        """Show the exact change, or the message where the change is for others to make."""
        offer = self.offer
        if offer is None:
            return
        if offer.role is Role.APPLY:
            self.post_message(self.Wanted(offer))
        else:
            self.action_message()

    def action_message(self) -> None:
        """Read what is handed over."""
        paper = self._paper(self.offer) if self.offer is not None else None
        if paper is not None:
            self.post_message(self.MessageWanted(paper))
        elif self.offer is not None and self.offer.role is Role.ADVICE:
            self.app.notify(_("This is advice: there is nothing to plan. c copies its commands."), markup=False)
        elif self.offer is not None:
            self.app.notify(_("Nobody else has a part in this fix."), markup=False)

    def action_compare(self) -> None:
        """What is enough, side by side; and back to the detail."""
        if not self.sets:
            self.app.notify(_("No set of fixes that wayhome knows is enough here."), markup=False)
            return
        self.comparing = not self.comparing
        self._draw()

    def on_key(self, event: events.Key) -> None:
        """Page keys scroll the detail, or the comparison in its place."""
        if event.key in {"pagedown", "pageup", "space"}:
            event.stop()
            detail = self.query_one("#fix-detail")
            pane = detail if detail.display else self.query_one("#fix-sets")
            (pane.scroll_page_up if event.key == "pageup" else pane.scroll_page_down)(animate=False)

    def copied(self) -> tuple[str, str] | None:
        if self.offer is None:
            return None
        paper = self._paper(self.offer)
        if paper is not None:
            return paper.title, paper.text
        return (_("the commands"), "\n".join(self.offer.commands)) if self.offer.commands else None

    def written(self) -> tuple[handover.Paper, ...]:
        case = self._case
        if self.offer is None or case is None or case.snapshot is None or case.report is None:
            return ()
        return handover.papers(case.snapshot, case.report, self.offer)
