"""GKE clusters as the Kubernetes Engine API v1 gives them: `lab.build` writes them into `container/PROJECT`, key
LOCATION/NAME."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from lab.compute.links import CONTAINER_ROOT, CREATED, fingerprint, hexes, network_link, number, relative, scoped
from lab.compute.objects import cluster_prefix
from lab.store import Object


def cluster(
    project: str,
    location: str,
    name: str,
    *,
    network: str,
    subnetwork: str,
    pod_range: str,
    service_range: str,
    routes_based: bool,
    zones: Iterable[str],
    node_count: int,
    version: str = "1.33.5-gke.1201000",
    node_range_size: int = 24,
    pod_range_name: str | None = None,
    service_range_name: str | None = None,
    more_pod_ranges: Mapping[str, str] | None = None,
    network_policy: bool = False,
    dataplane_v2: bool = False,
    autopilot: bool = False,
    multi_network: bool = False,
    default_snat_disabled: bool = False,
    fqdn_policies: bool = False,
    cilium_policies: bool = False,
    endpoint: str = "127.0.0.1",
    ca: str = "",
    node_tags: Iterable[str] = (),
    service_account: str = "default",
    created: str = CREATED,
) -> Object:
    """A cluster with one node pool. `routes_based` chooses between the two kinds of pod addressing; a VPC-native one
    names the secondary ranges. `ca` is the control plane's certificate authority (PEM in base64)."""
    places = list(zones)
    region = location if location.count("-") == 1 else location.rsplit("-", 1)[0]
    where = "locations" if location == region else "zones"
    self_link = f"{CONTAINER_ROOT}projects/{project}/{where}/{location}/clusters/{name}"
    node_config: Object = {
        "machineType": "e2-medium",
        "diskSizeGb": 100,
        "diskType": "pd-balanced",
        "imageType": "COS_CONTAINERD",
        "oauthScopes": ["https://www.googleapis.com/auth/cloud-platform"],
        "serviceAccount": service_account,
        "metadata": {"disable-legacy-endpoints": "true"},
        "tags": list(node_tags),
        "shieldedInstanceConfig": {"enableIntegrityMonitoring": True},
    }
    groups = [
        f"https://www.googleapis.com/compute/v1/projects/{project}/zones/{zone}/instanceGroupManagers/"
        f"{cluster_prefix(project, location, name)}-grp"
        for zone in places
    ]
    pool: Object = {
        "name": "default-pool",
        "config": node_config,
        "initialNodeCount": max(1, node_count // max(1, len(places))),
        "locations": places,
        "selfLink": f"{self_link}/nodePools/default-pool",
        "version": version,
        "instanceGroupUrls": groups,
        "status": "RUNNING",
        "management": {"autoUpgrade": True, "autoRepair": True},
        "podIpv4CidrSize": node_range_size,
        "upgradeSettings": {"maxSurge": 1, "strategy": "SURGE"},
        "etag": hexes(f"{self_link}/default-pool", 16),
    }
    addressing: Object = {
        "clusterIpv4Cidr": pod_range,
        "clusterIpv4CidrBlock": pod_range,
        "servicesIpv4Cidr": service_range,
        "servicesIpv4CidrBlock": service_range,
        "stackType": "IPV4",
        "podCidrOverprovisionConfig": {},
    }
    if routes_based:
        addressing["useRoutes"] = True
    else:
        addressing["useIpAliases"] = True
        pool["maxPodsConstraint"] = {"maxPodsPerNode": "110"}
        pool["networkConfig"] = {"podIpv4CidrBlock": pod_range}
        if pod_range_name is not None:
            addressing["clusterSecondaryRangeName"] = pod_range_name
            pool["networkConfig"]["podRange"] = pod_range_name
        if service_range_name is not None:
            addressing["servicesSecondaryRangeName"] = service_range_name
        if more_pod_ranges:
            addressing["additionalPodRangesConfig"] = {"podRangeNames": list(more_pod_ranges)}
    net = network_link(project, network)
    subnet = scoped(project, f"regions/{region}", "subnetworks", subnetwork)
    found: Object = {
        "name": name,
        "id": hexes(self_link, 64),
        "description": "",
        "selfLink": self_link,
        "location": location,
        "locations": places,
        "zone": location,
        "createTime": created,
        "status": "RUNNING",
        "network": net.rsplit("/", 1)[-1],
        "subnetwork": subnet.rsplit("/", 1)[-1],
        "networkConfig": {
            "network": relative(net),
            "subnetwork": relative(subnet),
            "datapathProvider": "ADVANCED_DATAPATH" if dataplane_v2 else "LEGACY_DATAPATH",
            "defaultSnatStatus": {"disabled": True} if default_snat_disabled else {},
            "serviceExternalIpsConfig": {},
            **({"enableMultiNetworking": True} if multi_network else {}),
            **({"enableFqdnNetworkPolicy": True} if fqdn_policies else {}),
            **({"enableCiliumClusterwideNetworkPolicy": True} if cilium_policies else {}),
        },
        "clusterIpv4Cidr": pod_range,
        "servicesIpv4Cidr": service_range,
        "ipAllocationPolicy": addressing,
        "endpoint": endpoint,
        "masterAuth": {"clusterCaCertificate": ca},
        "masterAuthorizedNetworksConfig": {},
        "initialClusterVersion": version,
        "currentMasterVersion": version,
        "currentNodeVersion": version,
        "currentNodeCount": node_count,
        "initialNodeCount": pool["initialNodeCount"],
        "instanceGroupUrls": groups,
        "nodeConfig": node_config,
        "nodePools": [pool],
        "networkPolicy": {"enabled": True, "provider": "CALICO"} if network_policy else {},
        "addonsConfig": {"networkPolicyConfig": {} if network_policy else {"disabled": True}},
        "autopilot": {"enabled": True} if autopilot else {},
        "legacyAbac": {},
        "labelFingerprint": hexes(f"{self_link} labels", 8),
        "loggingService": "logging.googleapis.com/kubernetes",
        "monitoringService": "monitoring.googleapis.com/kubernetes",
        "maintenancePolicy": {"resourceVersion": hexes("", 8)},
        "releaseChannel": {"channel": "REGULAR"},
        "shieldedNodes": {"enabled": True},
        "databaseEncryption": {"state": "DECRYPTED", "currentState": "CURRENT_STATE_DECRYPTED"},
        "etag": fingerprint(number(self_link)),
    }
    if routes_based:
        found["nodeIpv4CidrSize"] = node_range_size
    return found
