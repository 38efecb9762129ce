"""VMs and internal addresses from compute.instances and compute.forwardingRules."""

from __future__ import annotations

from rules.build import read
from rules.build.firewalls import effective_rules
from rules.snapshot import Json, Snapshot, Vpc
from rules.world import ForwardingRule, Instance, Interface


def instances(snapshot: Snapshot) -> tuple[Instance, ...] | None:
    """Every VM of every project that was read; None when none was."""
    lists = [(project, snapshot.compute_list(project, "instances")) for project in snapshot.compute]
    if all(found is None for _, found in lists):
        return None
    rules = {
        (project, read.short(read.text(entry, "instance"))): entry
        for project in snapshot.compute
        for entry in read.objects(snapshot.compute_list(project, "effectiveFirewalls"))
        if read.text(entry, "instance")
    }
    built = (
        _instance(item, project, rules.get((project, read.text(item, "name"))))
        for project, found in lists
        for item in read.objects(found)
    )
    return tuple({(vm.project, vm.zone, vm.name): vm for vm in built if vm.name}.values())


def _instance(item: Json, project: str, effective: Json | None) -> Instance:
    interfaces = []
    for nic in read.objects(item, "networkInterfaces"):
        address = read.address(nic.get("networkIP"))
        if address is None or not read.text(nic, "network"):
            continue
        interfaces.append(
            Interface(
                vpc=read.vpc(read.text(nic, "network"), project),
                subnet=read.short(read.text(nic, "subnetwork")),
                address=address,
                aliases=tuple(
                    found
                    for alias in read.objects(nic, "aliasIpRanges")
                    if (found := read.network(alias.get("ipCidrRange"))) is not None
                ),
            )
        )
    zone = read.short(read.text(item, "zone")) or read.part(read.text(item, "selfLink"), "zones")
    vpc = interfaces[0].vpc if interfaces else Vpc(project, "")
    return Instance(
        project=project,
        name=read.text(item, "name"),
        zone=zone,
        status=read.text(item, "status"),
        interfaces=tuple(interfaces),
        tags=frozenset(read.texts(item, "tags", "items")),
        accounts=frozenset(read.text(account, "email") for account in read.objects(item, "serviceAccounts")),
        can_ip_forward=read.flag(item, "canIpForward"),
        firewall=None if effective is None else effective_rules(effective, vpc),
    )


def forwarding_rules(snapshot: Snapshot) -> tuple[ForwardingRule, ...] | None:
    """Internal forwarding rules and PSC endpoints of every project that was read; None when none was."""
    lists = [(project, snapshot.compute_list(project, "forwardingRules")) for project in snapshot.compute]
    if all(found is None for _, found in lists):
        return None
    built = (_forwarding_rule(item, project) for project, found in lists for item in read.objects(found))
    return tuple(rule for rule in built if rule is not None)


def _forwarding_rule(item: Json, project: str) -> ForwardingRule | None:
    address = read.address(item.get("IPAddress"))
    target = read.text(item, "target")
    scheme = read.text(item, "loadBalancingScheme")
    psc = bool(read.text(item, "pscConnectionId")) or "/serviceAttachments/" in target or target in PSC_BUNDLES
    if address is None or not (scheme.startswith("INTERNAL") or psc):
        return None
    network = read.text(item, "network")
    return ForwardingRule(
        project=project,
        name=read.text(item, "name"),
        region=read.short(read.text(item, "region")) or read.part(read.text(item, "selfLink"), "regions"),
        address=address,
        vpc=read.vpc(network, project) if network else None,
        scheme=scheme,
        global_access=read.flag(item, "allowGlobalAccess") or read.flag(item, "allowPscGlobalAccess"),
        psc=psc,
    )


PSC_BUNDLES = ("all-apis", "vpc-sc")
