"""Firewall rules and firewall policies as the Compute API gives them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from lab.compute.links import CREATED, fingerprint, head, last, link, network_link, number, project_link
from lab.store import Object

Allowed = Sequence[Mapping[str, Any]]


def firewall(
    project: str,
    name: str,
    network: str,
    *,
    allowed: Allowed = (),
    denied: Allowed = (),
    direction: str = "INGRESS",
    priority: int = 1000,
    source_ranges: Iterable[str] = (),
    destination_ranges: Iterable[str] = (),
    source_tags: Iterable[str] = (),
    target_tags: Iterable[str] = (),
    source_accounts: Iterable[str] = (),
    target_accounts: Iterable[str] = (),
    disabled: bool = False,
    description: str = "",
    created: str = CREATED,
) -> Object:
    """A VPC firewall rule. `allowed` or `denied` are `{"IPProtocol": "tcp", "ports": ["80", "8000-8100"]}`."""
    self_link = project_link(project, f"global/firewalls/{name}")
    lists = {
        "allowed": [dict(item) for item in allowed],
        "denied": [dict(item) for item in denied],
        "sourceRanges": list(source_ranges),
        "destinationRanges": list(destination_ranges),
        "sourceTags": list(source_tags),
        "targetTags": list(target_tags),
        "sourceServiceAccounts": list(source_accounts),
        "targetServiceAccounts": list(target_accounts),
    }
    return {
        **head("firewall", self_link, name, created, description),
        "network": network_link(project, network),
        "direction": direction,
        "priority": priority,
        "disabled": disabled,
        "logConfig": {"enable": False},
        **{word: found for word, found in lists.items() if found},
    }


def firewall_policy(
    project: str,
    name: str,
    rules: Iterable[Object],
    *,
    networks: Iterable[str] = (),
    region: str | None = None,
    organization: str | None = None,
    created: str = CREATED,
) -> Object:
    """A network firewall policy (global, or of `region`) attached to `networks`; with `organization`
    (`organizations/1`, `folders/2`) a hierarchical one, named by `name`. `rules` are made by `policy_rule`."""
    scope = f"regions/{region}" if region else "global"
    if organization is not None:
        self_link = f"{link('locations/global/firewallPolicies')}/{number(name)}"
        found = {**head("firewallPolicy", self_link, number(name), created, ""), "shortName": name}
        found |= {"displayName": name, "parent": organization}
        targets = [organization]
    else:
        self_link = project_link(project, f"{scope}/firewallPolicies/{name}")
        found = head("firewallPolicy", self_link, name, created, "")
        targets = [network_link(project, network) for network in networks]
    if region:
        found["region"] = project_link(project, f"regions/{region}")
    found |= {
        "selfLinkWithId": self_link.rsplit("/", 1)[0] + "/" + found["id"],
        "fingerprint": fingerprint(self_link),
        "rules": [dict(rule) for rule in rules],
        "associations": [
            {
                "name": f"{name}-{last(target)}",
                "attachmentTarget": target,
                "firewallPolicyId": found["id"],
                "shortName": name,
            }
            for target in targets
        ],
    }
    found["ruleTupleCount"] = len(found["rules"])
    return found


def policy_rule(
    priority: int,
    action: str,
    *,
    direction: str = "INGRESS",
    protocols: Iterable[Mapping[str, Any]] = ({"ipProtocol": "all"},),
    target_accounts: Iterable[str] = (),
    target_secure_tags: Iterable[str] = (),
    disabled: bool = False,
    description: str = "",
    **match: Any,
) -> Object:
    """A rule of a firewall policy; `match` are the matcher's own words (`srcIpRanges=[…]`, `destFqdns=[…]` …)."""
    found: Object = {
        "kind": "compute#firewallPolicyRule",
        "priority": priority,
        "action": action,
        "direction": direction,
        "description": description,
        "disabled": disabled,
        "enableLogging": False,
        "match": {**match, "layer4Configs": [dict(item) for item in protocols]},
        "ruleTupleCount": 1,
    }
    if accounts := list(target_accounts):
        found["targetServiceAccounts"] = accounts
    if tags := list(target_secure_tags):
        found["targetSecureTags"] = [{"name": tag, "state": "EFFECTIVE"} for tag in tags]
    return found
