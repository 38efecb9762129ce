"""The lab's world as it was when it began: what has changed since, how to put it back, how to turn it into another."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from lab.agent import Agents
from lab.agent.policies import Policies
from lab.build import populate
from lab.scenario.model import Scenario
from lab.state import Changed
from lab.store import Event, Object, Store

WATCHED = (
    *("kube/configmaps", "kube/daemonsets", "kube/networkpolicies", "kube/services", "kube/egressnatpolicies"),
    *("/networks", "/subnetworks", "/routes", "/firewalls", "/firewallPolicies", "/routers", "/forwardingRules"),
)
"""Tables, by the end of their name, in which a change is a change of the world and no coming and going."""

PASSING = frozenset(
    {
        *("status", "resourceVersion", "managedFields", "generation", "uid", "id", "fingerprint", "creationTimestamp"),
        *("deprecated.daemonset.template.generation", "masterAuth"),
    }
)
"""Fields, at any depth, that servers write."""

PASSING_TABLES = frozenset({"kube/events", "kube/leases", "kube/log"})


class Stage:
    """Keeps the beginning of `scenario` and counts the changes made since.

    `now` is the time at which the world was built: the same time builds the same world.
    """

    def __init__(self, store: Store, scenario: Scenario, now: datetime, speed: float) -> None:
        self._store = store
        self._speed = speed
        self._now = now
        self._scenario = scenario
        self._built = _built(scenario, now)
        self._beginning = _picture(store)
        self._latest = dict(self._beginning)
        self._writes = 0
        self._still = False
        self._agents = Agents(store, speed)
        self._agents.settle()
        self._policies = Policies(store)
        self._on_turn: list[Callable[[], None]] = []
        store.listen(self._heard)

    def on_turn(self, call: Callable[[], None]) -> None:
        """Call `call` whenever the world has become another: controllers have to forget what they knew."""
        self._on_turn.append(call)

    async def start(self) -> None:
        """Let the masquerade agents run."""
        await self._agents.start()

    async def stop(self) -> None:
        """End them."""
        await self._agents.stop()

    def changed(self) -> Changed:
        """What people have changed since the beginning, or since the world was last turned."""
        now = _picture(self._store)
        names = sorted({*self._beginning, *now})
        return Changed(self._writes, tuple(name for name in names if self._beginning.get(name) != now.get(name)))

    async def turn(self, scenario: Scenario | None = None) -> None:
        """Make the world that of `scenario`, all at once; without one, put it back as it was in the beginning."""
        self._scenario = scenario or self._scenario
        target = _built(self._scenario, self._now)
        await self._agents.stop()
        self._policies.stop()
        self._still = True
        try:
            added = [name for name in _picture(self._store) if name not in self._beginning]
            _become(self._store, self._built, target, added)
            self._built = target
        finally:
            self._still = False
        self._beginning = _picture(self._store)
        self._latest = dict(self._beginning)
        self._writes = 0
        for call in self._on_turn:
            call()
        self._policies = Policies(self._store)
        self._agents = Agents(self._store, self._speed)
        self._agents.settle()
        await self._agents.start()

    def _heard(self, event: Event) -> None:
        if self._still or not _watched(event.table):
            return
        name = f"{event.table} {event.key}"
        now = None if event.type == "DELETED" else _lasting(event.object)
        if self._latest.get(name) == now:
            return
        self._writes += 1
        if now is None:
            self._latest.pop(name, None)
        else:
            self._latest[name] = now


def _built(scenario: Scenario, now: datetime) -> Store:
    """A store with the world of `scenario`, its agents' work done."""
    store = Store()
    populate(store, scenario, now)
    Agents(store).settle()
    return store


def _watched(table: str) -> bool:
    return table.endswith(WATCHED)


def _picture(store: Store) -> dict[str, Any]:
    tables = (name for name in store.names() if _watched(name))
    return {f"{name} {key}": _lasting(item) for name in tables for key, item in store.table(name).items()}


def _lasting(value: Any) -> Any:
    """`value` without what servers write into it."""
    if isinstance(value, dict):
        return {key: _lasting(item) for key, item in value.items() if key not in PASSING}
    return [_lasting(item) for item in value] if isinstance(value, list) else value


def _become(store: Store, old: Store, new: Store, added: Iterable[str]) -> None:
    """Turn `store`, which was built as `old`, into what is built as `new`, and take away what people have `added`.

    What is the same stays untouched, and so does what controllers made beside it.
    """
    for name in added:
        table, _, key = name.partition(" ")
        if key in store.table(table):
            store.table(table).remove(key)
    for name in _worldly(old, new):
        ours, before, after = store.table(name), old.table(name), new.table(name)
        for key in before:
            if key not in after and key in ours:
                ours.remove(key)
        for key, item in after.items():
            found = ours.find(key)
            if found is None or _lasting(found) != _lasting(item):
                ours.put(key, _kept(found, item))


def _worldly(old: Store, new: Store) -> list[str]:
    names = dict.fromkeys([*new.names(), *old.names()])
    return [name for name in names if name not in PASSING_TABLES]


def _kept(old: Object | None, new: Object) -> Object:
    """`new`, as the same object where one of that name was there: what a server gave it stays."""
    found = dict(new)
    if old is not None and "masterAuth" in old:
        found["masterAuth"] = old["masterAuth"]
    return found
