"""What scenario files cannot say and random worlds shall have: service accounts, firewall policies in both orders,
NetworkPolicies of every shape. Written into the store as the API objects they are."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Network
from random import Random
from typing import Any

from lab.compute.filters import firewall_policy, policy_rule
from lab.store import Object, Store

ACCOUNTS = ("web@example.iam.gserviceaccount.com", "db@example.iam.gserviceaccount.com")
REGION = "asia-northeast1"
LAYERS: tuple[tuple[dict[str, Any], ...], ...] = (
    ({"ipProtocol": "all"},),
    ({"ipProtocol": "tcp"},),
    ({"ipProtocol": "tcp", "ports": ["80"]},),
    ({"ipProtocol": "tcp", "ports": ["8000-9000"]}, {"ipProtocol": "udp"}),
    ({"ipProtocol": "icmp"},),
)


def embellish(random: Random, store: Store, marks: Sequence[IPv4Network]) -> None:
    """Add to the world in `store` what its scenario could not say."""
    _accounts(random, store)
    for project in sorted({name.split("/")[1] for name in store.names("compute/")}):
        if random.random() < 0.3:
            _policies(random, store, project, marks)
    if random.random() < 0.35:
        for number in range(random.randint(1, 2)):
            policy = _network_policy(random, number, marks)
            store.table("kube/networkpolicies").create(f"default/{policy['metadata']['name']}", policy)


def _accounts(random: Random, store: Store) -> None:
    for name in store.names("compute/"):
        table = store.table(name)
        if name.endswith("/instances"):
            for key, vm in table.items():
                if random.random() < 0.4:
                    vm["serviceAccounts"] = [{"email": random.choice(ACCOUNTS), "scopes": []}]
                    table.replace(key, vm)
        elif name.endswith("/firewalls"):
            for key, rule in table.items():
                plain = not rule.get("targetTags") and not rule.get("sourceTags") and not key.startswith("gke-")
                if plain and random.random() < 0.2:
                    rule["targetServiceAccounts"] = [random.choice(ACCOUNTS)]
                    table.replace(key, rule)


def _policies(random: Random, store: Store, project: str, marks: Sequence[IPv4Network]) -> None:
    networks = store.table(f"compute/{project}/networks")
    for key, network in networks.items():
        if random.random() < 0.5:
            network["networkFirewallPolicyEnforcementOrder"] = "BEFORE_CLASSIC_FIREWALL"
            networks.replace(key, network)
        for scope, region in (("global", None), ("regional", REGION)):
            if random.random() < 0.6:
                made = firewall_policy(project, scope, _rules(random, marks), networks=[key], region=region)
                store.table(f"compute/{project}/firewallPolicies").create(f"{region or ''}/{scope}".strip("/"), made)
    for name, parent in (("org", "organizations/1"), ("folder", "folders/2")):
        if random.random() < 0.4:
            made = firewall_policy(project, name, _rules(random, marks), organization=parent)
            store.table(f"compute/{project}/hierarchicalFirewallPolicies").create(name, made)


def _rules(random: Random, marks: Sequence[IPv4Network]) -> list[Object]:
    found = []
    for priority in random.sample(range(100, 200), random.randint(1, 3)):
        ingress = random.random() < 0.6
        ranges = [str(mark) for mark in random.sample(list(marks), random.randint(1, 2))]
        found.append(
            policy_rule(
                priority,
                random.choice(("allow", "deny", "goto_next")),
                direction="INGRESS" if ingress else "EGRESS",
                protocols=random.choice(LAYERS),
                target_accounts=[random.choice(ACCOUNTS)] if random.random() < 0.2 else [],
                **_match("srcIpRanges" if ingress else "destIpRanges", ranges),
            )
        )
    return found


def _match(key: str, ranges: list[str]) -> dict[str, Any]:
    return {key: ranges}


def _network_policy(random: Random, number: int, marks: Sequence[IPv4Network]) -> Object:
    kinds = random.choice((["Egress"], ["Ingress"], ["Ingress", "Egress"]))
    spec: dict[str, Any] = {"podSelector": _selector(random), "policyTypes": kinds}
    for kind, peers in (("Egress", "to"), ("Ingress", "from")):
        if kind in kinds and random.random() < 0.8:
            spec[kind.lower()] = [_rule(random, peers, marks) for _ in range(random.randint(0, 2))]
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"namespace": "default", "name": f"policy-{number}"},
        "spec": spec,
    }


def _selector(random: Random) -> dict[str, Any]:
    expression = {"key": "app", "operator": random.choice(("In", "NotIn")), "values": ["web"]}
    exists = {"key": "app", "operator": random.choice(("Exists", "DoesNotExist"))}
    return random.choice(
        ({}, {"matchLabels": {"app": "web"}}, {"matchExpressions": [expression]}, {"matchExpressions": [exists]})
    )


def _rule(random: Random, peers: str, marks: Sequence[IPv4Network]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if random.random() < 0.85:
        found[peers] = [_peer(random, marks) for _ in range(random.randint(1, 2))]
    if random.random() < 0.4:
        found["ports"] = [
            random.choice(
                (
                    {"protocol": "TCP", "port": 80},
                    {"protocol": "TCP", "port": 8000, "endPort": 9000},
                    {"protocol": "UDP", "port": 53},
                    {"protocol": "TCP"},
                )
            )
        ]
    return found


def _peer(random: Random, marks: Sequence[IPv4Network]) -> dict[str, Any]:
    if random.random() < 0.3:
        return {"podSelector": _selector(random)}
    if random.random() < 0.2:
        return {"namespaceSelector": {}, "podSelector": _selector(random)}
    whole = random.choice(list(marks))
    block: dict[str, Any] = {"cidr": str(whole)}
    holes = [mark for mark in marks if mark != whole and mark.subnet_of(whole)]
    if holes and random.random() < 0.5:
        block["except"] = [str(random.choice(holes))]
    return {"ipBlock": block}
