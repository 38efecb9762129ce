"""Whether the parts of a scenario fit together: names exist, ranges do not overlap, addresses are inside."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network
from typing import NoReturn

from lab.scenario.fields import fail
from lab.scenario.model import Scenario, SubnetPlan
from lab.scenario.text import Section, Value, Where
from rules.snapshot import Vpc
from rules.words import _


class Checker:
    """Checks one scenario; `section` is where it was written, for the sentences."""

    def __init__(self, scenario: Scenario, section: Section) -> None:
        self.scenario = scenario
        self.section = section

    def fail(self, path: tuple[str, ...], sentence: str) -> NoReturn:
        """Raise ScenarioError about the value at `path`, or about the nearest thing above it that is written."""
        value: Value = self.section
        where: Where = self.section.where
        for key in path:
            below = value.values.get(key) if isinstance(value, Section) else None
            if below is None:
                break
            value, where = below, below.where
        fail(where, " > ".join(path), sentence)

    def run(self) -> None:
        """Raise ScenarioError for the first thing that does not fit."""
        self.networks()
        self.peered()
        subnet = self.cluster()
        self.machines()
        self.slices(subnet)
        self.agent()
        self.services()
        self.question()

    def networks(self) -> None:
        """Peerings and routes lead to things that exist."""
        vpcs = {network.vpc for network in self.scenario.networks}
        for network in self.scenario.networks:
            at = _path(network.vpc)
            seen: dict[Vpc, str] = {}
            for peering in network.peerings:
                here = (*at, "peerings", peering.name, "with")
                if peering.peer not in vpcs:
                    self.fail(here, _no_such(_("network"), str(peering.peer), map(str, vpcs)))
                if peering.peer == network.vpc:
                    self.fail(here, _("a network cannot be peered with itself."))
                if peering.peer in seen:
                    self.fail(
                        here,
                        _("{other} already goes there; one peering leads to one network.").format(
                            other=seen[peering.peer]
                        ),
                    )
                seen[peering.peer] = peering.name
            for route in network.routes:
                names = [vm.name for vm in self.scenario.vms if vm.vpc == network.vpc]
                names += [node.name for node in self.scenario.nodes if self.scenario.cluster.vpc == network.vpc]
                if route.via == "vm" and route.hop not in names:
                    self.fail((*at, "routes", route.name, "via"), _no_such(_("VM in this network"), route.hop, names))

    def peered(self) -> None:
        """No two subnet ranges overlap that one network can see: its own and those of its peers."""
        for network in self.scenario.networks:
            near = {network.vpc} | {peering.peer for peering in network.peerings}
            seen: list[tuple[IPv4Network, str]] = []
            for other in self.scenario.networks:
                if other.vpc not in near:
                    continue
                for subnet in other.subnets:
                    for key, found in _ranges(subnet):
                        name = f"{other.vpc} {subnet.name}"
                        clash = next((text for taken, text in seen if taken.overlaps(found)), None)
                        if clash is not None:
                            self.fail(
                                (*_path(other.vpc), "subnets", subnet.name, *key),
                                _("{range} overlaps {other}; networks that are peered need ranges apart.").format(
                                    range=found, other=clash
                                ),
                            )
                        seen.append((found, f"{name} ({found})"))

    def machines(self) -> None:
        """Each VM and node is in its subnet and has its address alone."""
        taken: dict[tuple[Vpc, IPv4Address], str] = {}
        names: set[tuple[str, str]] = set()
        for vm in self.scenario.vms:
            at = ("projects", vm.project, "vms", vm.name)
            self.place(at, vm.vpc, vm.subnet, vm.address, vm.zone, taken, vm.name)
            if vm.first is not None:
                nic = vm.first
                self.place((*at, "first interface"), nic.vpc, nic.subnet, nic.address, vm.zone, taken, vm.name)
            names.add((vm.project, vm.name))
        cluster = self.scenario.cluster
        for node in self.scenario.nodes:
            if (cluster.project, node.name) in names:
                self.fail(
                    ("nodes", node.name), _("a VM of {project} has that name already.").format(project=cluster.project)
                )
            subnet = node.subnet or cluster.subnet
            self.place(("nodes", node.name), cluster.vpc, subnet, node.address, cluster.zone, taken, node.name)

    def place(
        self,
        at: tuple[str, ...],
        vpc: Vpc,
        subnet_name: str,
        address: IPv4Address,
        zone: str,
        taken: dict[tuple[Vpc, IPv4Address], str],
        name: str,
    ) -> None:
        """One machine in its network, subnet, region and address."""
        network = self.scenario.network(vpc)
        if network is None:
            self.fail(
                (*at, "network"), _no_such(_("network"), str(vpc), (str(net.vpc) for net in self.scenario.networks))
            )
        subnet = network.subnet(subnet_name)
        if subnet is None:
            self.fail(
                (*at, "subnet"),
                _no_such(_("subnet in {vpc}").format(vpc=vpc), subnet_name, (s.name for s in network.subnets)),
            )
        if zone.rsplit("-", 1)[0] != subnet.region:
            self.fail(
                (*at, "zone"),
                _("{zone} is not a zone of {subnet}'s region {region}.").format(
                    zone=zone, subnet=subnet.name, region=subnet.region
                ),
            )
        first, last = subnet.range.network_address + 2, subnet.range.broadcast_address - 2
        if not first <= address <= last:
            self.fail(
                (*at, "address"),
                _("{address} is not in {subnet}'s range {range}; give one from {first} to {last}.").format(
                    address=address, subnet=subnet.name, range=subnet.range, first=first, last=last
                ),
            )
        if (vpc, address) in taken:
            self.fail(
                (*at, "address"),
                _("{address} belongs to {other} already.").format(address=address, other=taken[vpc, address]),
            )
        taken[vpc, address] = name

    def cluster(self) -> SubnetPlan:
        """The project, network and subnet that the cluster is in exist."""
        scenario, cluster = self.scenario, self.scenario.cluster
        if cluster.project not in scenario.projects:
            self.fail(("cluster", "project"), _no_such(_("project"), cluster.project, scenario.projects))
        network = scenario.network(cluster.vpc)
        if network is None:
            self.fail(
                ("cluster", "network"),
                _no_such(_("network"), str(cluster.vpc), (str(net.vpc) for net in scenario.networks)),
            )
        subnet = network.subnet(cluster.subnet)
        if subnet is None:
            self.fail(("cluster", "subnet"), _no_such(_("subnet"), cluster.subnet, (s.name for s in network.subnets)))
        return subnet

    def slices(self, subnet: SubnetPlan) -> None:
        """The cluster's ranges, its nodes' slices and its pods' addresses."""
        scenario, cluster = self.scenario, self.scenario.cluster
        self.pod_range(subnet)
        slices: list[tuple[IPv4Network, str]] = []
        for node in scenario.nodes:
            at = ("nodes", node.name, "pod range")
            if not node.pod_range.subnet_of(cluster.pod_range):
                self.fail(
                    at,
                    _("{range} is not inside the cluster's pod range {whole}.").format(
                        range=node.pod_range, whole=cluster.pod_range
                    ),
                )
            if node.pod_range.prefixlen > 28:
                self.fail(at, _("{range} is too small; a node needs a /28 or more.").format(range=node.pod_range))
            clash = next((name for taken, name in slices if taken.overlaps(node.pod_range)), None)
            if clash is not None:
                self.fail(at, _("{range} overlaps the pod range of {other}.").format(range=node.pod_range, other=clash))
            slices.append((node.pod_range, node.name))
        self.pods()

    def pod_range(self, subnet: SubnetPlan) -> None:
        """Pod and service ranges against the subnets that the cluster's network can see."""
        scenario, cluster = self.scenario, self.scenario.cluster
        if cluster.pod_range.overlaps(cluster.service_range):
            self.fail(
                ("cluster", "service range"),
                _("{range} overlaps the pod range {other}.").format(
                    range=cluster.service_range, other=cluster.pod_range
                ),
            )
        if not cluster.routes_based:
            found = subnet.secondary.get(cluster.pods_range_name)
            if found != cluster.pod_range:
                self.fail(
                    ("cluster", "pod range"),
                    _(
                        "a VPC-native cluster's pods live in a secondary range; "
                        "give {subnet} the secondary range `{name}: {range}`."
                    ).format(subnet=subnet.name, name=cluster.pods_range_name, range=cluster.pod_range),
                )
            return
        network = scenario.network(cluster.vpc)
        for own in network.subnets if network else ():
            for _key, taken in _ranges(own):
                if taken.overlaps(cluster.pod_range):
                    self.fail(
                        ("cluster", "pod range"),
                        _("{range} overlaps subnet {other} ({taken}).").format(
                            range=cluster.pod_range, other=own.name, taken=taken
                        ),
                    )

    def pods(self) -> None:
        """Each pod's address is in its node's slice and its own."""
        slices = {node.name: node.pod_range for node in self.scenario.nodes}
        taken: dict[IPv4Address, str] = {}
        for pod in self.scenario.pods:
            name = str(pod.ref) if f"{pod.ref}" in self._written("pods") else pod.ref.name
            at = ("pods", name, "address")
            if pod.address is None:
                continue
            if pod.address not in slices[pod.node]:
                self.fail(
                    at,
                    _("{address} is not in {node}'s pod range {range}.").format(
                        address=pod.address, node=pod.node, range=slices[pod.node]
                    ),
                )
            if pod.address in taken:
                self.fail(
                    at, _("{address} belongs to {other} already.").format(address=pod.address, other=taken[pod.address])
                )
            taken[pod.address] = str(pod.ref)
        refs = [pod.ref for pod in self.scenario.pods]
        double = next((ref for ref in refs if refs.count(ref) > 1), None)
        if double is not None:
            self.fail(("pods", str(double)), _("this pod is there twice, with and without its namespace."))

    def agent(self) -> None:
        """The nodes that the agent leaves out exist."""
        names = [node.name for node in self.scenario.nodes]
        if self.scenario.agent.not_on and not self.scenario.agent.installed:
            self.fail(("agent", "not on nodes"), _("an agent that is not installed is on no node; remove this key."))
        for name in self.scenario.agent.not_on:
            if name not in names:
                self.fail(("agent", "not on nodes"), _no_such(_("node"), name, names))

    def services(self) -> None:
        """Services have addresses of the cluster's range; pods have second networks where the cluster has them."""
        for service in self.scenario.services:
            written = self._written("services")
            name = str(service.ref) if str(service.ref) in written else service.ref.name
            if service.address not in self.scenario.cluster.service_range:
                self.fail(
                    ("services", name, "address"),
                    _("{address} is not in the cluster's service range {range}.").format(
                        address=service.address, range=self.scenario.cluster.service_range
                    ),
                )
        for pod in self.scenario.pods:
            if pod.default_network and not self.scenario.cluster.multi_network:
                name = str(pod.ref) if str(pod.ref) in self._written("pods") else pod.ref.name
                self.fail(
                    ("pods", name, "default network"),
                    _("the cluster has one network; write `multi-network: yes` there."),
                )

    def question(self) -> None:
        """The pod that the question is about exists."""
        refs = [str(pod.ref) for pod in self.scenario.pods]
        if str(self.scenario.question.pod) not in refs:
            self.fail(("question", "pod"), _no_such(_("pod"), str(self.scenario.question.pod), refs))

    def _written(self, key: str) -> Iterable[str]:
        value = self.section.values.get(key)
        return value.values if isinstance(value, Section) else ()


def _path(vpc: Vpc) -> tuple[str, ...]:
    return ("projects", vpc.project, "networks", vpc.name)


def _ranges(subnet: SubnetPlan) -> list[tuple[tuple[str, ...], IPv4Network]]:
    extra = [(("secondary ranges", name), found) for name, found in subnet.secondary.items()]
    return [(("range",), subnet.range), *extra]


def _no_such(kind: str, name: str, known: Iterable[str]) -> str:
    names = ", ".join(sorted(known)) or _("none")
    return _("there is no {kind} called {name}; there is {known}.").format(kind=kind, name=name, known=names)
