"""An article's incident that needs no lab: a hand-made Report, and rooms that answer from it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from typing import Any

import pytest

from lab.practise.record import Record
from probes.ask import Ask
from probes.events import Announced, Probed, Probing, Read, Reading
from probes.recordings import Recording
from probes.run import Run
from rules.path import Hop, Leg, Masquerade, Source, Verdict, Walk
from rules.report.model import (
    Answer,
    Broken,
    CauseFound,
    Change,
    MatrixRow,
    Next,
    Offer,
    Precondition,
    Report,
    RouteRow,
    Status,
    UnknownFact,
)
from rules.snapshot import Gap, Outcome, PodRef, Probe, Question, Snapshot, Target, Vpc
from tui import ports
from tui.app import Start, WayhomeApp
from tui.errands import Errands

A, B = Vpc("project-a", "vpc-a"), Vpc("project-b", "vpc-b")
POD = PodRef("default", "my-pod")
TARGET = Target("10.2.0.10", 80, "tcp", "/health")
LOCAL = Target("10.1.0.21", 80, "tcp", "/health")
ASK = Ask(POD, TARGET, LOCAL)
VIA = {
    "pod-local": "kubectl exec -n default my-pod -- curl -sS -m 3 http://10.1.0.21/health",
    "node-peer": "kubectl exec -n default wayhome-node-probe -- curl -sS -m 3 http://10.2.0.10/health",
    "pod-peer": "kubectl exec -n default my-pod -- curl -sS -m 3 http://10.2.0.10/health",
}


def measured(id: str, *, broken: bool = True) -> Probe:
    """The article's measurement called `id`."""
    if id == "pod-peer" and broken:
        error = "curl: (28) Connection timed out after 3001 milliseconds"
        return Probe(id, Outcome.TIMEOUT, ("curl",), VIA[id], 28, "", error, "2026-11-23T00:00:00Z", 3.0)
    return Probe(id, Outcome.OK, ("curl",), VIA.get(id, ""), 0, "OK", "", "2026-11-23T00:00:00Z", 0.02)


def snapshot(*ids: str, broken: bool = True) -> Snapshot:
    """The article's Snapshot with the measurements `ids`."""
    return Snapshot(
        taken_at="2026-11-23T00:00:00Z",
        version="0.1.0",
        question=Question(POD, TARGET, LOCAL, None, A, B),
        kubernetes={"nodes": {"items": [{"kind": "Node", "metadata": {"name": "gke-node-01"}}]}},
        compute={
            "project-b": {
                "routes": [{"name": "default-route-b", "destRange": "0.0.0.0/0", "selfLink": "https://x/projects/b/r"}]
            }
        },
        node_nat={"gke-node-01": "*nat\n-A POSTROUTING -j IP-MASQ\nCOMMIT\n"},
        probes=tuple(measured(name, broken=broken) for name in ids),
        gaps=(Gap("compute.networks.listPeeringRoutes", "project-b/vpc-b", "forbidden", "compute.networks.get", "no"),),
    )


def walk(*, broken: bool = True) -> Walk:
    """The article's walk."""

    def hop(leg: Leg, at: str, kind: str, sentence: str, verdict: Verdict = Verdict.OK, **more: Any) -> Hop:
        return Hop(leg, at, kind, verdict, sentence, **more)

    there, back = Leg.FORWARD, Leg.RETURN
    forward = (
        hop(there, "pod default/my-pod", "policy", "No network policy selects the pod."),
        hop(there, "node gke-node-01", "masquerade", "Keeps 172.16.1.2: 10.0.0.0/8 is on the non-masquerade list."),
        hop(there, "project-a/vpc-a", "egress-firewall", "Implied allow of egress."),
        hop(there, "project-a/vpc-a", "route", "10.2.0.0/16 by peering a-to-b.", object="a-to-b"),
        hop(there, "project-a/vpc-a", "peering", "a-to-b is ACTIVE."),
        hop(there, "project-b/vpc-b", "ingress-firewall", "allow-from-pods admits 172.16.1.2."),
        hop(there, "vm project-b/target-gce-01", "deliver", "10.2.0.10 is target-gce-01."),
    )
    verdict = Verdict.DROP if broken else Verdict.OK
    back_hops = (
        hop(
            back,
            "project-b/vpc-b",
            "route",
            "No route of vpc-b leads to 172.16.1.2 but the default route to the internet.",
            verdict,
            reason="NO_ROUTE" if broken else "",
            object="default-route-b",
            owner="project-b",
            vpc=B,
        ),
        hop(back, "project-b/vpc-b", "peering", "b-to-a is ACTIVE."),
        hop(back, "project-a/vpc-a", "route", "172.16.1.0/24 by instance gke-node-01."),
        hop(back, "pod default/my-pod", "deliver", "172.16.1.2 is my-pod."),
    )
    outcome = Outcome.TIMEOUT if broken else Outcome.OK
    masquerade = Masquerade(False, IPv4Address("172.16.1.2"), "X", "Keeps 172.16.1.2.", IPv4Network("10.0.0.0/8"))
    seen = IPv4Address("172.16.1.2")
    return Walk(Source(pod=POD), IPv4Address("10.2.0.10"), masquerade, seen, forward, back_hops, outcome)


def routes() -> dict[Vpc, tuple[RouteRow, ...]]:
    """Both tables, with the row that is missing at the peer."""
    return {
        A: (
            RouteRow("10.2.0.0/16", "peering-subnet", "peering a-to-b", 0, "forward", None, "Carries it.", "peer-1"),
            RouteRow("10.1.0.0/16", "subnet", "network vpc-a", 0, "", None, "", "subnet-a"),
            RouteRow("172.16.1.0/24", "static", "instance gke-node-01", 1000, "", None, "", "node-1"),
        ),
        B: (
            RouteRow(
                "172.16.1.0/24",
                "peering-static",
                "peering b-to-a",
                1000,
                "",
                "not-exported",
                "vpc-a does not export custom routes through a-to-b.",
                ghost=True,
            ),
            RouteRow("0.0.0.0/0", "static", "internet-gateway", 1000, "", "internet-gateway", "", "default-route-b"),
        ),
    }


def offers() -> tuple[Offer, ...]:
    """Two fixes."""
    matrix = tuple(MatrixRow(name, measured(name).outcome, "ok", None) for name in VIA)
    config = {"namespace": "kube-system", "name": "ip-masq-agent"}
    change = Change(
        "kubernetes",
        "ConfigMap",
        config,
        "project-a",
        None,
        {"data": {"config": "nonMasqueradeCIDRs:\n- 10.1.0.0/16\n"}},
    )
    peering = {"project": "project-a", "network": "vpc-a", "peering": "a-to-b"}
    export = Change(
        "compute", "peering", peering, "project-a", {"exportCustomRoutes": False}, {"exportCustomRoutes": True}
    )
    return (
        Offer(
            "masquerade-minimal",
            "Masquerade what goes to the target",
            "The pod's packets wear the node's address on the way to 10.2.0.0/16.",
            True,
            True,
            "project-a",
            "ok",
            matrix,
            (change,),
            ("Create ConfigMap kube-system/ip-masq-agent",),
            ("Every pod's connections to 10.2.0.0/16",),
            (Precondition("The agent runs on every node", True), Precondition("Nobody filters by pod address", None)),
            ("kubectl create configmap ip-masq-agent --from-file config -n kube-system",),
            ("kubectl delete configmap ip-masq-agent -n kube-system",),
        ),
        Offer(
            "exchange-routes",
            "Exchange custom routes",
            "vpc-a exports and vpc-b imports the pods' routes.",
            True,
            True,
            "project-a, project-b",
            "ok",
            matrix,
            (export,),
            ("Export custom routes at a-to-b",),
            ("All custom routes of vpc-a",),
            (),
            ("gcloud compute networks peerings update a-to-b --network vpc-a --export-custom-routes",),
        ),
    )


def report(shot: Snapshot, *, broken: bool = True) -> Report:
    """The article's Report for a Snapshot."""
    rows = []
    for name, via in VIA.items():
        probe = shot.probe(name)
        predicted = measured(name, broken=broken).outcome
        observed = probe.outcome if probe is not None else None
        rows.append(MatrixRow(name, observed, predicted, None if observed is None else observed == predicted, via))
    return Report(
        answer=Answer.BROKEN if broken else Answer.REACHABLE,
        headline="The answer cannot find the way home: vpc-b has no route to 172.16.1.2." if broken else "It answers.",
        broken=Broken("return", "NO_ROUTE", B, "", "project-b") if broken else None,
        matrix=tuple(rows),
        masquerade=walk(broken=broken).masquerade,
        walk=walk(broken=broken),
        routes=routes(),
        causes=(
            CauseFound(
                "RC01",
                "Custom routes are not exchanged",
                Status.CONFIRMED,
                True,
                "exportCustomRoutes is false.",
                ("a-to-b",),
            ),
        )
        if broken
        else (),
        remedies=offers() if broken else (),
        next=Next("Ask the peer for its routes.", "gcloud compute routes list --project project-b") if broken else None,
        unknowns=(UnknownFact("routes of project-b", "forbidden", "compute.routes.list"),),
        question=shot.question,
        taken_at=shot.taken_at,
    )


@dataclass(frozen=True)
class FakePlanned:
    """A planned probe."""

    id: str
    via: str


class FakeSession:
    """Answers at once, or when `gate` opens; says the events that a real one says."""

    def __init__(self, ask: Ask, listener: Callable[[Any], None]) -> None:
        self.ask = ask
        self.say = listener
        self.done: list[str] = []
        self.calls: list[str] = []
        self.broken = True
        self.gate = threading.Event()
        self.gate.set()
        self.trouble: dict[str, Exception] = {}

    def _call(self, name: str) -> None:
        self.calls.append(name)
        if name in self.trouble:
            raise self.trouble[name]
        if name != "connect" and name != "read":
            self.gate.wait(5)

    def connect(self) -> None:
        self._call("connect")

    def read(self) -> None:
        self._call("read")
        self.say(Reading("kubernetes.nodes"))
        self.say(Read("kubernetes.nodes", 0.1))

    def plan(self) -> tuple[FakePlanned, ...]:
        return tuple(FakePlanned(name, via) for name, via in VIA.items())

    def probe(self, id: str) -> Probe:
        self._call(f"probe {id}")
        self.say(Announced("A probe pod is made."))
        self.say(Probing(id, VIA.get(id, "")))
        found = measured(id, broken=self.broken)
        self.done.append(id)
        self.say(Probed(found))
        return found

    def probe_all(self) -> None:
        for name in VIA:
            self.probe(name)

    def snapshot(self) -> Snapshot:
        return snapshot(*dict.fromkeys(self.done), broken=self.broken)

    def cancel(self) -> None:
        self.calls.append("cancel")
        self.gate.set()

    def close(self) -> None:
        self.calls.append("close")


@dataclass(frozen=True)
class FakePlan:
    """A plan without live objects."""

    changes: tuple[Change, ...]
    name: str
    diff: str = ""


@dataclass
class FakeRun:
    """A run of the fake applier."""

    id: str
    state: str = "proven"
    can_go_on: bool = False


@dataclass
class FakeApplier:
    """Applying makes the session's world whole; taking back breaks it again."""

    session: FakeSession
    made: list[str] = field(default_factory=list)

    def plan(self, offer: Offer) -> FakePlan:
        return FakePlan(offer.changes, str(offer.changes[0].key.get("peering", offer.changes[0].key.get("name"))))

    def dry_run(self, made: FakePlan) -> tuple[str, ...]:
        return (f"{made.name}: the server accepts the change (dry run).",)

    def apply(self, made: FakePlan, watcher: Callable[[Any], None]) -> FakeRun:
        self.session.calls.append(f"apply {made.name}")
        watcher(f"Changing {made.name}")
        self.session.broken = False
        return FakeRun("run-1")

    def resume(self, run: FakeRun, watcher: Callable[[Any], None]) -> FakeRun:
        self.session.calls.append(f"resume {run.id}")
        self.session.broken = False
        return FakeRun(run.id)

    def rollback(self, run: FakeRun, watcher: Callable[[Any], None]) -> FakeRun:
        self.session.calls.append(f"rollback {run.id}")
        self.session.broken = True
        return run

    def runs(self) -> tuple[FakeRun, ...]:
        return ()


class FakeLab:
    """Two scenarios; starting one is remembered."""

    def __init__(self) -> None:
        self.started: list[str] = []
        self.turned: list[str | None] = []
        self.kept: list[Record] = []
        self.writes = 0
        self.left = 0

    def lessons(self) -> tuple[ports.Lesson, ...]:
        return (
            ports.Lesson("article", "The answer that got lost", ASK),
            ports.Lesson("healthy", "Nothing is wrong", ASK),
        )

    def start(self, name: str) -> bool:
        self.started.append(name)
        return True

    def running(self) -> str | None:
        return self.started[-1] if self.started else None

    def stop(self) -> None:
        self.started.clear()

    def study(self, name: str, learner: str = "") -> ports.Study:
        key = {"cause": ("RC01",), "leg": ("return",), "owner": ("project-b",), "fix": ("masquerade-minimal",)}
        record = Record(
            learner or "mari", name, "The answer that got lost", "simulated", "2026-11-23T00:00:00Z", key=key
        )
        choices = {
            "cause": ("RC01", "RC02", "none"),
            "leg": ("forward", "return", "none"),
            "owner": ("project-a", "project-b", "none"),
            "fix": ("exchange-routes", "masquerade-minimal", "none"),
        }
        return ports.Study(record, choices, {"RC01": "RC01  Routes are not [/x] exchanged"}, ("First.", "Second."))

    def changed(self) -> tuple[int, int]:
        return self.writes, self.left

    def turn(self, name: str | None) -> None:
        self.turned.append(name)

    def keep(self, record: Record) -> str:
        self.kept.append(record)
        return "/kept/record.json"


class House:
    """The fake rooms, with everything that was made in them."""

    def __init__(self) -> None:
        self.sessions: list[FakeSession] = []
        self.lab = FakeLab()
        self.trouble: dict[str, Exception] = {}
        self.closed_gate = False
        self.report: Callable[[Snapshot], Report] | None = None
        self.runs: list[Run] = []
        self.said: list[str] = []
        self.recordings: list[Recording] = []

    def session(self, ask: Ask, listener: Callable[[Any], None]) -> FakeSession:
        made = FakeSession(ask, listener)
        made.trouble = self.trouble
        if self.closed_gate:
            made.gate.clear()
        self.sessions.append(made)
        return made

    def evaluate(self, shot: Snapshot) -> Report:
        if self.report is not None:
            return self.report(shot)
        probe = shot.probe("pod-peer")
        whole = probe is not None and probe.outcome is Outcome.OK
        return report(shot, broken=not whole)

    def rooms(self) -> ports.Rooms:
        return ports.Rooms(
            session=self.session,
            applier=FakeApplier,
            evaluate=self.evaluate,
            lab=lambda: self.lab,
            warm_up=lambda: None,
            runs=lambda: tuple(self.runs),
            leave=self.runs.remove,
            recordings=lambda: tuple(self.recordings),
            clock=lambda: 100.0,
        )

    def app(self, start: Start | None = None, **more: Any) -> WayhomeApp:
        made = WayhomeApp(start or Start(ask=ASK), self.rooms(), ascii=more.pop("ascii", False), **more)
        notify = made.notify

        def heard(message: str, **how: Any) -> None:
            self.said.append(message)  # what is shown for a moment may be gone when a slow machine looks
            notify(message, **how)

        made.notify = heard  # type: ignore[method-assign]
        return made


@pytest.fixture
def house() -> House:
    """A house with fake rooms."""
    return House()


@pytest.fixture(autouse=True)
def _prompt(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """Nobody waits for the processor to idle: messages are counted (by Textual's pilot) and errands are (by settle).

    Pictures are taken when all is still, as a person's are.
    """
    if request.node.get_closest_marker("screen"):
        return

    async def turn(*_seconds: float) -> None:
        for _round in range(5):
            await asyncio.sleep(0)

    for place in ("textual.pilot", "textual.app"):
        monkeypatch.setattr(f"{place}.wait_for_idle", turn)


QUIET = 2
"""Rounds without news after which everything is drawn: a new size passes from screen to widgets to their children."""


@pytest.fixture
def settle(monkeypatch: pytest.MonkeyPatch) -> Callable[[Any], Any]:
    """Wait until the errands of an app have come home, no answer has sent another one out, and everything is drawn."""
    started: list[str] = []
    start = Errands.start

    def counted(errands: Errands, name: str, work: Any) -> int:
        started.append(name)
        return start(errands, name, work)

    monkeypatch.setattr(Errands, "start", counted)

    async def wait(pilot: Any) -> None:
        known, quiet = -1, 0
        for _ in range(6000):
            await pilot.pause()
            app = pilot.app
            # A new size is passed on by a timer of the app, so that a mouse that drags a window is kept up with.
            waits = not getattr(app.screen, "listed", True) or app._resize_event or app.screen.size != app.size
            if waits or any(thread.name.startswith("wayhome ") for thread in threading.enumerate()):
                known, quiet = -1, 0
                await asyncio.sleep(0.005)
            elif known != len(started):
                known, quiet = len(started), 0
            else:
                quiet += 1
            if quiet >= QUIET:
                return
        raise AssertionError("errands did not come home")

    return wait


@pytest.fixture
def article() -> dict[str, Any]:
    """The article's pieces, for tests that need them apart."""
    return {
        "report": report,
        "snapshot": snapshot,
        "walk": walk,
        "routes": routes,
        "offers": offers,
        "ask": ASK,
        "replace": replace,
    }


@pytest.fixture
def recording(tmp_path: Path) -> Callable[[str], Path]:
    """recording("article"): a recording of a scenario of the lab, whole, with the matrix that is usual for it."""
    from lab import build, scenario, truth
    from lab.store import Store
    from rules.snapshot import dumps

    def make(name: str) -> Path:
        store = Store()
        build.populate(store, scenario.load(name), datetime(2026, 11, 23, tzinfo=UTC))
        seen = truth.snapshot(store, taken_at="2026-11-23T00:00:00Z")
        measures = zip(("pod-local", "node-local", "node-peer", "pod-peer"), ("ok", "ok", "ok", "timeout"), strict=True)
        probes = tuple(Probe(name, Outcome(end), via="curl", seconds=0.01) for name, end in measures)
        path = tmp_path / f"{name}.json"
        asked = replace(seen.question, network=A, peer=B)
        path.write_text(dumps(replace(seen, question=asked, probes=probes)), "utf-8")
        return path

    return make
