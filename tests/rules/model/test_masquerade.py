"""Whose address the packet wears, row by row of GKE's documented table and of what lies beside it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rules import masquerade
from rules.masquerade import decide, differences, intended
from rules.path import Masquerade
from rules.snapshot import PodRef
from rules.world import Pod, World

DEFAULT = "DESTINATION_IP_IN_DEFAULT_NON_MASQUERADE_RANGE"
CONFIGURED = "DESTINATION_IP_IN_CONFIGURED_NON_MASQUERADE_RANGE"
NODE = IPv4Address("10.1.0.11")
POD = IPv4Address("172.16.1.5")


def pod_of(world: World, name: str = "my-pod") -> Pod:
    return (world.pods or {})[PodRef("default", name)]


def decided(draft: Any, dest: str = "10.2.0.10") -> Masquerade:
    world = draft.world()
    return decide(world, pod_of(world), IPv4Address(dest))


def drop_agent(draft: Any) -> None:
    draft.items("daemonsets").clear()


def drop_agent_pod(draft: Any) -> None:
    draft.items("pods")[:] = [
        pod for pod in draft.items("pods") if pod["metadata"]["name"] != "ip-masq-agent-gke-node-01"
    ]


def agent_not_ready(draft: Any) -> None:
    pod = next(pod for pod in draft.items("pods") if pod["metadata"]["name"] == "ip-masq-agent-gke-node-01")
    pod["status"]["conditions"][0]["status"] = "False"


def snat_disabled(draft: Any) -> None:
    draft.clusters[0]["networkConfig"]["defaultSnatStatus"] = {"disabled": True}


def no_flag(draft: Any) -> None:
    container = draft.items("daemonsets")[0]["spec"]["template"]["spec"]["containers"][0]
    container["args"] = ["--masq-chain=IP-MASQ"]


def config(text: str, **keys: str) -> Callable[[Any], None]:
    return lambda draft: draft.config_map(text, **keys)


def version(text: str) -> Callable[[Any], None]:
    def edit(draft: Any) -> None:
        for node in draft.items("nodes"):
            node["status"]["nodeInfo"]["kubeletVersion"] = text

    return edit


def windows(draft: Any) -> None:
    draft.items("nodes")[0]["metadata"]["labels"]["kubernetes.io/os"] = "windows"


def host_network(draft: Any) -> None:
    draft.items("pods")[0]["spec"]["hostNetwork"] = True


def autopilot(*cidrs: str) -> Callable[[Any], None]:
    def edit(draft: Any) -> None:
        draft.clusters[0]["autopilot"] = {"enabled": True}
        spec = {"action": "NoSNAT", "destinations": [{"cidr": cidr} for cidr in cidrs]}
        draft.items("egressnatpolicies").append({"metadata": {"name": "default"}, "spec": spec})

    return edit


def unread(*kinds: str) -> Callable[[Any], None]:
    def edit(draft: Any) -> None:
        for kind in kinds:
            draft.kubernetes.pop(kind)

    return edit


def no_cluster(draft: Any) -> None:
    draft.clusters.clear()


# Edits, destination, masqueraded, reason, range. Source: GKE "IP masquerade agent" and Connectivity Tests'
# IpMasqueradingSkippedInfo, the agent's source, GKE's node boot script.
TABLE: list[tuple[str, list[Callable[[Any], None]], str, bool | None, str, str | None]] = [
    ("agent, no list", [], "10.2.0.10", False, DEFAULT, "10.0.0.0/8"),
    ("agent, no list, public", [], "8.8.8.8", True, "MASQUERADED", None),
    ("agent with the reserved flag", [], "100.64.1.1", False, DEFAULT, "100.64.0.0/10"),
    ("agent without the reserved flag", [no_flag], "100.64.1.1", True, "MASQUERADED", None),
    ("custom list", [config("nonMasqueradeCIDRs: [10.1.0.0/16]")], "10.2.0.10", True, "MASQUERADED", None),
    (
        "custom list holds it",
        [config("nonMasqueradeCIDRs: [10.0.0.0/8]")],
        "10.2.0.10",
        False,
        CONFIGURED,
        "10.0.0.0/8",
    ),
    ("empty list", [config("nonMasqueradeCIDRs: []")], "10.2.0.10", True, "MASQUERADED", None),
    ("null list", [config("nonMasqueradeCIDRs:")], "10.2.0.10", True, "MASQUERADED", None),
    ("empty list, link-local", [config("nonMasqueradeCIDRs: []")], "169.254.1.1", False, CONFIGURED, "169.254.0.0/16"),
    (
        "masqLinkLocal",
        [config("nonMasqueradeCIDRs: []\nmasqLinkLocal: true")],
        "169.254.1.1",
        True,
        "MASQUERADED",
        None,
    ),
    ("wrong key", [config("nonMasqueradeCIDRs: []", key="ip-masq-agent")], "10.2.0.10", False, DEFAULT, "10.0.0.0/8"),
    ("wrong name", [config("nonMasqueradeCIDRs: []", name="masq")], "10.2.0.10", False, DEFAULT, "10.0.0.0/8"),
    (
        "wrong namespace",
        [config("nonMasqueradeCIDRs: []", namespace="default")],
        "10.2.0.10",
        False,
        DEFAULT,
        "10.0.0.0/8",
    ),
    ("mistyped key inside", [config("nonMasqueradeCidr: []")], "10.2.0.10", False, DEFAULT, "10.0.0.0/8"),
    ("invalid list", [config("nonMasqueradeCIDRs: 10.1.0.0/16")], "10.2.0.10", None, "UNKNOWN", None),
    ("no DaemonSet", [drop_agent], "10.2.0.10", False, DEFAULT, "10.0.0.0/8"),
    (
        "no DaemonSet, list ignored",
        [drop_agent, config("nonMasqueradeCIDRs: []")],
        "10.2.0.10",
        False,
        DEFAULT,
        "10.0.0.0/8",
    ),
    ("no DaemonSet, reserved range", [drop_agent], "198.18.0.1", False, DEFAULT, "198.18.0.0/15"),
    ("no DaemonSet, public", [drop_agent], "8.8.8.8", True, "MASQUERADED", None),
    (
        "no DaemonSet, default SNAT disabled",
        [drop_agent, snat_disabled],
        "8.8.8.8",
        False,
        "DEFAULT_SNAT_DISABLED",
        None,
    ),
    ("agent wins over disabled SNAT", [snat_disabled], "8.8.8.8", True, "MASQUERADED", None),
    (
        "agent not on this node",
        [drop_agent_pod, config("nonMasqueradeCIDRs: []")],
        "10.2.0.10",
        False,
        DEFAULT,
        "10.0.0.0/8",
    ),
    (
        "agent not ready here",
        [agent_not_ready, config("nonMasqueradeCIDRs: []")],
        "10.2.0.10",
        False,
        DEFAULT,
        "10.0.0.0/8",
    ),
    ("1.13, no agent", [drop_agent, version("v1.13.12-gke.8")], "10.2.0.10", False, DEFAULT, "10.0.0.0/8"),
    ("1.13, no agent, 192.168", [drop_agent, version("v1.13.12-gke.8")], "192.168.9.9", True, "MASQUERADED", None),
    (
        "1.14, no agent, 192.168",
        [drop_agent, version("v1.14.10-gke.8")],
        "192.168.9.9",
        False,
        DEFAULT,
        "192.168.0.0/16",
    ),
    ("1.14, no agent, 100.64", [drop_agent, version("v1.14.10-gke.8")], "100.64.9.9", True, "MASQUERADED", None),
    ("1.15, no agent, 100.64", [drop_agent, version("v1.15.1-gke.8")], "100.64.9.9", False, DEFAULT, "100.64.0.0/10"),
    ("hostNetwork", [host_network], "10.2.0.10", False, "POD_USES_NODE_NETWORK_NAMESPACE", None),
    ("same node", [], "172.16.1.99", False, "DESTINATION_ON_SAME_NODE", None),
    ("the node itself", [], "10.1.0.11", False, "DESTINATION_ON_SAME_NODE", None),
    ("Windows", [windows], "10.2.0.10", True, "WINDOWS_MASQUERADED", None),
    ("Windows inside the cluster", [windows], "172.16.2.7", False, DEFAULT, "172.16.0.0/16"),
    ("Autopilot, listed", [autopilot("10.0.0.0/8")], "10.2.0.10", False, CONFIGURED, "10.0.0.0/8"),
    ("Autopilot, not listed", [autopilot("10.9.0.0/16")], "10.2.0.10", True, "AUTOPILOT_MASQUERADED", None),
    ("Autopilot, cluster range", [autopilot()], "172.16.2.7", False, DEFAULT, "172.16.0.0/16"),
    (
        "Autopilot ignores the ConfigMap",
        [autopilot("10.0.0.0/8"), config("nonMasqueradeCIDRs: []")],
        "10.2.0.10",
        False,
        CONFIGURED,
        "10.0.0.0/8",
    ),
    ("Autopilot, policies unread", [autopilot(), unread("egressnatpolicies")], "10.2.0.10", None, "UNKNOWN", None),
    ("ConfigMaps unread", [unread("configmaps")], "10.2.0.10", None, "UNKNOWN", None),
    (
        "DaemonSets and pods tell nothing, all lists agree",
        [drop_agent, drop_agent_pod, unread("daemonsets")],
        "10.2.0.10",
        False,
        DEFAULT,
        "10.0.0.0/8",
    ),
    ("cluster unread, in every boot list", [drop_agent, no_cluster], "10.2.0.10", False, DEFAULT, "10.0.0.0/8"),
    ("cluster unread, public", [drop_agent, no_cluster], "8.8.8.8", None, "UNKNOWN", None),
]


@pytest.mark.parametrize(
    ("edits", "dest", "masqueraded", "reason", "range"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE]
)
def test_table(
    draft: Any, edits: list[Callable[[Any], None]], dest: str, masqueraded: bool | None, reason: str, range: str | None
) -> None:
    for edit in edits:
        edit(draft)
    found = decided(draft, dest)
    assert (found.masqueraded, found.reason, found.range and str(found.range)) == (masqueraded, reason, range)
    assert found.sentence
    source = {True: NODE, None: None, False: NODE if reason.startswith("POD_USES") else POD}[masqueraded]
    assert found.source == source


def test_agents_pods_speak_where_daemonsets_are_unread(draft: Any) -> None:
    """The flags are in the pods as well; a pod of the DaemonSet proves it."""
    spec = draft.items("daemonsets")[0]["spec"]["template"]["spec"]
    for pod in draft.items("pods"):
        if pod["metadata"]["name"].startswith("ip-masq-agent"):
            pod["spec"] |= {"containers": spec["containers"], "volumes": spec["volumes"]}
    draft.kubernetes.pop("daemonsets")
    draft.config_map("nonMasqueradeCIDRs: [10.1.0.0/16]")
    assert decided(draft).masqueraded is True
    assert draft.world().agent.all_reserved


def nat(*ranges: str, chain: str = "IP-MASQ") -> str:
    rules = "".join(f"-A {chain} -d {each} -j RETURN\n" for each in ranges)
    return (
        f"*nat\n:POSTROUTING ACCEPT [0:0]\n:{chain} - [0:0]\n"
        f"-A POSTROUTING -m addrtype ! --dst-type LOCAL -j {chain}\n{rules}-A {chain} -j MASQUERADE\nCOMMIT\n"
    )


def test_the_nat_table_wins_over_the_intention(draft: Any) -> None:
    """A refused file leaves what was there; the node itself tells what that is."""
    draft.config_map("nonMasqueradeCIDRs: 10.1.0.0/16")
    draft.node_nat["gke-node-01"] = nat("169.254.0.0/16", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")
    found = decided(draft)
    assert (found.masqueraded, found.reason, found.list_source) == (False, DEFAULT, "node-nat")
    draft.node_nat["gke-node-01"] = nat("172.16.0.0/16")
    assert decided(draft).masqueraded is True


def own_chain(draft: Any) -> None:
    """The upstream manifest without --masq-chain: a second chain beside the boot script's (kubernetes issue 64212)."""
    draft.items("daemonsets")[0]["spec"]["template"]["spec"]["containers"][0]["args"] = []


@pytest.mark.parametrize(
    ("text", "dest", "masqueraded"),
    [
        ("nonMasqueradeCIDRs: [10.1.0.0/16]", "10.2.0.10", True),
        ("nonMasqueradeCIDRs: [10.1.0.0/16]", "10.1.0.21", False),
        ("nonMasqueradeCIDRs: [8.8.8.0/24]", "8.8.8.8", True),
        ("nonMasqueradeCIDRs: oops", "8.8.8.8", True),
        ("nonMasqueradeCIDRs: oops", "10.2.0.10", None),
    ],
)
def test_rc28_two_chains(draft: Any, text: str, dest: str, masqueraded: bool | None) -> None:
    own_chain(draft)
    draft.config_map(text)
    assert decided(draft, dest).masqueraded is masqueraded


def test_two_chains_are_one_where_default_snat_is_disabled(draft: Any) -> None:
    own_chain(draft)
    snat_disabled(draft)
    draft.config_map("nonMasqueradeCIDRs: [8.8.8.0/24]")
    assert decided(draft, "8.8.8.8").masqueraded is False


def test_a_damaged_nat_table_is_as_none(draft: Any) -> None:
    draft.node_nat["gke-node-01"] = "*nat\n:POSTROUTING"
    assert decided(draft).list_source == "agent-defaults"


def test_on_dataplane_v2_a_table_without_rules_says_nothing(draft: Any) -> None:
    draft.node_nat["gke-node-01"] = "*nat\n:POSTROUTING ACCEPT [0:0]\nCOMMIT\n"
    assert decided(draft, "8.8.8.8").reason == "DEFAULT_SNAT_DISABLED"
    draft.clusters[0]["networkConfig"]["datapathProvider"] = "ADVANCED_DATAPATH"
    assert decided(draft, "8.8.8.8").masqueraded is True


def test_intent_against_fact(draft: Any) -> None:
    draft.config_map("nonMasqueradeCIDRs: [172.16.0.0/16, 10.1.0.0/16]")
    draft.node_nat["gke-node-01"] = nat("169.254.0.0/16", "172.16.0.0/16", "10.0.0.0/8")
    world = draft.world()
    missing, extra = differences(world, world.nodes["gke-node-01"]) or ((), ())
    assert (missing, extra) == ((IPv4Network("10.1.0.0/16"),), (IPv4Network("10.0.0.0/8"),))
    assert differences(world, world.nodes["gke-node-02"]) is None


def test_a_preview_forgets_the_nat_tables_of_nodes_the_agent_reaches(draft: Any) -> None:
    draft.node_nat["gke-node-01"] = nat("10.0.0.0/8")
    after = masquerade.with_config(draft.world(), "nonMasqueradeCIDRs: [172.16.0.0/16]")
    assert decide(after, pod_of(after), IPv4Address("10.2.0.10")).masqueraded is True
    taken_back = masquerade.with_config(after, None)
    assert decide(taken_back, pod_of(after), IPv4Address("10.2.0.10")).masqueraded is False


def test_volume_that_mounts_something_else(draft: Any) -> None:
    volume = draft.items("daemonsets")[0]["spec"]["template"]["spec"]["volumes"][0]
    volume["configMap"]["items"] = [{"key": "cfg", "path": "ip-masq-agent"}]
    draft.config_map("nonMasqueradeCIDRs: [172.16.0.0/16]", key="cfg")
    assert decided(draft).masqueraded is True
    volume["configMap"]["items"] = [{"key": "cfg", "path": "agent.yaml"}]
    found = decided(draft)
    assert found.masqueraded is False
    assert "mount" in found.sentence


ranges = st.lists(
    st.builds(
        lambda number, bits: IPv4Network((number >> (32 - bits) << (32 - bits), bits)),
        st.integers(0, 2**32 - 1),
        st.integers(1, 32),
    ),
    max_size=10,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ranges, st.integers(0, 2**32 - 1), st.booleans())
def test_the_list_and_the_table_it_makes_agree(draft: Any, cidrs: list[IPv4Network], number: int, link: bool) -> None:
    """What decide says of a ConfigMap is what it says of the nat table that the agent writes from it."""
    dest = IPv4Address(number)
    text = f"nonMasqueradeCIDRs: [{', '.join(map(str, cidrs))}]\nmasqLinkLocal: {str(link).lower()}\n"
    world = masquerade.with_config(draft.world(), text)
    keep = intended(world, world.nodes["gke-node-01"])
    by_list = decide(world, pod_of(world), dest)
    tables = {"gke-node-01": nat(*map(str, keep.ranges or ()))}
    by_table = decide(replace(world, node_nat=tables), pod_of(world), dest)
    assert (by_list.masqueraded, by_list.source, by_list.range) == (
        by_table.masqueraded,
        by_table.source,
        by_table.range,
    )
