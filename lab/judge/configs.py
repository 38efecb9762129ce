"""Random ip-masq-agents and the ConfigMaps that people write for them, right and wrong."""

from __future__ import annotations

from ipaddress import IPv4Network
from random import Random

from lab.scenario.model import AgentPlan, ConfigPlan, NodePlan

FLAGS = (
    ("--masq-chain=IP-MASQ", "--nomasq-all-reserved-ranges"),
    ("--masq-chain=IP-MASQ",),
    (),
)


def agent(random: Random, nodes: tuple[NodePlan, ...]) -> AgentPlan:
    """An agent on all nodes, on some, or nowhere."""
    missing = tuple(node.name for node in nodes if random.random() < 0.15)
    image = "gke.gcr.io/ip-masq-agent:v2.9.3-gke.5"
    return AgentPlan(random.random() < 0.8, image, random.choice(FLAGS), missing)


def config(random: Random, marks: list[IPv4Network]) -> ConfigPlan | None:
    """A ConfigMap, under the right names or others; None where nobody made one."""
    if random.random() < 0.3:
        return None
    key = random.choices(("config", "ip-masq-agent", "config.yaml"), (8, 1, 1))[0]
    namespace = random.choices(("kube-system", "default"), (9, 1))[0]
    return ConfigPlan(namespace, "ip-masq-agent", key, _text(random, marks))


def _text(random: Random, marks: list[IPv4Network]) -> str:
    chosen = random.sample(marks, random.randint(1, 4))
    entries = "".join(f"  - {found}\n" for found in chosen)
    listed = f"nonMasqueradeCIDRs:\n{entries}"
    return random.choice(
        (
            listed, listed, listed + "resyncInterval: 60s\n", listed + "masqLinkLocal: true\n",
            listed + "resyncInterval: 60\n",
            listed.replace("nonMasqueradeCIDRs", "NonMasqueradeCidrs"),
            listed.replace("nonMasqueradeCIDRs", "nonMasqueradeCidr"),
            listed + "  - 10.1.0.1/16\n", "nonMasqueradeCIDRs:\n", "nonMasqueradeCIDRs: []\n",
            f"nonMasqueradeCIDRs: {chosen[0]}\n", "", "# nothing yet\n", "cidrLimit: 0\n", f"config:\n  {listed}",
        )
    )  # fmt: skip
