"""The fixes: what each would change, what would come of it, what else it touches. Nothing is changed here."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from rules.report.model import Offer
from rules.words import _
from tui import steps
from tui.case import Case
from tui.commands import bindings
from tui.glyphs import State, of_outcome, outcome_word
from tui.plain import content, fit, plain, width_of
from tui.views.base import View, lines, shown


class FixesView(View, can_focus=True):
    """The offers above, side by side in their facts; the selected one in full below."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("fixes")]
    HELP = _(
        "Every fix that the rules know for this trouble, tried on a copy of the world: the prediction is the verdict "
        "of that copy. Enter shows the exact change and asks for consent by typing a name; nothing changes before. "
        "Where somebody else has a part, c copies the message for them, and w writes it; else c copies the commands."
    )

    class Wanted(Message):
        """The plan of a fix is wanted."""

        def __init__(self, offer: Offer) -> None:
            super().__init__()
            self.offer = offer

    def __init__(self) -> None:
        super().__init__(id="fixes")
        self._case: Case | None = None
        self.selected = 0

    def compose(self) -> ComposeResult:
        yield Static(id="fix-list", markup=False)
        with VerticalScroll(id="fix-detail", can_focus=False):
            yield Static(id="fix-text", markup=False)

    @property
    def offers(self) -> tuple[Offer, ...]:
        """What is offered."""
        report = self._case.report if self._case is not None else None
        return report.remedies if report is not None else ()

    @property
    def offer(self) -> Offer | None:
        """The selected offer."""
        return self.offers[self.selected] if self.selected < len(self.offers) else None

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
        table, detail = self.query_one("#fix-list", Static), self.query_one("#fix-text", Static)
        if offer is None:
            detail.update(Content.styled(self._nothing(self._case), "$quiet"))
            table.update("")
            return
        table.update(self._table())
        detail.update(self._detail(offer))

    def _nothing(self, case: Case) -> str:
        if case.report is None:
            return plain(case.progress()) or _("No fixes yet: they follow from the verdict.")
        if case.state is State.OK:
            return _("Nothing to fix: the pod reaches the target.")
        return _("No fix that wayhome knows would help here; the verdict (2) says what is known.")

    def _table(self) -> Content:
        words = [outcome_word(offer.predicted) for offer in self.offers]
        alone = [_("enough") if offer.complete else _("not enough") for offer in self.offers]
        outcome = _widest([_("pod → peer"), *("  " + word for word in words)])
        enough = _widest([_("alone?"), *alone])
        room = self.size.width - outcome - enough - 10
        owner = min(_widest([offer.owner for offer in self.offers]), max(room // 2, 8))
        names = [plain(offer.title) for offer in self.offers]
        if _widest(names) > room - owner:
            # Titles that begin alike would be cut to the same words; the remedies' names differ.
            names = [plain(offer.id) for offer in self.offers]
        name = min(_widest(names), max(room - owner, 18))
        owner = max(room - name, 8)
        head = (fit(_("fix"), name), fit(_("pod → peer"), outcome), fit(_("alone?"), enough), _("owner"))
        rows = [Content.styled("   " + "  ".join(head), "$quiet")]
        for number, offer in enumerate(self.offers):
            here = number == self.selected
            row = Content.assemble(
                ((">" if self.ascii else "▌") if here else " ", "$active"),
                f"{number + 1} ",
                (fit(names[number], name), "bold" if here else ""),
                "  ",
                self.sign(of_outcome(offer.predicted), fit(words[number], outcome - 2)),
                "  ",
                fit(alone[number], enough),
                "  ",
                fit(plain(offer.owner), owner).rstrip(),
            )
            rows.append(row)
        return lines(*rows)

    def _detail(self, offer: Offer) -> Content:
        report = self._case.report if self._case is not None else None
        seen = {row.probe: row.observed for row in report.matrix} if report is not None else {}
        title = Content.assemble((plain(offer.title), "bold"), ("  " + plain(offer.id), "$quiet"))
        parts: list[Content] = [title, content(offer.sentence)]
        if not offer.applicable:
            parts.append(self.sign(State.WARN, _("wayhome only advises here; c copies the commands.")))
        parts += self._section(_("Changes"), [content(item) for item in offer.change_sentences])
        parts += self._section(
            _("Needs"),
            [
                Content.assemble(
                    self.sign({True: State.OK, False: State.FAIL, None: State.DOUBT}[item.met]),
                    " ",
                    content(item.sentence),
                )
                for item in offer.preconditions
            ],
        )
        parts += self._section(
            _("Predicted"),
            [
                Content.assemble(
                    fit(steps.name(row.probe), 18),
                    self.sign(of_outcome(row.predicted), fit(outcome_word(row.predicted), 14)),
                    (_("now {word}").format(word=outcome_word(seen.get(row.probe))), "$quiet"),
                )
                for row in shown(offer.matrix)
            ],
        )
        parts += self._section(_("Touches"), [content(item) for item in offer.blast_radius])
        parts += self._section(
            _("By hand"), [Content.assemble(("$ ", "$active"), content(item)) for item in offer.commands]
        )
        parts += self._section(_("Undo"), [Content.assemble(("$ ", "$active"), content(item)) for item in offer.undo])
        return lines(*parts)

    def _section(self, title: str, rows: list[Content]) -> list[Content]:
        return [Content(), Content.styled(title, "$active"), *rows] if rows else []

    def on_click(self, event: events.Click) -> None:
        listing = self.query_one("#fix-list", Static)
        at = event.get_content_offset(listing)
        if event.widget is listing and at is not None and 0 < at.y <= len(self.offers):
            self.selected = at.y - 1
            self._draw()

    def action_move(self, by: int) -> None:
        """Select the offer `by` places further, and show its beginning."""
        self.selected = max(0, min(self.selected + by, len(self.offers) - 1))
        self._draw()
        self.query_one("#fix-detail").scroll_home(animate=False)

    def action_plan(self) -> None:
        """Show the exact change."""
        if self.offer is not None:
            self.post_message(self.Wanted(self.offer))

    def on_key(self, event: object) -> None:
        """Page keys scroll the detail."""
        from textual.events import Key

        if isinstance(event, Key) and event.key in {"pagedown", "pageup", "space"}:
            event.stop()
            detail = self.query_one("#fix-detail")
            (detail.scroll_page_up if event.key == "pageup" else detail.scroll_page_down)(animate=False)

    def copied(self) -> tuple[str, str] | None:
        if self.offer is None or not self.offer.commands:
            return None
        case = self._case
        if case is not None and case.snapshot is not None and case.report is not None:
            from rules.report import handoff
            from rules.report.handoff_print import as_markdown

            if handoff.by_message(case.snapshot, self.offer):
                message = handoff.make(case.snapshot, case.report, self.offer)
                return _("the message for {project}").format(project=message.to or "?"), as_markdown(message)
        return _("the commands"), "\n".join(self.offer.commands)


def _widest(texts: Iterable[str]) -> int:
    """Cells of the widest of `texts`."""
    return max(width_of(plain(text)) for text in texts)
