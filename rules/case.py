"""One question on one world: the walks, what they predict, and the facts that causes and remedies ask for.

Everything is worked out on first use and kept. Nothing here knows a cause or a remedy.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from enum import StrEnum
from functools import cached_property
from ipaddress import IPv4Address, IPv4Network

from rules.exchange import Exchanged, exchanged
from rules.path import Hop, Masquerade, Source, Verdict, Walk
from rules.ranges import privately_used_public
from rules.repeats import Repeat, parse
from rules.routing import table
from rules.snapshot import Outcome, PodRef, Probe, Question, Target, Vpc
from rules.walk import local_vpc, walk
from rules.words import _
from rules.world import AgentState, Network, Node, Peering, Pod, Route, RouteKind, World

PROBES = ("pod-local", "node-local", "node-peer", "pod-peer", "pod-proxy")
UNKNOWN = "unknown"

_SILENT = frozenset({Outcome.TIMEOUT, Outcome.UNREACHABLE, Outcome.STALLED})


class Shape(StrEnum):
    """Kinds of cluster that tend to break in different ways."""

    ROUTES_BASED = "routes-based"
    VPC_NATIVE = "VPC-native"
    PUBLIC_PODS = "VPC-native with privately used public pod addresses"
    AUTOPILOT = "Autopilot"


class Case:
    """A world, the question asked of it, and what was measured."""

    def __init__(self, world: World, question: Question, probes: Iterable[Probe] = ()) -> None:
        self.world = world
        self.question = question
        self.probes: Mapping[str, Probe] = {probe.id: probe for probe in probes}
        self._walks: dict[tuple[Source, Target], Walk] = {}

    # Who is who ------------------------------------------------------------------------------------------------

    @cached_property
    def dest(self) -> IPv4Address:
        return IPv4Address(self.question.target.ip)

    @cached_property
    def pod(self) -> Pod | None:
        return (self.world.pods or {}).get(self.question.pod)

    @cached_property
    def node(self) -> Node | None:
        return self.world.nodes.get(self.pod.node) if self.pod else None

    @cached_property
    def a(self) -> Vpc | None:
        """The VPC of the pod's node."""
        found = local_vpc(self.world, Source(pod=self.question.pod))
        return found if found is not None and found.project and found.name else self.question.network

    @cached_property
    def b(self) -> Vpc | None:
        """The peered VPC in which the target lies, None when no peering is known to lead to it."""
        if self.question.peer is not None:
            return self.question.peer
        for peering in self.network_a.peerings or () if self.network_a else ():
            theirs = self.world.networks.get(peering.peer)
            ranges = [entry for subnet in (theirs.subnets or () if theirs else ()) for entry in subnet.ranges]
            ranges += [row.dest for row in peering.incoming or ()]
            if peering.peer.project and peering.peer.name and any(self.dest in entry for entry in ranges):
                return peering.peer
        return None

    @cached_property
    def network_a(self) -> Network | None:
        return self.world.networks.get(self.a) if self.a else None

    @cached_property
    def network_b(self) -> Network | None:
        return self.world.networks.get(self.b) if self.b else None

    @cached_property
    def a_to_b(self) -> Peering | None:
        """A's side of the peering with B."""
        return self.network_a.peering_to(self.b) if self.network_a and self.b else None

    @cached_property
    def b_to_a(self) -> Peering | None:
        """B's side of the peering with A; None as well when B could not be read (see `b_peerings_known`)."""
        return self.network_b.peering_to(self.a) if self.network_b and self.a else None

    @cached_property
    def b_peerings_known(self) -> bool:
        return self.network_b is not None and self.network_b.peerings is not None

    # Walks and predictions -------------------------------------------------------------------------------------

    def way(self, source: Source, target: Target) -> Walk:
        """The walk from `source` to `target`, worked out once."""
        key = (source, target)
        if key not in self._walks:
            self._walks[key] = walk(self.world, source, target)
        return self._walks[key]

    @cached_property
    def raw_walk(self) -> Walk | None:
        """Pod to target as the model has it, without what the probes teach."""
        return self.way(Source(pod=self.question.pod), self.question.target) if self.pod else None

    @cached_property
    def node_walk(self) -> Walk | None:
        """The pod's node to target."""
        return self.way(Source(node=self.pod.node), self.question.target) if self.pod and self.pod.node else None

    @cached_property
    def local_walk(self) -> Walk | None:
        """Pod to the address in its own VPC."""
        local = self.question.local
        return self.way(Source(pod=self.question.pod), local) if local and self.pod else None

    @cached_property
    def walk(self) -> Walk | None:
        """Pod to target; where whose address it wears cannot be read but the probes tell, with that settled.

        A masqueraded packet is the node's packet: node → peer and pod → peer then agree. Where the node is answered
        and the pod meets silence, the pod kept its own address.
        """
        found = self.raw_walk
        if found is None or found.masquerade is None or found.masquerade.masqueraded is not None:
            return found
        if self.measured("node-peer") is not Outcome.OK or self.measured("pod-peer") not in _SILENT:
            return found
        kept = walk(unmasqueraded(self.world), Source(pod=self.question.pod), self.question.target)
        if kept.masquerade is None or kept.masquerade.masqueraded is not False:
            return found
        told = replace(
            found.masquerade,
            masqueraded=False,
            source=kept.source_seen,
            sentence=_(
                "{sentence} The probes tell: the node is answered and the pod is not, so the pod's packets "
                "keep their own address."
            ).format(sentence=found.masquerade.sentence),
        )
        hops = tuple(
            replace(hop, sentence=told.sentence, verdict=Verdict.OK, object="") if hop.kind == "masquerade" else hop
            for hop in kept.forward
        )
        return replace(kept, masquerade=told, forward=hops)

    @cached_property
    def masquerade(self) -> Masquerade | None:
        return self.walk.masquerade if self.walk else None

    def predicted(self, probe: str) -> str:
        """What the model says a probe sees: an outcome, or `unknown`."""
        repeat = parse(probe)
        if "@" in probe and repeat is None:
            return UNKNOWN
        if repeat is not None and (repeat.kind != "node" or self._needs_twin(repeat)):
            return self._repeated(repeat)
        base, _at, node = probe.partition("@")
        asked = self.question
        target = {"local": asked.local, "peer": asked.target, "proxy": asked.proxy}.get(base.split("-")[1])
        source = self._source(base, node)
        if target is None or source is None:
            return UNKNOWN
        found = self.walk if base == "pod-peer" and not node else self.way(source, target)
        if found is None or found.outcome in (None, Outcome.NOT_RUN):
            return UNKNOWN
        if base == "pod-proxy" and found.outcome is Outcome.OK:
            return self._behind_proxy(target)
        return found.outcome.value

    def _source(self, base: str, node: str) -> Source | None:
        if self.pod is None:
            return None
        if base.startswith("node-"):
            name = node or self.pod.node
            return Source(node=name) if name in self.world.nodes else None
        if not node or node == self.pod.node:
            return Source(pod=self.question.pod)
        pods = (self.world.pods or {}).values()
        twin = next((pod for pod in pods if pod.node == node and pod.address and not pod.host_network), None)
        return Source(pod=twin.ref) if twin else None

    def _repeated(self, repeat: Repeat) -> str:
        """What the model says of the same question asked in another manner."""
        target = self.question.target
        if repeat.base != "pod-peer" or self.pod is None or repeat.kind == "host":
            return UNKNOWN
        if repeat.kind in ("try", "size"):
            return self.predicted("pod-peer")
        if repeat.kind == "port":
            found = self.way(Source(pod=self.pod.ref), replace(target, port=int(repeat.value), path=None))
        elif repeat.kind == "protocol":
            found = self.way(Source(pod=self.pod.ref), Target(target.ip, None, repeat.value))
        else:
            twin = self._twin(repeat)
            if twin is None:
                return UNKNOWN
            world = replace(self.world, pods={**(self.world.pods or {}), twin.ref: twin})
            found = walk(world, Source(pod=twin.ref), target)
        return UNKNOWN if found.outcome in (None, Outcome.NOT_RUN) else found.outcome.value

    def _needs_twin(self, repeat: Repeat) -> bool:
        """Whether no pod is known on the node that a repeat asks from, and it is a pod that asks."""
        return repeat.base == "pod-peer" and self._source(repeat.base, repeat.value) is None

    def _twin(self, repeat: Repeat) -> Pod | None:
        """A pod like this one in another namespace, or on another node with an address of its range."""
        if self.pod is None:
            return None
        if repeat.kind == "namespace":
            return replace(self.pod, ref=PodRef(repeat.value, self.pod.ref.name), labels={})
        node = self.world.nodes.get(repeat.value)
        if node is None or not node.pod_ranges:
            return None
        ref = PodRef(self.pod.ref.namespace, f"{self.pod.ref.name}@{node.name}")
        return replace(self.pod, ref=ref, node=node.name, address=node.pod_ranges[0][-2])

    def _behind_proxy(self, proxy: Target) -> str:
        """A proxy answers by itself; behind it the way starts anew at its VM."""
        vm = self.world.instance_at(IPv4Address(proxy.ip), self.a) if self.a else None
        if vm is None:
            return UNKNOWN
        onward = self.way(Source(vm=f"{vm.project}/{vm.name}"), self.question.target).outcome
        return UNKNOWN if onward is None else onward.value if onward is Outcome.OK else Outcome.APP_ERROR.value

    # Measurements ----------------------------------------------------------------------------------------------

    def measured(self, probe: str) -> Outcome | None:
        """What a probe saw; None when it was not run."""
        found = self.probes.get(probe)
        return None if found is None or found.outcome is Outcome.NOT_RUN else found.outcome

    @cached_property
    def blocked(self) -> bool:
        """Pod → peer fails on the way: measured so, or, unmeasured, predicted so."""
        seen = self.measured("pod-peer")
        if seen is not None:
            return seen in _SILENT
        return bool(self.breaks)

    @property
    def turned_away(self) -> bool:
        """pod → peer arrives and is answered with a refusal or an error: it fails, and no leg is broken."""
        return self.measured("pod-peer") in (Outcome.REFUSED, Outcome.APP_ERROR)

    @property
    def misnamed(self) -> bool:
        """By its address the target answers the pod; by the name that the application uses it does not."""
        answers = (Outcome.OK, Outcome.APP_ERROR)
        return self.measured("pod-peer") in answers and any(seen not in answers for _, seen in self.repeats("host"))

    @property
    def told(self) -> bool:
        """Something answered pod → peer, be it an ICMP error: then its packets' answers do come home."""
        return self.contradicted("pod-peer") or self.measured("pod-peer") is Outcome.UNREACHABLE

    @cached_property
    def breaks(self) -> tuple[Hop, ...]:
        """The walk's breaks, but for those that an answer to another probe over the same leg refutes."""
        if self.walk is None:
            return ()
        refuted = set()
        for probe, way in (("node-peer", self.node_walk), ("pod-local", self.local_walk)):
            if way is not None and self.contradicted(probe):
                refuted |= {(hop.leg, hop.kind, hop.at, hop.reason) for hop in way.breaks}
        return tuple(hop for hop in self.walk.breaks if (hop.leg, hop.kind, hop.at, hop.reason) not in refuted)

    @cached_property
    def own_breaks(self) -> tuple[Hop, ...]:
        """The breaks that the pod's packet meets and its node's would not; another fault may stop both before."""
        if self.node_walk is None:
            return ()
        shared = {(hop.leg, hop.kind, hop.at, hop.reason) for hop in self.node_walk.breaks}
        return tuple(hop for hop in self.breaks if (hop.leg, hop.kind, hop.at, hop.reason) not in shared)

    def contradicted(self, probe: str) -> bool:
        """Whether a probe got through that a fault on its way would have stopped."""
        return self.measured(probe) in (Outcome.OK, Outcome.APP_ERROR, Outcome.REFUSED)

    @cached_property
    def answered(self) -> frozenset[str]:
        """The probes that were answered."""
        return frozenset(probe for probe in self.probes if self.contradicted(probe))

    @cached_property
    def unexplained(self) -> bool:
        """Pod → peer was measured to meet silence although everything that was read lets it through.

        What is left then lies where no API looks: the guest, the node's own rules, a mesh in the pod.
        """
        through = self.walk is not None and (self.walk.outcome is Outcome.OK or not self.breaks)
        return self.measured("pod-peer") in _SILENT and through and not (self.walk and self.walk.doubts)

    def repeats(self, kind: str) -> tuple[tuple[Repeat, Outcome], ...]:
        """The measured repeats of pod-peer that vary `kind` (node, namespace, protocol, port, size, try)."""
        found = ((parse(probe), self.measured(probe)) for probe in sorted(self.probes))
        return tuple(
            (repeat, seen)
            for repeat, seen in found
            if repeat is not None and seen is not None and (repeat.base, repeat.kind) == ("pod-peer", kind)
        )

    @cached_property
    def failing(self) -> frozenset[str]:
        """The probes that met silence; unmeasured ones count by their prediction."""
        found = set()
        for probe in PROBES:
            seen = self.measured(probe)
            state = seen.value if seen is not None else self.predicted(probe)
            if state in {outcome.value for outcome in _SILENT}:
                found.add(probe)
        return frozenset(found)

    # Facts -----------------------------------------------------------------------------------------------------

    @cached_property
    def wears_pod_address(self) -> bool:
        """The target sees the pod's own address."""
        pod, way = self.pod, self.walk
        if pod is None or way is None or pod.host_network or pod.address is None:
            return False
        return way.masquerade is not None and way.masquerade.masqueraded is False

    @cached_property
    def node_gets_through(self) -> bool:
        """Node → peer works: measured, or predicted where it was not measured."""
        seen = self.measured("node-peer")
        if seen is not None:
            return seen not in _SILENT
        return self.node_walk is not None and self.node_walk.outcome is Outcome.OK

    @cached_property
    def pod_route(self) -> Route | None:
        """A's own route to the pod's address: the node's slice, or the subnet range it lies in."""
        pod, net = self.pod, self.network_a
        if pod is None or pod.address is None or net is None:
            return None
        address = pod.address
        own = [route for route in net.routes or () if route.origin is None and address in route.dest]
        own = [route for route in own if route.dest.prefixlen > 0]
        return max(own, key=lambda route: (route.dest.prefixlen, -route.priority), default=None)

    @cached_property
    def pods_in_subnet(self) -> bool | None:
        """Whether the pod's address lies in a subnet range of A (VPC-native); None when that is not known."""
        pod, net = self.pod, self.network_a
        cluster = self.world.cluster
        if pod is None or pod.address is None:
            return None
        if net is not None and net.subnets is not None:
            return any(pod.address in entry for subnet in net.subnets for entry in subnet.ranges)
        return None if cluster is None or cluster.routes_based is None else not cluster.routes_based

    @cached_property
    def shape(self) -> Shape | None:
        """The kind of cluster; None where it is not known."""
        cluster, pod = self.world.cluster, self.pod
        if cluster is not None and cluster.autopilot:
            return Shape.AUTOPILOT
        if self.pods_in_subnet is None:
            return None
        if not self.pods_in_subnet:
            return Shape.ROUTES_BASED
        public = pod is not None and pod.address is not None and privately_used_public(IPv4Network(pod.address))
        return Shape.PUBLIC_PODS if public else Shape.VPC_NATIVE

    @cached_property
    def crossing(self) -> tuple[Exchanged, ...] | None:
        """What A's routes become at B."""
        return exchanged(self.world, self.a, self.b) if self.a and self.b else None

    @cached_property
    def pod_crossing(self) -> tuple[Exchanged, ...]:
        """What became at B of A's static routes to the pod's address."""
        pod = self.pod
        if pod is None or pod.address is None:
            return ()
        address = pod.address
        static = (each for each in self.crossing or () if each.route.kind is RouteKind.STATIC)
        return tuple(each for each in static if each.route.dest.prefixlen > 0 and address in each.route.dest)

    @cached_property
    def target_range(self) -> IPv4Network:
        """The peer's subnet range that holds the target; its address alone where no subnet is known."""
        found: list[IPv4Network] = []
        if self.network_b is not None:
            found = [entry for subnet in self.network_b.subnets or () for entry in subnet.ranges]
        if not any(self.dest in entry for entry in found) and self.a is not None:
            rows = table(self.world, self.a) or ()
            found = [row.dest for row in rows if row.kind in (RouteKind.PEERING_SUBNET, RouteKind.SUBNET)]
        holding = [entry for entry in found if self.dest in entry]
        return max(holding, key=lambda entry: entry.prefixlen, default=IPv4Network(self.dest))

    def hop(self, way: Walk | None, kind: str, *, back: bool = False, vpc: Vpc | None = None) -> Hop | None:
        """The first hop of `kind` on one lane of a walk, in `vpc` where that is given."""
        lane = () if way is None else way.back if back else way.forward
        return next((hop for hop in lane if hop.kind == kind and (vpc is None or hop.vpc == vpc)), None)


def unmasqueraded(world: World) -> World:
    """The world as it would be with the ranges that every node keeps from its boot, and no agent."""
    return replace(world, node_nat={}, config_maps=(), agent=replace(world.agent, state=AgentState.ABSENT, pods={}))
