"""proxy-vm: a VM beside the cluster that asks the target with an address of its own; clients ask it instead."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network

from rules.case import Case
from rules.path import Source
from rules.remedies import commands, masquerading
from rules.remedies.effect import Effect
from rules.remedies.nginx import configuration
from rules.remedies.peer_firewall import admitted
from rules.remedies.remedy import Draft, Remedy
from rules.report.model import Document, Precondition, Role
from rules.snapshot import Outcome, Target
from rules.words import _
from rules.world import Action, FirewallRule, Instance, Interface, Node, Subnet, World

NAME = "wayhome-proxy"


def draft(case: Case) -> Draft | None:
    a, b, node, asked = case.a, case.b, case.node, case.question.target
    if a is None or b is None or node is None or case.pod is None or asked.port is None or asked.protocol == "icmp":
        return None
    if not case.wears_pod_address and case.masquerade is not None and case.masquerade.masqueraded is not None:
        return None  # it would go in the node's place, which has its own address already
    subnet = _subnet(case, node)
    address = None if subnet is None else free(case.world, subnet)
    if subnet is None or address is None:
        return None
    pods = tuple(entry for entry in masquerading.pod_ranges(case)) or (IPv4Network(case.pod.address or "0.0.0.0/32"),)
    rule = FirewallRule(
        name=f"allow-pods-to-{NAME}",
        stage="vpc",
        direction="INGRESS",
        action=Action.ALLOW,
        priority=1000,
        protocols={asked.protocol: ((asked.port, asked.port),)},
        source_ranges=pods,
        target_tags=frozenset({NAME}),
    )
    vm = Instance(
        project=a.project,
        name=NAME,
        zone=node.zone,
        status="RUNNING",
        interfaces=(Interface(a, subnet.name, address),),
        tags=frozenset({NAME}),
    )
    proxy = Target(str(address), asked.port, asked.protocol, asked.path)
    world = admitted(replace(case.world, instances=(*(case.world.instances or ()), vm)), a, rule)
    then = Case(world, replace(case.question, proxy=proxy))
    onward = then.way(Source(vm=f"{vm.project}/{vm.name}"), asked)
    there = then.way(Source(pod=case.question.pod), proxy)
    conf = configuration(asked, asked.port)
    made = commands.create_proxy(a, node.zone, subnet.name, NAME, "nginx.conf", "install-proxy.sh")
    return Draft(
        sentence=_(
            "Clients ask a VM in {a} ({address}, say), and it asks {target} with its own address, to which {b} has a "
            "route. The pod's own way stays as it is. No ICMP goes this way, and TLS names have to match still."
        ).format(a=a, address=address, target=asked, b=b),
        owner=a.project,
        changes=(),
        change_sentences=(
            _("{project}: VM {name} in {subnet}, nginx with nginx.conf").format(
                project=a.project, name=NAME, subnet=subnet.name
            ),
            _("{a}: firewall rule {rule} admits pods to it").format(a=a, rule=rule.name),
        ),
        after=world,
        preconditions=(
            Precondition(_("pods reach the VM"), _works(there.outcome)),
            Precondition(
                _("the VM reaches the target: {b} admits {subnet}").format(b=b, subnet=subnet.range),
                _works(onward.outcome),
            ),
            Precondition(_("the VM can install nginx (Cloud NAT, or an image that has it)"), None),
            Precondition(_("clients can be pointed at another address"), None),
        ),
        blast_radius=(
            _("every pod may use the VM, and {b} sees its address alone").format(b=b),
            _("one VM that everything depends on: a managed group behind a load balancer is the lasting form"),
        ),
        commands=(
            commands.here_document("nginx.conf", conf),
            commands.here_document("install-proxy.sh", commands.install_proxy()),
            made,
            commands.firewall_rule(a, rule, None),
            *_at_peer(case, onward.outcome, subnet),
        ),
        undo=(
            commands.delete_firewall_rule(a, rule.name),
            commands.delete_instance(a, node.zone, NAME),
        ),
        effect=Effect.MACHINE,
        question=replace(case.question, proxy=proxy),
        permissions=(
            _("compute.instances.create and compute.subnetworks.use on {project}").format(project=a.project),
            _("compute.firewalls.create and compute.networks.updatePolicy on {project}").format(project=a.project),
        ),
        documents=(Document("nginx.conf", conf),),
    )


def _works(outcome: Outcome | None) -> bool | None:
    return None if outcome is None else outcome is Outcome.OK


def _at_peer(case: Case, onward: Outcome | None, subnet: Subnet) -> tuple[str, ...]:
    """The rule that the peer's side needs where it does not admit the VM's subnet already."""
    asked, b = case.question.target, case.b
    if onward is Outcome.OK or b is None or asked.port is None:
        return ()
    vm = case.world.instance_at(case.dest, b)
    tags = frozenset(sorted(vm.tags)[:1]) if vm is not None else frozenset[str]()
    rule = FirewallRule(
        name=f"allow-from-{NAME}",
        stage="vpc",
        direction="INGRESS",
        action=Action.ALLOW,
        priority=1000,
        protocols={asked.protocol: ((asked.port, asked.port),)},
        source_ranges=(subnet.range,),
        target_tags=tags,
    )
    return (commands.firewall_rule(b, rule, None if tags else case.dest),)


def _subnet(case: Case, node: Node) -> Subnet | None:
    net, address = case.network_a, node.address
    if net is None or address is None:
        return None
    return next((subnet for subnet in net.subnets or () if address in subnet.range), None)


def free(world: World, subnet: Subnet) -> IPv4Address | None:
    """The last address of the subnet's primary range that nothing known has."""
    taken = {nic.address for vm in world.instances or () for nic in vm.interfaces if nic.vpc == subnet.vpc}
    taken |= {rule.address for rule in world.forwarding_rules or ()}
    taken |= {node.address for node in world.nodes.values() if node.address is not None}
    last, first = int(subnet.range.broadcast_address) - 2, int(subnet.range.network_address) + 2
    for number in range(last, max(first, last - len(taken) - 1) - 1, -1):
        if IPv4Address(number) not in taken:
            return IPv4Address(number)
    return None


REMEDY = Remedy("proxy-vm", lambda: _("Ask through a proxy VM in the cluster's VPC"), draft, role=Role.HAND_OFF)
