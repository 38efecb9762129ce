"""The start screen: diagnose a pod, practise in the lab, open a recording."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, cast

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.screen import Screen
from textual.widgets import ContentSwitcher, Footer, Input, OptionList, Static
from textual.widgets.option_list import Option

from rules.version import __version__
from rules.words import _
from tui.commands import bindings
from tui.errands import ErrandFailed, Errands
from tui.glyphs import State, glyph
from tui.plain import content, plain

if TYPE_CHECKING:
    from probes.ask import Ask
    from tui import messages, ports
    from tui.app import WayhomeApp

AFTER_FIRST_FRAME = 0.1
CHOICES = ("diagnose", "practise", "open")


class StartScreen(Screen[None]):
    """Three ways in. `scenario` starts that lab scenario at once, as a `lesson` or to be diagnosed."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("start")]
    CSS_PATH = "../styles/start.tcss"
    AUTO_FOCUS = "#pod"
    HELP = _(
        "Diagnose: give a pod and a target, press enter. Practise: pick a scenario; it runs on this machine and needs "
        "no cloud. Open: a Snapshot that somebody saved, or what an earlier run recorded. Tab moves on; F3, F4 and F5 "
        "jump."
    )

    def __init__(self, scenario: str | None, *, lesson: bool = False, taught: bool = False) -> None:
        super().__init__()
        self.listed = False
        self._scenario = scenario
        self._lesson = lesson
        self._ways = ("practise",) if taught else CHOICES
        self._lessons: dict[str, ports.Lesson] = {}
        self._recordings: dict[str, Path] = {}
        self._lab_running: str | None = None
        self._errands = Errands(self)

    @property
    def _app(self) -> WayhomeApp:
        return cast("WayhomeApp", self.app)

    def compose(self) -> ComposeResult:
        title = Content.assemble((" wayhome", "bold"), (f"  {__version__}", "$quiet"))
        yield Static(title, id="start-title", markup=False)
        yield Static(
            Content.styled(_(" The packet arrives. Its answer cannot find the way home."), "$quiet"),
            id="start-motto",
            markup=False,
        )
        with Horizontal(id="start-body"):
            names = {"diagnose": _("Diagnose"), "practise": _("Practise"), "open": _("Open a recording")}
            yield OptionList(*(Option(Content(names[way]), id=way) for way in self._ways), id="start-menu")
            with ContentSwitcher(initial=self._ways[0], id="start-pane"):
                with VerticalScroll(id="diagnose", can_focus=False):
                    yield from self._form()
                with Vertical(id="practise"):
                    yield Static(
                        Content(_("A world on this machine that breaks on command. Enter starts it.")), markup=False
                    )
                    yield Input(placeholder=_("your name, for the marks"), id="learner")
                    yield OptionList(id="lessons")
                with Vertical(id="open"):
                    yield Static(Content(_("File of a Snapshot (wayhome diagnose --save writes one)")), markup=False)
                    yield Input(placeholder="case.json", id="file")
                    yield Static(id="recorded", markup=False)
                    yield OptionList(id="recordings")
        yield Static(id="unfinished", markup=False)
        yield Static(id="news", markup=False)
        yield Footer(show_command_palette=False)

    def _form(self) -> ComposeResult:
        yield Static(Content.assemble((_("Pod"), "bold"), ("  [NAMESPACE/]NAME", "$quiet")), markup=False)
        yield Input(placeholder="default/my-pod", id="pod")
        yield Static(
            Content.assemble((_("Target"), "bold"), ("  IP, IP:PORT or http://IP:PORT/PATH", "$quiet")), markup=False
        )
        yield Input(placeholder="http://10.2.0.10/health", id="target")
        yield Static(
            Content.assemble((_("Local"), "bold"), ("  " + _("optional: an address in the pod's VPC"), "$quiet")),
            markup=False,
        )
        yield Input(placeholder=_("found by itself where possible"), id="local")
        yield Static(
            Content.assemble((_("Name"), "bold"), ("  " + _("optional: by which the application calls it"), "$quiet")),
            markup=False,
        )
        yield Input(placeholder="db.example.internal", id="host")
        yield Static(Content.styled(_("Enter goes on, and starts from the last field."), "$quiet"), markup=False)

    def on_mount(self) -> None:
        if "diagnose" not in self._ways:
            self.set_focus(self.query_one("#learner"))
        # Reading the scenarios would hold up the first frame.
        self.call_after_refresh(self.set_timer, AFTER_FIRST_FRAME, self._find_lessons)

    def _find_lessons(self) -> None:
        self._errands.start("lessons", self._list_lessons)
        self._find_runs()
        self._find_recordings()

    def on_screen_resume(self) -> None:
        if self.listed:
            self._find_runs()
            self._find_recordings()

    def _find_runs(self) -> None:
        def work(run: int) -> messages.RunsFound:
            from tui import messages

            return messages.RunsFound(run, tuple(self._app.rooms.runs()))

        self._errands.start("runs", work)

    def _find_recordings(self) -> None:
        def work(run: int) -> messages.RecordingsFound:
            from tui import messages

            return messages.RecordingsFound(run, tuple(self._app.rooms.recordings()))

        self._errands.start("recordings", work)

    def on_recordings_found(self, event: messages.RecordingsFound) -> None:
        self._errands.done("recordings")
        self._recordings = {str(number): one.path for number, one in enumerate(event.recordings)}
        line = _("What was seen in earlier runs on this machine, under pseudonyms unless asked otherwise:")
        none = _("Nothing has been recorded yet; `wayhome diagnose` and the app record what they see.")
        self.query_one("#recorded", Static).update(Content.styled(line if event.recordings else none, "$quiet"))
        listing = self.query_one("#recordings", OptionList)
        before = listing.highlighted
        listing.clear_options()
        for number, one in enumerate(event.recordings):
            text = f"{one.at.astimezone():%Y-%m-%d %H:%M}  {one.verdict:9}  {plain(one.pod or '?')}"
            listing.add_option(Option(content(text, lines=False), id=str(number)))
        if event.recordings:
            listing.highlighted = min(before or 0, len(event.recordings) - 1)

    def on_runs_found(self, event: messages.RunsFound) -> None:
        from tui import standing

        self._errands.done("runs")
        line = self.query_one("#unfinished", Static)
        line.display = bool(event.runs)
        if event.runs:
            sign = glyph(State.WARN, ascii=self._app.ascii)
            line.update(content(f"{sign} {standing.open_ones(event.runs)}", "$warn", lines=False))

    def on_unmount(self) -> None:
        self._errands.drop_all()

    def _list_lessons(self, run: int) -> messages.LessonsListed:
        from tui import messages

        lab = self._app.rooms.lab()
        return messages.LessonsListed(run, tuple(lab.lessons()), lab.running())

    def on_lessons_listed(self, event: messages.LessonsListed) -> None:
        self._errands.done("lessons")
        self.listed = True
        self._lessons = {lesson.name: lesson for lesson in event.lessons}
        self._lab_running = event.running
        listing = self.query_one("#lessons", OptionList)
        listing.clear_options()
        for lesson in event.lessons:
            mark = glyph(State.WAIT, ascii=self._app.ascii) if lesson.name == event.running else " "
            # The name of a scenario gives its cause away: only the title is shown.
            text = Content.assemble((mark, "$active"), f" {plain(lesson.title)}")
            listing.add_option(Option(text, id=lesson.name))
        if event.lessons:
            listing.highlighted = 0
        if event.running in self._lessons:
            self._fill(self._lessons[event.running])
        if self._scenario is not None and self._scenario in self._lessons:
            self._start_lab(self._lessons[self._scenario], lesson=self._lesson)

    def _fill(self, lesson: ports.Lesson) -> None:
        """Offer the running scenario's question, where nothing was typed yet."""
        ask = lesson.question
        local = str(ask.local) if ask.local else ""
        values = {"pod": str(ask.pod), "target": str(ask.target), "local": local, "host": ask.host}
        if any(self.query_one(f"#{field}", Input).value for field in values):
            return
        for field, value in values.items():
            self.query_one(f"#{field}", Input).value = value
        self._say(_("The lab runs {name}; its question is filled in. Enter starts.").format(name=lesson.name))

    def _say(self, sentence: str, *, bad: bool = False) -> None:
        sign = f"{glyph(State.FAIL, ascii=self._app.ascii)} " if bad else ""
        self.query_one("#news", Static).update(content(sign + sentence, "$fail" if bad else "$quiet", lines=False))

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        if event.option_list.id == "start-menu" and event.option_id:
            self.query_one("#start-pane", ContentSwitcher).current = event.option_id

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        if event.option_list.id == "start-menu" and event.option_id:
            self.action_choose(event.option_id)
        elif event.option_list.id == "lessons" and event.option_id in self._lessons:
            self._start_lab(self._lessons[event.option_id], lesson=True)
        elif event.option_list.id == "recordings" and event.option_id in self._recordings:
            self._open(str(self._recordings[event.option_id]))

    def action_choose(self, choice: str) -> None:
        """Go to one of the ways in."""
        if choice not in self._ways:
            self._say(_("In class there are lessons only."))
            return
        self.query_one("#start-menu", OptionList).highlighted = self._ways.index(choice)
        self.query_one("#start-pane", ContentSwitcher).current = choice
        fields = {"diagnose": "#pod", "practise": "#lessons", "open": "#file"}
        self.call_after_refresh(self.query_one(fields[choice]).focus)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        if event.input.id == "file":
            self._open(event.value)
            return
        if event.input.id == "learner":
            self.query_one("#lessons").focus()
            return
        filled = bool(self.query_one("#pod", Input).value and self.query_one("#target", Input).value)
        if event.input.id == "pod" and not self.query_one("#target", Input).value:
            self.query_one("#target", Input).focus()
        elif event.input.id == "target" and not filled:
            self.query_one("#pod", Input).focus()
        else:
            self._diagnose()

    def _diagnose(self) -> None:
        from probes import parse
        from probes.ask import Ask

        fields = ("pod", "target", "local", "host")
        values = {field: self.query_one(f"#{field}", Input).value.strip() for field in fields}
        at = "pod"
        try:
            pod = parse.pod(values["pod"])
            at = "target"
            target = parse.target(values["target"])
            at = "local"
            local = parse.target(values["local"]) if values["local"] else None
            at = "host"
            host = parse.host(values["host"]) if values["host"] else ""
        except parse.ParseError as error:
            self._say(error.sentence, bad=True)
            self.query_one(f"#{at}", Input).focus()
            return
        self._go(Ask(pod, target, local, host=host, read_only=self._app.opening.read_only), name=self._lab_name())

    def _lab_name(self) -> str:
        return _("lab {name}").format(name=self._lab_running) if self._lab_running else ""

    def _go(self, ask: Ask, *, name: str = "") -> None:
        from tui.screens.case import CaseScreen

        self.app.push_screen(CaseScreen(ask=ask, name=name))

    def _open(self, text: str) -> None:
        from tui.screens.case import CaseScreen

        path = Path(text.strip()).expanduser()
        if not path.is_file():
            self._say(_("There is no file {path}.").format(path=plain(path)), bad=True)
            return
        self.app.push_screen(CaseScreen(recording=path))

    def _start_lab(self, chosen: ports.Lesson, *, lesson: bool) -> None:
        if self._errands.busy("lab"):
            return
        self._say(_("Starting {name}: servers, nodes, pods. A few seconds.").format(name=chosen.name))
        self.query_one("#lessons").loading = True

        learner = self.query_one("#learner", Input).value.strip()

        def work(run: int) -> messages.LabStarted:
            from tui import messages

            lab = self._app.rooms.lab()
            self._app.lab_is_ours = lab.start(chosen.name)
            return messages.LabStarted(run, chosen, lab.study(chosen.name, learner) if lesson else None)

        self._errands.start("lab", work)

    def on_lab_started(self, event: messages.LabStarted) -> None:
        self._errands.done("lab")
        self.query_one("#lessons").loading = False
        self._lab_running = event.lesson.name
        self._say(_("The lab runs {name}.").format(name=event.lesson.name))
        if event.study is None:
            self._go(event.lesson.question, name=self._lab_name())
            return
        from tui.screens.lesson import LessonScreen

        self.app.push_screen(LessonScreen(event.lesson.question, event.study, name=self._lab_name()))

    def on_errand_failed(self, event: ErrandFailed) -> None:
        from tui.sentences import sentence_of

        self._errands.done(event.errand)
        self.listed = True
        self.query_one("#lessons").loading = False
        self._say(sentence_of(event.error), bad=True)
