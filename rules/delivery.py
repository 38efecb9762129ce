"""The last metres: does the address belong to someone, does the route lead to that machine, and is it running?"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address

from rules.ends import End, at, owners_seen, reserved
from rules.own_routes import machine_of, node_on, owner_of, sees
from rules.path import Hop, Leg, Verdict
from rules.routing import slice_of
from rules.snapshot import Vpc
from rules.words import _
from rules.world import ForwardingRule, HopKind, Instance, Node, Route, RouteKind, World


@dataclass(frozen=True)
class Arrival:
    """A packet that has come to the VPC of its destination, by `route` of that VPC (None: not known).

    `crossing` tells that it came through a peering, from a client in `region`; `begin` is, for an answer, the end
    that waits for it. `doubt` says what of the VPC's routes could not be read, where that decides.
    """

    vpc: Vpc
    dest: IPv4Address
    source: IPv4Address
    route: Route | None
    crossing: bool
    region: str = ""
    begin: End | None = None
    doubt: str = ""


def deliver(world: World, leg: Leg, arrival: Arrival) -> list[Hop]:
    """The deliver hop. Its reason is BEYOND where the packet is given to a VM whose forwarding nobody can read."""
    end = at(world, arrival.vpc, arrival.dest)
    route = arrival.route
    maker = _Maker(world, leg, arrival, end)
    if arrival.doubt:
        return [maker.hop(Verdict.UNKNOWN, arrival.doubt)]
    if route is not None and route.kind not in (RouteKind.SUBNET, RouteKind.PEERING_SUBNET):
        return [maker.by_static(route)]
    if route is None and end.node is not None and arrival.dest != end.node.address and arrival.crossing:
        return [maker.node_without_route(end.node)]
    return [maker.by_subnet()]


class _Maker:
    def __init__(self, world: World, leg: Leg, arrival: Arrival, end: End) -> None:
        self.world, self.leg, self.arrival, self.end = world, leg, arrival, end

    def hop(self, verdict: Verdict, sentence: str, reason: str = "", *, at: str | None = None, object: str = "") -> Hop:
        place = self.end.place if at is None else at
        vpc = self.arrival.vpc
        return Hop(self.leg, place, "deliver", verdict, sentence, reason, object, vpc.project, vpc)

    def by_subnet(self) -> Hop:
        """The address lies in a subnet range: somebody must own it."""
        end, dest, vpc = self.end, self.arrival.dest, self.arrival.vpc
        if end.vm is not None and (self.arrival.route is None or owner_of(self.world, vpc, dest) is not None):
            return self.at_machine(end.vm, end.node)
        if end.vm is not None and end.node is not None:
            sentence = _("{dest} is in the podCIDR of node {node}, but its VM {vm} has no alias range that holds it.")
            text = sentence.format(dest=dest, node=end.node.name, vm=end.vm.name)
            return self.hop(Verdict.DROP, text, "UNKNOWN_INTERNAL_ADDRESS", at=str(vpc), object=end.vm.name)
        if end.rule is not None:
            return self.at_rule(end.rule)
        if not owners_seen(self.world, vpc):
            sentence = _("Whether anything has {dest} in {vpc} cannot be told: its VMs could not be read.")
            return self.hop(Verdict.UNKNOWN, sentence.format(dest=dest, vpc=vpc))
        if reserved(end.subnet, dest):
            sentence = _("{dest} is reserved by Google in subnet {subnet}; no VM has it and nothing answers there.")
            sentence = sentence.format(dest=dest, subnet=end.subnet.name if end.subnet else "")
        else:
            sentence = _("No VM and no forwarding rule in {vpc} has {dest}.").format(vpc=vpc, dest=dest)
        return self.hop(Verdict.DROP, sentence, "UNKNOWN_INTERNAL_ADDRESS", at=str(vpc))

    def at_machine(self, vm: Instance, node: Node | None) -> Hop:
        """The packet reached the VM that owns the address."""
        if vm.status not in ("RUNNING", ""):
            sentence = _("VM {vm} has {dest} and is not running (status {status}).").format(
                vm=vm.name, dest=self.arrival.dest, status=vm.status
            )
            return self.hop(Verdict.DROP, sentence, "INSTANCE_NOT_RUNNING", object=vm.name)
        own = any(nic.address == self.arrival.dest for nic in vm.interfaces)
        if own or node is None:
            sentence = _("VM {vm} has {dest} and is running.").format(vm=vm.name, dest=self.arrival.dest)
            return self.hop(Verdict.OK, sentence, object=vm.name)
        return self.at_node(vm, node)

    def at_node(self, vm: Instance, node: Node) -> Hop:
        """The packet reached the node; is the pod there?"""
        dest = self.arrival.dest
        place = f"node {node.name}"
        if not any(dest in network for network in node.pod_ranges):
            other, slice_ = slice_of(self.world, dest)
            if other is not None:
                sentence = _(
                    "{dest} comes to VM {vm}, but it belongs to node {other} (podCIDR {slice}); the packet goes round "
                    "in circles."
                ).format(dest=dest, vm=vm.name, other=other.name, slice=slice_)
            else:
                sentence = _("{dest} comes to VM {vm}, and no node has a podCIDR that holds it.").format(
                    dest=dest, vm=vm.name
                )
            return self.hop(Verdict.DROP, sentence, "ROUTING_LOOP", at=place, object=vm.name)
        pod = self.end.pod
        if pod is None:
            if self.world.pods is None:
                sentence = _("{dest} comes to node {node}; whether a pod has it could not be read.")
                return self.hop(Verdict.UNKNOWN, sentence.format(dest=dest, node=node.name), at=place)
            sentence = _("{dest} comes to node {node}, and no pod has it.").format(dest=dest, node=node.name)
            return self.hop(Verdict.DROP, sentence, "UNKNOWN_INTERNAL_ADDRESS", at=place)
        if pod.phase and pod.phase != "Running":
            sentence = _("Pod {pod} has {dest} and is not running (phase {phase}).").format(
                pod=pod.ref, dest=dest, phase=pod.phase
            )
            return self.hop(Verdict.DROP, sentence, "GKE_POD_NOT_RUNNING", at=place)
        sentence = _("{node} owns {dest} and hands the packet to pod {pod}.").format(
            node=node.name, dest=dest, pod=pod.ref
        )
        return self.hop(Verdict.OK, sentence, at=place, object=vm.name)

    def by_static(self, route: Route) -> Hop:
        """A static or dynamic route leads to a next hop that must take it from there."""
        hop, vpc, dest = route.next_hop, self.arrival.vpc, self.arrival.dest
        if hop.kind not in (HopKind.INSTANCE, HopKind.IP):
            if hop.kind in (HopKind.BLACKHOLE, HopKind.PEERING) and self.end.vm is None:
                sentence = _("{vpc} imported {range}; where its owner sends {dest} could not be read.")
                return self.hop(Verdict.UNKNOWN, sentence.format(vpc=route.vpc, range=route.dest, dest=dest), "BEYOND")
            sentence = _("{range} leads to {hop}; what is behind it cannot be read.")
            return self.hop(Verdict.UNKNOWN, sentence.format(range=route.dest, hop=hop.name), "BEYOND")
        vm = machine_of(self.world, route)
        name = hop.name
        if vm is None:
            if not sees(self.world, hop.project or vpc.project, "instances"):
                sentence = _("Route {range} leads to {name}, which could not be read.")
                return self.hop(Verdict.UNKNOWN, sentence.format(range=route.dest, name=name))
            kind = "RESOURCE_NOT_FOUND" if hop.kind is HopKind.INSTANCE else "IP_ADDRESS_NOT_RESOLVED"
            sentence = _("Route {range} of {vpc} leads to {name}, which does not exist.")
            text = sentence.format(range=route.dest, vpc=vpc, name=name)
            return self.hop(Verdict.DROP, text, f"ROUTE_NEXT_HOP_{kind}", at=str(vpc), object=route.name)
        if vm.status not in ("RUNNING", ""):
            sentence = _("Route {range} of {vpc} leads to VM {name}, which is not running (status {status}).")
            text = sentence.format(range=route.dest, vpc=vpc, name=vm.name, status=vm.status)
            return self.hop(Verdict.DROP, text, "INSTANCE_NOT_RUNNING", at=str(vpc), object=route.name)
        if any(nic.address == dest for nic in vm.interfaces):
            return self.at_machine(vm, node_on(self.world, vm))
        if not vm.can_ip_forward and not any(dest in alias for nic in vm.interfaces for alias in nic.aliases):
            sentence = _("Route {range} of {vpc} leads to VM {name}, which has canIpForward=false and may not take it.")
            text = sentence.format(range=route.dest, vpc=vpc, name=vm.name)
            return self.hop(Verdict.DROP, text, "FOREIGN_IP_DISALLOWED", at=str(vpc), object=route.name)
        node = node_on(self.world, vm)
        if node is not None:
            return self.at_node(vm, node)
        sentence = _("Route {range} of {vpc} leads to VM {name}; what that VM does with the packet cannot be read.")
        text = sentence.format(range=route.dest, vpc=vpc, name=vm.name)
        return self.hop(Verdict.UNKNOWN, text, "BEYOND", at=f"vm {vm.project}/{vm.name}", object=route.name)

    def node_without_route(self, node: Node) -> Hop:
        """A pod's address, and the VPC has no route for its node's slice."""
        sentence = _("{vpc} has no route to {dest}, an address of node {node}'s pods.").format(
            vpc=self.arrival.vpc, dest=self.arrival.dest, node=node.name
        )
        return self.hop(Verdict.DROP, sentence, "NO_ROUTE", at=str(self.arrival.vpc))

    def at_rule(self, rule: ForwardingRule) -> Hop:
        """An internal load balancer's or a Private Service Connect endpoint's address."""
        arrival = self.arrival
        place = f"forwarding rule {rule.project}/{rule.name}"
        if rule.psc and arrival.crossing:
            sentence = _("{dest} is a Private Service Connect endpoint, which cannot be reached through a peering.")
            text = sentence.format(dest=arrival.dest)
            return self.hop(Verdict.DROP, text, "PSC_ENDPOINT_ACCESSED_FROM_PEERED_NETWORK", at=place, object=rule.name)
        if not rule.global_access and arrival.region and rule.region and arrival.region != rule.region:
            sentence = _(
                "{dest} is forwarding rule {name} in {region} with allowGlobalAccess=false; the client is in {client}."
            )
            text = sentence.format(dest=arrival.dest, name=rule.name, region=rule.region, client=arrival.region)
            return self.hop(Verdict.DROP, text, "FORWARDING_RULE_REGION_MISMATCH", at=place, object=rule.name)
        sentence = _("{dest} is forwarding rule {name}; its backends are not looked at.")
        return self.hop(Verdict.OK, sentence.format(dest=arrival.dest, name=rule.name), at=place, object=rule.name)
