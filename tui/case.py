"""One case as the screens see it: what was asked, what runs, what is known. Frozen; each event makes a new one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from probes.ask import Ask
from probes.events import Announced, Event, GapFound, Probed, Probing, Read, Reading
from rules.report.model import Answer, Report
from rules.snapshot import Probe, Snapshot
from rules.words import _
from tui import steps
from tui.glyphs import State


@dataclass(frozen=True)
class Case:
    """`via` maps the planned probes to what a person would type; `started` the running ones to their start on the
    app's clock; `live` is False for a recording; `busy` says in a few words what is going on."""

    ask: Ask | None
    live: bool
    name: str = ""
    via: Mapping[str, str] = field(default_factory=dict)
    probes: Mapping[str, Probe] = field(default_factory=dict)
    started: Mapping[str, float] = field(default_factory=dict)
    selected: str = "pod-local"
    connected: bool = False
    reading: tuple[str, ...] = ()
    read: int = 0
    gaps: int = 0
    busy: str = ""
    news: str = ""
    snapshot: Snapshot | None = None
    report: Report | None = None

    @property
    def ids(self) -> list[str]:
        """The probes of this case, the guided ones first."""
        named = self.ask.by_name if self.ask is not None and self.live else ()
        return steps.order(list({**dict.fromkeys((*steps.GUIDED, *named)), **self.via, **self.probes}))

    @property
    def pod(self) -> str:
        """The pod that asks."""
        if self.snapshot is not None:
            return str(self.snapshot.question.pod)
        return str(self.ask.pod) if self.ask is not None else ""

    @property
    def target(self) -> str:
        """Where it wants to go."""
        if self.snapshot is not None:
            return str(self.snapshot.question.target)
        return str(self.ask.target) if self.ask is not None else ""

    @property
    def read_only(self) -> bool:
        """Whether nothing may be changed from here."""
        return not self.live or (self.ask is not None and self.ask.read_only)

    @property
    def state(self) -> State:
        """The case in one state."""
        if self.report is None:
            return State.WAIT if self.busy else State.IDLE
        return {Answer.REACHABLE: State.OK, Answer.BROKEN: State.FAIL, Answer.UNKNOWN: State.DOUBT}[self.report.answer]

    def word(self) -> str:
        """The case in a few words, for the top line."""
        if self.report is None:
            return self.busy or _("not judged yet")
        if self.report.answer is Answer.REACHABLE:
            return _("reachable") if "pod-peer" in self.probes else _("predicted reachable")
        broken = self.report.broken
        if self.report.answer is Answer.BROKEN and broken is not None:
            leg = {"return": _("return leg"), "forward": _("forward leg")}.get(broken.direction, broken.direction)
            measured = "pod-peer" in self.probes
            return (_("broken: {leg}") if measured else _("predicted broken: {leg}")).format(leg=leg)
        return _("broken") if self.report.answer is Answer.BROKEN else _("cannot tell yet")

    def with_snapshot(self, snapshot: Snapshot, report: Report) -> Case:
        """This case judged on `snapshot`."""
        via = {**self.via, **{probe.id: probe.via for probe in snapshot.probes if probe.via}}
        probes = {**self.probes, **{probe.id: probe for probe in snapshot.probes}}
        return replace(self, snapshot=snapshot, report=report, via=via, probes=probes)

    def with_probe(self, probe: Probe) -> Case:
        """This case with one more measurement."""
        started = {key: at for key, at in self.started.items() if key != probe.id}
        via = {**self.via, probe.id: probe.via or self.via.get(probe.id, "")}
        return replace(self, probes={**self.probes, probe.id: probe}, started=started, via=via)

    def starting(self, id: str, at: float) -> Case:
        """This case with the probe `id` under way since `at`."""
        probes = {key: probe for key, probe in self.probes.items() if key != id}
        return replace(self, started={**self.started, id: at}, probes=probes)

    def stopped(self) -> Case:
        """This case with nothing under way."""
        return replace(self, started={}, reading=(), busy="")

    def heard(self, event: Event, at: float) -> Case:
        """This case after the session said something at `at`."""
        match event:
            case Reading(what):
                return replace(self, reading=(*self.reading, what))
            case Read(what, _seconds):
                return replace(self, reading=tuple(item for item in self.reading if item != what), read=self.read + 1)
            case GapFound(gap):
                waiting = tuple(item for item in self.reading if not item.startswith(gap.read))
                return replace(self, reading=waiting, gaps=self.gaps + 1)
            case Announced(sentence):
                return replace(self, news=sentence)
            case Probing(id, via):
                known = replace(self, via={**self.via, id: via})
                return known if id in self.started else known.starting(id, at)
            case Probed(probe):
                return self.with_probe(probe)

    def progress(self) -> str:
        """What is being waited for, in one line."""
        if self.reading:
            return _("Reading {what} · {done} read").format(what=self.reading[-1], done=self.read)
        return self.busy
