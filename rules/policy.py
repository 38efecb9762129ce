"""Kubernetes NetworkPolicy: may this pod send, may that pod be reached? ALLOW, DENY or UNKNOWN.

Policies only ever add permission to pods that some policy selects (networking.k8s.io/v1). They act on the node before
source NAT; pods on the node's own network and replies are exempt; in a cluster that does not enforce them they are
inert, and a pod's own node always reaches it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import Any

from rules.build.kubernetes import Pods
from rules.build.read import network, number, objects, text, texts
from rules.firewall import Answer
from rules.memo import per_world
from rules.snapshot import Json, PodRef
from rules.words import _
from rules.world import Pod, World


@dataclass(frozen=True)
class PolicyRuling:
    """The answer, the policy behind it as NAMESPACE/NAME ('' when none selects the pod) and what to tell a person."""

    answer: Answer
    policy: str
    sentence: str


@dataclass(frozen=True)
class Flow:
    """One connection as policies see it: the other end's address, pod (None: no pod), protocol and port."""

    address: IPv4Address
    pod: Pod | None
    protocol: str
    port: int | None


def egress(world: World, pod: Pod, dest: IPv4Address, protocol: str = "tcp", port: int | None = None) -> PolicyRuling:
    """May `pod` open a connection to `dest`?"""
    return _ruling(world, pod, "Egress", Flow(dest, pod_at(world, dest), protocol, port))


def ingress(
    world: World, pod: Pod, source: IPv4Address, protocol: str = "tcp", port: int | None = None
) -> PolicyRuling:
    """May `source` open a connection to `pod`?"""
    node = world.nodes.get(pod.node)
    if node is not None and source == node.address and not pod.host_network:
        return PolicyRuling(Answer.ALLOW, "", _("NetworkPolicies never keep a node from its own pods."))
    return _ruling(world, pod, "Ingress", Flow(source, pod_at(world, source), protocol, port))


def pod_at(world: World, address: IPv4Address) -> Pod | None:
    """The pod that owns `address`, or None; pods on their node's network own none."""
    pods = world.pods or {}
    refs = pods.at(str(address)) if isinstance(pods, Pods) else _pods_by_address(world).get(str(address), ())
    for ref in reversed(refs):
        pod = pods[ref]
        if not pod.host_network and pod.phase not in ("Succeeded", "Failed"):
            return pod
    return None


@per_world
def _pods_by_address(world: World) -> dict[str, list[PodRef]]:
    found: dict[str, list[PodRef]] = {}
    for ref, pod in (world.pods or {}).items():
        found.setdefault(str(pod.address), []).append(ref)
    return found


def _ruling(world: World, pod: Pod, direction: str, flow: Flow) -> PolicyRuling:
    enforced = world.cluster.network_policy_enforced if world.cluster is not None else None
    if pod.host_network:
        return PolicyRuling(Answer.ALLOW, "", _("NetworkPolicies do not apply to pods on their node's network."))
    if enforced is False:
        return PolicyRuling(Answer.ALLOW, "", _("The cluster does not enforce NetworkPolicies."))
    node = world.nodes.get(pod.node)
    if flow.address == pod.address or (node is not None and flow.address == node.address):
        return PolicyRuling(Answer.ALLOW, "", _("Between a pod and itself or its own node everything is allowed."))
    if world.network_policies is None:
        return PolicyRuling(Answer.UNKNOWN, "", _("The NetworkPolicies could not be read."))
    ruling = _by_policies(world, pod, direction, flow)
    if ruling.answer is Answer.DENY and enforced is None:
        sentence = _("{sentence} Whether the cluster enforces NetworkPolicies could not be read.")
        return PolicyRuling(Answer.UNKNOWN, ruling.policy, sentence.format(sentence=ruling.sentence))
    return ruling


def _by_policies(world: World, pod: Pod, direction: str, flow: Flow) -> PolicyRuling:
    selecting = []
    doubtful = False
    for policy in world.network_policies or ():
        if (text(policy, "metadata", "namespace") or "default") != pod.ref.namespace:
            continue
        if direction in _types(policy) and _selects(_spec(policy).get("podSelector"), pod.labels):
            selecting.append(policy)
    for policy in selecting:
        answers = [
            _rule(world, policy, rule, direction, flow, pod) for rule in objects(policy, "spec", direction.lower())
        ]
        if True in answers:
            sentence = _("NetworkPolicy {policy} allows {flow}.").format(policy=_name(policy), flow=_flow(flow))
            return PolicyRuling(Answer.ALLOW, _name(policy), sentence)
        doubtful = doubtful or None in answers
    names = ", ".join(map(_name, selecting))
    if not selecting:
        sentence = _("No NetworkPolicy selects {pod} for {direction}.").format(pod=pod.ref, direction=direction)
        return PolicyRuling(Answer.ALLOW, "", sentence)
    if doubtful:
        sentence = _("Whether {policies} allow {flow} cannot be told: labels of a namespace could not be read.")
        return PolicyRuling(Answer.UNKNOWN, names, sentence.format(policies=names, flow=_flow(flow)))
    sentence = _("NetworkPolicy {policies} selects {pod} for {direction} and allows nothing like {flow}.").format(
        policies=names, pod=pod.ref, direction=direction, flow=_flow(flow)
    )
    return PolicyRuling(Answer.DENY, names, sentence)


def _spec(policy: Json) -> Mapping[str, Any]:
    found = policy.get("spec")
    return found if isinstance(found, Mapping) else {}


def _name(policy: Json) -> str:
    return f"{text(policy, 'metadata', 'namespace') or 'default'}/{text(policy, 'metadata', 'name')}"


def _flow(flow: Flow) -> str:
    what = flow.protocol if flow.port is None else f"{flow.protocol}:{flow.port}"
    return f"{what} {flow.address}"


def _types(policy: Json) -> tuple[str, ...]:
    """policyTypes; where absent, Ingress always and Egress when there are egress rules."""
    spec = _spec(policy)
    return texts(spec, "policyTypes") or (("Ingress", "Egress") if spec.get("egress") else ("Ingress",))


def _rule(world: World, policy: Json, rule: Json, direction: str, flow: Flow, selected: Pod) -> bool | None:
    peers = list(objects(rule, "to" if direction == "Egress" else "from"))
    # Named ports are the receiving pod's.
    receiver = flow.pod if direction == "Egress" else selected
    if not _port(list(objects(rule, "ports")), flow, receiver):
        return False
    if not peers:
        return True
    namespace = text(policy, "metadata", "namespace") or "default"
    return _any(_peer(world, peer, namespace, flow) for peer in peers)


def _any(answers: Iterable[bool | None]) -> bool | None:
    found = list(answers)
    return True if True in found else None if None in found else False


def _port(ports: list[Json], flow: Flow, receiver: Pod | None) -> bool:
    if not ports:
        return True
    for entry in ports:
        if (text(entry, "protocol") or "TCP").lower() != flow.protocol or flow.port is None:
            continue
        port = entry.get("port")
        if port is None:
            return True
        if isinstance(port, str) and not port.isdigit():
            named = receiver.ports.get(port) if receiver is not None else None
            if named is not None and (named[0].lower(), named[1]) == (flow.protocol, flow.port):
                return True
            continue
        first = int(port)
        if first <= flow.port <= number(entry, "endPort", first):
            return True
    return False


def _peer(world: World, peer: Json, namespace: str, flow: Flow) -> bool | None:
    block = peer.get("ipBlock")
    if isinstance(block, Mapping):
        return _block(world, block, flow)
    if flow.pod is None or flow.pod.host_network:
        return False
    pods, namespaces = peer.get("podSelector"), peer.get("namespaceSelector")
    if isinstance(pods, Mapping) and not _selects(pods, flow.pod.labels):
        return False
    if isinstance(namespaces, Mapping):
        return _selects_namespace(world, namespaces, flow.pod.ref.namespace)
    return flow.pod.ref.namespace == namespace


def _block(world: World, block: Json, flow: Flow) -> bool | None:
    cidr = network(block.get("cidr"))
    if cidr is None or flow.address not in cidr:
        return False
    if any(flow.address in found for entry in texts(block, "except") if (found := network(entry)) is not None):
        return False
    if flow.pod is None:
        return True
    # Calico matches pods by ipBlock, Cilium (Dataplane V2) does not.
    dataplane_v2 = world.cluster.dataplane_v2 if world.cluster is not None else None
    return None if dataplane_v2 is None else not dataplane_v2


def _selects_namespace(world: World, selector: Json, namespace: str) -> bool | None:
    labels = world.namespaces.get(namespace)
    if labels is not None:
        return _selects(selector, {"kubernetes.io/metadata.name": namespace, **labels})
    if not selector.get("matchLabels") and not selector.get("matchExpressions"):
        return True
    keys = {*selector.get("matchLabels", {}), *(text(each, "key") for each in objects(selector, "matchExpressions"))}
    if keys <= {"kubernetes.io/metadata.name"}:
        return _selects(selector, {"kubernetes.io/metadata.name": namespace})
    return None


def _selects(selector: Any, labels: Mapping[str, str]) -> bool:
    """A label selector: an empty one selects everything, matchLabels and matchExpressions must all hold."""
    if not isinstance(selector, Mapping):
        return True
    wanted = selector.get("matchLabels")
    if isinstance(wanted, Mapping) and any(labels.get(key) != value for key, value in wanted.items()):
        return False
    return all(_expression(each, labels) for each in objects(selector, "matchExpressions"))


def _expression(each: Json, labels: Mapping[str, str]) -> bool:
    key, values = text(each, "key"), texts(each, "values")
    match text(each, "operator"):
        case "In":
            return labels.get(key) in values
        case "NotIn":
            return labels.get(key) not in values
        case "Exists":
            return key in labels
        case "DoesNotExist":
            return key not in labels
        case _:
            return False
