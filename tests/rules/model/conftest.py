"""Small worlds for the tests of the model, written as the APIs would answer and changed by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from rules.build import build
from rules.path import Hop, Source, Verdict, Walk
from rules.snapshot import PodRef, Target, Vpc, from_json
from rules.walk import walk
from rules.world import World

API = "https://www.googleapis.com/compute/v1/projects"
REGION = "asia-northeast1"
ZONE = "asia-northeast1-a"
Object = dict[str, Any]


class Draft:
    """The raw objects of one world. Every method adds to it and returns what it added, to be changed further."""

    def __init__(self) -> None:
        self.kubernetes: dict[str, Any] = {
            kind: {"kind": "List", "items": []}
            for kind in (
                "nodes",
                "pods",
                "daemonsets",
                "configmaps",
                "networkpolicies",
                "services",
                "egressnatpolicies",
            )
        }
        self.clusters: list[Object] = []
        self.compute: dict[str, dict[str, list[Object]]] = {}
        self.node_nat: dict[str, str] = {}
        self.gaps: list[Object] = []

    # Compute ---------------------------------------------------------------------------------------------------

    def project(self, name: str) -> dict[str, list[Object]]:
        kinds = ("networks", "subnetworks", "routes", "instances", "forwardingRules", "routers", "effectiveFirewalls")
        return self.compute.setdefault(name, {kind: [] for kind in kinds})

    def network(self, project: str, name: str, *, default_route: bool = True, **keys: Any) -> Object:
        url = f"{API}/{project}/global/networks/{name}"
        item: Object = {"name": name, "selfLink": url, "peerings": [], **keys}
        self.project(project)["networks"].append(item)
        self.project(project)["effectiveFirewalls"].append({"network": url, "firewalls": [], "firewallPolicys": []})
        if default_route:
            gateway = f"{API}/{project}/global/gateways/default-internet-gateway"
            self.route(project, name, "0.0.0.0/0", nextHopGateway=gateway)
        return item

    def subnet(self, project: str, network: str, cidr: str, region: str = REGION, **secondary: str) -> Object:
        item = {
            "name": f"subnet-{cidr.replace('/', '-').replace('.', '-')}",
            "network": f"{API}/{project}/global/networks/{network}",
            "region": f"{API}/{project}/regions/{region}",
            "ipCidrRange": cidr,
            "secondaryIpRanges": [{"rangeName": name, "ipCidrRange": each} for name, each in secondary.items()],
        }
        self.project(project)["subnetworks"].append(item)
        return item

    def route(self, project: str, network: str, dest: str, **keys: Any) -> Object:
        routes = self.project(project)["routes"]
        item = {
            "name": f"route-{len(routes)}",
            "network": f"{API}/{project}/global/networks/{network}",
            "destRange": dest,
            "priority": 1000,
            **keys,
        }
        routes.append(item)
        return item

    def vm(self, project: str, network: str, name: str, address: str, zone: str = ZONE, **keys: Any) -> Object:
        nic = {"network": f"{API}/{project}/global/networks/{network}", "networkIP": address, "aliasIpRanges": []}
        item = {
            "name": name,
            "zone": f"{API}/{project}/zones/{zone}",
            "status": "RUNNING",
            "canIpForward": False,
            "networkInterfaces": [nic],
            "tags": {"items": []},
            **keys,
        }
        self.project(project)["instances"].append(item)
        return item

    def peer(self, one: str, other: str, **keys: Any) -> tuple[Object, Object]:
        """Peer `PROJECT/NETWORK` with another; keys prefixed a_ or b_ go to that side."""
        sides = []
        for side, mine, theirs in (("a", one, other), ("b", other, one)):
            project, network = theirs.split("/")
            own: Object = {
                "name": f"{mine.split('/')[1]}-to-{network}",
                "network": f"{API}/{project}/global/networks/{network}",
                "state": "ACTIVE",
            }
            own |= {key[2:]: value for key, value in keys.items() if key.startswith(f"{side}_")}
            self.find_network(mine)["peerings"].append(own)
            sides.append(own)
        return sides[0], sides[1]

    def find_network(self, vpc: str) -> Object:
        project, name = vpc.split("/")
        return next(item for item in self.compute[project]["networks"] if item["name"] == name)

    def admit(self, vpc: str, *ranges: str, **keys: Any) -> Object:
        """An ingress rule that allows tcp and icmp from `ranges`."""
        rules = self.effective(vpc)["firewalls"]
        item = {
            "name": f"admit-{len(rules)}",
            "direction": "INGRESS",
            "priority": 1000,
            "sourceRanges": list(ranges),
            "allowed": [{"IPProtocol": "tcp"}, {"IPProtocol": "icmp"}],
            **keys,
        }
        rules.append(item)
        return item

    def effective(self, vpc: str) -> Object:
        project, name = vpc.split("/")
        found = self.compute[project]["effectiveFirewalls"]
        return next(item for item in found if item["network"].endswith(f"/{name}") and not item.get("instance"))

    # Kubernetes ------------------------------------------------------------------------------------------------

    def items(self, kind: str) -> list[Object]:
        found: list[Object] = self.kubernetes[kind]["items"]
        return found

    def node(self, name: str, address: str, slice: str, project: str = "project-a", **status: Any) -> Object:
        item = {
            "metadata": {
                "name": name,
                "labels": {"kubernetes.io/os": "linux"},
                "creationTimestamp": "2026-01-01T00:00:00Z",
            },
            "spec": {"podCIDR": slice, "podCIDRs": [slice], "providerID": f"gce://{project}/{ZONE}/{name}"},
            "status": {
                "addresses": [{"type": "InternalIP", "address": address}],
                "nodeInfo": {"kubeletVersion": "v1.30.5-gke.100", **status},
                "conditions": [{"type": "Ready", "status": "True"}],
            },
        }
        self.items("nodes").append(item)
        return item

    def pod(self, name: str, node: str, address: str, namespace: str = "default", **labels: str) -> Object:
        item: Object = {
            "metadata": {"name": name, "namespace": namespace, "labels": labels},
            "spec": {"nodeName": node, "containers": [{"name": "main", "image": "curlimages/curl"}]},
            "status": {"phase": "Running", "podIP": address, "conditions": [{"type": "Ready", "status": "True"}]},
        }
        self.items("pods").append(item)
        return item

    def agent(
        self, *nodes: str, args: tuple[str, ...] = ("--masq-chain=IP-MASQ", "--nomasq-all-reserved-ranges")
    ) -> Object:
        """The DaemonSet as GKE installs it, with a ready pod on each of `nodes`."""
        volume = {
            "name": "config",
            "configMap": {
                "name": "ip-masq-agent",
                "optional": True,
                "items": [{"key": "config", "path": "ip-masq-agent"}],
            },
        }
        container = {
            "name": "ip-masq-agent",
            "image": "gke.gcr.io/ip-masq-agent:v2.12.6-gke.15@sha256:0",
            "args": list(args),
            "volumeMounts": [{"name": "config", "mountPath": "/etc/config"}],
        }
        item = {
            "metadata": {"name": "ip-masq-agent", "namespace": "kube-system"},
            "spec": {"template": {"spec": {"containers": [container], "volumes": [volume]}}},
        }
        self.items("daemonsets").append(item)
        for node in nodes:
            pod = self.pod(f"ip-masq-agent-{node}", node, "", "kube-system")
            pod["metadata"]["ownerReferences"] = [{"kind": "DaemonSet", "name": "ip-masq-agent"}]
            pod["spec"]["hostNetwork"] = True
        return item

    def config_map(
        self, text: str, *, name: str = "ip-masq-agent", key: str = "config", namespace: str = "kube-system"
    ) -> Object:
        item = {"metadata": {"name": name, "namespace": namespace}, "data": {key: text}}
        self.items("configmaps").append(item)
        return item

    # Answers ---------------------------------------------------------------------------------------------------

    def json(self) -> Object:
        return {
            "schema": "wayhome.snapshot/1",
            "taken_at": "2026-11-23T00:00:00Z",
            "version": "0",
            "question": {"pod": {"namespace": "default", "name": "my-pod"}, "target": {"ip": "10.2.0.10"}},
            "kubernetes": self.kubernetes,
            "container": {"clusters": self.clusters} if self.clusters else {},
            "compute": self.compute,
            "node_nat": self.node_nat,
            "gaps": self.gaps,
        }

    def world(self) -> World:
        return build(from_json(self.json()))

    def walk(self, source: str, target: str, *, port: int | None = 80, protocol: str = "tcp") -> Walk:
        """Walk from `pod NAME`, `node NAME` or `vm PROJECT/NAME`."""
        kind, name = source.split()
        start = {
            "pod": Source(pod=PodRef("default", name)),
            "node": Source(node=name),
            "vm": Source(vm=name),
        }[kind]
        return walk(self.world(), start, Target(target, port, protocol))


def article() -> Draft:
    """The article's system, healthy but for the routes that do not cross the peering."""
    draft = Draft()
    for project, network, cidr in (("project-a", "vpc-a", "10.1.0.0/16"), ("project-b", "vpc-b", "10.2.0.0/16")):
        draft.network(project, network)
        draft.subnet(project, network, cidr)
        draft.admit(f"{project}/{network}", "10.1.0.0/16", "10.2.0.0/16", "172.16.0.0/16")
    draft.peer("project-a/vpc-a", "project-b/vpc-b")
    for number in (1, 2):
        name = f"gke-node-0{number}"
        draft.vm("project-a", "vpc-a", name, f"10.1.0.1{number}", canIpForward=True)
        draft.node(name, f"10.1.0.1{number}", f"172.16.{number}.0/24")
        hop = f"{API}/project-a/zones/{ZONE}/instances/{name}"
        draft.route("project-a", "vpc-a", f"172.16.{number}.0/24", nextHopInstance=hop, description="k8s-node-route")
    draft.vm("project-a", "vpc-a", "test-gce-01", "10.1.0.21")
    draft.vm("project-b", "vpc-b", "target-gce-01", "10.2.0.10")
    draft.pod("my-pod", "gke-node-01", "172.16.1.5")
    draft.pod("other-pod", "gke-node-02", "172.16.2.7")
    draft.agent("gke-node-01", "gke-node-02")
    draft.clusters.append(
        {
            "name": "cluster-1",
            "location": ZONE,
            "clusterIpv4Cidr": "172.16.0.0/16",
            "servicesIpv4Cidr": "10.96.0.0/16",
            "ipAllocationPolicy": {"useRoutes": True},
            "networkConfig": {"defaultSnatStatus": {}},
            "networkPolicy": {},
        }
    )
    return draft


A = Vpc("project-a", "vpc-a")
B = Vpc("project-b", "vpc-b")


@pytest.fixture
def draft() -> Draft:
    """The article's system, to be changed."""
    return article()


@pytest.fixture
def empty() -> Draft:
    """No system at all."""
    return Draft()


@pytest.fixture
def shape() -> Callable[[Walk], list[str]]:
    """A walk as one line a hop: `leg kind verdict reason`, hops that went well left out."""

    def lines(found: Walk) -> list[str]:
        def line(hop: Hop) -> str:
            return f"{hop.leg.value} {hop.kind} {hop.verdict.value} {hop.reason}".strip()

        return [line(hop) for hop in found.hops if hop.verdict is not Verdict.OK]

    return lines
