"""The verdict: what is broken, where, whose it is, why, and what would settle what is open."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Static

from rules.path import Masquerade
from rules.report import labels
from rules.report.model import Answer, CauseFound, MatrixRow, Report, Status
from rules.words import _
from tui import steps
from tui.case import Case
from tui.commands import bindings
from tui.glyphs import State, of_outcome, outcome_word
from tui.plain import content, fit, plain
from tui.views.base import View, lines, shown

ANSWERS = {Answer.REACHABLE: State.OK, Answer.BROKEN: State.FAIL, Answer.UNKNOWN: State.DOUBT}
SURE = {
    Status.CONFIRMED: State.FAIL,
    Status.LIKELY: State.WARN,
    Status.POSSIBLE: State.DOUBT,
    Status.LATENT: State.IDLE,
}


class VerdictView(View):
    """One page to read from the top."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings("verdict"),
        Binding("j", "scroll_page(1)", show=False),
        Binding("k", "scroll_page(-1)", show=False),
    ]
    HELP = _(
        "What was measured and read, judged. The first lines say what is broken and whose it is. Where measurements "
        "contradict each other or the model, that comes next, with the likeliest reasons; n makes the observation that "
        "would settle it. Causes come with the evidence that made them; unknowns say which right would open them. c "
        "copies the next observation's command, or the headline where nothing is open; w writes the report."
    )

    @dataclass
    class Wanted(Message):
        """The person asks for the probes of the next observation; `ids` is empty where wayhome cannot make it."""

        ids: tuple[str, ...]

    def __init__(self) -> None:
        super().__init__(id="verdict")
        self._report: Report | None = None

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="verdict-page"):
            yield Static(id="verdict-head", markup=False)
            yield Static(id="verdict-facts", markup=False)
            yield Static(id="verdict-matrix", markup=False)
            yield Static(id="verdict-odd", markup=False)
            yield Static(id="verdict-next", markup=False)
            yield Static(id="verdict-causes", markup=False)
            yield Static(id="verdict-remaining", markup=False)
            yield Static(id="verdict-excluded", markup=False)
            yield Static(id="verdict-unknowns", markup=False)

    def home(self) -> Widget:
        return self.query_one("#verdict-page")

    def action_scroll_page(self, by: int) -> None:
        """Scroll by a line."""
        self.query_one("#verdict-page").scroll_relative(y=by, animate=False)

    def action_observe(self) -> None:
        """Ask for the next observation."""
        step = self._report.next if self._report is not None else None
        self.post_message(self.Wanted(step.probes if step is not None else ()))

    def show(self, case: Case) -> None:
        if not self.is_mounted:
            return
        self._report = report = case.report
        if report is None:
            busy = case.progress() or _("No verdict yet: run the steps (1), or a for all at once.")
            self._put({"verdict-head": self.sign(State.WAIT if case.busy else State.IDLE, busy)})
            return
        self._put(
            {
                "verdict-head": Content.assemble(
                    self.sign(ANSWERS[report.answer]), " ", (plain(report.headline), "bold")
                ),
                "verdict-facts": self._facts(report),
                "verdict-matrix": self._matrix(report.matrix),
                "verdict-odd": self._strange(report),
                "verdict-next": self._next(report, live=case.live),
                "verdict-causes": self._causes(report.causes),
                "verdict-remaining": self._still_open(report),
                "verdict-excluded": self._ruled_out(report),
                "verdict-unknowns": self._unknowns(report),
            }
        )

    def _put(self, parts: dict[str, Content]) -> None:
        for part in self.query("#verdict-page > Static").results(Static):
            text = parts.get(part.id or "", Content())
            part.update(text)
            part.display = bool(text.plain)

    def _facts(self, report: Report) -> Content:
        rows: list[tuple[str, str]] = []
        broken = report.broken
        if broken is not None:
            leg = {"return": _("the way back"), "forward": _("the way there")}.get(broken.direction, broken.direction)
            rows += [
                (_("Broken"), leg),
                (_("At"), str(broken.vpc or broken.place)),
                (_("Reason"), broken.reason),
                (_("Owner"), broken.owner),
            ]
        if report.masquerade is not None:
            rows.append((_("Source"), wears(report.masquerade)))
        return lines(*(_row(name, value) for name, value in rows if value))

    def _matrix(self, matrix: Iterable[MatrixRow]) -> Content:
        rows = []
        for row in shown(matrix):
            state = of_outcome(row.observed)
            told = {
                True: Content.styled(_("as predicted"), "$quiet"),
                False: self.sign(State.WARN, _("predicted {word}").format(word=outcome_word(row.predicted))),
                None: Content.styled(_("predicted {word}").format(word=outcome_word(row.predicted)), "$quiet"),
            }[row.agrees]
            rows.append(
                Content.assemble(
                    fit(steps.name(row.probe), 18), self.sign(state, fit(outcome_word(row.observed), 20)), told
                )
            )
        return _section(_("Measured"), rows)

    def _causes(self, causes: Iterable[CauseFound]) -> Content:
        words = {
            Status.CONFIRMED: _("confirmed"),
            Status.LIKELY: _("likely"),
            Status.POSSIBLE: _("possible"),
            Status.LATENT: _("latent"),
        }
        rows: list[Content] = []
        for cause in causes:
            rows.append(
                Content.assemble(
                    self.sign(SURE[cause.status], words[cause.status]),
                    f"  {plain(cause.id)}  ",
                    (plain(cause.title), "bold"),
                )
            )
            rows.append(content(cause.sentence))
            rows += [Content.assemble((f"  {self.dot} ", "$quiet"), content(item, "$quiet")) for item in cause.evidence]
            if cause.decides:
                rows.append(Content.assemble((_("  Would decide: "), "$quiet"), content(cause.decides)))
        return _section(_("Causes"), rows)

    def _strange(self, report: Report) -> Content:
        rows: list[Content] = []
        for sentence, reasons in labels.odd(report):
            rows.append(Content.assemble(self.sign(State.WARN), " ", content(sentence)))
            rows += [Content.assemble((_("    perhaps: "), "$quiet"), content(reason)) for reason in reasons]
        return _section(_("Contradictions"), rows)

    def _next(self, report: Report, *, live: bool) -> Content:
        if report.next is None:
            return Content()
        rows = [content(report.next.sentence)]
        if report.next.command:
            rows.append(Content.assemble(("$ ", "$active"), content(report.next.command)))
        if report.next.probes and live:
            names = ", ".join(steps.name(probe) for probe in report.next.probes)
            rows.append(content(_("n measures it now: {probes}").format(probes=names), "$active"))
        return _section(_("Next observation"), rows)

    def _still_open(self, report: Report) -> Content:
        rows: list[Content] = []
        for why, causes in labels.still_open(report):
            rows += [
                Content.assemble(self.sign(State.DOUBT), " ", content(f"{cause.id}  {cause.title}")) for cause in causes
            ]
            rows.append(content(f"    {why}", "$quiet"))
        return _section(_("Still possible"), rows)

    def _ruled_out(self, report: Report) -> Content:
        rows: list[Content] = []
        for why, causes in labels.ruled_out(report).items():
            rows.append(content(why, "$quiet"))
            rows += [content(f"  {self.dot} {cause.id}  {cause.title}", "$quiet") for cause in causes]
        return _section(_("Ruled out"), rows)

    def _unknowns(self, report: Report) -> Content:
        rows = []
        for fact in report.unknowns:
            need = f" ({plain(fact.permission)})" if fact.permission else ""
            rows.append(
                Content.assemble(
                    self.sign(State.DOUBT), " ", content(fact.what), (": " + plain(fact.why) + need, "$quiet")
                )
            )
        grants = dict.fromkeys(fact.grant for fact in report.unknowns if fact.grant)
        rows += [Content.assemble(("$ ", "$active"), content(grant)) for grant in grants]
        return _section(_("Not known"), rows)

    def copied(self) -> tuple[str, str] | None:
        if self._report is None:
            return None
        step = self._report.next
        if step is not None and step.command:
            return _("the command of the next observation"), step.command
        return _("the headline"), self._report.headline


def wears(masquerade: Masquerade) -> str:
    """Whose address the packet wears, in one line."""
    address = str(masquerade.source or _("not known"))
    if masquerade.masqueraded is None:
        return _("not known whether the packet is masqueraded")
    if masquerade.masqueraded:
        return _("{address}, the node's: the packet is masqueraded").format(address=address)
    if masquerade.range is None:
        return _("{address}, the pod's own").format(address=address)
    return _("{address}, the pod's own: {range} is not masqueraded").format(address=address, range=masquerade.range)


def _row(name: str, value: str) -> Content:
    return Content.assemble((fit(name, 8), "$quiet"), content(value))


def _section(title: str, rows: list[Content]) -> Content:
    return lines(Content.styled(title, "$active"), *rows) if rows else Content()
