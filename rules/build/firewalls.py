"""Firewall rules from networks.getEffectiveFirewalls and instances.getEffectiveFirewalls."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from ipaddress import IPv4Network

from rules.build import read
from rules.snapshot import Json, Vpc
from rules.world import Action, FirewallRule

_STAGES = {
    "HIERARCHY": "hierarchical",
    "SYSTEM": "system",
    "SYSTEM_GLOBAL": "system",
    "SYSTEM_REGIONAL": "system",
    "NETWORK": "network-policy",
    "NETWORK_REGIONAL": "regional-policy",
}
_ACTIONS = {
    "allow": (Action.ALLOW,),
    "deny": (Action.DENY,),
    "goto_next": (Action.GOTO_NEXT,),
    # Inspection lets the packet pass or not: both may happen.
    "apply_security_profile_group": (Action.ALLOW, Action.DENY),
}
_PROTOCOLS = {"1": "icmp", "6": "tcp", "17": "udp", "50": "esp", "51": "ah", "132": "sctp", "4": "ipip", "94": "ipip"}
_NETWORK_CONTEXTS = ("srcNetworkContext", "destNetworkContext", "srcNetworkType", "destNetworkType")
_UNDECIDABLE = (
    "srcFqdns",
    "srcRegionCodes",
    "srcThreatIntelligences",
    "srcAddressGroups",
    "srcSecureTags",
    "srcNetworks",
    "destFqdns",
    "destRegionCodes",
    "destThreatIntelligences",
    "destAddressGroups",
    "destNetworks",
)

Ports = tuple[tuple[int, int], ...]


def effective_rules(response: Json, vpc: Vpc) -> tuple[FirewallRule, ...]:
    """The rules in one getEffectiveFirewalls answer that concern `vpc`."""
    found: list[FirewallRule] = []
    for order, policy in enumerate(read.objects(response, "firewallPolicys")):
        stage = _STAGES.get(read.text(policy, "type"), "hierarchical")
        name = read.text(policy, "shortName") or read.text(policy, "displayName") or read.text(policy, "name")
        for rule in read.objects(policy, "rules"):
            found.extend(_policy_rule(rule, stage, read.short(name), order, vpc))
    built = map(vpc_rule, read.objects(response, "firewalls"))
    found.extend(rule for rule in built if rule is not None)
    return tuple(found)


def vpc_rule(item: Json) -> FirewallRule | None:
    """One VPC firewall rule; None when it is disabled or concerns IPv6 alone."""
    sources, only_v6_sources = _ranges(item, "sourceRanges")
    dests, only_v6_dests = _ranges(item, "destinationRanges")
    tags = frozenset(read.texts(item, "sourceTags"))
    accounts = frozenset(read.texts(item, "sourceServiceAccounts"))
    if read.flag(item, "disabled") or only_v6_dests or (only_v6_sources and not tags and not accounts):
        return None
    denied = list(read.objects(item, "denied"))
    return FirewallRule(
        name=read.text(item, "name"),
        stage="vpc",
        direction=read.text(item, "direction") or "INGRESS",
        action=Action.DENY if denied else Action.ALLOW,
        priority=read.number(item, "priority", 1000),
        protocols=_protocols(denied or list(read.objects(item, "allowed")), "IPProtocol"),
        source_ranges=sources,
        dest_ranges=dests,
        source_tags=tags,
        source_accounts=accounts,
        target_tags=frozenset(read.texts(item, "targetTags")),
        target_accounts=frozenset(read.texts(item, "targetServiceAccounts")),
        object=read.text(item, "selfLink") or read.text(item, "name"),
    )


def _policy_rule(item: Json, stage: str, policy: str, order: int, vpc: Vpc) -> Iterator[FirewallRule]:
    targets = [read.vpc(url, vpc.project) for url in read.texts(item, "targetResources")]
    match = read.child(item, "match")
    sources, only_v6_sources = _ranges(match, "srcIpRanges")
    dests, only_v6_dests = _ranges(match, "destIpRanges")
    undecidable = [key for key in _UNDECIDABLE if match.get(key)]
    undecidable += [f"{key}={read.text(match, key)}" for key in _NETWORK_CONTEXTS if read.text(match, key)]
    if item.get("targetSecureTags"):
        undecidable.append("targetSecureTags")
    other_sources = any(name.startswith("src") and "=" not in name for name in undecidable)
    other_dests = any(name.startswith("dest") and "=" not in name for name in undecidable)
    if (
        read.flag(item, "disabled")
        or (targets and vpc not in targets)
        or (only_v6_sources and not other_sources)
        or (only_v6_dests and not other_dests)
    ):
        return
    for action in _ACTIONS.get(read.text(item, "action"), (Action.ALLOW, Action.DENY)):
        inspected = read.text(item, "action") not in ("allow", "deny", "goto_next")
        yield FirewallRule(
            name=read.text(item, "ruleName") or f"{policy}:{read.number(item, 'priority', 0)}",
            stage=stage,
            direction=read.text(item, "direction") or "INGRESS",
            action=action,
            priority=read.number(item, "priority", 0),
            protocols=_protocols(list(read.objects(match, "layer4Configs")), "ipProtocol"),
            source_ranges=sources,
            dest_ranges=dests,
            target_accounts=frozenset(read.texts(item, "targetServiceAccounts")),
            undecidable=(*undecidable, *(("action=" + read.text(item, "action"),) if inspected else ())),
            policy=policy,
            policy_order=order,
            object=f"{policy} rule {read.number(item, 'priority', 0)}",
        )


def _ranges(item: Mapping[str, object], key: str) -> tuple[tuple[IPv4Network, ...], bool]:
    """The IPv4 ranges at `key`, and whether there are ranges but none of IPv4."""
    found = read.networks(item.get(key))
    return found, bool(read.texts(item, key)) and not found


def _protocols(configs: list[Json], key: str) -> dict[str, Ports]:
    protocols: dict[str, Ports] = {}
    for config in configs:
        name = read.text(config, key).lower()
        name = _PROTOCOLS.get(name, name)
        ports = tuple(found for text in read.texts(config, "ports") if (found := _ports(text)) is not None)
        known = protocols.get(name)
        protocols[name] = () if known == () or not ports else (*(known or ()), *ports)
    return protocols or {"all": ()}


def _ports(text: str) -> tuple[int, int] | None:
    first, _, last = text.partition("-")
    if not first.strip().isdigit() or (last and not last.strip().isdigit()):
        return None
    return int(first), int(last or first)
