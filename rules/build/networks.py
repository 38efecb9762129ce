"""VPC networks with their peerings, subnets, routes and firewall rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rules.build import read
from rules.build.firewalls import effective_rules
from rules.build.routes import dynamic_routes, exchanged_routes, policy_routes, static_routes
from rules.snapshot import Json, Snapshot, Vpc
from rules.world import ExchangedRoute, Network, Peering, Subnet


def networks(snapshot: Snapshot) -> dict[Vpc, Network]:
    """Every network of which anything was read, by project and name."""
    found: dict[Vpc, Network] = {}
    for project in snapshot.compute:
        listed = {read.text(item, "name"): item for item in _list(snapshot, project, "networks") or ()}
        for vpc in sorted(_mentioned(snapshot, project) | {Vpc(project, name) for name in listed if name}):
            found[vpc] = _network(snapshot, vpc, listed.get(vpc.name))
    return found


def _list(snapshot: Snapshot, project: str, kind: str) -> Sequence[Json] | None:
    found = snapshot.compute_list(project, kind)
    return None if found is None else list(read.objects(found))


def _mentioned(snapshot: Snapshot, project: str) -> set[Vpc]:
    """Networks of `project` that something read belongs to, though the network itself may be unreadable."""
    urls = {
        read.text(item, "network")
        for kind in ("subnetworks", "routes", "effectiveFirewalls", "peeringRoutes")
        for item in _list(snapshot, project, kind) or ()
    }
    vpcs = {read.vpc(url, project) for url in urls if url}
    vpcs.update(vpc for vpc in (snapshot.question.network, snapshot.question.peer) if vpc is not None)
    return {vpc for vpc in vpcs if vpc.project == project}


def _network(snapshot: Snapshot, vpc: Vpc, item: Json | None) -> Network:
    project = vpc.project
    peerings = (
        None
        if item is None
        else tuple(
            _peering(snapshot, vpc, each)
            for each in read.objects(item, "peerings")
            if read.short(read.text(each, "network"))
        )
    )
    regional = read.text(item, "routingConfig", "routingMode") == "REGIONAL"
    subnets = _list(snapshot, project, "subnetworks")
    routes = _list(snapshot, project, "routes")
    policies = _list(snapshot, project, "policyBasedRoutes")
    built_routes = None
    if routes is not None:
        learned = dynamic_routes(_list(snapshot, project, "routerStatus") or (), vpc, regional)
        built_routes = (*static_routes(routes, vpc, peerings or ()), *learned)
    return Network(
        vpc=vpc,
        mtu=read.maybe_number(item, "mtu"),
        regional_routing=regional,
        policies_first=read.text(item, "networkFirewallPolicyEnforcementOrder") == "BEFORE_CLASSIC_FIREWALL",
        legacy=bool(read.text(item, "IPv4Range")),
        peerings=peerings,
        subnets=None if subnets is None else _subnets(subnets, vpc),
        routes=built_routes,
        policy_routes=None if policies is None else policy_routes(policies, vpc),
        firewall=next(
            (
                effective_rules(entry, vpc)
                for entry in _list(snapshot, project, "effectiveFirewalls") or ()
                if not read.text(entry, "instance") and read.vpc(read.text(entry, "network"), project) == vpc
            ),
            None,
        ),
    )


def _subnets(items: Sequence[Json], vpc: Vpc) -> tuple[Subnet, ...]:
    found: dict[tuple[str, str], Subnet] = {}
    for item in items:
        primary = read.network(item.get("ipCidrRange"))
        if primary is None or read.vpc(read.text(item, "network"), vpc.project) != vpc:
            continue
        subnet = Subnet(
            vpc=vpc,
            name=read.text(item, "name"),
            region=read.short(read.text(item, "region")) or read.part(read.text(item, "selfLink"), "regions"),
            range=primary,
            secondary={
                read.text(entry, "rangeName"): secondary
                for entry in read.objects(item, "secondaryIpRanges")
                if (secondary := read.network(entry.get("ipCidrRange"))) is not None
            },
            purpose=read.text(item, "purpose") or "PRIVATE",
        )
        found[subnet.region, subnet.name] = subnet
    return tuple(found.values())


def _peering(snapshot: Snapshot, vpc: Vpc, item: Json) -> Peering:
    name = read.text(item, "name")
    traffic = read.child(item, "connectionStatus", "trafficConfiguration")
    return Peering(
        vpc=vpc,
        name=name,
        peer=read.vpc(read.text(item, "network"), vpc.project),
        active=read.text(item, "state") == "ACTIVE",
        state_details=read.text(item, "stateDetails"),
        export_custom=read.flag(item, "exportCustomRoutes"),
        import_custom=read.flag(item, "importCustomRoutes"),
        export_public=read.flag(item, "exportSubnetRoutesWithPublicIp", True),
        import_public=read.flag(item, "importSubnetRoutesWithPublicIp"),
        dual_stack=read.text(item, "stackType") == "IPV4_IPV6",
        consensus=read.text(item, "updateStrategy") == "CONSENSUS",
        update_status=read.text(item, "connectionStatus", "consensusState", "updateStatus"),
        effective_export=read.maybe_flag(traffic, "exportCustomRoutesToPeer"),
        effective_import=read.maybe_flag(traffic, "importCustomRoutesFromPeer"),
        peer_mtu=read.maybe_number(item, "peerMtu"),
        incoming=_rows(snapshot, vpc, name, "INCOMING"),
        outgoing=_rows(snapshot, vpc, name, "OUTGOING"),
    )


def _rows(snapshot: Snapshot, vpc: Vpc, peering: str, direction: str) -> tuple[ExchangedRoute, ...] | None:
    answers = [
        answer
        for answer in _list(snapshot, vpc.project, "peeringRoutes") or ()
        if read.text(answer, "direction") == direction
        and read.short(read.text(answer, "peering")) == peering
        and read.vpc(read.text(answer, "network"), vpc.project) == vpc
        and isinstance(answer.get("items", []), list)
    ]
    if not answers:
        return None
    rows: Mapping[ExchangedRoute, None] = {
        row: None for answer in answers for row in exchanged_routes(read.objects(answer, "items"))
    }
    return tuple(rows)
