"""VPC firewalls and the check for foreign sources, as iptables rules at each VM's device on the router."""

from __future__ import annotations

from itertools import groupby, product

from lab.fabric.kernel.cloud import Cloud, Vm
from lab.fabric.kernel.names import Net
from lab.fabric.kernel.policyrules import Rule
from lab.fabric.kernel.tables import owned, vm_device


def router_tables(cloud: Cloud, net: Net) -> dict[str, str]:
    """The router's raw and filter tables.

    raw: a VM without IP forwarding may send from its own addresses alone. filter: it takes packets for them alone;
    established connections pass; each packet passes the sender's egress rules, then the receiver's ingress rules;
    egress ends in allow, ingress in drop.
    """
    vms = [vm for vm in cloud.vms if vm.net == net]
    bound = [vm for vm in vms if not vm.forwards]
    raw = ["*raw", ":PREROUTING ACCEPT [0:0]", ":OUTPUT ACCEPT [0:0]"]
    raw += [f":own-{vm_device(vm)} - [0:0]" for vm in bound]
    chains = [":INPUT DROP [0:0]", ":FORWARD DROP [0:0]", ":OUTPUT ACCEPT [0:0]"]
    chains += [f":own-{vm_device(vm)} - [0:0]" for vm in bound]
    foreign, egress, ingress, bodies = [], [], [], []
    for vm in bound:
        wire = vm_device(vm)
        raw.append(f"-A PREROUTING -i {wire} -j own-{wire}")
        foreign.append(f"-A FORWARD -o {wire} -j own-{wire}")
        for own in owned(cloud, vm):
            raw.append(f"-A own-{wire} -s {own} -j RETURN")
            bodies.append(f"-A own-{wire} -d {own} -j RETURN")
        raw.append(f"-A own-{wire} -j DROP")
        bodies.append(f"-A own-{wire} -j DROP")
    for vm in vms:
        wire = vm_device(vm)
        egress.append(f"-A FORWARD -i {wire} -j out-{wire}")
        ingress.append(f"-A FORWARD -o {wire} -j in-{wire}")
        for name, way, last in ((f"out-{wire}", False, "RETURN"), (f"in-{wire}", True, "DROP")):
            stages = _stages(cloud, net, vm, ingress=way)
            chains += [f":{chain(name, number)} - [0:0]" for number in range(len(stages) + 1)]
            for number, rules in enumerate(stages):
                behind = chain(name, number + 1)
                for rule in rules:
                    bodies += _lines(cloud, rule, chain(name, number), behind)
                bodies.append(f"-A {chain(name, number)} -g {behind}")
            bodies.append(f"-A {chain(name, len(stages))} -j {last}")
    foreign = [*_too_large(cloud, net), *_other_regions(cloud, net), *foreign]
    known = "-A FORWARD -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT"
    lines = ["*filter", *chains, *foreign, known, *egress, *ingress, "-A FORWARD -j ACCEPT", *bodies, "COMMIT", ""]
    return {"raw": "\n".join([*raw, "COMMIT", ""]), "filter": "\n".join(lines)}


def _too_large(cloud: Cloud, net: Net) -> list[str]:
    """What is larger than the network carries is lost, also of known connections, and no ICMP message says so."""
    largest = cloud.narrow.get(net)
    return [] if largest is None else [f"-A FORWARD -m length --length {largest + 1}:65535 -j DROP"]


def _other_regions(cloud: Cloud, net: Net) -> list[str]:
    """A load balancer without global access takes nothing from clients of another region, nor from behind them."""
    lines = []
    for front in cloud.balancers:
        for vm in cloud.vms if front.net == net and front.region else ():
            if vm.region == front.region:
                continue
            routed = [route.dest for route in cloud.statics if route.hop == "instance" and route.value == vm.key]
            sources = (vm.address, *vm.aliases, *routed)
            lines += [f"-A FORWARD -s {source} -d {front.address} -j DROP" for source in sources]
    return lines


def chain(name: str, number: int) -> str:
    """The chain of a stage; the first is called as the device and its direction."""
    return f"{name}-{number}" if number else name


def _stages(cloud: Cloud, net: Net, vm: Vm, *, ingress: bool) -> list[list[Rule]]:
    """The rules that concern `vm`, stage by stage: lowest priority number first, deny before allow."""
    found = [
        rule
        for rule in cloud.rules
        if rule.net == net
        and rule.ingress == ingress
        and rule.region in ("", vm.region)
        and (not rule.target_tags or rule.target_tags & vm.tags)
        and (not rule.target_accounts or rule.target_accounts & vm.accounts)
    ]
    found.sort(key=lambda rule: (rule.stage, rule.priority, rule.action != "deny", rule.name))
    return [list(rules) for _, rules in groupby(found, key=lambda rule: rule.stage)]


def _lines(cloud: Cloud, rule: Rule, chain: str, behind: str) -> list[str]:
    ranges = [str(found) for found in rule.ranges]
    ranges += [
        f"{vm.address}/32"
        for vm in cloud.vms
        if vm.net == rule.net and (vm.tags & rule.source_tags or vm.accounts & rule.source_accounts)
    ]
    side = "-s" if rule.ingress else "-d"
    others = [f" {'-d' if rule.ingress else '-s'} {found}" for found in rule.others] or [""]
    action = {"allow": "-j RETURN", "deny": "-j DROP", "goto_next": f"-g {behind}"}[rule.action]
    lines = []
    for found, other in product(ranges, others):
        for protocol, ports in rule.protocols:
            match = other if protocol == "all" else f"{other} -p {protocol}"
            if not ports:
                lines.append(f"-A {chain} {side} {found}{match} {action}")
            lines += [f"-A {chain} {side} {found}{match} --dport {port.replace('-', ':')} {action}" for port in ports]
    return lines
