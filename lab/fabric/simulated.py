"""The fabric that needs nothing of the machine: packets go the way that rules.walk says they go.

The walk ends at the target's door. Behind it the guest decides: does something listen on that port, does it speak HTTP.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network

from lab import truth
from lab.fabric import inside
from lab.fabric.base import LegCount, Place, Read, Write
from lab.fabric.machine import machine
from lab.shell import enter
from lab.shell.answers import BAD_GATEWAY, forbidden
from lab.shell.host import Machine, Outcome, Reach, Server
from lab.store import Event, Object, Store
from rules import snapshot
from rules.build import build
from rules.path import Leg, Source, Verdict, Walk
from rules.snapshot import PodRef, Target
from rules.walk import local_vpc, walk
from rules.world import World

log = logging.getLogger(__name__)

QUIET = ("kube/log", "kube/events", "kube/leases", "lab/")
"""Tables whose changes move no packet."""

_OUTCOMES = {
    snapshot.Outcome.OK: Outcome.OK,
    snapshot.Outcome.TIMEOUT: Outcome.TIMEOUT,
    snapshot.Outcome.REFUSED: Outcome.REFUSED,
    snapshot.Outcome.UNREACHABLE: Outcome.UNREACHABLE,
}


class Simulated:
    """Carries packets by the rules over everything that is so in the store."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._world: World | None = None
        self._pods: dict[str, None] = {}
        self._turns: dict[str, int] = {}
        store.listen(self._changed)

    async def start(self) -> None:
        """Look at the world once, so that the first packet need not wait for that."""
        _ = self.world

    async def stop(self) -> None:
        """Nothing is left behind."""

    async def legs(self) -> list[LegCount]:
        """No wires, no counters."""
        return []

    async def run(self, place: Place, argv: Sequence[str], stdin: Read, stdout: Write, stderr: Write) -> int:
        """Run `argv` in the lab's own shell at `place`."""
        pod = self.store.table("kube/pods").find(str(place.pod))
        if pod is None:
            await stderr(f"pod {place.pod} is gone\n".encode())
            return 126
        host = PodHost(self, place, machine(self.store, pod, place.container))
        return await enter(host, argv, stdin, stdout, stderr, tty=place.tty)

    @property
    def world(self) -> World:
        """The world as it is now; built once for each state of the store, or only its pods where only pods changed."""
        if self._world is None:
            self._world = build(truth.snapshot(self.store))
        elif self._pods:
            self._world = self._with_pods(self._world)
        self._pods.clear()
        return self._world

    def _with_pods(self, world: World) -> World:
        table = self.store.table("kube/pods")
        items = [pod for pod in map(table.find, self._pods) if pod is not None]
        kubernetes = {"pods": {"kind": "List", "items": items}}
        fresh = build(replace(truth.nothing(), kubernetes=kubernetes)).pods or {}
        changed = {PodRef(*key.split("/", 1)) for key in self._pods}
        kept = {ref: pod for ref, pod in (world.pods or {}).items() if ref not in changed}
        return replace(world, pods={**kept, **fresh})

    def _changed(self, event: Event) -> None:
        if event.table.startswith(QUIET):
            return
        if event.table == "kube/pods" and not _of_daemonset(event.object):
            self._pods[event.key] = None
        else:
            self._world = None

    def walk(self, source: Source, address: IPv4Address, protocol: str, port: int | None) -> Walk:
        """The way of a new connection, or of an echo request."""
        return walk(self.world, source, Target(str(address), port, protocol))

    def send(self, source: Source, address: IPv4Address, protocol: str, port: int | None) -> Reach:
        """What the sender of a first packet gets to see."""
        if (service := self._service(source, address, port)) is not None:
            if isinstance(service, Reach):
                return service
            address, port = service
        sender = (self.store.table("guest/pods").find(str(source.pod)) or {}) if source.pod else {}
        if within(address, sender.get("heldBack")):
            return Reach(Outcome.TIMEOUT)
        if within(address, sender.get("meshRefuses")) and protocol == "tcp" and port is not None:
            return Reach(Outcome.OK, Server("tcp", port, {}, (502, BAD_GATEWAY)))
        found = self.walk(source, address, protocol, port)
        if found.outcome is None and (far := self.beyond(found, address)) is not None:
            return answered(far, protocol, port, found.source_seen)
        if found.outcome is None:
            log.warning("the way of %s to %s cannot be told: %s", source, address, _doubts(found))
        outcome = _OUTCOMES.get(found.outcome, Outcome.TIMEOUT) if found.outcome else Outcome.TIMEOUT
        if outcome is not Outcome.OK:
            return Reach(outcome)
        guest = self.guest(found, address)
        if (
            inside.request_strays(self.store, self.world, source, found)
            or inside.ports_used_up(self.store, self.world, found, self._turn)
            or inside.answer_strays(guest, found.source_seen)
        ):
            return Reach(Outcome.TIMEOUT)
        refused = kept_out(guest, found.source_seen)
        if refused is not None:
            return Reach(refused)
        server = _listening(guest, protocol, port)
        if server is not None and "to" in server:
            return self._proxied(address, server)
        return self._narrowed(found, answered(guest, protocol, port, found.source_seen))

    def _narrowed(self, found: Walk, reach: Reach) -> Reach:
        """The same, with the size of the largest packet that comes through all networks on the way."""
        crossed = {hop.vpc for hop in found.hops if hop.vpc is not None}
        narrow = [self.store.table(f"narrow/{vpc.project}").find(vpc.name) for vpc in crossed]
        sizes = [int(network["largest"]) for network in narrow if network is not None]
        if not sizes or reach.outcome is not Outcome.OK:
            return reach
        return replace(reach, server=replace(reach.server or Server("icmp", 0), largest=min(sizes)))

    def _proxied(self, proxy: IPv4Address, server: Object) -> Reach:
        """A proxy takes every connection, and answers 502 where it finds nobody to pass it on to."""
        vm = next((vm for vm in self.world.instances or () if any(nic.address == proxy for nic in vm.interfaces)), None)
        seen = Server("tcp", server["port"], {}, (502, BAD_GATEWAY))
        if vm is None:
            return Reach(Outcome.OK, seen)
        to, source = server["to"], Source(vm=f"{vm.project}/{vm.name}")
        behind = self.send(source, IPv4Address(to["address"]), "tcp", to["port"])
        return Reach(Outcome.OK, behind.server if behind.outcome is Outcome.OK and behind.server is not None else seen)

    def beyond(self, found: Walk, address: IPv4Address) -> Object | None:
        """The machine on the other side of the tunnel that the packet takes, if nothing else stops it or its answer."""
        tunnels = [hop for hop in found.forward if hop.kind == "beyond"]
        if not tunnels or any(hop.kind != "beyond" for hop in found.doubts) or tunnels[0].vpc is None:
            return None
        for side in self.store.table(f"beyond/{tunnels[0].vpc.project}").values():
            for far in side["machines"] if side["network"] == tunnels[0].vpc.name else ():
                if far["address"] == str(address):
                    return dict(far)
        return None

    def _turn(self, who: str) -> int:
        self._turns[who] = self._turns.get(who, 0) + 1
        return self._turns[who]

    def guest(self, found: Walk, address: IPv4Address) -> Object:
        """What runs at the end of a way: the guest table's entry; empty for a machine that nobody described."""
        pod = self._pod_at(address)
        if pod is not None:
            return self.store.table("guest/pods").find(str(pod)) or {}
        for hop in reversed(found.forward):
            if hop.kind != "deliver" or hop.leg is not Leg.FORWARD or hop.verdict is not Verdict.OK:
                continue
            project = hop.vpc.project if hop.vpc else hop.owner
            vm = next((vm for vm in self.world.instances or () if _has(vm.interfaces, address, hop.vpc)), None)
            if vm is not None:
                return self.store.table(f"guest/{vm.project}").find(vm.name) or {}
            behind = self._backend(hop.object, project)
            return self.store.table(f"guest/{project}").find(behind) or {}
        return {}

    def _service(
        self, source: Source, address: IPv4Address, port: int | None
    ) -> Reach | tuple[IPv4Address, int] | None:
        """A Service that has the address, as kube-proxy on the node sees it: one of its pods, or a refusal."""
        if source.vm:
            return None
        for item in self.store.table("kube/services").values():
            spec = item.get("spec") or {}
            if spec.get("clusterIP") != str(address):
                continue
            if (item["metadata"]["namespace"], item["metadata"]["name"]) == ("default", "kubernetes"):
                return Reach(Outcome.OK, Server("tcp", 443)) if port == 443 else Reach(Outcome.TIMEOUT)
            entry = next((entry for entry in spec.get("ports") or () if entry.get("port") == port), None)
            if entry is None:
                return Reach(Outcome.TIMEOUT)
            selector = spec.get("selector") or {}
            for ref, pod in (self.world.pods or {}).items():
                chosen = selector and all(pod.labels.get(key) == value for key, value in selector.items())
                if chosen and pod.ready and pod.address and ref.namespace == item["metadata"]["namespace"]:
                    target = entry.get("targetPort", port)
                    return pod.address, target if isinstance(target, int) else int(entry["port"])
            return Reach(Outcome.REFUSED)
        return None

    def _backend(self, rule: str, project: str) -> str:
        """The VM behind a forwarding rule; the rule's own name where the lab knows of none."""
        found = self.store.table(f"behind/{project}").find(rule)
        return str(found["vm"]) if found is not None else rule

    def _pod_at(self, address: IPv4Address) -> PodRef | None:
        for ref, pod in (self.world.pods or {}).items():
            if pod.address == address and not pod.host_network and pod.phase == "Running":
                return ref
        return None


class PodHost:
    """A pod's container as the shell's machine."""

    def __init__(self, fabric: Simulated, place: Place, found: Machine) -> None:
        self.fabric = fabric
        self.place = place
        self._machine = found

    @property
    def machine(self) -> Machine:
        """What the machine is."""
        return self._machine

    async def reach(self, address: IPv4Address, protocol: str, port: int | None) -> Reach:
        """Send a first packet from the pod."""
        await asyncio.sleep(0)
        if address.is_loopback or address == self._machine.address:
            return answered(self._own_guest(), protocol, port)
        return self.fabric.send(Source(pod=self.place.pod), address, protocol, port)

    def _own_guest(self) -> Object:
        store, pod = self.fabric.store, self.fabric.store.table("kube/pods").find(str(self.place.pod)) or {}
        if not self._machine.node_network:
            return store.table("guest/pods").find(str(self.place.pod)) or {}
        node = self.fabric.world.nodes.get((pod.get("spec") or {}).get("nodeName", ""))
        return {} if node is None else store.table(f"guest/{node.project}").find(node.instance) or {}

    def resolve(self, name: str) -> IPv4Address | None:
        """Addresses as they are, the pod's own name, Services, and what the network's own DNS knows."""
        try:
            return IPv4Address(name)
        except ValueError:
            pass
        if name == "localhost":
            return IPv4Address("127.0.0.1")
        if name == self._machine.hostname:
            return self._machine.address
        words = name.rstrip(".").split(".")
        namespace = words[1] if len(words) > 1 else self.place.pod.namespace
        service = self.fabric.store.table("kube/services").find(f"{namespace}/{words[0]}")
        if service is not None and words[2:] in ([], ["svc"], ["svc", "cluster", "local"]):
            address = (service.get("spec") or {}).get("clusterIP", "None")
            return None if address in ("None", "") else IPv4Address(address)
        return self._internal(words)

    def _internal(self, words: list[str]) -> IPv4Address | None:
        """A name of the network's private zones, or `VM.ZONE.c.PROJECT.internal`, Compute Engine's zonal DNS name.

        Neither crosses a peering.
        """
        vpc = local_vpc(self.fabric.world, Source(pod=self.place.pod))
        if vpc is None:
            return None
        zone = self.fabric.store.table(f"names/{vpc.project}").find(vpc.name) or {}
        if (found := zone.get(".".join(words))) is not None:
            return IPv4Address(found)
        if len(words) != 5 or words[2] != "c" or words[4] != "internal":
            return None
        for vm in self.fabric.world.instances or ():
            nic = vm.interfaces[0] if vm.interfaces else None
            if nic and nic.vpc == vpc and (vm.name, vm.zone, vm.project) == (words[0], words[1], words[3]):
                return nic.address
        return None

    def nat_table(self) -> str | None:
        """The node's nat table, for a pod on the node's network."""
        if not self._machine.node_network:
            return None
        pod = self.fabric.store.table("kube/pods").find(str(self.place.pod)) or {}
        found = self.fabric.store.table("node/nat").find((pod.get("spec") or {}).get("nodeName", ""))
        return None if found is None else str(found["text"])


def _of_daemonset(pod: Object) -> bool:
    """Whether more hangs on the pod than itself: the world knows on which nodes the agent runs."""
    return any(owner.get("kind") == "DaemonSet" for owner in pod["metadata"].get("ownerReferences") or ())


def answered(guest: Object, protocol: str, port: int | None, source: IPv4Address | None = None) -> Reach:
    """What a guest answers to a packet from `source` that reached it and whose answer comes home."""
    if protocol == "icmp":
        return Reach(Outcome.OK if guest.get("answersPing", True) else Outcome.TIMEOUT)
    server = _listening(guest, protocol, port)
    if server is None:
        return Reach(Outcome.REFUSED)
    error = None
    if server.get("paths") is not None and within(source, guest.get("refuses")):
        error = (403, forbidden(str(source)))
    return Reach(Outcome.OK, Server(protocol, server["port"], server.get("paths"), error))


def kept_out(guest: Object, source: IPv4Address | None) -> Outcome | None:
    """What the guest's own firewall makes of a packet from `source`; None when it lets it in."""
    if within(source, guest.get("drops")):
        return Outcome.TIMEOUT
    return Outcome.UNREACHABLE if within(source, guest.get("rejects")) else None


def within(source: IPv4Address | None, ranges: Sequence[str] | None) -> bool:
    """Whether `source` is in one of the ranges."""
    return source is not None and any(source in IPv4Network(found) for found in ranges or ())


def _listening(guest: Object, protocol: str, port: int | None) -> Object | None:
    servers: Sequence[Object] = guest.get("servers") or ()
    return next((each for each in servers if (each["protocol"], each["port"]) == (protocol, port)), None)


def _has(interfaces: Sequence[object], address: IPv4Address, vpc: object) -> bool:
    return any(getattr(nic, "address", None) == address and getattr(nic, "vpc", None) == vpc for nic in interfaces)


def _doubts(found: Walk) -> str:
    return "; ".join(hop.sentence for hop in found.doubts) or "no reason given"
