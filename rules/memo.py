"""Remember what was worked out about a World: it never changes, and the same questions are asked of it again."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from functools import update_wrapper
from typing import Concatenate, ParamSpec, TypeVar, cast

from rules.world import World

P = ParamSpec("P")
R = TypeVar("R")

_known: dict[int, dict[object, object]] = {}


def _store(world: World) -> dict[object, object]:
    key = id(world)
    found = _known.get(key)
    if found is None:
        found = _known[key] = {}
        weakref.finalize(world, _known.pop, key, None)
    return found


class _Landscape:
    """What is known of all Worlds that share networks, machines and nodes; `parts` keeps those alive."""

    def __init__(self, parts: tuple[object, ...]) -> None:
        self.parts = parts
        self.known: dict[object, object] = {}


_landscapes: weakref.WeakValueDictionary[tuple[int, ...], _Landscape] = weakref.WeakValueDictionary()


def _landscape(world: World) -> dict[object, object]:
    store = _store(world)
    found = store.get(_Landscape)
    if not isinstance(found, _Landscape):
        parts = (world.networks, world.instances, world.forwarding_rules, world.nodes, world.unread)
        key = tuple(map(id, parts))
        found = _landscapes.get(key)
        if found is None:
            found = _landscapes[key] = _Landscape(parts)
        store[_Landscape] = found
    return found.known


def per_landscape(function: Callable[Concatenate[World, P], R]) -> Callable[Concatenate[World, P], R]:
    """As `per_world`, for what rests on networks, VMs, forwarding rules and nodes alone.

    A world after a change of the agent's ConfigMap shares those with the world before it.
    """

    def remembered(world: World, /, *args: P.args, **kwargs: P.kwargs) -> R:
        known = _landscape(world)
        key = (function, args, tuple(kwargs.items()))
        if key not in known:
            known[key] = function(world, *args, **kwargs)
        return cast(R, known[key])

    update_wrapper(remembered, function)
    return remembered


def per_world(function: Callable[Concatenate[World, P], R]) -> Callable[Concatenate[World, P], R]:
    """Call `function` once for each World and hashable positional arguments; forget with the World."""

    def remembered(world: World, /, *args: P.args, **kwargs: P.kwargs) -> R:
        store = _store(world)
        key = (function, args, tuple(kwargs.items()))
        if key not in store:
            store[key] = function(world, *args, **kwargs)
        return cast(R, store[key])

    update_wrapper(remembered, function)
    return remembered
