"""The kinds that the lab's Kubernetes serves, and how each is addressed."""

from __future__ import annotations

from dataclasses import dataclass, field

ALL = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")


@dataclass(frozen=True)
class Kind:
    """One kind: API group ("" is core), version, names, scope; `subresources` name → (kind, verbs, group/version)."""

    group: str
    version: str
    plural: str
    singular: str
    kind: str
    namespaced: bool = True
    short: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    verbs: tuple[str, ...] = ALL
    subresources: dict[str, tuple[str, tuple[str, ...], str]] = field(default_factory=dict, hash=False)
    custom: bool = False
    schema: str = ""

    @property
    def api_version(self) -> str:
        """`v1`, `apps/v1` …"""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def resource(self) -> str:
        """`pods`, `daemonsets.apps` …, as error messages name it."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    @property
    def table(self) -> str:
        """The store's table."""
        return f"kube/{self.plural}"

    @property
    def type(self) -> str:
        """The name of its type in schema.json."""
        return self.schema or self.kind

    def key(self, namespace: str, name: str) -> str:
        """The store's key."""
        return f"{namespace}/{name}" if self.namespaced else name


READ_WRITE = ("get", "patch", "update")

PODS = Kind(
    "",
    "v1",
    "pods",
    "pod",
    "Pod",
    short=("po",),
    categories=("all",),
    subresources={
        "attach": ("PodAttachOptions", ("create", "get"), ""),
        "binding": ("Binding", ("create",), ""),
        "ephemeralcontainers": ("Pod", READ_WRITE, ""),
        "eviction": ("Eviction", ("create",), "policy/v1"),
        "exec": ("PodExecOptions", ("create", "get"), ""),
        "portforward": ("PodPortForwardOptions", ("create", "get"), ""),
        "log": ("Pod", ("get",), ""),
        "status": ("Pod", READ_WRITE, ""),
    },
)
NODES = Kind(
    "",
    "v1",
    "nodes",
    "node",
    "Node",
    namespaced=False,
    short=("no",),
    subresources={"status": ("Node", READ_WRITE, "")},
)
NAMESPACES = Kind(
    "",
    "v1",
    "namespaces",
    "namespace",
    "Namespace",
    namespaced=False,
    short=("ns",),
    verbs=tuple(verb for verb in ALL if verb != "deletecollection"),
    subresources={"finalize": ("Namespace", ("update",), ""), "status": ("Namespace", READ_WRITE, "")},
)
CONFIGMAPS = Kind("", "v1", "configmaps", "configmap", "ConfigMap", short=("cm",))
SERVICES = Kind(
    "",
    "v1",
    "services",
    "service",
    "Service",
    short=("svc",),
    categories=("all",),
    subresources={"status": ("Service", READ_WRITE, "")},
)
SERVICE_ACCOUNTS = Kind("", "v1", "serviceaccounts", "serviceaccount", "ServiceAccount", short=("sa",))
EVENTS = Kind("", "v1", "events", "event", "Event", short=("ev",))
DAEMONSETS = Kind(
    "apps",
    "v1",
    "daemonsets",
    "daemonset",
    "DaemonSet",
    short=("ds",),
    categories=("all",),
    subresources={"status": ("DaemonSet", READ_WRITE, "")},
)
NETWORK_POLICIES = Kind(
    "networking.k8s.io", "v1", "networkpolicies", "networkpolicy", "NetworkPolicy", short=("netpol",)
)
LEASES = Kind("coordination.k8s.io", "v1", "leases", "lease", "Lease")
EGRESS_NAT_POLICIES = Kind(
    "networking.gke.io", "v1", "egressnatpolicies", "egressnatpolicy", "EgressNATPolicy", namespaced=False, custom=True
)

STORED = (
    CONFIGMAPS,
    EVENTS,
    NAMESPACES,
    NODES,
    PODS,
    SERVICE_ACCOUNTS,
    SERVICES,
    DAEMONSETS,
    LEASES,
    NETWORK_POLICIES,
    EGRESS_NAT_POLICIES,
)

_CREATE = ("create",)
REVIEWS = (
    Kind(
        "authentication.k8s.io",
        "v1",
        "selfsubjectreviews",
        "selfsubjectreview",
        "SelfSubjectReview",
        namespaced=False,
        verbs=_CREATE,
    ),
    Kind(
        "authorization.k8s.io",
        "v1",
        "selfsubjectaccessreviews",
        "selfsubjectaccessreview",
        "SelfSubjectAccessReview",
        namespaced=False,
        verbs=_CREATE,
    ),
    Kind(
        "authorization.k8s.io",
        "v1",
        "selfsubjectrulesreviews",
        "selfsubjectrulesreview",
        "SelfSubjectRulesReview",
        namespaced=False,
        verbs=_CREATE,
    ),
)

BY_TABLE = {kind.table: kind for kind in STORED}


def find(kinds: tuple[Kind, ...], group: str, version: str, plural: str) -> Kind | None:
    """The kind at that address among `kinds`, or None."""
    for kind in kinds:
        if (kind.group, kind.version, kind.plural) == (group, version, plural):
            return kind
    return None
