"""The Kubernetes objects of a scenario, as a GKE cluster shows them."""

from __future__ import annotations

from typing import Any

from lab.build.cloud import prefix
from lab.build.daemonset import agent_daemonset, agent_pod
from lab.build.node import node_object
from lab.build.pod import host_ip, pod_object
from lab.build.times import Times, uid
from lab.scenario.model import ClusterPlan, ConfigPlan, PolicyPlan, Scenario
from lab.store import Object, Store

NAMESPACES = ("default", "kube-node-lease", "kube-public", "kube-system")


def populate(store: Store, scenario: Scenario, times: Times) -> None:
    """Write every Kubernetes object of the scenario's cluster."""
    cluster = scenario.cluster
    spaces = {pod.ref.namespace for pod in scenario.pods} | {policy.namespace for policy in scenario.policies}
    if scenario.config is not None:
        spaces.add(scenario.config.namespace)
    for name in (*NAMESPACES, *sorted(spaces - set(NAMESPACES))):
        store.table("kube/namespaces").create(name, _namespace(cluster, name, times))
        account = _meta(cluster, "ServiceAccount", name, "default", times.cluster)
        made = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": account}
        store.table("kube/serviceaccounts").create(f"{name}/default", made)
    store.table("kube/services").create("default/kubernetes", _service(cluster, times))
    for node in scenario.nodes:
        store.table("kube/nodes").create(node.name, node_object(cluster, node, prefix(cluster), times))
    for pod in scenario.pods:
        made = pod_object(cluster, pod, host_ip(scenario, pod.node), times.pods)
        store.table("kube/pods").create(str(pod.ref), made)
    if scenario.agent.installed:
        _agent(store, scenario, times)
    if scenario.config is not None:
        config = scenario.config
        key = f"{config.namespace}/{config.name}"
        store.table("kube/configmaps").create(key, _config_map(cluster, config, times))
    for policy in scenario.policies:
        store.table("kube/networkpolicies").create(f"{policy.namespace}/{policy.name}", _policy(cluster, policy, times))


def _meta(cluster: ClusterPlan, kind: str, namespace: str, name: str, created: str) -> dict[str, Any]:
    found = {"name": name, "uid": uid(cluster, kind, f"{namespace}/{name}"), "creationTimestamp": created}
    return {**found, "namespace": namespace} if namespace else found


def _namespace(cluster: ClusterPlan, name: str, times: Times) -> Object:
    meta = {**_meta(cluster, "Namespace", "", name, times.cluster), "labels": {"kubernetes.io/metadata.name": name}}
    return {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": meta,
        "spec": {"finalizers": ["kubernetes"]},
        "status": {"phase": "Active"},
    }


def _service(cluster: ClusterPlan, times: Times) -> Object:
    meta = _meta(cluster, "Service", "default", "kubernetes", times.cluster)
    address = str(cluster.service_range[1])
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {**meta, "labels": {"component": "apiserver", "provider": "kubernetes"}},
        "spec": {
            "type": "ClusterIP",
            "clusterIP": address,
            "clusterIPs": [address],
            "ipFamilies": ["IPv4"],
            "ipFamilyPolicy": "SingleStack",
            "internalTrafficPolicy": "Cluster",
            "ports": [{"name": "https", "port": 443, "protocol": "TCP", "targetPort": 443}],
            "sessionAffinity": "None",
        },
        "status": {"loadBalancer": {}},
    }


def _config_map(cluster: ClusterPlan, config: ConfigPlan, times: Times) -> Object:
    meta = _meta(cluster, "ConfigMap", config.namespace, config.name, times.config)
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, "data": {config.key: config.text}}


def _policy(cluster: ClusterPlan, policy: PolicyPlan, times: Times) -> Object:
    meta = {**_meta(cluster, "NetworkPolicy", policy.namespace, policy.name, times.config), "generation": 1}
    blocks = [{"to": [{"ipBlock": {"cidr": str(found)}}]} for found in policy.allow_to]
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": meta,
        "spec": {
            "podSelector": {"matchLabels": dict(policy.pods)} if policy.pods else {},
            "policyTypes": ["Egress"],
            **({"egress": blocks} if blocks else {}),
        },
    }


def _agent(store: Store, scenario: Scenario, times: Times) -> None:
    cluster = scenario.cluster
    nodes = [node for node in scenario.nodes if node.name not in scenario.agent.not_on]
    daemonset = agent_daemonset(cluster, scenario.agent, len(nodes), times)
    store.table("kube/daemonsets").create("kube-system/ip-masq-agent", daemonset)
    for node in nodes:
        made = agent_pod(cluster, daemonset, node, times)
        store.table("kube/pods").create(f"kube-system/{made['metadata']['name']}", made)
