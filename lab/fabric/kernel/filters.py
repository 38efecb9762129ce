"""VPC firewalls and the check for foreign sources, as iptables rules at each VM's device on the router."""

from __future__ import annotations

from lab.fabric.kernel.cloud import Cloud, Net, Rule, Vm
from lab.fabric.kernel.tables import vm_device


def router_tables(cloud: Cloud, net: Net) -> dict[str, str]:
    """The router's raw and filter tables.

    raw: a VM without IP forwarding may send from its own addresses alone. filter: established connections pass; each
    packet passes the sender's egress rules, then the receiver's ingress rules; egress ends in allow, ingress in drop.
    """
    vms = [vm for vm in cloud.vms if vm.net == net]
    raw = ["*raw", ":PREROUTING ACCEPT [0:0]", ":OUTPUT ACCEPT [0:0]"]
    chains = [":INPUT DROP [0:0]", ":FORWARD DROP [0:0]", ":OUTPUT ACCEPT [0:0]"]
    forward = ["-A FORWARD -m conntrack --ctstate ESTABLISHED -j ACCEPT"]
    bodies: list[str] = []
    for vm in vms:
        wire = vm_device(vm)
        if not vm.forwards:
            raw.append(f":own-{wire} - [0:0]")
    for vm in vms:
        wire = vm_device(vm)
        if not vm.forwards:
            raw.append(f"-A PREROUTING -i {wire} -j own-{wire}")
            raw += [f"-A own-{wire} -s {owned} -j RETURN" for owned in (vm.address, *vm.aliases)]
            raw.append(f"-A own-{wire} -j DROP")
        for way, option in (("out", "-i"), ("in", "-o")):
            chains.append(f":{way}-{wire} - [0:0]")
            forward.append(f"-A FORWARD {option} {wire} -j {way}-{wire}")
            for rule in _ordered(cloud, net, vm, ingress=way == "in"):
                bodies += _lines(cloud, rule, f"{way}-{wire}")
            bodies.append(f"-A {way}-{wire} -j {'RETURN' if way == 'out' else 'DROP'}")
    # egress chains first: FORWARD asks the sender before the receiver
    forward.sort(key=lambda line: 0 if "conntrack" in line else 1 if " -i " in line else 2)
    filter_lines = ["*filter", *chains, *forward, "-A FORWARD -j ACCEPT", *bodies, "COMMIT"]
    return {"raw": "\n".join([*raw, "COMMIT", ""]), "filter": "\n".join([*filter_lines, ""])}


def _ordered(cloud: Cloud, net: Net, vm: Vm, *, ingress: bool) -> list[Rule]:
    """The rules that concern `vm`: lowest priority number first, deny before allow."""
    found = [
        rule
        for rule in cloud.rules
        if rule.net == net
        and rule.ingress == ingress
        and (not rule.target_tags or rule.target_tags & vm.tags)
        and (not rule.target_accounts or rule.target_accounts & vm.accounts)
    ]
    return sorted(found, key=lambda rule: (rule.priority, rule.allow, rule.name))


def _lines(cloud: Cloud, rule: Rule, chain: str) -> list[str]:
    ranges = [str(found) for found in rule.ranges]
    ranges += [
        f"{vm.address}/32"
        for vm in cloud.vms
        if vm.net == rule.net and (vm.tags & rule.source_tags or vm.accounts & rule.source_accounts)
    ]
    side = "-s" if rule.ingress else "-d"
    action = "RETURN" if rule.allow else "DROP"
    lines = []
    for found in ranges:
        for protocol, ports in rule.protocols:
            match = "" if protocol == "all" else f" -p {protocol}"
            if not ports:
                lines.append(f"-A {chain} {side} {found}{match} -j {action}")
            lines += [
                f"-A {chain} {side} {found}{match} --dport {port.replace('-', ':')} -j {action}" for port in ports
            ]
    return lines
