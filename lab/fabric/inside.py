"""What machines lose inside themselves, where no API tells: bridges, a second interface, a node that does not forward.

A guest's entry in the store says it (lab.build.guests).
"""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv4Address, IPv4Network

from lab.store import Object, Store
from rules.path import Source, Walk
from rules.world import Node, World


def answer_strays(guest: Object, seen: IPv4Address | None) -> bool:
    """Whether the target's guest sends its answer to `seen` somewhere else than back through the same interface."""
    if seen is None:
        return False
    if any(seen in IPv4Network(text) for text in guest.get("bridges", {}).values()):
        return True
    return "routes" in guest and not any(seen in IPv4Network(text) for text in guest["routes"])


def request_strays(store: Store, world: World, source: Source, found: Walk) -> bool:
    """Whether the sender's node lets the pod's packet go nowhere."""
    pod = (world.pods or {}).get(source.pod) if source.pod else None
    node = world.nodes.get(pod.node) if pod else None
    if pod is None or node is None or pod.host_network or _stays(node, found.dest):
        return False
    return not _guest(store, node).get("forwards", True)


def ports_used_up(store: Store, world: World, found: Walk, turn: Callable[[str], int]) -> bool:
    """Whether the node has no port left for this connection with its own address.

    By `turn` four fail and four succeed: for pods the first four, for the node itself the next.
    """
    node = next((each for each in world.nodes.values() if each.address == found.source_seen), None)
    if node is None or not any(found.dest in IPv4Network(text) for text in _guest(store, node).get("busyTo", ())):
        return False
    pods = found.masquerade is not None and found.masquerade.masqueraded is True
    return (turn(f"{node.name} {pods}") - 1) // 4 % 2 == int(not pods)


def _stays(node: Node, dest: IPv4Address) -> bool:
    return dest == node.address or any(dest in each for each in node.pod_ranges)


def _guest(store: Store, node: Node) -> Object:
    return store.table(f"guest/{node.project}").find(node.instance) or {}
