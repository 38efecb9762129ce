"""How many packets have crossed each wire of the kernel fabric, by the names that people use.

This is the lab's ground truth, for teaching and for tests. Nothing that diagnoses ever reads it.
"""

from __future__ import annotations

from collections.abc import Mapping

from lab.fabric.base import LegCount
from lab.fabric.kernel.blueprint import Blueprint

KINDS = {"vpc": "{} router", "vm": "vm {}", "far": "beyond {}", "pod": "pod {}"}


def legs(blueprint: Blueprint, counters: Mapping[str, Mapping[str, tuple[int, int]]]) -> list[LegCount]:
    """Every wire both ways, in a stable order; `counters` are packets received and sent by namespace and device."""
    found = []
    for wire in blueprint.wires:
        for start, end in ((wire.left, wire.right), (wire.right, wire.left)):
            received = counters[end.namespace].get(end.device, (0, 0))[0]
            found.append(LegCount(name(start.namespace), name(end.namespace), received))
    return sorted(found, key=lambda leg: (leg.start, leg.end))


def name(namespace: str) -> str:
    """`pod default/my-pod` for the namespace pod.default.my-pod."""
    kind, first, rest = namespace.split(".", 2)
    return KINDS[kind].format(f"{first}/{rest}")
