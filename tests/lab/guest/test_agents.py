"""The agents' loop: what they read, when, and what stays in the kernel."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from lab import nat
from lab.agent import Agents
from lab.agent.chain import flags, write
from lab.agent.config import Config, defaults

Until = Callable[[Any, Callable[[], bool]], Awaitable[None]]
ARTICLE = "nonMasqueradeCIDRs:\n  - 172.16.0.0/16\n  - 10.1.0.0/16\nresyncInterval: 60s\n"
BOOT = nat.boot_rules()


def give(made: Any, text: str, name: str = "ip-masq-agent", key: str = "config") -> None:
    """Put a ConfigMap into kube-system."""
    meta = {"name": name, "namespace": "kube-system", "uid": "uid-config"}
    made.store.table("kube/configmaps").put(f"kube-system/{name}", {"metadata": meta, "data": {key: text}})


def returns(text: str) -> list[str]:
    """The ranges that keep the pod's address, in order."""
    chain = nat.split(text)[1]["IP-MASQ"]
    return [line.split()[3] for line in chain if line.endswith("RETURN")]


def said(made: Any) -> str:
    """Everything that all agents have logged."""
    return "\n".join(line for log in made.store.table("kube/log").values() for _, line in log["lines"])


def test_defaults_of_a_managed_agent(world: Callable[[str], Any]) -> None:
    made = world("article")
    assert returns(made.nat()) == ["169.254.0.0/16", *defaults(True).ranges]
    assert "-j MASQUERADE --random-fully" in made.nat()
    assert 'No config file found at "/etc/config/ip-masq-agent", using default values' in said(made)


def test_the_jump_is_added_behind_the_one_of_the_boot_script(world: Callable[[str], Any]) -> None:
    made = world("article")
    jumps = nat.split(made.nat())[0]
    assert len(jumps) == 2
    assert "ip-masq: ensure" in jumps[0]
    assert "ip-masq-agent: ensure" in jumps[1]
    assert all(jump.endswith("-m addrtype ! --dst-type LOCAL -j IP-MASQ") for jump in jumps)
    before = made.nat()
    made.agents.settle()
    assert made.nat() == before


def test_a_list_replaces_the_defaults(world: Callable[[str], Any]) -> None:
    made = world("article")
    give(made, ARTICLE)
    made.agents.settle()
    assert returns(made.nat()) == ["169.254.0.0/16", "172.16.0.0/16", "10.1.0.0/16"]
    assert 'Using config: {"nonMasqueradeCIDRs":["172.16.0.0/16","10.1.0.0/16"],"cidrLimit":64' in said(made)


def test_invalid_while_running_keeps_the_last_good_rules(world: Callable[[str], Any]) -> None:
    made = world("article")
    give(made, ARTICLE)
    made.agents.settle()
    good = made.nat()
    give(made, "nonMasqueradeCIDRs: [10.1.0.1/16]\n")
    made.agents.settle()
    assert made.nat() == good
    assert 'Error syncing configuration: CIDR "10.1.0.1/16" is not aligned' in said(made)


def test_invalid_at_the_start_writes_nothing(world: Callable[[str], Any]) -> None:
    made = world("rc20-invalid-config")
    assert made.nat() == BOOT
    give(made, ARTICLE)
    made.agents.settle()
    assert returns(made.nat()) == ["169.254.0.0/16", "172.16.0.0/16", "10.1.0.0/16"]


def test_without_a_daemonset_the_boot_rules_stay(world: Callable[[str], Any]) -> None:
    made = world("rc18-no-agent")
    assert made.nat() == BOOT
    assert said(made) == ""


@pytest.mark.parametrize("name", ["rc16-config-under-another-key", "rc17-config-in-another-namespace"])
def test_a_file_that_is_not_mounted_is_no_file(name: str, world: Callable[[str], Any]) -> None:
    made = world(name)
    assert returns(made.nat()) == ["169.254.0.0/16", *defaults(True).ranges]


def test_deleting_the_daemonset_leaves_the_rules(world: Callable[[str], Any]) -> None:
    made = world("article")
    give(made, ARTICLE)
    made.agents.settle()
    rules = made.nat()
    pods = made.store.table("kube/pods")
    for key in [key for key in pods if key.startswith("kube-system/ip-masq-agent")]:
        pods.remove(key)
    give(made, "nonMasqueradeCIDRs: []\n")
    made.agents.settle()
    assert made.nat() == rules


def test_an_agent_that_is_not_ready_does_nothing(world: Callable[[str], Any]) -> None:
    made = world("article")
    pods = made.store.table("kube/pods")
    key = next(key for key, pod in pods.items() if pod["spec"]["nodeName"] == "gke-node-01" and "ip-masq-agent" in key)
    pod = pods.get(key)
    for condition in pod["status"]["conditions"]:
        condition["status"] = "False"
    pods.replace(key, pod)
    give(made, ARTICLE)
    made.agents.settle()
    assert "10.1.0.0/16" not in returns(made.nat("gke-node-01"))
    assert "10.1.0.0/16" in returns(made.nat("gke-node-02"))


async def test_a_change_takes_a_refresh_and_a_resync(world: Callable[[str], Any], until: Until) -> None:
    made = world("article")
    made.agents = Agents(made.store, speed=2000.0)
    await made.agents.start()
    try:
        give(made, ARTICLE)
        await until(made.store, lambda: "10.1.0.0/16" in returns(made.nat("gke-node-01")))
        await until(made.store, lambda: "10.1.0.0/16" in returns(made.nat("gke-node-02")))
        made.store.table("kube/configmaps").remove("kube-system/ip-masq-agent")
        await until(made.store, lambda: "10.0.0.0/8" in returns(made.nat()))
    finally:
        await made.agents.stop()


async def test_a_new_agent_pod_starts_anew(world: Callable[[str], Any], until: Until) -> None:
    """A pod that comes later reads the file at once: its volume is mounted when it starts."""
    made = world("article")
    pods = made.store.table("kube/pods")
    key = next(key for key, pod in pods.items() if pod["spec"]["nodeName"] == "gke-node-01" and "ip-masq-agent" in key)
    pod = pods.remove(key)
    made.agents = Agents(made.store, speed=0.001)
    await made.agents.start()
    try:
        give(made, ARTICLE)
        pod["metadata"] |= {"name": "ip-masq-agent-later", "uid": "later"}
        pods.create("kube-system/ip-masq-agent-later", pod)
        await until(made.store, lambda: "10.1.0.0/16" in returns(made.nat("gke-node-01")))
        assert "10.1.0.0/16" not in returns(made.nat("gke-node-02")), "the old agent waits for its refresh"
    finally:
        await made.agents.stop()


FLAGS = [
    (["--masq-chain=IP-MASQ", "--nomasq-all-reserved-ranges"], "x:v2.12.6", "IP-MASQ", True, True),
    (["-masq-chain", "OTHER", "--nomasq-all-reserved-ranges=false"], "x:v2.12.6", "OTHER", False, True),
    (["/ip-masq-agent", "--random-fully=false"], "x:v2.12.6-gke.15", "IP-MASQ-AGENT", False, False),
    ([], "gcr.io/google-containers/ip-masq-agent-amd64:v2.5.0", "IP-MASQ-AGENT", False, False),
    ([], "ip-masq-agent", "IP-MASQ-AGENT", False, True),
]


@pytest.mark.parametrize(("args", "image", "chain", "reserved", "random"), FLAGS)
def test_flags(args: list[str], image: str, chain: str, reserved: bool, random: bool) -> None:
    found = flags(args, image)
    assert (found.chain, found.all_reserved, found.random_fully) == (chain, reserved, random)


def test_the_chain_as_the_agent_writes_it() -> None:
    """ip-masq-agent's own test expects this order; iptables-save prints no destination for 0.0.0.0/0."""
    made = write(BOOT, Config(("10.0.0.0/8", "0.0.0.0/0"), link_local=True), flags(["--to-ports=1024-2048"], "x:v2.12"))
    chain = nat.split(made)[1]["IP-MASQ-AGENT"]
    local = '-m comment --comment "ip-masq-agent: local traffic is not subject to MASQUERADE" -j RETURN'
    last = '-m comment --comment "ip-masq-agent: outbound traffic is subject to MASQUERADE (must be last in chain)"'
    assert chain == [
        f"-A IP-MASQ-AGENT -d 10.0.0.0/8 {local}",
        f"-A IP-MASQ-AGENT {local}",
        *(
            f"-A IP-MASQ-AGENT -p {protocol} {last} -j MASQUERADE --to-ports 1024-2048 --random-fully"
            for protocol in ("tcp", "udp", "sctp")
        ),
        f"-A IP-MASQ-AGENT {last} -j MASQUERADE --random-fully",
    ]
    assert nat.split(made)[1]["IP-MASQ"] == nat.split(BOOT)[1]["IP-MASQ"], "another chain is nobody's business"


def test_nat_text_splits_and_joins() -> None:
    assert nat.dump(*nat.split(BOOT)) == BOOT
    assert nat.boot_rules(()) == nat.dump([], {})
