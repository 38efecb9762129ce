"""Apply and rollback on a small world of two objects: what is written, what is refused, and what a crash leaves."""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from probes import force, journal, lock
from probes.apply import Applier
from probes.errors import CancelledError, ChangedMeanwhileError, ChangeError, ForbiddenError, NotOursError
from probes.journal import JournalError
from probes.plan import Step
from probes.progress import Progress, Stage
from probes.run import Run, State
from rules.report.model import Change, Offer, Role
from rules.snapshot import Outcome, Probe

MAP = {"namespace": "kube-system", "name": "ip-masq-agent"}
PEERING = {"project": "project-a", "network": "vpc-a", "peering": "a-to-b"}
CONFIG = {"data": {"config": "nonMasqueradeCIDRs: []\n"}}


class Killed(BaseException):
    """Stands for SIGKILL: nothing may catch it and tidy up."""


class World:
    """Two objects, one node's agent, and a pod that gets through when both changes are in force."""

    def __init__(self) -> None:
        self.map: dict[str, Any] | None = None
        self.flags = {"exportCustomRoutes": False}
        self.version = 1
        self.writes: list[str] = []
        self.dry: list[str] = []
        self.server = "https://127.0.0.1:1"
        self.forbidden: set[str] = set()
        self.nat_lag = 0
        self._nat: list[str] = ["*nat\nbefore\nCOMMIT\n"]
        self.strike: Callable[[str], None] = lambda _at: None
        self.now = 0.0

    def where(self) -> dict[str, str]:
        return {"server": self.server}

    def read(self, change: Change) -> dict[str, Any] | None:
        return copy.deepcopy(self.flags if change.kind == "peering" else self.map)

    def write(
        self, change: Change, live: Any, wanted: Any, *, dry_run: bool = False, request: str = "", say: Any = None
    ) -> Any:
        if dry_run:
            self.dry.append(change.kind)
            return None if change.kind == "peering" else wanted
        if change.kind in self.forbidden:
            raise ForbiddenError("You may not.")
        if live != self.read(change):
            raise ChangedMeanwhileError("It moved.")
        self.strike(f"before call {len(self.writes)}")
        self.version += 1
        self.writes.append(change.kind)
        if change.kind == "peering":
            self.flags = dict(wanted)
        elif wanted is None:
            self.map = None
        else:
            self.map = copy.deepcopy(wanted)
            self.map["metadata"]["resourceVersion"] = str(self.version)
        self.strike(f"after call {len(self.writes) - 1}")
        return self.read(change)

    def pending(self, change: Change) -> bool:
        return False

    def last_writer(self, change: Change, live: Any) -> str:
        return "somebody (Update) at 2026-01-01T00:00:00Z"

    def agents(self) -> tuple[str, ...]:
        return ("node-1", "node-2")

    def nat(self, node: str) -> str | None:
        if node == "node-2":
            return None
        if self.nat_lag:
            self.nat_lag -= 1
        else:
            self._nat.append(f"*nat\n{self.map['data'] if self.map else 'before'}\nCOMMIT\n")
        return self._nat[-1]

    def probes(self) -> tuple[str, ...]:
        return ("pod-local", "pod-peer")

    def measure(self, id: str) -> Probe:
        good = id == "pod-local" or (self.map is not None and self.flags["exportCustomRoutes"])
        return Probe(id, Outcome.OK if good else Outcome.TIMEOUT)

    def pause(self, seconds: float) -> None:
        assert seconds > 0
        self.now += seconds

    def objects(self) -> tuple[Any, Any]:
        return copy.deepcopy((self.map, self.flags))


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setenv("WAYHOME_STATE_DIR", str(tmp_path))
    made = World()
    with pytest.MonkeyPatch.context() as clock:  # its time passes while it is waited for, and the tests' does not
        clock.setattr(force, "time", SimpleNamespace(monotonic=lambda: made.now))
        yield made


def offer(*changes: Change, applicable: bool = True, role: Role = Role.APPLY) -> Offer:
    made = changes or (
        Change("kubernetes", "ConfigMap", MAP, "project-a", None, CONFIG),
        Change(
            "compute",
            "peering",
            PEERING,
            "project-a",
            {"exportCustomRoutes": False},
            {"exportCustomRoutes": True},
        ),
    )
    return Offer("both", "Both", "Why.", True, applicable, "project-a", "ok", (), made, (), (), (), (), role=role)


def test_applied_and_proven_and_taken_back(world: World) -> None:
    applier = Applier(None, world)
    made = applier.plan(offer())
    assert len(applier.dry_run(made)) == 2
    assert world.writes == []
    heard: list[Progress] = []
    run = applier.apply(made, heard.append)
    assert run.state is State.PROVEN
    assert world.map is not None
    assert world.map["data"] == CONFIG["data"]
    assert world.writes == ["ConfigMap", "peering"]
    measured = next(line for line in run.lines if line["step"] == "measured")
    assert measured["proof"] == {"pod-peer": "ok", "pod-local": "ok"}
    assert measured["taken_over"] == ["node-1"]
    assert measured["unseen"] == ["node-2"]
    assert [step.node for step in heard if step.stage is Stage.IN_FORCE] == ["node-1"]
    back = applier.rollback(run)
    assert back.state is State.ROLLED_BACK
    assert world.objects() == (None, {"exportCustomRoutes": False})
    with pytest.raises(ChangeError, match="already"):
        applier.rollback(back)
    assert [one.id for one in applier.runs()] == [run.id]


def test_it_waits_for_the_agent(world: World) -> None:
    applier = Applier(None, world)
    made = applier.plan(offer())
    world.nat_lag = 5
    run = applier.apply(made)
    assert run.state is State.PROVEN
    assert world.nat_lag == 0


def test_an_agent_that_never_takes_it_over_is_named(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(force, "SECONDS", 0.0)
    world.nat_lag = 1000
    applier = Applier(None, world)
    heard: list[Progress] = []
    run = applier.apply(applier.plan(offer()), heard.append)
    assert run.state is State.NOT_PROVEN
    assert "node-1" in heard[-1].sentence


def test_a_fix_that_does_not_help_is_not_called_proven(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(force, "SECONDS", 0.0)
    applier = Applier(None, world)
    heard: list[Progress] = []
    run = applier.apply(applier.plan(offer(offer().changes[0])), heard.append)
    assert run.state is State.NOT_PROVEN
    assert "timeout" in heard[-1].sentence


@pytest.mark.parametrize(
    ("role", "words"),
    [
        (Role.ADVICE, "both is advice, not something that wayhome changes: Why."),
        (Role.HAND_OFF, "for the admins of project-a to make, .* `wayhome handoff both POD TARGET`"),
        (Role.APPLY, "both cannot be made as things are: Why."),
    ],
)
def test_what_is_not_ours_to_make_is_never_applied(world: World, role: Role, words: str) -> None:
    with pytest.raises(NotOursError, match=words) as caught:
        Applier(None, world).plan(offer(applicable=False, role=role))
    assert caught.value.exit_code == 1


def test_the_peers_half_that_is_refused_is_handed_over(world: World) -> None:
    world.forbidden = {"peering"}
    applier = Applier(None, world)
    run = applier.apply(applier.plan(offer()))
    assert run.state is State.WAITING_FOR_PEER
    assert run.can_go_on
    assert applier.rollback(run).state is State.ROLLED_BACK
    assert world.objects() == World().objects()


def test_an_object_edited_between_plan_and_call_is_not_overwritten(world: World) -> None:
    applier = Applier(None, world)
    made = applier.plan(offer())
    world.map = {"metadata": {}, "data": {"config": "theirs"}}
    with pytest.raises(ChangedMeanwhileError):
        applier.apply(made)
    assert world.map["data"] == {"config": "theirs"}
    assert applier.runs()[0].state is State.FAILED
    assert not applier.runs()[0].half_done
    began = world.now
    assert applier.rollback(applier.runs()[0]).state is State.ROLLED_BACK
    assert world.now - began < 10, "no agent has anything to read"
    assert world.map["data"] == {"config": "theirs"}


@pytest.mark.parametrize(("kind", "half_done"), [("ConfigMap", False), ("peering", True)])
def test_a_refused_call_leaves_open_what_was_done_before_it(
    world: World, monkeypatch: pytest.MonkeyPatch, kind: str, half_done: bool
) -> None:
    write = world.write

    def moved(change: Change, live: Any, wanted: Any, *, dry_run: bool = False, **more: Any) -> Any:
        if change.kind == kind and not dry_run:
            raise ChangedMeanwhileError("It moved.")
        return write(change, live, wanted, dry_run=dry_run)

    applier = Applier(None, world)
    made = applier.plan(offer())
    monkeypatch.setattr(world, "write", moved)
    with pytest.raises(ChangedMeanwhileError):
        applier.apply(made)
    assert applier.runs()[0].half_done is half_done


def test_a_call_that_landed_in_spite_of_its_refusal_stays_open(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    write = world.write

    def landed(change: Change, live: Any, wanted: Any, *, dry_run: bool = False, **more: Any) -> Any:
        write(change, live, wanted, dry_run=dry_run)
        raise ChangedMeanwhileError("It moved.")

    applier = Applier(None, world)
    made = applier.plan(offer())
    monkeypatch.setattr(world, "write", landed)
    with pytest.raises(ChangedMeanwhileError):
        applier.apply(made)
    monkeypatch.setattr(world, "write", write)
    (run,) = applier.runs()
    assert run.half_done
    applier.rollback(run)
    assert world.map is None


def killed_once_written(world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """A run of the ConfigMap alone that died when the server had it, before any agent had read it."""
    made = Applier(None, world).plan(offer(offer().changes[0]))
    kill_at("after call 0", world, monkeypatch)
    with pytest.raises(Killed):
        Applier(None, world).apply(made)
    revive(world, monkeypatch, tmp_path)
    return journal.runs()[0]


@pytest.mark.parametrize(
    ("reads", "back_at"),
    [((70.0, 100.0), 100.0), ((1e9, 1e9), 123.0)],
    ids=["the agent reads the change late", "the agent never reads it"],
)
def test_after_an_unfinished_apply_a_table_that_stayed_is_not_yet_back(
    world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, reads: tuple[float, float], back_at: float
) -> None:
    """Its file may have been mounted before the change was taken back: the agent then writes the new rules yet."""

    def nat(_node: str) -> str:
        return f"*nat\n{'after' if reads[0] <= world.now < reads[1] else 'before'}\nCOMMIT\n"

    world.nat = nat  # type: ignore[method-assign]  # agents with a beat of their own
    run = killed_once_written(world, monkeypatch, tmp_path)
    heard: list[tuple[float, Progress]] = []
    ended = Applier(None, world).rollback(run, lambda step: heard.append((world.now, step)))
    assert ended.state is State.ROLLED_BACK
    assert ended.late == ()
    arrived = {step.node: at for at, step in heard if step.stage is Stage.IN_FORCE}
    assert set(arrived) == {"node-1", "node-2"}
    assert [at for at in arrived.values() if not back_at <= at < back_at + 5] == []
    assert any("may read it late" in step.sentence for _at, step in heard)


def test_after_an_unfinished_apply_nodes_that_cannot_be_seen_are_waited_for(
    world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    world.agents = lambda: ()  # type: ignore[method-assign]  # nobody may list them
    run = killed_once_written(world, monkeypatch, tmp_path)
    began = world.now
    assert Applier(None, world).rollback(run).state is State.ROLLED_BACK
    assert world.now - began >= 120


def test_what_all_agents_took_over_is_back_with_their_tables(world: World) -> None:
    applier = Applier(None, world)
    run = applier.apply(applier.plan(offer()))
    began = world.now
    assert applier.rollback(run).state is State.ROLLED_BACK
    assert world.now - began < 10


@pytest.mark.parametrize(
    ("text", "pace", "seconds"),
    [
        ("nonMasqueradeCIDRs: []\n", None, 123.0),
        ("resyncInterval: 5m\n", None, 363.0),
        ("resyncInterval: 1s\n", None, 123.0),
        ("resyncInterval: [\n", None, 123.0),
        ("resyncInterval: 5m\n", "60", 9.0),
        ("resyncInterval: 5m\n", "soon", 363.0),
        ("resyncInterval: 5m\n", "0", 363.0),
    ],
)
def test_a_whole_resync(monkeypatch: pytest.MonkeyPatch, text: str, pace: str | None, seconds: float) -> None:
    if pace is not None:
        monkeypatch.setenv(force.PACE, pace)
    change = offer().changes[0]
    assert force.whole_resync([Step(change, None, {"data": {"config": text}})]) == seconds


def test_an_object_edited_since_is_not_taken_back(world: World) -> None:
    applier = Applier(None, world)
    run = applier.apply(applier.plan(offer()))
    assert world.map is not None
    world.map["data"] = {"config": "theirs"}
    with pytest.raises(ChangedMeanwhileError) as caught:
        applier.rollback(run)
    assert "theirs" in caught.value.sentence
    assert world.map["data"] == {"config": "theirs"}
    assert applier.runs()[0].state is State.ROLLBACK_FAILED


def test_another_cluster_is_left_alone(world: World) -> None:
    applier = Applier(None, world)
    run = applier.apply(applier.plan(offer()))
    world.server = "https://elsewhere"
    with pytest.raises(ChangeError, match="elsewhere"):
        applier.rollback(run)
    assert world.map is not None


def test_without_a_journal_nothing_is_changed(world: World, tmp_path: Path) -> None:
    (tmp_path / "runs").write_text("a file where the folder should be")
    applier = Applier(None, world)
    with pytest.raises(JournalError):
        applier.apply(applier.plan(offer()))
    assert world.writes == []


def moments() -> Iterator[str]:
    for call in (0, 1):
        yield f"before call {call}"
        yield f"after call {call}"
    for line in range(7):
        yield f"before line {line}"
        yield f"after line {line}"


def kill_at(moment: str, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Strike at `moment`, once; lines are counted from the next one."""
    count = 0
    real = journal.Journal.write

    def strike(at: str) -> None:
        if at == moment:
            raise Killed

    def write(kept: journal.Journal, step: str, **fields: Any) -> None:
        nonlocal count
        number, count = count, count + 1
        strike(f"before line {number}")
        real(kept, step, **fields)
        strike(f"after line {number}")

    world.strike = strike
    monkeypatch.setattr(journal.Journal, "write", write)


def revive(world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    world.strike = lambda _at: None
    monkeypatch.undo()
    monkeypatch.setenv("WAYHOME_STATE_DIR", str(tmp_path))


@pytest.mark.parametrize("then", ["resume", "rollback"])
@pytest.mark.parametrize("moment", moments())
def test_killed_while_applying(
    moment: str, then: str, world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    made = Applier(None, world).plan(offer())
    kill_at(moment, world, monkeypatch)
    died = False
    try:
        Applier(None, world).apply(made)
    except Killed:
        died = True
    revive(world, monkeypatch, tmp_path)
    applier = Applier(None, world)
    if not journal.runs():
        assert moment == "before line 0"
        assert world.objects() == World().objects()
        return
    (run,) = applier.runs()
    assert died or run.state is State.PROVEN
    if then == "resume" and run.state is not State.PROVEN:
        assert run.can_go_on
        assert applier.resume(run).state is State.PROVEN
        assert world.writes == ["ConfigMap", "peering"]
        run = journal.read(run.id)
    assert applier.rollback(run).state is State.ROLLED_BACK
    assert world.objects() == World().objects()


@pytest.mark.parametrize("moment", moments())
def test_killed_while_taking_back(moment: str, world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    run = Applier(None, world).apply(Applier(None, world).plan(offer()))
    world.writes.clear()
    kill_at(moment, world, monkeypatch)
    with contextlib.suppress(Killed):
        Applier(None, world).rollback(run)
    revive(world, monkeypatch, tmp_path)
    run = journal.read(run.id)
    if run.state is not State.ROLLED_BACK:
        assert run.half_done or moment == "before line 0"
        assert run.can_be_taken_back
        run = Applier(None, world).rollback(run)
    assert run.state is State.ROLLED_BACK
    assert world.objects() == World().objects()
    assert sorted(world.writes) == ["ConfigMap", "peering"]


def test_a_change_that_is_put_back_while_it_waits_is_noticed(world: World) -> None:
    world.nat_lag = 1000
    pauses = 0

    def pause(_seconds: float) -> None:
        nonlocal pauses
        pauses += 1
        if pauses == 2:
            world.map = None  # somebody else's controller

    world.pause = pause  # type: ignore[method-assign]  # a world with a second writer
    heard: list[Progress] = []
    run = Applier(None, world).apply(Applier(None, world).plan(offer()), heard.append)
    assert run.state is State.REVERTED
    assert pauses == 2
    assert "put back to what it was before, by somebody (Update) at 2026" in heard[-1].sentence


def test_a_change_that_is_put_back_after_the_proof_is_noticed_while_watching(world: World) -> None:
    applier = Applier(None, world)
    run = applier.apply(applier.plan(offer()))
    assert applier.watch(run, 0.0).state is State.PROVEN
    assert applier.watch(run, 60.0, stop=lambda: True).state is State.PROVEN

    def pause(_seconds: float) -> None:
        assert world.map is not None
        world.map = {**world.map, "data": {"config": "theirs"}}

    world.pause = pause  # type: ignore[method-assign]  # a world with a second writer
    heard: list[Progress] = []
    run = applier.watch(run, 60.0, heard.append)
    assert run.state is State.REVERTED
    assert "was changed after this run had changed it" in heard[-1].sentence
    with pytest.raises(ChangedMeanwhileError, match="--leave"):
        applier.rollback(run)
    assert world.map is not None
    assert world.map["data"] == {"config": "theirs"}


@pytest.mark.parametrize("stop", [KeyboardInterrupt, SystemExit, CancelledError])
def test_stopped_while_it_waits(world: World, stop: type[BaseException]) -> None:
    def pause(_seconds: float) -> None:
        raise stop("Stopped.")

    world.nat_lag = 1000
    world.pause = pause  # type: ignore[method-assign]  # a person at the keys
    applier = Applier(None, world)
    with pytest.raises(stop):
        applier.apply(applier.plan(offer()))
    (run,) = applier.runs()
    assert run.lines[-1]["step"] == "interrupted"
    assert run.state is State.APPLIED
    assert run.half_done
    assert run.can_go_on
    world.nat_lag = 0
    world.pause = lambda _seconds: None  # type: ignore[method-assign]  # nobody at the keys
    assert applier.left_to_do(run) == ()
    assert applier.resume(run).state is State.PROVEN
    assert world.writes == ["ConfigMap", "peering"]


def test_an_answer_ends_the_waiting_also_where_a_timeout_was_predicted(world: World) -> None:
    """With the other side's part missing, silence is predicted; that the part came early is not waited away."""

    def pause(_seconds: float) -> None:
        pytest.fail("it waits on although the answer has come")

    world.flags = {"exportCustomRoutes": True}
    world.pause = pause  # type: ignore[method-assign]  # nothing to wait for
    applier = Applier(None, world)
    run = applier.apply(applier.plan(replace(offer(offer().changes[0]), predicted="timeout")))
    assert run.state is State.PROVEN
    assert run.proof["pod-peer"] == "ok"


def test_a_consensus_waits_for_the_peer_and_is_proven_later(world: World) -> None:
    answered = False

    def measure(id: str) -> Probe:
        good = id == "pod-local" or answered
        return Probe(id, Outcome.OK if good else Outcome.TIMEOUT)

    def pending(change: Change) -> bool:
        return change.kind == "peering" and not answered

    world.measure = measure  # type: ignore[method-assign]  # the peer decides
    world.pending = pending  # type: ignore[method-assign]  # the peer decides
    world.pause = lambda _seconds: None  # type: ignore[method-assign]  # nothing to wait for
    applier = Applier(None, world)
    heard: list[Progress] = []
    made = applier.plan(offer())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(force, "PEER_SECONDS", 0.0)
        run = applier.apply(made, heard.append)
    assert run.state is State.WAITING_FOR_PEER
    assert "Waiting for the peer" in heard[-1].sentence
    assert not run.half_done
    answered = True
    assert applier.resume(run).state is State.PROVEN
    assert world.writes == ["ConfigMap", "peering"]


def test_the_peers_own_change_is_not_taken_back(world: World) -> None:
    world.forbidden = {"peering"}
    applier = Applier(None, world)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(force, "PEER_SECONDS", 0.0)
        run = applier.apply(applier.plan(offer()))
    world.flags = {"exportCustomRoutes": True}  # the peer's admin, by hand
    run = applier.resume(run)
    assert run.state is State.PROVEN
    assert applier.rollback(run).state is State.ROLLED_BACK
    assert world.objects() == (None, {"exportCustomRoutes": True})


def test_a_run_that_somebody_undid_is_not_completed_over_their_heads(world: World) -> None:
    applier = Applier(None, world)
    world.nat_lag = 1000

    def pause(_seconds: float) -> None:
        raise KeyboardInterrupt

    world.pause = pause  # type: ignore[method-assign]  # a person at the keys
    with pytest.raises(KeyboardInterrupt):
        applier.apply(applier.plan(offer()))
    world.map = None
    (run,) = applier.runs()
    with pytest.raises(ChangedMeanwhileError, match="someone has changed it since"):
        applier.resume(run)
    assert world.writes == ["ConfigMap", "peering"]


def test_two_at_once(world: World) -> None:
    applier = Applier(None, world)
    with lock.only_one(), pytest.raises(JournalError, match="Another wayhome is changing something: process"):
        applier.apply(applier.plan(offer()))
    assert world.writes == []
