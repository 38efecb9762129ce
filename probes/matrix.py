"""The probes: what each one asks, what a person would type to ask the same, and what its answer proves."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from rules.snapshot import PodRef, Target
from rules.words import _

POD = ("pod-local", "pod-peer", "pod-proxy")
NODE = ("node-local", "node-peer")
ORDER = ("pod-local", "node-local", "node-peer", "pod-peer", "pod-proxy")


@dataclass(frozen=True)
class Planned:
    """One probe before it is run. `argv` runs inside, `via` can be pasted into a shell; both are '' and () as long as
    it is not known where the probe goes."""

    id: str
    question: str
    target: Target | None
    argv: tuple[str, ...]
    via: str
    ok_proves: str
    failure_proves: str


def via(pod: PodRef, container: str, argv: Sequence[str], options: Sequence[str] = ()) -> str:
    """The kubectl command that runs `argv` in `pod`; `container` is '' where there is only one."""
    chosen = ("-c", container) if container else ()
    return shlex.join(["kubectl", *options, "exec", "-n", pod.namespace, pod.name, *chosen, "--", *argv])


def planned(id: str, pod: PodRef, node: str, target: Target | None, argv: tuple[str, ...], typed: str) -> Planned:
    """The probe `id` with its words."""
    where = str(target) if target is not None else _("an address in the pod's own network")
    question, ok, failure = _words(id)
    fill = {"pod": str(pod), "node": node or _("the pod's node"), "target": where}
    return Planned(id, question.format(**fill), target, argv, typed, ok.format(**fill), failure.format(**fill))


def _words(id: str) -> tuple[str, str, str]:
    return {
        "pod-local": (
            _("Does the pod {pod} reach {target} in its own network?"),
            _("The pod's address works inside its own VPC: the node forwards it, and answers find the pod again."),
            _("Something near the pod is broken (its node's route, a NetworkPolicy, a firewall): solve this first."),
        ),
        "node-local": (
            _("Does {node} itself reach {target} in its own network?"),
            _("The server and the network are well; it says nothing about packets that wear a pod's address."),
            _("The server is down or a firewall of the own network refuses: choose another --local address."),
        ),
        "node-peer": (
            _("Does {node} itself reach {target} across the peering?"),
            _("Peering, target and firewall work for the node's address; the way there is the pod's way too."),
            _("The peer is not reached at all, so the pod's address is not yet the question: solve this first."),
        ),
        "pod-peer": (
            _("Does the pod {pod} reach {target} across the peering?"),
            _("Both directions work for the pod. Nothing is broken for this target, now, from this node."),
            _("Silence does not say where the packet was lost, there or on the way back. The routes of both sides do."),
        ),
        "pod-proxy": (
            _("Does the pod {pod} reach the target through the proxy {target}?"),
            _("The proxy's own address finds the way back, where the pod's does not: a way around exists."),
            _("The proxy does not listen, does not admit the pod, or does not reach the target itself."),
        ),
    }[id]
