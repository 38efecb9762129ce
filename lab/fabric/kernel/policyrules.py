"""Firewall rules as the kernel fabric knows them, and those of firewall policies.

The stages of a packet: hierarchical policies from the organization down; then, by the network's enforcement order,
VPC rules before or behind the global and the regional network policies (Cloud NGFW "rule evaluation order").
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import Any

from lab.fabric.kernel.names import Net, network
from lab.store import Object, Store

VPC_STAGE = (2,)
NETWORK_FIRST, NETWORK_LAST = (1,), (3,)
PROTOCOLS = {"1": "icmp", "6": "tcp", "17": "udp"}


@dataclass(frozen=True)
class Rule:
    """A rule of a VPC firewall or of a firewall policy. `stage` orders them: a packet passes the stages in turn until
    a rule allows or denies it; `action` is allow, deny or goto_next. `protocols` name their ports, none for all;
    `region` is set for rules of a regional policy; `others` are ranges of the other end, where the rule names any."""

    net: Net
    stage: tuple[int, ...]
    name: str
    ingress: bool
    action: str
    priority: int
    protocols: tuple[tuple[str, tuple[str, ...]], ...]
    ranges: tuple[IPv4Network, ...]
    source_tags: frozenset[str]
    source_accounts: frozenset[str]
    target_tags: frozenset[str]
    target_accounts: frozenset[str]
    region: str = ""
    others: tuple[IPv4Network, ...] = ()


def policy_rules(store: Store, project: str) -> Iterator[Rule]:
    """Every enabled rule of every policy that concerns a network of `project`."""
    for item in store.table(f"compute/{project}/networks").values():
        net = (project, item["name"])
        first = item.get("networkFirewallPolicyEnforcementOrder") == "BEFORE_CLASSIC_FIREWALL"
        above = store.table(f"compute/{project}/hierarchicalFirewallPolicies").values()
        above.sort(key=lambda policy: not str(policy.get("parent", "")).startswith("organizations/"))
        for depth, policy in enumerate(above):
            yield from _rules(policy, net, (0, depth))
        for policy in store.table(f"compute/{project}/firewallPolicies").values():
            if any(network(one["attachmentTarget"]) == net for one in policy.get("associations", ())):
                stage = (NETWORK_FIRST if first else NETWORK_LAST) + (int("region" in policy),)
                yield from _rules(policy, net, stage, policy.get("region", "").rsplit("/", 1)[-1])


def _rules(policy: Object, net: Net, stage: tuple[int, ...], region: str = "") -> Iterator[Rule]:
    for item in policy.get("rules", ()):
        targets = [network(url) for url in item.get("targetResources", ())]
        if item.get("disabled") or (targets and net not in targets):
            continue
        ingress = item["direction"] == "INGRESS"
        match: dict[str, Any] = item["match"]
        texts = match.get("srcIpRanges" if ingress else "destIpRanges") or ["0.0.0.0/0"]
        protocols = tuple(
            (PROTOCOLS.get(each["ipProtocol"], each["ipProtocol"]), tuple(each.get("ports", ())))
            for each in match["layer4Configs"]
        )
        yield Rule(
            net,
            stage,
            f"{policy['name']}-{item['priority']}",
            ingress,
            item["action"],
            item["priority"],
            protocols,
            tuple(IPv4Network(text) for text in texts if ":" not in text),
            frozenset(),
            frozenset(),
            frozenset(),
            frozenset(item.get("targetServiceAccounts", ())),
            region,
        )
