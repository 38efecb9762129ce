"""What a login may do in a cluster, asked of the server itself, and what each missing right costs.

A SelfSubjectAccessReview is a question in the form of a POST: it changes nothing and everybody may ask it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from probes.errors import CallError
from probes.kube import Kube
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
        resource = f"{self.resource}.{self.group}" if self.group else self.resource
        return f"{self.verb} {resource}" + (f" -n {self.namespace}" if self.namespace else "")


@dataclass(frozen=True)
class Right:
    """Whether a need is met; `held` is None where the server would not say, and `why` its words."""

    need: Need
    held: bool | None
    why: str = ""


def needs(pod: PodRef) -> tuple[Need, ...]:
    """All rights that a diagnosis and the remedies use, the most important first."""
    space = pod.namespace
    changes = _("the masquerade remedies cannot be applied from here; their commands are shown")
    return (
        Need("get", "pods", "", space, _("nothing can be asked about this pod")),
        Need("create", "pods/exec", "", space, _("no measurement from the pod; the verdict rests on routes alone")),
        Need("create", "pods", "", space, _("no measurement from the pod's node")),
        Need("delete", "pods", "", space, _("a probe pod ends by its deadline and stays listed")),
        Need("list", "nodes", "", "", _("only the pod's own node is known, if that")),
        Need("list", "pods", "", SYSTEM, _("whether a masquerade agent runs on each node is not known")),
        Need("list", "daemonsets", "apps", SYSTEM, _("whether there is a masquerade agent is not known")),
        Need("get", "configmaps", "", SYSTEM, _("whose address the packets wear is not known")),
        Need(
            "list", "networkpolicies", "networking.k8s.io", space, _("whether a policy stops the packet is not known")
        ),
        Need("list", "services", "", "", _("the range of services is not known")),
        Need("list", "events", "", "default", _("what keeps the route of a node's pods from being made is not known")),
        Need("create", "configmaps", "", SYSTEM, changes),
        Need("update", "configmaps", "", SYSTEM, changes),
        Need("delete", "configmaps", "", SYSTEM, _("a ConfigMap that was made cannot be taken back from here")),
    )


def ask(client: Kube, pod: PodRef, told: Callable[[Right], None] = lambda _right: None) -> tuple[Right, ...]:
    """Ask the server about every need."""
    found = []
    for need in needs(pod):
        right = _one(client, need)
        told(right)
        found.append(right)
    return tuple(found)


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
