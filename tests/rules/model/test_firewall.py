"""Firewalls (Cloud NGFW "Firewall policy rule evaluation order"; compute.firewalls)."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.firewall import Answer, Packet, Ruling, ruling
from rules.snapshot import Vpc
from rules.world import Action, Agent, AgentState, FirewallRule, Instance, Interface, Network, World

B = Vpc("project-b", "vpc-b")
NODE, POD, TARGET = "10.1.0.11", "172.16.1.5", "10.2.0.10"


def ruled(
    draft: Any, source: str = POD, *, protocol: str = "tcp", port: int | None = 80, crosses: bool | None = True
) -> Ruling:
    world = draft.world()
    packet = Packet(IPv4Address(source), IPv4Address(TARGET), protocol, port, crosses)
    return ruling(world, B, world.instance_named("project-b", "target-gce-01"), "INGRESS", packet)


@pytest.fixture
def bare(draft: Any) -> Any:
    """The article's system whose target's VPC has no firewall rule."""
    draft.effective("project-b/vpc-b")["firewalls"].clear()
    return draft


def policy(draft: Any, kind: str, *rules: dict[str, Any], name: str = "p") -> None:
    found = draft.effective("project-b/vpc-b")["firewallPolicys"]
    found.append({"type": kind, "shortName": name, "rules": list(rules)})


def rule(action: str, priority: int = 100, *sources: str, **keys: Any) -> dict[str, Any]:
    match: dict[str, Any] = {"layer4Configs": [{"ipProtocol": "all"}], **keys.pop("match", {})}
    if sources:
        match["srcIpRanges"] = list(sources)
    return {"action": action, "priority": priority, "direction": "INGRESS", "match": match, **keys}


def test_implied_rules(bare: Any) -> None:
    found = ruled(bare)
    assert (found.answer, found.rule and found.rule.stage) == (Answer.DENY, "implied")
    assert "what no rule admits is denied" in found.sentence
    world = bare.world()
    packet = Packet(IPv4Address(TARGET), IPv4Address(POD), "tcp", 80, True)
    assert ruling(world, B, None, "EGRESS", packet).answer is Answer.ALLOW


def test_lowest_priority_number_first_and_deny_before_allow(bare: Any) -> None:
    bare.admit("project-b/vpc-b", "172.16.0.0/16", priority=1000)
    assert ruled(bare).answer is Answer.ALLOW
    deny = bare.admit("project-b/vpc-b", "172.16.0.0/12", priority=1000, allowed=[], denied=[{"IPProtocol": "all"}])
    assert ruled(bare).answer is Answer.DENY
    deny["priority"] = 1001
    assert ruled(bare).answer is Answer.ALLOW
    deny |= {"priority": 1, "disabled": True}
    assert ruled(bare).answer is Answer.ALLOW


@pytest.mark.parametrize(
    ("allowed", "protocol", "port", "answer"),
    [
        ([{"IPProtocol": "tcp", "ports": ["80"]}], "tcp", 80, Answer.ALLOW),
        ([{"IPProtocol": "tcp", "ports": ["80"]}], "tcp", 81, Answer.DENY),
        ([{"IPProtocol": "tcp", "ports": ["79-81", "443"]}], "tcp", 80, Answer.ALLOW),
        ([{"IPProtocol": "6"}], "tcp", 80, Answer.ALLOW),
        ([{"IPProtocol": "tcp"}], "udp", 80, Answer.DENY),
        ([{"IPProtocol": "icmp"}], "icmp", None, Answer.ALLOW),
        ([{"IPProtocol": "tcp"}], "icmp", None, Answer.DENY),
        ([{"IPProtocol": "all"}], "icmp", None, Answer.ALLOW),
        ([{"IPProtocol": "udp", "ports": ["80"]}, {"IPProtocol": "udp"}], "udp", 53, Answer.ALLOW),
    ],
)
def test_protocols_and_ports(bare: Any, allowed: list[Any], protocol: str, port: int | None, answer: Answer) -> None:
    bare.admit("project-b/vpc-b", "0.0.0.0/0", allowed=allowed)
    assert ruled(bare, protocol=protocol, port=port).answer is answer


def test_targets(bare: Any) -> None:
    bare.admit("project-b/vpc-b", "0.0.0.0/0", targetTags=["web"])
    assert ruled(bare).answer is Answer.DENY
    vm = next(item for item in bare.compute["project-b"]["instances"] if item["name"] == "target-gce-01")
    vm["tags"]["items"] = ["web"]
    assert ruled(bare).answer is Answer.ALLOW
    bare.effective("project-b/vpc-b")["firewalls"][0] |= {"targetTags": [], "targetServiceAccounts": ["web@b"]}
    assert ruled(bare).answer is Answer.DENY
    vm["serviceAccounts"] = [{"email": "web@b"}]
    assert ruled(bare).answer is Answer.ALLOW


def test_a_target_that_was_not_read_leaves_it_open(bare: Any) -> None:
    bare.admit("project-b/vpc-b", "0.0.0.0/0", targetTags=["web"])
    packet = Packet(IPv4Address(POD), IPv4Address(TARGET), "tcp", 80, True)
    found = ruling(bare.world(), B, None, "INGRESS", packet)
    assert found.answer is Answer.UNKNOWN
    assert "web" in found.sentence
    bare.admit("project-b/vpc-b", "172.16.0.0/12", priority=65000)
    # Whether the first rule applies or not, the packet passes.
    assert ruling(bare.world(), B, None, "INGRESS", packet).answer is Answer.ALLOW


def test_source_tags_never_mean_a_peers_vms(bare: Any) -> None:
    bare.admit("project-b/vpc-b", sourceRanges=[], sourceTags=["node"])
    for vm in bare.compute["project-a"]["instances"]:
        vm["tags"]["items"] = ["node"]
    assert ruled(bare, NODE).answer is Answer.DENY


def test_source_tags_mean_primary_addresses_of_the_same_network(bare: Any) -> None:
    bare.admit("project-b/vpc-b", sourceRanges=[], sourceTags=["client"])
    vm = bare.vm("project-b", "vpc-b", "client", "10.2.0.30", tags={"items": ["client"]})
    vm["networkInterfaces"][0]["aliasIpRanges"] = [{"ipCidrRange": "10.2.7.0/24"}]
    assert ruled(bare, "10.2.0.30", crosses=False).answer is Answer.ALLOW
    assert ruled(bare, "10.2.7.9", crosses=False).answer is Answer.DENY
    del bare.compute["project-b"]["instances"]
    packet = Packet(IPv4Address("10.2.0.30"), IPv4Address(TARGET), "tcp", 80, False)
    assert ruling(bare.world(), B, None, "INGRESS", packet).answer is Answer.UNKNOWN


def test_ranges_or_tags(bare: Any) -> None:
    bare.admit("project-b/vpc-b", "172.16.0.0/16", sourceTags=["node"])
    assert ruled(bare).answer is Answer.ALLOW


def test_rules_of_ipv6_alone_do_not_match_everything(bare: Any) -> None:
    bare.admit("project-b/vpc-b", "::/0")
    assert ruled(bare).answer is Answer.DENY


def test_rules_unread(bare: Any) -> None:
    bare.compute["project-b"].pop("effectiveFirewalls")
    found = ruled(bare)
    assert (found.answer, found.rule) == (Answer.UNKNOWN, None)


def test_hierarchy_first(bare: Any) -> None:
    bare.admit("project-b/vpc-b", "0.0.0.0/0")
    policy(bare, "HIERARCHY", rule("deny", 100, "172.16.0.0/16"), name="org")
    found = ruled(bare)
    assert (found.answer, found.rule and found.rule.policy) == (Answer.DENY, "org")
    assert ruled(bare, NODE).answer is Answer.ALLOW


def test_goto_next_hands_on_to_the_next_level(bare: Any) -> None:
    bare.admit("project-b/vpc-b", "0.0.0.0/0")
    policy(bare, "HIERARCHY", rule("goto_next", 1, "172.16.0.0/16"), rule("deny", 2), name="org")
    policy(bare, "HIERARCHY", rule("deny", 1, "172.16.1.0/24"), name="folder")
    assert ruled(bare, "172.16.2.7").answer is Answer.ALLOW
    found = ruled(bare, POD)
    assert (found.answer, found.rule and found.rule.policy) == (Answer.DENY, "folder")
    assert ruled(bare, NODE).rule is not None
    assert ruled(bare, NODE).answer is Answer.DENY


def test_no_match_goes_on(bare: Any) -> None:
    bare.admit("project-b/vpc-b", "0.0.0.0/0")
    policy(bare, "HIERARCHY", rule("deny", 1, "192.0.2.0/24"))
    assert ruled(bare).answer is Answer.ALLOW


@pytest.mark.parametrize("kind", ["NETWORK", "NETWORK_REGIONAL"])
def test_both_orders_of_network_policies(bare: Any, kind: str) -> None:
    bare.admit("project-b/vpc-b", "0.0.0.0/0")
    policy(bare, kind, rule("deny", 1))
    assert ruled(bare).answer is Answer.ALLOW
    bare.find_network("project-b/vpc-b")["networkFirewallPolicyEnforcementOrder"] = "BEFORE_CLASSIC_FIREWALL"
    assert ruled(bare).answer is Answer.DENY


def test_global_before_regional_network_policies(bare: Any) -> None:
    policy(bare, "NETWORK_REGIONAL", rule("deny", 1), name="regional")
    policy(bare, "NETWORK", rule("allow", 9), name="global")
    assert ruled(bare).answer is Answer.ALLOW


def test_targets_of_hierarchical_rules(bare: Any) -> None:
    bare.admit("project-b/vpc-b", "0.0.0.0/0")
    other = "https://www.googleapis.com/compute/v1/projects/project-b/global/networks/other"
    policy(bare, "HIERARCHY", rule("deny", 1, targetResources=[other]))
    assert ruled(bare).answer is Answer.ALLOW


def test_matchers_that_addresses_do_not_decide(bare: Any) -> None:
    policy(bare, "NETWORK", rule("allow", 1, match={"srcFqdns": ["example.com"]}))
    found = ruled(bare)
    assert found.answer is Answer.UNKNOWN
    assert "srcFqdns" in found.sentence
    # Any one source matcher is enough, so a range that holds the source decides.
    policy(bare, "NETWORK", rule("allow", 0, "172.16.0.0/16", match={"srcSecureTags": [{"name": "tagValues/1"}]}))
    assert ruled(bare).answer is Answer.ALLOW


def test_undecidable_rules_that_change_nothing(bare: Any) -> None:
    bare.admit("project-b/vpc-b", "0.0.0.0/0")
    policy(bare, "HIERARCHY", rule("allow", 1, match={"srcRegionCodes": ["DE"]}))
    assert ruled(bare).answer is Answer.ALLOW


def test_secure_tags_of_the_target(bare: Any) -> None:
    policy(bare, "NETWORK", rule("allow", 1, targetSecureTags=[{"name": "tagValues/1"}]))
    assert ruled(bare).answer is Answer.UNKNOWN


@pytest.mark.parametrize(
    ("context", "crosses", "answer"),
    [
        ("INTRA_VPC", True, Answer.DENY),
        ("INTRA_VPC", False, Answer.ALLOW),
        ("INTRA_VPC", None, Answer.UNKNOWN),
        ("INTERNET", True, Answer.DENY),
        ("NON_INTERNET", True, Answer.ALLOW),
        ("VPC_NETWORKS", True, Answer.UNKNOWN),
    ],
)
def test_network_contexts(bare: Any, context: str, crosses: bool | None, answer: Answer) -> None:
    policy(bare, "NETWORK", rule("allow", 1, "172.16.0.0/16", match={"srcNetworkContext": context}))
    assert ruled(bare, crosses=crosses).answer is answer


def test_inspection_may_let_pass_or_not(bare: Any) -> None:
    bare.admit("project-b/vpc-b", "0.0.0.0/0")
    policy(bare, "HIERARCHY", rule("apply_security_profile_group", 1))
    assert ruled(bare).answer is Answer.UNKNOWN


def test_the_vms_own_effective_rules_are_preferred(bare: Any) -> None:
    bare.compute["project-b"]["effectiveFirewalls"].append(
        {
            "network": "vpc-b",
            "instance": "target-gce-01",
            "firewalls": [],
            "firewallPolicys": [{"type": "NETWORK_REGIONAL", "shortName": "r", "rules": [rule("allow", 1)]}],
        }
    )
    assert ruled(bare).answer is Answer.ALLOW


# A second, plain evaluator: rules that are all decidable, in the order that the documentation gives. --------------

rules = st.lists(
    st.builds(
        lambda number, stage, action, priority, wide, tag, port: FirewallRule(
            f"r{number}", stage, "INGRESS",
            action if stage != "vpc" or action is not Action.GOTO_NEXT else Action.DENY,
            priority, {"tcp": ((80, 80),) if port else ()},
            (IPv4Network("172.16.0.0/12" if wide else "10.1.0.0/16"),),
            target_tags=frozenset({tag} if tag else ()),
            policy_order=0 if stage == "vpc" else number % 2,
        ),
        st.integers(0, 10**6), st.sampled_from(["hierarchical", "vpc", "network-policy", "regional-policy"]),
        st.sampled_from(Action), st.integers(0, 3), st.booleans(), st.sampled_from(["", "web", "db"]), st.booleans(),
    ),
    max_size=10,
    unique_by=(lambda rule: (rule.stage, rule.policy_order, rule.priority, rule.action), lambda rule: rule.name),
)  # fmt: skip


def plainly(found: list[FirewallRule], first: bool, packet: Packet) -> Answer:
    order = ["hierarchical", "vpc", "network-policy", "regional-policy"]
    if first:
        order = ["hierarchical", "network-policy", "regional-policy", "vpc"]
    for stage in order:
        for policy_order in (0, 1):
            here = [rule for rule in found if (rule.stage, rule.policy_order) == (stage, policy_order)]
            for rule in sorted(here, key=lambda rule: (rule.priority, rule.action is not Action.DENY)):
                if packet.source not in rule.source_ranges[0] or rule.target_tags - {"web"}:
                    continue
                if rule.protocols["tcp"] and packet.port != 80:
                    continue
                if rule.action is Action.GOTO_NEXT:
                    break
                return Answer.ALLOW if rule.action is Action.ALLOW else Answer.DENY
    return Answer.DENY


@given(rules, st.booleans(), st.sampled_from([POD, NODE]), st.sampled_from([80, 443]))
def test_equal_to_a_plain_reading(found: list[FirewallRule], first: bool, source: str, port: int) -> None:
    nic = Interface(B, "s", IPv4Address(TARGET))
    vm = Instance("project-b", "t", "z-a", "RUNNING", (nic,), frozenset({"web"}))
    network = Network(B, policies_first=first, firewall=tuple(found))
    world = World(
        networks={B: network}, instances=(vm,), forwarding_rules=(), cluster=None, nodes={}, pods={},
        agent=Agent(AgentState.ABSENT), config_maps=(), network_policies=(), services=(),
        egress_nat_policies=(), node_nat={},
    )  # fmt: skip
    packet = Packet(IPv4Address(source), IPv4Address(TARGET), "tcp", port, True)
    assert ruling(world, B, vm, "INGRESS", packet).answer is plainly(found, first, packet)
