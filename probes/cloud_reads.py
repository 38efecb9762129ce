"""What is read from Google: the node's project and network, the peering to the target, and the peer's side of it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from ipaddress import IPv4Address
from typing import Any

from probes import cloud, connectivity, container, derive, guard
from probes.ask import Ask
from probes.compute import Compute
from probes.derive import Vm
from probes.errors import CallError, ProbeError
from probes.reader import Reader, together
from probes.tasks import Once
from rules import consumer
from rules.snapshot import Vpc

Object = dict[str, Any]

AGGREGATED = ("subnetworks", "instances", "forwardingRules", "routers")
LIST_SECONDS = 20.0


class CloudReads:
    """Reads both sides of the peering between a pod's node and a target address."""

    def __init__(self, compute: Compute, login: cloud.Login, reader: Reader, ask: Ask, context: str) -> None:
        self._compute = compute
        self._login = login
        self._reader = reader
        self._evidence = reader.evidence
        self._asked = ask.target
        self._target = ask.target.ip
        self._local = ask.local.ip if ask.local is not None else None
        self._context = context
        self.login_failed: CallError | None = None
        self.given_up = False
        self.network_known = threading.Event()
        self.target_checked = threading.Event()
        self.target_offered = False
        self._projects: dict[str, Once[None]] = {}

    def all(self, node: Object | None, name: str = "") -> None:
        """Everything that follows from the pod's node; nothing but a gap where that is not on GCE.

        A node that could not be read is found by its `name`, which is its VM's, where the context tells the rest.

        Raises TargetError when the target is in the pod's own network.
        """
        try:
            self._all(node, name)
        except ProbeError:
            self.given_up = True
            raise
        finally:
            self.network_known.set()
            self.target_checked.set()

    def instances(self, vpc: Vpc) -> list[Object]:
        """The instances in `vpc`, once its project has been read."""
        self._project(vpc.project)
        return self._here("instances", vpc)

    def _all(self, node: Object | None, name: str) -> None:
        vm = derive.vm(node) if node is not None else derive.vm_by_context(self._context, name) if name else None
        if node is None:
            node = {}
            if vm is None:
                return
        if vm is None:
            name = str((node.get("metadata") or {}).get("name", ""))
            said = str((node.get("spec") or {}).get("providerID") or "none")
            error = CallError(
                "not-found", f"providerID of {name}: {said}; VPC networks are known for nodes on GCE alone"
            )
            self._reader.gap(error, "kubernetes.nodes.providerID", name, "")
            return
        try:
            self._reader.call("google.auth", "", lambda: self._login.credentials(cloud.COMPUTE), 30.0)
        except CallError as error:
            if error.why == "login":
                self.login_failed, self.given_up = error, True
            self._reader.gap(error, "google.auth", vm.project, "")
            return
        together(lambda: self._project(vm.project), lambda: self._from_node(node, vm))

    def _from_node(self, node: Object, vm: Vm) -> None:
        read, of = "compute.instances.get", f"{vm.project}/{vm.name}"
        request = {"project": vm.project, "zone": vm.zone, "instance": vm.name}
        instance: Object | None = None
        try:
            instance = self._reader.call(read, of, lambda: self._compute.get("instances", request))
        except CallError as error:
            if error.why == "forbidden" and consumer.refusal(error.detail) is not None:
                self.login_failed, self.given_up = error, True
            self._reader.gap(error, read, of, read)
        together(lambda: self._cluster(node, instance, vm), lambda: self._network(node, instance, vm))

    def _cluster(self, node: Object, instance: Object | None, vm: Vm) -> None:
        found = derive.cluster(node, instance, vm, self._context)
        permission = "container.clusters.get"
        if found is None:
            error = CallError("not-found", "neither the node nor its VM names the GKE cluster it belongs to")
            self._reader.gap(error, "container.clusters.get", vm.project, permission)
            return
        failed: CallError | None = None
        for location in found.locations:
            get = partial(container.cluster, self._login, found.project, location, found.name)
            try:
                cluster = self._reader.call("container.clusters.get", f"{found.project}/{found.name}", get)
                self._evidence.cluster(cluster)
                return
            except CallError as error:
                failed = failed if failed is not None and error.why == "not-found" else error
        if failed is not None:
            self._reader.gap(failed, "container.clusters.get", f"{found.project}/{found.name}", permission)

    def _network(self, node: Object, instance: Object | None, vm: Vm) -> None:
        """The node's network; in a Shared VPC it lives in a project of its own."""
        address = derive.internal_address(node)
        network = derive.network(instance, address) if instance is not None else None
        if network is None and address is not None:
            network = self._network_by_subnet(vm, address)
        if network is None:
            return
        self._evidence.ask(network=network)
        self.network_known.set()
        found: list[Object] = []
        together(
            lambda: found.extend(self._one_network(network)),
            lambda: self._effective_firewall(network),
            lambda: self._instance_firewall(vm.project, vm.zone, vm.name, network),
        )
        if not found:
            self._project(network.project)
            return
        rows = self._rows(network, derive.peerings(found[0]), "INCOMING", vm.region)
        guard.check_offered(self._asked, rows)
        self.target_offered = True
        target = IPv4Address(self._target)
        if not derive.rows_hold(rows, target):
            self._project(network.project)
            guard.check_target(target, network, self._here("subnetworks", network), self._evidence.items("nodes"))
        if self._local is not None:
            guard.check_local(IPv4Address(self._local), network, rows)
        self.target_checked.set()
        peering = derive.peering_to(target, derive.peerings(found[0]), rows)
        peer = derive.vpc(str(peering.get("network", ""))) if peering is not None else None
        if peering is None or peer is None:
            self._routers(network)
            return
        self._evidence.ask(peer=peer)
        together(
            lambda: self._rows(network, [peering], "OUTGOING", vm.region),
            lambda: self._peer(peer, network, vm.region),
            lambda: self._routers(network),
        )

    def _peer(self, peer: Vpc, network: Vpc, region: str) -> None:
        found: list[Object] = []
        together(
            lambda: found.extend(self._one_network(peer)),
            lambda: self._effective_firewall(peer),
            lambda: self._project(peer.project),
        )
        subnet = derive.holds(self._here("subnetworks", peer), IPv4Address(self._target))
        region = derive.last(subnet.get("region")) if subnet is not None else region
        listed = derive.peerings(found[0]) if found else []
        back = [one for one in listed if derive.vpc(str(one.get("network", ""))) == network]
        together(
            lambda: self._rows(peer, listed, "INCOMING", region),
            lambda: self._rows(peer, back, "OUTGOING", region),
            lambda: self._target_firewall(peer),
            lambda: self._routers(peer),
        )

    def _project(self, project: str) -> None:
        """Read a project as a whole, once; whoever asks again waits for it."""
        self._projects.setdefault(project, Once(lambda: self._read_project(project)))()

    def _read_project(self, project: str) -> None:

        def aggregated(kind: str) -> Callable[[], object]:
            work = partial(self._compute.aggregated, kind, project, LIST_SECONDS)
            return lambda: self._keep(project, kind, "aggregatedList", work)

        together(
            lambda: self._keep(
                project,
                "routes",
                "list",
                lambda: self._compute.items("routes", {"project": project, "max_results": 500}, "list", LIST_SECONDS),
            ),
            *(aggregated(kind) for kind in AGGREGATED),
            lambda: self._policy_routes(project),
        )

    def _policy_routes(self, project: str) -> None:
        if not connectivity.to_be_asked():
            return
        found = self._reader.read(
            "networkconnectivity.policyBasedRoutes.list",
            project,
            "networkconnectivity.policyBasedRoutes.list",
            lambda: connectivity.policy_routes(self._login, project),
        )
        if found is not None:
            self._evidence.compute(project, "policyBasedRoutes", found)

    def _keep(self, project: str, kind: str, method: str, work: Callable[[], list[Object]]) -> None:
        found = self._reader.read(f"compute.{kind}.{method}", project, f"compute.{kind}.list", work, LIST_SECONDS)
        if found is not None:
            self._evidence.compute(project, kind, found)

    def _one_network(self, vpc: Vpc) -> list[Object]:
        found = self._reader.read(
            "compute.networks.get",
            str(vpc),
            "compute.networks.get",
            lambda: self._compute.get("networks", {"project": vpc.project, "network": vpc.name}),
        )
        if found is None:
            return []
        self._evidence.add(vpc.project, "networks", found)
        return [found]

    def _rows(self, vpc: Vpc, peerings: list[derive.Json], direction: str, region: str) -> list[derive.Rows]:
        """listPeeringRoutes of `vpc` for each of `peerings`, kept and given back."""
        found: list[derive.Rows] = []

        def one(name: str) -> None:
            request = {
                "project": vpc.project,
                "network": vpc.name,
                "peering_name": name,
                "direction": direction,
                "region": region,
            }
            rows = self._reader.read(
                "compute.networks.listPeeringRoutes",
                str(vpc),
                "compute.networks.listPeeringRoutes",
                lambda: self._compute.items("networks", request, "list_peering_routes"),
            )
            if rows is not None:
                entry = {"network": vpc.name, "peering": name, "direction": direction, "region": region, "items": rows}
                self._evidence.add(vpc.project, "peeringRoutes", entry)
            found.append(derive.Rows(name, rows))

        names = [str(peering.get("name", "")) for peering in peerings]
        together(*(partial(one, name) for name in names))
        return found

    def _effective_firewall(self, vpc: Vpc) -> None:
        found = self._reader.read(
            "compute.networks.getEffectiveFirewalls",
            str(vpc),
            "compute.networks.getEffectiveFirewalls",
            lambda: self._compute.ask(
                "networks", "get_effective_firewalls", {"project": vpc.project, "network": vpc.name}
            ),
        )
        if found is not None:
            self._evidence.add(vpc.project, "effectiveFirewalls", _firewalls(vpc, None, found))

    def _instance_firewall(self, project: str, zone: str, name: str, vpc: Vpc, nic: str = "nic0") -> None:
        request = {"project": project, "zone": zone, "instance": name, "network_interface": nic}
        found = self._reader.read(
            "compute.instances.getEffectiveFirewalls",
            f"{project}/{name}",
            "compute.instances.getEffectiveFirewalls",
            lambda: self._compute.ask("instances", "get_effective_firewalls", request),
        )
        if found is not None:
            self._evidence.add(project, "effectiveFirewalls", _firewalls(vpc, name, found))

    def _target_firewall(self, vpc: Vpc) -> None:
        """The rules on the VM that has the target's address, where one has."""
        instance = derive.owner(self._here("instances", vpc), self._target, vpc)
        if instance is None:
            return
        nics = [nic for nic in instance.get("networkInterfaces") or [] if nic.get("networkIP") == self._target]
        nic = str(nics[0].get("name") or "nic0") if nics else "nic0"
        self._instance_firewall(vpc.project, derive.last(instance.get("zone")), str(instance.get("name")), vpc, nic)

    def _routers(self, vpc: Vpc) -> None:
        def status(router: Object) -> None:
            name, region = str(router.get("name")), derive.last(router.get("region"))
            found = self._reader.read(
                "compute.routers.getRouterStatus",
                f"{vpc.project}/{region}/{name}",
                "compute.routers.get",
                lambda: self._compute.ask(
                    "routers", "get_router_status", {"project": vpc.project, "region": region, "router": name}
                ),
            )
            if found is not None:
                entry = {"router": name, "region": region, "result": found.get("result", {})}
                self._evidence.add(vpc.project, "routerStatus", entry)

        self._project(vpc.project)
        together(*(partial(status, router) for router in self._here("routers", vpc)))

    def _network_by_subnet(self, vm: Vm, address: str) -> Vpc | None:
        """The network by the one subnetwork that holds the node's address, for whoever may not read the VM."""
        self._project(vm.project)
        subnets = self._evidence.compute_items(vm.project, "subnetworks") or []
        holding = [one for one in subnets if derive.holds([one], IPv4Address(address)) is not None]
        found = {derive.vpc(str(one.get("network", ""))) for one in holding}
        return found.pop() if len(found) == 1 else None

    def _here(self, kind: str, vpc: Vpc) -> list[Object]:
        items = self._evidence.compute_items(vpc.project, kind) or []
        return [one for one in items if derive.in_network(one, vpc)]


def _firewalls(vpc: Vpc, instance: str | None, found: Object) -> Object:
    return {
        "network": vpc.name,
        "instance": instance,
        "firewalls": found.get("firewalls", []),
        "firewallPolicys": found.get("firewallPolicys", []),
    }
