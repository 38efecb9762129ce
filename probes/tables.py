"""Reads nodes' nat tables: in the masquerade agent's own pod, which may, or in the probe pod where that may."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from probes import kube
from probes.cluster_reads import AGENT, SYSTEM, agent_daemonset, agent_selector
from probes.errors import CallError
from probes.kube import Kube
from probes.place import Place, place
from probes.prober import Prober

COMMANDS = (("iptables-save", "-t", "nat"), ("iptables-legacy-save", "-t", "nat"), ("iptables-nft-save", "-t", "nat"))
SECONDS = 10.0

Json = Mapping[str, Any]


class NatTables:
    """The nat tables of one cluster's nodes."""

    def __init__(self, client: Kube, prober: Prober) -> None:
        self._kube = client
        self._prober = prober

    def agents(self) -> dict[str, Json]:
        """The agent's running pod on each node that has one, read now. Raises CallError."""
        selector = f"k8s-app={AGENT}"
        try:
            daemonsets = self._kube.list(kube.path("apps/v1", "daemonsets", SYSTEM))
        except CallError:
            pass
        else:
            if agent_daemonset(daemonsets) is None:
                return {}
            selector = agent_selector(daemonsets) or selector
        pods = self._kube.list(kube.path("v1", "pods", SYSTEM), {"labelSelector": selector})
        return by_node(pods["items"])

    def read(self, agent: Json | None, probe_pod: Place | None) -> str:
        """The nat table as iptables-save prints it, from the first place that can. Raises CallError when none can."""
        failed = CallError("not-found", "no pod on this node can read it: neither a masquerade agent nor a probe pod")
        for where in (place(agent) if agent is not None else None, probe_pod):
            if not isinstance(where, Place):
                continue
            for argv in COMMANDS:
                try:
                    done = self._prober.command(where, argv, SECONDS)
                except CallError as error:
                    failed = error
                    break
                if done.exit_code == 0 and "*nat" in done.stdout and _has_rules(done.stdout):
                    return done.stdout
                said = " ".join((done.stderr or done.cut or "no rules").split())[:300]
                failed = CallError("error", f"{' '.join(argv)} in {where.ref}: {said}")
        raise failed


def agent_pods(daemonsets: Sequence[Json], pods: Sequence[Json]) -> dict[str, Json]:
    """The agent's running pods among `pods`, by the name of their node."""
    agent = agent_daemonset({"items": list(daemonsets)})
    labels = (((agent or {}).get("spec") or {}).get("selector") or {}).get("matchLabels") or {"k8s-app": AGENT}
    mine = [pod for pod in pods if labels.items() <= ((pod.get("metadata") or {}).get("labels") or {}).items()]
    return by_node(mine)


def by_node(pods: object) -> dict[str, Json]:
    """Pods that run, by the name of their node."""
    found: dict[str, Json] = {}
    for pod in pods if isinstance(pods, list) else []:
        node = (pod.get("spec") or {}).get("nodeName")
        if (
            node
            and (pod.get("status") or {}).get("phase") == "Running"
            and not pod["metadata"].get("deletionTimestamp")
        ):
            found[str(node)] = pod
    return found


def _has_rules(text: str) -> bool:
    return any(line.startswith("-A ") for line in text.splitlines())
