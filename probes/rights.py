"""What a login may do in a cluster, asked of the server itself, and what each missing right costs.

A SelfSubjectAccessReview is a question in the form of a POST: it changes nothing and everybody may ask it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from probes.errors import CallError
from probes.kube import Kube
from probes.reader import together
from rules.snapshot import PodRef
from rules.words import _

_PATH = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
SYSTEM = "kube-system"


@dataclass(frozen=True)
class Need:
    """A right that wayhome uses: verb, resource with its subresource and group, namespace, and what goes without it."""

    verb: str
    resource: str
    group: str
    namespace: str
    cost: str

    @property
    def permission(self) -> str:
        """The right as RBAC writes it, with where it is needed."""
        return f"{self.verb} {self.qualified}" + (f" -n {self.namespace}" if self.namespace else "")

    @property
    def qualified(self) -> str:
        """The resource as `kubectl create role` takes it."""
        return f"{self.resource}.{self.group}" if self.group else self.resource


@dataclass(frozen=True)
class Right:
    """Whether a need is met; `held` is None where the server would not say, and `why` its words."""

    need: Need
    held: bool | None
    why: str = ""


def diagnosis(pod: PodRef) -> tuple[Need, ...]:
    """All rights that a diagnosis uses, the most important first.

    A command in a pod is started by a GET that the server may judge as a create as well (from Kubernetes 1.35).
    """
    space, policies = pod.namespace, "networking.k8s.io"
    measured = _("no measurement from the pod; the verdict rests on routes alone")
    return (
        Need("get", "pods", "", space, _("nothing can be asked about this pod unless pods may be listed")),
        Need("get", "pods/exec", "", space, measured),
        Need("create", "pods/exec", "", space, measured),
        Need("create", "pods", "", space, _("no measurement from the pod's node")),
        Need("delete", "pods", "", space, _("a probe pod ends by its deadline and stays listed")),
        Need("patch", "pods/ephemeralcontainers", "", space, _("a pod without tools is measured from a pod beside it")),
        Need("list", "nodes", "", "", _("only the pod's own node is known, if that")),
        Need("list", "pods", "", "", _("what else runs on the node, and with which tools, is not known")),
        Need("list", "pods", "", SYSTEM, _("whether a masquerade agent runs on each node is not known")),
        Need("get", "pods/exec", "", SYSTEM, _("what the node's kernel really masquerades is not known")),
        Need("list", "daemonsets", "apps", SYSTEM, _("whether there is a masquerade agent is not known")),
        Need("get", "configmaps", "", SYSTEM, _("whose address the packets wear is not known")),
        Need("list", "configmaps", "", "", _("a ConfigMap in the wrong namespace is not found")),
        Need("list", "networkpolicies", policies, space, _("whether a policy stops the packet is not known")),
        Need("get", "namespaces", "", space, _("policies that select by namespace are not understood")),
        Need("list", "services", "", "", _("whether the target is a Service is not known")),
        Need("list", "events", "", "default", _("what keeps the route of a node's pods from being made is not known")),
        Need("list", "egressnatpolicies", "networking.gke.io", "", _("whether such a policy masquerades is not known")),
    )


def masquerading() -> tuple[Need, ...]:
    """All rights that the remedies use which change the agent's ConfigMap."""
    by_hand = _by_hand()
    return (
        Need("get", "configmaps", "", SYSTEM, by_hand),
        Need("create", "configmaps", "", SYSTEM, by_hand),
        Need("update", "configmaps", "", SYSTEM, by_hand),
        Need("delete", "configmaps", "", SYSTEM, _("a ConfigMap that was made cannot be taken back from here")),
    )


def deploying() -> tuple[Need, ...]:
    """All rights that deploy-agent uses."""
    return (
        Need("get", "daemonsets", "apps", SYSTEM, _by_hand()),
        Need("create", "daemonsets", "apps", SYSTEM, _by_hand()),
        Need("delete", "daemonsets", "apps", SYSTEM, _("an agent that was deployed cannot be taken back from here")),
    )


def egress_nat() -> tuple[Need, ...]:
    """All rights that egress-nat-policy uses; the policy is the cluster's own, and is written whole."""
    return tuple(Need(verb, "egressnatpolicies", "networking.gke.io", "", _by_hand()) for verb in ("get", "update"))


def _by_hand() -> str:
    return _("not applied from here; the commands are shown")


def ask(client: Kube, needs: Sequence[Need]) -> tuple[Right, ...]:
    """Ask the server about every need, several at a time."""
    found: dict[Need, Right] = {}

    def one(need: Need) -> None:
        found[need] = _one(client, need)

    together(*(partial(one, need) for need in needs))
    return tuple(found[need] for need in needs)


def _one(client: Kube, need: Need) -> Right:
    resource, _slash, subresource = need.resource.partition("/")
    attributes = {"verb": need.verb, "group": need.group, "resource": resource, "subresource": subresource}
    if need.namespace:
        attributes["namespace"] = need.namespace
    review = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": {key: value for key, value in attributes.items() if value}},
    }
    try:
        status = client.send("POST", _PATH, None, review).get("status")
    except CallError as error:
        return Right(need, None, error.detail)
    allowed = status.get("allowed") if isinstance(status, dict) else None
    if not isinstance(allowed, bool):
        return Right(need, None, _("the server's answer has no verdict"))
    return Right(need, allowed, str(status.get("reason") or "") if isinstance(status, dict) else "")
