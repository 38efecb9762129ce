"""What is read from Kubernetes: as wide as the question needs, narrower where rights end."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from probes import kube
from probes.errors import CallError
from probes.kube import Kube
from probes.reader import Reader, together
from rules.snapshot import PodRef

Object = dict[str, Any]

SYSTEM = "kube-system"
AGENT = "ip-masq-agent"
SECONDS = 20.0
_MEANT = ("nonmasqueradecidr", "masqlinklocal", "masq-chain")


class ClusterReads:
    """Reads one cluster for one pod."""

    def __init__(self, client: Kube, reader: Reader, pod: PodRef, pod_object: Object) -> None:
        self._kube = client
        self._reader = reader
        self._evidence = reader.evidence
        self._pod = pod
        self._object = pod_object
        self._node = str((pod_object.get("spec") or {}).get("nodeName") or "")

    def all(self, after_agents: Callable[[], object]) -> None:
        """Everything at once; `after_agents` as soon as the agent's pods are known."""

        def agents() -> None:
            self._agents_and_pods()
            after_agents()

        together(
            self._nodes,
            agents,
            self._config_maps,
            self._network_policies,
            self._services,
            self._namespace,
            self._egress_nat_policies,
            self._route_events,
        )

    def node(self) -> Object | None:
        """The pod's node, or None with a gap."""
        if not self._node:
            return None
        return self._reader.read(
            "kubernetes.nodes.get", self._node, "get nodes", self._get("v1", "nodes", "", self._node)
        )

    def _get(self, group: str, plural: str, namespace: str, name: str) -> Callable[[], Object]:
        return lambda: self._kube.get(kube.path(group, plural, namespace, name))

    def _list(
        self, group: str, plural: str, namespace: str = "", query: Mapping[str, Any] | None = None
    ) -> Callable[[], Object]:
        return lambda: self._kube.list(kube.path(group, plural, namespace), query, SECONDS)

    def _nodes(self) -> None:
        found = self._reader.read("kubernetes.nodes.list", "", "list nodes", self._list("v1", "nodes"))
        if found is not None:
            self._evidence.kubernetes("nodes", found)
        elif (node := self.node()) is not None:
            self._evidence.kubernetes("nodes", _listing("v1", "NodeList", [node]))

    def _agents_and_pods(self) -> None:
        found = self._reader.read(
            "kubernetes.daemonsets.list", SYSTEM, "list daemonsets.apps", self._list("apps/v1", "daemonsets", SYSTEM)
        )
        selector = f"k8s-app={AGENT}"
        if found is not None:
            self._evidence.kubernetes("daemonsets", found)
            selector = agent_selector(found) or selector
        pods: dict[str, Object] = {}

        def agents() -> None:
            listed = self._reader.read(
                "kubernetes.pods.list",
                SYSTEM,
                "list pods",
                self._list("v1", "pods", SYSTEM, {"labelSelector": selector}),
            )
            _add(pods, listed)

        def neighbours() -> None:
            if self._node:
                query = {"fieldSelector": f"spec.nodeName={self._node}"}
                try:
                    _add(
                        pods, self._reader.call("kubernetes.pods.list", self._node, self._list("v1", "pods", "", query))
                    )
                except CallError as error:
                    self._reader.gap(error, "kubernetes.pods.list", self._node, "list pods")

        together(agents, neighbours)
        pods[_key(self._object)] = self._object
        self._evidence.kubernetes("pods", _listing("v1", "PodList", [pods[key] for key in sorted(pods)]))

    def _config_maps(self) -> None:
        """ConfigMaps that are the agent's or look meant to be; the others hold what is nobody's business here."""
        permission = "list configmaps"
        try:
            found = self._reader.call("kubernetes.configmaps.list", "", self._list("v1", "configmaps"))
        except CallError as error:
            self._reader.gap(error, "kubernetes.configmaps.list", "", permission)
            try:
                found = self._reader.call("kubernetes.configmaps.list", SYSTEM, self._list("v1", "configmaps", SYSTEM))
            except CallError as second:
                one = self._one_config_map(second)
                if one is None:
                    return
                found = _listing("v1", "ConfigMapList", one)
        kept = [one for one in found.get("items") or [] if isinstance(one, dict) and _meant(one)]
        self._evidence.kubernetes("configmaps", {**found, "items": kept})

    def _one_config_map(self, second: CallError) -> list[Object] | None:
        try:
            get = self._get("v1", "configmaps", SYSTEM, AGENT)
            return [self._reader.call("kubernetes.configmaps.get", f"{SYSTEM}/{AGENT}", get)]
        except CallError as third:
            if third.why == "not-found":
                return []
            self._reader.gap(second, "kubernetes.configmaps.list", SYSTEM, "list configmaps")
            self._reader.gap(third, "kubernetes.configmaps.get", f"{SYSTEM}/{AGENT}", "get configmaps")
            return None

    def _network_policies(self) -> None:
        group, space = "networking.k8s.io/v1", self._pod.namespace
        found = self._reader.read(
            "kubernetes.networkpolicies.list",
            space,
            "list networkpolicies.networking.k8s.io",
            self._list(group, "networkpolicies", space),
        )
        if found is not None:
            self._evidence.kubernetes("networkpolicies", found)

    def _services(self) -> None:
        found = self._reader.read("kubernetes.services.list", "", "list services", self._list("v1", "services"))
        if found is not None:
            self._evidence.kubernetes("services", found)

    def _route_events(self) -> None:
        """What the route controller says of nodes whose route it could not make."""
        found = self._reader.read(
            "kubernetes.events.list",
            "",
            "list events",
            self._list("v1", "events", "default", {"fieldSelector": "reason=FailedToCreateRoute"}),
        )
        if found is not None:
            self._evidence.kubernetes("events", found)

    def _namespace(self) -> None:
        space = self._pod.namespace
        found = self._reader.read(
            "kubernetes.namespaces.get", space, "get namespaces", self._get("v1", "namespaces", "", space)
        )
        if found is not None:
            self._evidence.kubernetes("namespaces", _listing("v1", "NamespaceList", [found]))

    def _egress_nat_policies(self) -> None:
        group, read = "networking.gke.io/v1", "kubernetes.egressnatpolicies.list"
        try:
            found = self._reader.call(read, "", self._list(group, "egressnatpolicies"))
        except CallError as error:
            if error.why != "not-found":
                self._reader.gap(error, read, "", "list egressnatpolicies.networking.gke.io")
                return
            # The server does not know the kind, so there is none.
            found = _listing(group, "EgressNATPolicyList", [])
        self._evidence.kubernetes("egressnatpolicies", found)


def agent_daemonset(listing: Mapping[str, Any]) -> Object | None:
    """The ip-masq-agent among DaemonSets: by its name, else one whose name says masquerade."""
    items = [one for one in listing.get("items") or [] if isinstance(one, dict)]
    named = [one for one in items if _name(one) == AGENT]
    return next(iter(named or [one for one in items if "masq" in _name(one)]), None)


def agent_selector(listing: Mapping[str, Any]) -> str:
    """The label selector of the agent's pods, or ''."""
    found = agent_daemonset(listing)
    labels = ((found or {}).get("spec") or {}).get("selector", {}).get("matchLabels") or {}
    return ",".join(f"{key}={value}" for key, value in sorted(labels.items()))


def _meant(config_map: Object) -> bool:
    data = config_map.get("data")
    texts = [str(value).lower() for value in data.values()] if isinstance(data, dict) else []
    return "masq" in _name(config_map).lower() or any(word in text for text in texts for word in _MEANT)


def _add(pods: dict[str, Object], listing: Mapping[str, Any] | None) -> None:
    for one in (listing or {}).get("items") or []:
        if isinstance(one, dict):
            pods[_key(one)] = {"apiVersion": "v1", "kind": "Pod", **one}


def _key(item: Object) -> str:
    return f"{(item.get('metadata') or {}).get('namespace')}/{_name(item)}"


def _name(item: Object) -> str:
    metadata = item.get("metadata")
    return str(metadata.get("name", "")) if isinstance(metadata, dict) else ""


def _listing(group: str, kind: str, items: list[Object]) -> Object:
    return {"apiVersion": group, "kind": kind, "metadata": {}, "items": items}
