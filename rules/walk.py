"""A packet's way and its answer's, leg by leg, on behind the first break to every other.

Forward: NetworkPolicy → masquerade → egress firewall → may the VM send from this address → route → peering →
ingress firewall → is the address there. Back: route for the source that the target saw → peering → delivery to the
node that owns it → un-masquerade. Firewalls are stateful: answers need no rule.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from ipaddress import IPv4Address

from rules import policy
from rules.build.read import text, texts
from rules.checks import firewall_hop, foreign_hop, peering_hop, policy_hop
from rules.delivery import Arrival, deliver
from rules.effective import IMPORTED, effective, identity
from rules.ends import End, at, expected, start
from rules.firewall import Packet
from rules.hybrid import advertisement_hop
from rules.masquerade import decide
from rules.own_routes import machine_of, node_on
from rules.path import Hop, Leg, Masquerade, Source, Verdict, Walk
from rules.routing import Choice, choose, hop_text, underlying
from rules.snapshot import Outcome, Target, Vpc
from rules.tail import Tail, either_hops, merged, outcome_of
from rules.words import _
from rules.world import HopKind, Pod, Route, RouteKind, World

TUNNELS = (HopKind.VPN_TUNNEL, HopKind.BGP_PEER, HopKind.INTERCONNECT)
HYBRID = (*TUNNELS, HopKind.HUB)
BEYOND = (*HYBRID, HopKind.ILB)
ELSEWHERE = (*BEYOND, HopKind.INTERNET_GATEWAY)


def local_vpc(world: World, source: Source) -> Vpc | None:
    """The VPC in which `source` starts; None when it cannot be told."""
    found = start(world, source)
    return found.vpc if found else None


def walk(world: World, source: Source, target: Target) -> Walk:
    """Follow a new connection from `source` to `target` and its answer. Never raises; what is unread is UNKNOWN."""
    return _Walker(world, source, target).walk()


class _Walker:
    def __init__(self, world: World, source: Source, target: Target) -> None:
        self.world, self.source = world, source
        self.dest = IPv4Address(target.ip)
        self.protocol, self.port = target.protocol, target.port
        self.start = start(world, source)

    def walk(self) -> Walk:
        begin = self.start
        if begin is None or begin.address is None:
            hop = self._no_start(begin)
            lost = hop.verdict is Verdict.UNKNOWN
            return Walk(self.source, self.dest, None, None, (hop,), (), None if lost else Outcome.NOT_RUN)
        head: list[Hop] = []
        masquerade: Masquerade | None = None
        if begin.pod is not None and not begin.pod.host_network:
            head.append(self._policy(begin, begin.pod))
        if begin.pod is not None:
            masquerade = decide(self.world, begin.pod, self.dest, self.protocol)
            head.append(self._masquerade(begin, masquerade))
        if begin.vpc is None:  # the cluster's part of the way is known all the same
            hops = (*head, self._service(begin) or self._no_start(begin))
            seen = masquerade.source if masquerade else None
            return Walk(self.source, self.dest, masquerade, seen, hops, (), outcome_of(hops, lost=True))
        if self._stays(begin):
            return self._on_node(begin, begin.vpc, head, masquerade)
        if (aside := self._other_interface(begin, begin.vpc)) is not None:
            return Walk(self.source, self.dest, masquerade, None, (*head, aside), (), None)
        if (service := self._service(begin)) is not None:
            return Walk(self.source, self.dest, masquerade, None, (*head, service), (), None)
        if masquerade is not None and masquerade.masqueraded is None:
            return self._either(begin, begin.vpc, head, masquerade)
        seen = masquerade.source if masquerade else begin.address
        if seen is None:
            return Walk(self.source, self.dest, masquerade, None, tuple(head), (), None)
        tail = self._tail(begin, begin.vpc, seen, bool(masquerade and masquerade.masqueraded))
        return Walk(
            self.source,
            self.dest,
            masquerade,
            seen,
            (*head, *tail.forward),
            tuple(tail.back),
            outcome_of([*head, *tail.forward, *tail.back], tail.lost),
        )

    # The node --------------------------------------------------------------------------------------------------

    def _no_start(self, begin: End | None) -> Hop:
        where = str(self.source.pod or self.source.node or self.source.vm)
        if begin is not None and begin.pod is not None and begin.pod.address is None:
            sentence = _("Pod {pod} has no address (phase {phase}), so it sends nothing.").format(
                pod=where, phase=begin.pod.phase or "?"
            )
            owner = begin.node.project if begin.node else ""
            return Hop(Leg.FORWARD, f"pod {where}", "start", Verdict.DROP, sentence, "GKE_POD_NOT_RUNNING", owner=owner)
        sentence = _("Where {source} is, and in which VPC, could not be read.").format(source=where)
        return Hop(Leg.FORWARD, where, "start", Verdict.UNKNOWN, sentence)

    def _policy(self, begin: End, pod: Pod) -> Hop:
        found = policy.egress(self.world, pod, self.dest, self.protocol, self.port)
        return policy_hop(Leg.FORWARD, begin, found)

    def _masquerade(self, begin: End, found: Masquerade) -> Hop:
        node = begin.node
        return Hop(
            Leg.FORWARD,
            f"node {node.name}" if node else begin.place,
            "masquerade",
            Verdict.UNKNOWN if found.masqueraded is None else Verdict.OK,
            found.sentence,
            "" if found.masqueraded is not None else "UNKNOWN",
            str(found.range or ""),
            node.project if node else "",
            begin.vpc,
        )

    def _stays(self, begin: End) -> bool:
        node = begin.node
        if node is None:
            return self.dest == begin.address
        return self.dest == node.address or any(self.dest in network for network in node.pod_ranges)

    def _on_node(self, begin: End, here: Vpc, head: list[Hop], masquerade: Masquerade | None) -> Walk:
        """The packet never leaves its node: the node's own routes catch it."""
        node = begin.node
        hops = list(head)
        where = f"node {node.name}" if node else begin.place
        owner = node.project if node else here.project
        end = at(self.world, here, self.dest)
        verdict, reason = Verdict.OK, ""
        sentence = _("{dest} is on {place} itself; the packet does not leave it.").format(dest=self.dest, place=where)
        if node is not None and self.dest != node.address and end.pod is None:
            if self.world.pods is None:
                verdict = Verdict.UNKNOWN
                sentence = _("{dest} is in the pod range of {place}, and its pods could not be read.")
            else:
                verdict, reason = Verdict.DROP, "UNKNOWN_INTERNAL_ADDRESS"
                sentence = _("{dest} is in the pod range of {place}, which keeps the packet, and no pod has it.")
            sentence = sentence.format(dest=self.dest, place=where)
        elif end.pod is not None and begin.address is not None:
            found = policy.ingress(self.world, end.pod, begin.address, self.protocol, self.port)
            hops.append(policy_hop(Leg.FORWARD, end, found))
        hops.append(Hop(Leg.FORWARD, where, "deliver", verdict, sentence, reason, owner=owner, vpc=here))
        answer = _("The answer does not leave {place} either.").format(place=where)
        back = Hop(Leg.RETURN, where, "deliver", Verdict.OK, answer, owner=owner, vpc=here)
        return Walk(
            self.source, self.dest, masquerade, begin.address, tuple(hops), (back,), outcome_of([*hops, back], False)
        )

    def _other_interface(self, begin: End, here: Vpc) -> Hop | None:
        """A multi-network pod whose way out is not the cluster's own network; its own VPC it reaches as any pod."""
        pod = begin.pod
        if pod is None or pod.host_network or pod.default_interface in ("", "eth0"):
            return None
        if expected(self.world, here, self.dest) == here:
            return None
        sentence = _(
            "Pod {pod} sends packets to {dest} by {nic}, its default interface, into a network that was not read."
        )
        text = sentence.format(pod=pod.ref, dest=self.dest, nic=pod.default_interface)
        owner = begin.node.project if begin.node else here.project
        return Hop(Leg.FORWARD, f"pod {pod.ref}", "interface", Verdict.UNKNOWN, text, "", pod.default_interface, owner)

    def _service(self, begin: End) -> Hop | None:
        """A Service that owns the target's address: kube-proxy rewrites the packet on the node."""
        if begin.node is None:
            return None
        for item in self.world.services or ():
            addresses = {text(item, "spec", "clusterIP"), *texts(item, "spec", "clusterIPs")}
            if str(self.dest) in addresses:
                name = f"{text(item, 'metadata', 'namespace')}/{text(item, 'metadata', 'name')}"
                sentence = _(
                    "{dest} is the clusterIP of Service {name}: the node sends the packet to that Service's pods."
                ).format(dest=self.dest, name=name)
                owner = begin.node.project
                return Hop(
                    Leg.FORWARD, f"node {begin.node.name}", "service", Verdict.UNKNOWN, sentence, "", name, owner
                )
        return None

    # The network -----------------------------------------------------------------------------------------------

    def _tail(self, begin: End, here: Vpc, seen: IPv4Address, masqueraded: bool) -> Tail:
        """Everything behind masquerading when the target sees `seen`."""
        tail = Tail()
        choice = choose(
            self.world, here, self.dest, tags=begin.tags, region=begin.region, source=seen, protocol=self.protocol
        )
        landing = self._landing(choice, here, self.dest)
        crosses = None if landing is None else landing != here
        packet = Packet(seen, self.dest, self.protocol, self.port, crosses)
        tail.forward.append(firewall_hop(self.world, Leg.FORWARD, "EGRESS", begin, here, packet))
        if (foreign := foreign_hop(Leg.FORWARD, begin, here, seen)) is not None:
            tail.forward.append(foreign)
        if (tunnel := self._tunnel(choice)) is not None:
            return self._through(tunnel, choice, begin, here, seen, masqueraded, tail)
        tail.forward += self._travel(Leg.FORWARD, choice, here, landing, tail)
        if landing is None:
            return self._nowhere(tail)
        far = at(self.world, landing, self.dest)
        arrivals = self._arrivals(choice, landing, self.dest, seen, begin.region)
        hops = merged([deliver(self.world, Leg.FORWARD, arrival) for arrival in arrivals], tail)
        doors = [self._door(arrival, far) for arrival in arrivals]
        if doors[0].vm is not None or far.rule is None or far.rule.scheme == "INTERNAL":
            known = doors[0].vm is not None or far.rule is not None or not _gone(hops)
            if known:
                checks = [[firewall_hop(self.world, Leg.FORWARD, "INGRESS", door, landing, packet)] for door in doors]
                tail.forward += merged(checks, tail)
        if far.pod is not None:
            found = policy.ingress(self.world, far.pod, seen, self.protocol, self.port)
            arrives = all(hop.verdict is Verdict.OK for hop in hops)
            hops.insert(0 if arrives else len(hops), policy_hop(Leg.FORWARD, far, found))
        tail.forward += hops
        real = expected(self.world, here, self.dest)
        if far.vm is None and far.rule is None and real is not None and real != landing:
            far = at(self.world, real, self.dest)  # the way there misses it; its answer starts where it is
        self._return(begin, far, far.vpc or landing, seen, masqueraded, tail)
        return tail

    def _tunnel(self, choice: Choice) -> Route | None:
        """The route that leads out of Google's network, where one carries the packet and it is known whose it is."""
        if choice.verdict is not Verdict.OK or choice.policy is not None or not choice.routes:
            return None
        route = underlying(self.world, choice.routes[0]) or choice.routes[0]
        known = route.kind is RouteKind.DYNAMIC or route.origin is None
        return route if known and route.next_hop.kind in TUNNELS else None

    def _through(
        self, tunnel: Route, choice: Choice, begin: End, here: Vpc, seen: IPv4Address, masqueraded: bool, tail: Tail
    ) -> Tail:
        """Out by a VPN or an interconnect. What is there cannot be read; what it was told of this side can."""
        there = tunnel.vpc
        tail.forward.append(
            Hop(
                Leg.FORWARD,
                str(here),
                "route",
                Verdict.OK,
                choice.sentence,
                "",
                choice.routes[0].name,
                here.project,
                here,
                choice.candidates,
            )
        )
        if there != here and (peering := peering_hop(self.world, Leg.FORWARD, here, there)) is not None:
            tail.forward.append(peering)
        sentence = _("{range} of {vpc} leads to {hop}; what is behind it cannot be read.").format(
            range=tunnel.dest, vpc=there, hop=hop_text(tunnel)
        )
        beyond = Hop(
            Leg.FORWARD, str(there), "beyond", Verdict.UNKNOWN, sentence, "", tunnel.name, there.project, there
        )
        tail.forward.append(beyond)
        tail.back.append(advertisement_hop(self.world, tunnel, seen))
        self._return(begin, End(self.dest, there), there, seen, masqueraded, tail)
        return tail

    def _door(self, arrival: Arrival, far: End) -> End:
        """Whose firewall the packet meets: that of the VM to which the route leads, whoever owns the address."""
        route = arrival.route
        if route is None or route.next_hop.kind not in (HopKind.INSTANCE, HopKind.IP):
            return far
        vm = machine_of(self.world, route)
        if vm is None or vm == far.vm:
            return far
        return End(arrival.dest, arrival.vpc, vm, node_on(self.world, vm))

    def _return(self, begin: End, far: End, there: Vpc, seen: IPv4Address, masqueraded: bool, tail: Tail) -> None:
        if (foreign := foreign_hop(Leg.RETURN, far, there, self.dest)) is not None:
            tail.back.append(foreign)
        choice = choose(
            self.world,
            there,
            seen,
            tags=far.tags,
            region=far.region,
            source=self.dest,
            protocol=self.protocol,
            answering=True,
        )
        landing = self._landing(choice, there, seen)
        tail.back += self._travel(Leg.RETURN, choice, there, landing, tail)
        home = begin.vpc
        if landing is not None and landing != home and choice.verdict is Verdict.OK:
            sentence = _("The answer to {source} ends in {landing}, and the sender is in {home}.").format(
                source=seen, landing=landing, home=home
            )
            tail.back.append(
                Hop(
                    Leg.RETURN,
                    str(landing),
                    "deliver",
                    Verdict.DROP,
                    sentence,
                    "ROUTE_WRONG_NETWORK",
                    owner=there.project,
                    vpc=landing,
                )
            )
            return
        if home is None:
            return
        arrivals = self._arrivals(choice, home, seen, self.dest, far.region)
        hops = merged([deliver(self.world, Leg.RETURN, replace(each, begin=begin)) for each in arrivals], tail)
        tail.back += hops
        if masqueraded and begin.node is not None and begin.pod is not None:
            sentence = _("{node} turns {seen} back into {pod}, the address of pod {name}.").format(
                node=begin.node.name, seen=seen, pod=begin.pod.address, name=begin.pod.ref
            )
            tail.back.append(
                Hop(
                    Leg.RETURN,
                    f"node {begin.node.name}",
                    "unmasquerade",
                    Verdict.OK,
                    sentence,
                    owner=begin.node.project,
                    vpc=begin.vpc,
                )
            )

    def _landing(self, choice: Choice, here: Vpc, address: IPv4Address) -> Vpc | None:
        """The VPC in which the packet ends, or would end if it were not dropped."""
        if choice.verdict is Verdict.OK and choice.routes:
            route = choice.routes[0]
            if route.next_hop.kind in ELSEWHERE:
                return expected(self.world, here, address)
            if route.origin is None and route.kind in IMPORTED:
                return expected(self.world, None, address)  # of a peering whose other end could not be read
            return route.origin or here
        return expected(self.world, here, address)

    def _arrivals(
        self, choice: Choice, landing: Vpc, address: IPv4Address, source: IPv4Address, region: str
    ) -> list[Arrival]:
        """How the packet comes to its end: once for each of the routes that share the flows."""
        crossing = choice.vpc != landing
        if choice.verdict is Verdict.OK and choice.routes and choice.routes[0].next_hop.kind not in ELSEWHERE:
            routes = [underlying(self.world, route) or route for route in choice.routes]
            return [Arrival(landing, address, source, route, crossing, region) for route in routes]
        # Nothing brings the packet there: would the VPC itself deliver it?
        own = choose(self.world, landing, address)
        local = next((each for each in own.routes if each.origin is None and each.next_hop.kind not in ELSEWHERE), None)
        doubt = own.sentence if own.verdict is Verdict.UNKNOWN and crossing else ""
        return [
            Arrival(
                landing, address, source, local if own.verdict is Verdict.OK else None, crossing, region, doubt=doubt
            )
        ]

    def _travel(self, leg: Leg, choice: Choice, here: Vpc, landing: Vpc | None, tail: Tail) -> list[Hop]:
        """The route hop, and the peering hop where the way crosses one."""
        route = choice.routes[0] if choice.routes else None
        sentence, verdict = choice.sentence, choice.verdict
        if choice.policy is not None:
            tail.lost = True
        elif leg is Leg.RETURN and route is not None and route.next_hop.kind in HYBRID and not self._hybrid_home():
            verdict = Verdict.DROP
            sentence += " " + _("Nothing in the sender's VPC comes from there.")
        elif verdict is Verdict.OK and route is not None and route.next_hop.kind in BEYOND:
            verdict, tail.lost = Verdict.UNKNOWN, True
            sentence += " " + _("What is behind it cannot be read.")
        elif verdict is Verdict.OK and route is not None and route.next_hop.kind is HopKind.INTERNET_GATEWAY:
            verdict, sentence = self._to_internet(choice, landing, sentence, tail)
        hops = [
            Hop(
                leg,
                str(here),
                "route",
                verdict,
                sentence,
                choice.reason or ("ROUTE_WRONG_NETWORK" if verdict is Verdict.DROP else ""),
                route.name if route else "",
                here.project,
                here,
                choice.candidates,
            )
        ]
        if landing is not None and landing != here:
            peering = peering_hop(self.world, leg, here, landing)
            if peering is not None:
                hops.append(peering)
        return hops

    def _hybrid_home(self) -> bool:
        """Whether anything of the sender's VPC leads into a tunnel, so that an answer could come back through one."""
        home = self.start.vpc if self.start else None
        if home is None:
            return True
        rows = effective(self.world, home)
        return bool(rows.unread) or any(
            rows.under.get(identity(route), route).next_hop.kind in HYBRID for route in rows.routes
        )

    def _to_internet(self, choice: Choice, landing: Vpc | None, sentence: str, tail: Tail) -> tuple[Verdict, str]:
        if landing is not None:
            text = _("{sentence} {landing} uses {dest} privately, so the packet is lost on the public internet.")
            return Verdict.DROP, text.format(sentence=sentence, landing=landing, dest=choice.dest)
        tail.lost = True
        return Verdict.UNKNOWN, sentence + " " + _("What the public internet does with it cannot be read.")

    def _nowhere(self, tail: Tail) -> Tail:
        sentence = _("In which VPC {dest} lies cannot be told, so its way back cannot be either.").format(
            dest=self.dest
        )
        tail.back.append(Hop(Leg.RETURN, str(self.dest), "route", Verdict.NOT_REACHED, sentence))
        return tail

    # Not knowing whose address the packet wears -------------------------------------------------------------

    def _either(self, begin: End, here: Vpc, head: list[Hop], masquerade: Masquerade) -> Walk:
        """Walk both ways that are possible; what they agree on is known."""
        node = begin.node.address if begin.node else None
        if begin.address is None or node is None:
            return Walk(self.source, self.dest, masquerade, None, tuple(head), (), None)
        kept, worn = self._tail(begin, here, begin.address, False), self._tail(begin, here, node, True)
        known = [hop for hop in head if hop.kind != "masquerade"]
        outcomes = {outcome_of([*known, *tail.forward, *tail.back], tail.lost) for tail in (kept, worn)}
        return Walk(
            self.source,
            self.dest,
            masquerade,
            None,
            (*head, *either_hops(kept.forward, worn.forward)),
            tuple(either_hops(kept.back, worn.back)),
            outcomes.pop() if len(outcomes) == 1 else None,
        )


def _gone(hops: Sequence[Hop]) -> bool:
    """Whether nobody is at the address, so that no firewall is either."""
    return any(hop.reason == "UNKNOWN_INTERNAL_ADDRESS" for hop in hops)
