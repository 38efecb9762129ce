"""A Textual app with the start screen's widgets and nothing else: what any app of this shape takes to show itself."""

from __future__ import annotations

from textual.app import App, ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widgets import ContentSwitcher, Footer, Input, OptionList, Static
from textual.widgets.option_list import Option


class Bare(App[None]):
    """Shows the widgets."""

    BINDINGS = [("f1", "nothing", "Help"), ("f3", "nothing", "Diagnose"), ("f4", "nothing", "Practise")]  # noqa: RUF012

    def compose(self) -> ComposeResult:
        yield Static(" bare")
        yield Static(" Nothing behind it.")
        with Horizontal():
            yield OptionList(Option("Diagnose"), Option("Practise"), Option("Open a recording"))
            with ContentSwitcher(initial="one"):
                with VerticalScroll(id="one"):
                    for _field in range(4):
                        yield Static("A field")
                        yield Input(placeholder="a value")
                    yield Static("Enter goes on.")
                with Vertical(id="two"):
                    yield Static("A list")
                    yield Input(placeholder="a name")
                    yield OptionList()
                with Vertical(id="three"):
                    yield Static("A file")
                    yield Input(placeholder="a file")
                    yield Static()
                    yield OptionList()
        yield Static()
        yield Static()
        yield Footer()


if __name__ == "__main__":
    Bare().run()
