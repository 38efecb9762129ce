"""Shared by the causes of a masquerade that was meant and is not in force (RC16, RC17, RC18, RC20, RC22)."""

from __future__ import annotations

import shlex
from dataclasses import dataclass

from rules.agent_config import AgentConfig
from rules.case import Case
from rules.causes.cause import probes_say
from rules.masquerade import agent_config
from rules.report.model import Next, Status
from rules.words import _
from rules.world import ConfigMap

NAMESPACE = "kube-system"
REMEDIES = ("mend-config", "masquerade-minimal", "masquerade-article")


@dataclass(frozen=True)
class Text:
    """A text that reads as the agent's file, and where it stands."""

    config_map: ConfigMap
    key: str
    config: AgentConfig

    def means(self, case: Case) -> bool:
        """Whether this text, in force, would masquerade packets to the target."""
        config = self.config
        return not config.error and config.given and not any(case.dest in entry for entry in config.ranges)


def mounted(case: Case) -> ConfigMap | None:
    """The ConfigMap that the agent mounts; None when it is absent or ConfigMaps were not read."""
    name = case.world.agent.config_map or "ip-masq-agent"
    found = (each for each in case.world.config_maps or () if (each.namespace, each.name) == (NAMESPACE, name))
    return next(found, None)


def key(case: Case) -> str:
    """The data key that the agent mounts."""
    return case.world.agent.config_key or "config"


def read(case: Case, config_map: ConfigMap, name: str) -> Text:
    """One key of a ConfigMap as the agent would read it."""
    agent = case.world.agent
    config = agent_config(config_map.data[name], all_reserved=agent.all_reserved)
    return Text(config_map, name, config)


def applies(case: Case) -> bool:
    """Whether ConfigMap and agent have a say in this case: Linux, not Autopilot, a pod with its own network."""
    cluster, node, pod = case.world.cluster, case.node, case.pod
    if pod is None or pod.host_network or case.world.config_maps is None:
        return False
    return not (cluster is not None and cluster.autopilot) and (node is None or node.os == "linux")


def blocks(case: Case) -> bool:
    """Whether masquerading is what is missing now: the pod's own address is lost where the node's is not."""
    return case.blocked and not case.told and case.wears_pod_address and bool(case.own_breaks)


def in_vain(case: Case) -> bool:
    """Whether the target sees the pod's own address, so that what was meant is not in force."""
    return case.wears_pod_address


def weight(case: Case) -> Status:
    """Confirmed when it blocks; else a latent fault."""
    return Status.CONFIRMED if blocks(case) else Status.LATENT


def facts(case: Case) -> tuple[str, ...]:
    """The decision in force and the probes, as evidence."""
    said = case.masquerade.sentence if case.masquerade else ""
    return tuple(text for text in (said, probes_say(case)) if text)


def agent_log() -> Next:
    """How to read what the agent itself says."""
    words = ("kubectl", "logs", "--namespace", NAMESPACE, "--selector", "k8s-app=ip-masq-agent", "--tail", "20")
    return Next(_("Read what the agent says of its configuration."), shlex.join(words))


def again(case: Case) -> Next:
    """How to ask once more, on a fresh connection."""
    pod, target = case.question.pod, case.question.target
    words = ("kubectl", "exec", "-n", pod.namespace, pod.name, "--", "curl", "-sS", "-m", "3")
    return Next(
        _("Wait two minutes and ask again, on a fresh connection."),
        shlex.join((*words, f"http://{target.ip}:{target.port or 80}{target.path or '/'}")),
    )
