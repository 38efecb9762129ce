"""The Kubernetes objects of a scenario, as a GKE cluster shows them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from ipaddress import IPv4Network
from typing import Any

from lab.build.cloud import prefix
from lab.build.daemonset import agent_daemonset, agent_pod
from lab.build.node import node_object
from lab.build.pod import host_ip, pod_object
from lab.build.times import Times, uid
from lab.scenario.model import ClusterPlan, ConfigPlan, NodePlan, PolicyPlan, Scenario, ServicePlan
from lab.store import Object, Store

NAMESPACES = ("default", "kube-node-lease", "kube-public", "kube-system")


def populate(store: Store, scenario: Scenario, times: Times) -> None:
    """Write every Kubernetes object of the scenario's cluster."""
    cluster = scenario.cluster
    spaces = {pod.ref.namespace for pod in scenario.pods} | {policy.namespace for policy in scenario.policies}
    spaces |= {service.ref.namespace for service in scenario.services}
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
    for service in scenario.services:
        store.table("kube/services").create(str(service.ref), _plain_service(cluster, service, times))
    for name, ranges in scenario.egress_nat.items():
        store.table("kube/egressnatpolicies").create(name, _egress_nat(cluster, name, ranges, times))
    for node in scenario.nodes:
        if node.route_refused:
            event = _refusal(cluster, node, times)
            store.table("kube/events").create(f"default/{event['metadata']['name']}", event)
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


def _plain_service(cluster: ClusterPlan, service: ServicePlan, times: Times) -> Object:
    meta = _meta(cluster, "Service", service.ref.namespace, service.ref.name, times.pods)
    address = str(service.address)
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": meta,
        "spec": {
            "type": "ClusterIP",
            "clusterIP": address,
            "clusterIPs": [address],
            "ipFamilies": ["IPv4"],
            "ipFamilyPolicy": "SingleStack",
            "internalTrafficPolicy": "Cluster",
            "ports": [{"port": service.port, "protocol": "TCP", "targetPort": service.port}],
            "selector": dict(service.pods),
            "sessionAffinity": "None",
        },
        "status": {"loadBalancer": {}},
    }


def _egress_nat(cluster: ClusterPlan, name: str, ranges: Iterable[IPv4Network], times: Times) -> Object:
    return {
        "apiVersion": "networking.gke.io/v1",
        "kind": "EgressNATPolicy",
        "metadata": {**_meta(cluster, "EgressNATPolicy", "", name, times.cluster), "generation": 1},
        "spec": {"action": "NoSNAT", "destinations": [{"cidr": str(found)} for found in ranges]},
    }


def _refusal(cluster: ClusterPlan, node: NodePlan, times: Times) -> Object:
    """The event with which the route controller says that it could not make a node's route."""
    meta = _meta(cluster, "Event", "default", f"{node.name}.route", times.node(node))
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": meta,
        "involvedObject": {"kind": "Node", "name": node.name, "uid": node.name},
        "reason": "FailedToCreateRoute",
        "message": f"Could not create route for node {node.name}: {node.route_refused}",
        "type": "Warning",
        "source": {"component": "route_controller"},
        "reportingComponent": "route_controller",
        "reportingInstance": "",
        "count": 12,
        "firstTimestamp": times.node(node),
        "lastTimestamp": times.ago(timedelta(seconds=20)),
        "eventTime": None,
    }


def _config_map(cluster: ClusterPlan, config: ConfigPlan, times: Times) -> Object:
    made = times.config if config.made is None else times.ago(config.made)
    meta = _meta(cluster, "ConfigMap", config.namespace, config.name, made)
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
