"""The plan of a fix: the exact change, and consent by typing the name of the thing changed."""

from __future__ import annotations

from pathlib import PurePath
from typing import Any, ClassVar, cast

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Footer, Input, Static

from rules.report.model import Change, Offer
from rules.words import _
from tui import diff, messages, ports
from tui.commands import bindings
from tui.errands import ErrandFailed, Errands
from tui.glyphs import State, glyph
from tui.plain import content, plain
from tui.widgets.text_view import TextView


class ConsentScreen(ModalScreen[ports.Plan | None]):
    """Dismissed with the plan once its name was typed, with None otherwise. Without a session it only shows."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("consent")]
    CSS_PATH: ClassVar[list[str | PurePath]] = ["../styles/lines.tcss", "../styles/dialogs.tcss"]
    AUTO_FOCUS = "#consent"
    HELP = _(
        "The exact change, before anything is changed. Type the name that is asked for and press enter to apply it; "
        "escape does nothing. It is journalled before it is made, and can be taken back."
    )

    def __init__(self, offer: Offer, session: ports.Session | None) -> None:
        super().__init__()
        self.offer = offer
        self._session = session
        self._plan: ports.Plan | None = None
        self._errands = Errands(self)

    @property
    def _ascii(self) -> bool:
        from tui.app import WayhomeApp

        return cast(WayhomeApp, self.app).ascii

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog", classes="consent"):
            yield Static(Content.styled(plain(self.offer.title), "bold $active"), markup=False)
            if self.offer.stops:
                yield Static(self._stops(), id="consent-stops", markup=False)
            yield TextView(diff.lines_of(self.offer.changes), id="consent-diff")
            yield Static(id="consent-dry", markup=False)
            yield Static(id="consent-ask", markup=False)
            yield Input(placeholder=_("the name, then enter"), id="consent")
        yield Footer(show_command_palette=False)

    def _stops(self) -> Content:
        sign = glyph(State.FAIL, ascii=self._ascii)
        return Content("\n").join(content(f"{sign} {line}", "$fail") for line in self.offer.stops)

    def on_mount(self) -> None:
        field = self.query_one("#consent", Input)
        field.disabled = True
        if self._session is None or not self.offer.applicable:
            field.display = False
            why = (
                _("Nothing can be changed from here: read-only.")
                if self._session is None
                else _("wayhome does not make this change itself; the commands are under the fix.")
            )
            self._ask(Content.styled(why, "$warn"))
            self.query_one(TextView).focus()
            return
        self._ask(Content.styled(_("Planning, and trying it without changing anything…"), "$quiet"))
        session = self._session
        rooms = self._rooms()

        def work(run: int) -> messages.PlanMade:
            applier = rooms.applier(session)
            plan = applier.plan(self.offer)
            tried = applier.dry_run(plan)
            return messages.PlanMade(run, plan, "\n".join(tried))

        self._errands.start("plan", work)

    def _rooms(self) -> ports.Rooms:
        from tui.app import WayhomeApp

        return cast(WayhomeApp, self.app).rooms

    def _ask(self, text: Content) -> None:
        self.query_one("#consent-ask", Static).update(text)

    @property
    def changes(self) -> tuple[Change, ...]:
        """What will be changed."""
        return tuple(self._plan.changes) if self._plan is not None else self.offer.changes

    @property
    def words(self) -> str:
        """What must be typed."""
        return self._plan.name if self._plan is not None else diff.consent_word(self.changes)

    def on_plan_made(self, event: messages.PlanMade) -> None:
        self._plan = event.plan
        if event.plan.diff:
            self.query_one(TextView).show_lines(diff.roles(event.plan.diff.splitlines()))
        effect = [_("Takes effect: {time}").format(time=self.offer.effect)] if self.offer.effect else []
        said = "\n".join([event.dry_run, *effect])
        self.query_one("#consent-dry", Static).update(content(said, "$quiet"))
        self._ask(
            Content.assemble(
                _("To apply it, type "),
                (plain(self.words), "bold $active"),
                _(" and press enter. Escape does nothing."),
            )
        )
        field = self.query_one("#consent", Input)
        field.disabled = False
        field.focus()

    def on_errand_failed(self, event: ErrandFailed) -> None:
        from tui.sentences import sentence_of

        sign = glyph(State.FAIL, ascii=self._ascii)
        self._ask(Content.assemble((f"{sign} ", "$fail"), content(sentence_of(event.error))))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        if self._plan is not None and event.value.strip() == self.words:
            self.dismiss(self._plan)
        elif self._plan is not None:
            text = _("That is not it: type {words} exactly, or press escape.").format(words=plain(self.words))
            self._ask(Content.assemble((f"{glyph(State.WARN, ascii=self._ascii)} ", "$warn"), text))

    def action_page(self, by: int) -> None:
        """Scroll the diff."""
        view = self.query_one(TextView)
        (view.scroll_page_down if by > 0 else view.scroll_page_up)(animate=False)

    def action_close(self) -> None:
        """Do nothing."""
        self._errands.drop_all()
        self.dismiss(None)


class UndoScreen(ModalScreen[bool]):
    """Consent to take a run back, or to go on with one: the same name is typed."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("consent")]
    CSS_PATH: ClassVar[list[str | PurePath]] = ["../styles/lines.tcss", "../styles/dialogs.tcss"]
    AUTO_FOCUS = "#consent"

    def __init__(self, words: str, diff_lines: list[diff.TextLine], *, title: str = "", asks: str = "") -> None:
        super().__init__()
        self._words = words
        self._lines = diff_lines
        self._heading = title or _("Take the change back")
        self._asks = asks or _("To restore what was there, type ")

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog", classes="consent"):
            yield Static(Content.styled(self._heading, "bold $active"), markup=False)
            yield TextView(self._lines, id="consent-diff")
            yield Static(
                Content.assemble(self._asks, (plain(self._words), "bold $active"), _(" and press enter.")),
                id="consent-ask",
                markup=False,
            )
            yield Input(placeholder=_("the name, then enter"), id="consent")
        yield Footer(show_command_palette=False)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        if event.value.strip() == self._words:
            self.dismiss(True)

    def action_page(self, by: int) -> None:
        """Scroll the diff."""
        view = self.query_one(TextView)
        (view.scroll_page_down if by > 0 else view.scroll_page_up)(animate=False)

    def action_close(self) -> None:
        """Do nothing."""
        self.dismiss(False)


def backwards(changes: Any) -> list[diff.TextLine]:
    """The diff of taking `changes` back."""
    turned = [Change(c.system, c.kind, c.key, c.owner, before=c.after, after=c.before) for c in reversed(changes)]
    return diff.lines_of(turned)
