"""F6 in a lesson: choose the scenario whose world the running lab shall become."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, cast

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Footer, OptionList, Static
from textual.widgets.option_list import Option

from rules.words import _
from tui import messages, ports
from tui.commands import bindings
from tui.errands import ErrandFailed, Errands
from tui.plain import plain

if TYPE_CHECKING:
    from tui.app import WayhomeApp


class InjectScreen(ModalScreen[ports.Lesson | None]):
    """Dismissed with the chosen lesson. Names are the instructor's to see: they give the causes away."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("dialog")]
    CSS_PATH = "../styles/dialogs.tcss"

    def __init__(self) -> None:
        super().__init__()
        self._lessons: dict[str, ports.Lesson] = {}
        self._errands = Errands(self)

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog", classes="write"):
            yield Static(Content.styled(_("Turn the running lab into"), "bold $active"), markup=False)
            yield OptionList(id="faults")
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        lab = cast("WayhomeApp", self.app).rooms.lab()
        self._errands.start("lessons", lambda run: messages.LessonsListed(run, tuple(lab.lessons()), lab.running()))

    def on_lessons_listed(self, event: messages.LessonsListed) -> None:
        self._lessons = {lesson.name: lesson for lesson in event.lessons}
        listing = self.query_one(OptionList)
        for lesson in event.lessons:
            text = Content.assemble((f"{plain(lesson.name)}  ", "bold"), (plain(lesson.title), "$quiet"))
            listing.add_option(Option(text, id=lesson.name))
        listing.highlighted = 0 if event.lessons else None
        listing.focus()

    def on_errand_failed(self, event: ErrandFailed) -> None:
        from tui.sentences import sentence_of

        cast("WayhomeApp", self.app).tell(sentence_of(event.error), bad=True)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self._lessons.get(event.option_id or ""))

    def action_close(self) -> None:
        """Nothing is injected."""
        self.dismiss(None)
