"""Effective firewalls: what `getEffectiveFirewalls` shows for a network, a region of it, and a VM."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from lab.compute.backend import Backend
from lab.compute.call import Call, Method
from lab.compute.errors import invalid, not_found, required
from lab.compute.links import last, part, relative
from lab.compute.paging import page
from lab.store import Object

ASSOCIATION_PRIORITY = 1000

Every = Callable[[str, str], list[Object]]
"""Gives all objects of a project's collection."""


def _of_network(backend: Backend, call: Call) -> Object:
    network = backend.network(call.project, call.path["network"])
    return for_network(backend.all, network["selfLink"])


def _of_region(backend: Backend, call: Call) -> Object:
    url = call.query.get("network")
    if not url:
        raise required("network")
    path = relative(url) if "/" in url else f"projects/{call.project}/global/networks/{url}"
    network = backend.network(part(path, "projects") or call.project, last(path))
    found = _policies(backend.all, network["selfLink"], call.path["region"], "NETWORK_REGIONAL")
    for policy in found:
        policy.pop("shortName", None)
    return _answer(_rules(backend.all, network["selfLink"]), found)


def _of_instance(backend: Backend, call: Call) -> Object:
    zone, name = call.path["zone"], call.path["instance"]
    vm = backend.get(call.project, "instances", f"{zone}/{name}", f"zones/{zone}/instances/{name}")
    nic_name = call.query.get("networkInterface")
    if nic_name is None:
        raise required("networkInterface")
    nic = next((item for item in vm["networkInterfaces"] if item["name"] == nic_name), None)
    if nic is None:
        raise invalid("networkInterface", nic_name, f"The instance has no interface '{nic_name}'.")
    return for_instance(backend.all, vm, nic["network"], zone.rsplit("-", 1)[0])


def for_network(every: Every, network: str) -> Object:
    """What applies to the network with the URL `network`, its regional policies left out."""
    return _answer(_rules(every, network), _policies(every, network, None, "NETWORK"))


def for_instance(every: Every, vm: Object, network: str, region: str) -> Object:
    """What applies to the interface of `vm` in `network`: the rules and policies that have it as a target."""
    tags = set(vm.get("tags", {}).get("items", ()))
    accounts = {item["email"] for item in vm.get("serviceAccounts", ())}
    rules = [rule for rule in _rules(every, network) if _targets(rule, tags, accounts)]
    policies = _policies(every, network, region, "NETWORK_REGIONAL")
    for policy in policies:
        policy["rules"] = [
            rule
            for rule in policy["rules"]
            if not rule.get("targetServiceAccounts") or accounts & set(rule["targetServiceAccounts"])
        ]
    return _answer(rules, policies)


def _targets(rule: Mapping[str, Any], tags: set[str], accounts: set[str]) -> bool:
    if "targetTags" in rule:
        return bool(tags & set(rule["targetTags"]))
    return "targetServiceAccounts" not in rule or bool(accounts & set(rule["targetServiceAccounts"]))


def _rules(every: Every, network: str) -> list[Object]:
    found = every(part(network, "projects"), "firewalls")
    mine = [rule for rule in found if relative(rule["network"]) == relative(network)]
    return sorted(mine, key=lambda rule: (rule["priority"], rule["name"]))


def _policies(every: Every, network: str, region: str | None, regional: str) -> list[Object]:
    """Hierarchical policies from the organization down, then the network's own, then those of `region`."""
    project = part(network, "projects")
    found = [_policy(item, "HIERARCHY") for item in _sorted(every, project)]
    attached = [
        item
        for item in every(project, "firewallPolicies")
        if any(relative(one["attachmentTarget"]) == relative(network) for one in item.get("associations", ()))
    ]
    found += [_policy(item, "NETWORK") for item in attached if "region" not in item]
    if region is not None:
        found += [_policy(item, regional) for item in attached if last(item.get("region", "")) == region]
    return found


def _sorted(every: Every, project: str) -> list[Object]:
    found = every(project, "hierarchicalFirewallPolicies")
    return sorted(found, key=lambda item: not str(item.get("parent", "")).startswith("organizations/"))


def _policy(item: Object, type: str) -> Object:
    found: Object = {"name": item["name"], "type": type}
    if type != "HIERARCHY":
        found["priority"] = ASSOCIATION_PRIORITY
    for word in ("shortName", "displayName"):
        if word in item:
            found[word] = item[word]
    found["rules"] = sorted(item.get("rules", ()), key=lambda rule: int(rule["priority"]))
    return found


def _answer(rules: list[Object], policies: list[Object]) -> Object:
    answer: Object = {}
    if rules:
        answer["firewalls"] = rules
    if policies:
        answer["firewallPolicys"] = policies
    return answer


def _list_policies(backend: Backend, call: Call) -> list[Object]:
    return [item for item in backend.all(call.project, "firewallPolicies") if "region" not in item]


def _get_policy(backend: Backend, call: Call) -> Object:
    name = call.path["firewallPolicy"]
    found = next((item for item in _list_policies(backend, call) if item["name"] == name), None)
    if found is None:
        raise not_found(f"projects/{call.project}/global/firewallPolicies/{name}")
    return found


def _policy_list(backend: Backend, call: Call) -> Object:
    found, token = page(_list_policies(backend, call), call.query)
    answer: Object = {"kind": "compute#firewallPolicyList", "id": f"projects/{call.project}/global/firewallPolicies"}
    if found:
        answer["items"] = found
    if token is not None:
        answer["nextPageToken"] = token
    return answer


METHODS = (
    Method(
        "networks.getEffectiveFirewalls",
        "GET",
        "projects/{project}/global/networks/{network}/getEffectiveFirewalls",
        _of_network,
    ),
    Method(
        "regionNetworkFirewallPolicies.getEffectiveFirewalls",
        "GET",
        "projects/{project}/regions/{region}/firewallPolicies/getEffectiveFirewalls",
        _of_region,
        "compute.networks.getRegionEffectiveFirewalls",
    ),
    Method(
        "instances.getEffectiveFirewalls",
        "GET",
        "projects/{project}/zones/{zone}/instances/{instance}/getEffectiveFirewalls",
        _of_instance,
    ),
    Method(
        "networkFirewallPolicies.list",
        "GET",
        "projects/{project}/global/firewallPolicies",
        _policy_list,
        "compute.firewallPolicies.list",
    ),
    Method(
        "networkFirewallPolicies.get",
        "GET",
        "projects/{project}/global/firewallPolicies/{firewallPolicy}",
        _get_policy,
        "compute.firewallPolicies.get",
    ),
)
