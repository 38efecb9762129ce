"""What the kernel shall look like, as data: namespaces, wires between them, and each namespace's settings.

Settings are lines of `ip -batch` without their verb: the difference of two blueprints says what to add
and what to delete, so a change of one route never disturbs the rest.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

GATEWAY = "169.254.1.1"  # stands for "the other end" on every wire; neighbours are permanent, so nothing resolves it


@dataclass(frozen=True)
class End:
    """One end of a wire: the namespace and the device name in it (15 characters at most)."""

    namespace: str
    device: str


@dataclass(frozen=True)
class Wire:
    """A veth pair. Each end reaches the other as GATEWAY."""

    left: End
    right: End


@dataclass(frozen=True)
class Listener:
    """A TCP server inside a namespace: what it answers to `GET path`; a path that is not there gets 404, a client
    in a range that it `refuses` 403. A proxy passes requests on `to` ADDRESS:PORT."""

    port: int
    pages: Mapping[str, str]
    address: str = "0.0.0.0"
    refuses: tuple[str, ...] = ()
    to: str = ""


@dataclass(frozen=True)
class Namespace:
    """One machine: `objects` are `ip` objects in the order they need (`addr add …` without the verb: `addr …`),
    `sysctls` are net.* keys, `tables` iptables-restore texts by table name, `listeners` its servers."""

    name: str
    objects: tuple[str, ...] = ()
    sysctls: tuple[tuple[str, str], ...] = ()
    tables: Mapping[str, str] = field(default_factory=dict)
    listeners: tuple[Listener, ...] = ()


@dataclass(frozen=True)
class Blueprint:
    """All namespaces by name, and all wires."""

    namespaces: Mapping[str, Namespace] = field(default_factory=dict)
    wires: tuple[Wire, ...] = ()


@dataclass(frozen=True)
class Step:
    """What one namespace needs to become what it shall be: `remove` and `add` are `ip -batch` texts. What is to be
    removed goes before any wire is cut, because the kernel takes a device's routes away with it."""

    namespace: str
    remove: str
    add: str
    sysctls: tuple[tuple[str, str], ...]
    tables: Mapping[str, str]
    listeners: tuple[Listener, ...] | None


@dataclass(frozen=True)
class Difference:
    """How to get from one blueprint to the next: what steps remove, cut wires, lost namespaces, then everything new.

    Wires are cut by name because a namespace takes its wires away in its own time."""

    cut: tuple[Wire, ...]
    lost: tuple[str, ...]
    made: tuple[str, ...]
    laid: tuple[Wire, ...]
    steps: tuple[Step, ...]


def mac(end: End) -> str:
    """A stable hardware address for a wire's end: locally administered, from the two names."""
    value = 0xCBF29CE484222325
    for byte in f"{end.namespace}/{end.device}".encode():
        value = ((value ^ byte) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return "02:" + ":".join(f"{(value >> shift) & 0xFF:02x}" for shift in (0, 8, 16, 24, 32))


def difference(old: Blueprint, new: Blueprint) -> Difference:
    """The steps from `old` to `new`. A namespace or wire that stays keeps its connections."""
    lost = tuple(name for name in old.namespaces if name not in new.namespaces)
    made = tuple(name for name in new.namespaces if name not in old.namespaces)
    old_wires, new_wires = set(old.wires), set(new.wires)
    cut = tuple(wire for wire in old.wires if wire not in new_wires)
    laid = tuple(wire for wire in new.wires if wire not in old_wires)
    fresh = {(end.namespace, end.device) for wire in laid for end in (wire.left, wire.right)}
    ends: dict[str, list[tuple[End, End]]] = {}
    for wire in new.wires:
        ends.setdefault(wire.left.namespace, []).append((wire.left, wire.right))
        ends.setdefault(wire.right.namespace, []).append((wire.right, wire.left))
    steps = []
    for name, namespace in new.namespaces.items():
        before = old.namespaces.get(name, Namespace(name))
        kept = set(namespace.objects)
        gone = [line for line in reversed(before.objects) if line not in kept]
        bare = {line.split()[-1] for line in gone if line.startswith("addr ")}
        add = ["link set lo up\n"] if name in made else []
        for end, other in ends.get(name, []):
            if (name, end.device) in fresh or end.device in bare:
                add.append(_neighbour(end, other))
        known = {line for line in before.objects if not _touches(line, name, fresh)}
        add += [_add(line) for line in namespace.objects if line not in known]
        sysctls = tuple(item for item in namespace.sysctls if item not in before.sysctls)
        tables = {table: text for table, text in namespace.tables.items() if before.tables.get(table) != text}
        tables |= {table: f"*{table}\nCOMMIT\n" for table in before.tables if table not in namespace.tables}
        listeners = namespace.listeners if namespace.listeners != before.listeners else None
        if gone or add or sysctls or tables or listeners is not None:
            steps.append(Step(name, "".join(map(_delete, gone)), "".join(add), sysctls, tables, listeners))
    return Difference(cut, lost, made, laid, tuple(steps))


def _neighbour(end: End, other: End) -> str:
    """The other end of a wire as a permanent neighbour; the kernel forgets it with a device's last address."""
    return f"link set {end.device} up\nneigh replace {GATEWAY} lladdr {mac(other)} dev {end.device} nud permanent\n"


def _touches(line: str, namespace: str, fresh: set[tuple[str, str]]) -> bool:
    words = line.split()
    return any((namespace, words[at + 1]) in fresh for at, word in enumerate(words[:-1]) if word == "dev")


def _add(line: str) -> str:
    kind, _, rest = line.partition(" ")
    return f"{kind} add {rest}\n"


def _delete(line: str) -> str:
    kind, _, rest = line.partition(" ")
    return f"{kind} del {rest}\n"
