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
