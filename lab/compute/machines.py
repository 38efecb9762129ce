"""VMs as the Compute API gives them, and what it says about routes that lead to them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from lab.compute.links import CREATED, fingerprint, head, network_link, number, project_link, scoped
from lab.store import Object

WARNINGS = {
    "NEXT_HOP_INSTANCE_NOT_FOUND": "The route's next hop instance does not exist.",
    "NEXT_HOP_CANNOT_IP_FORWARD": "The route's next hop instance cannot ip forward.",
    "NEXT_HOP_INSTANCE_NOT_ON_NETWORK": "The route's next hop instance has no network interface in the network.",
    "NEXT_HOP_NOT_RUNNING": "The route's next hop instance is not running.",
    "NEXT_HOP_ADDRESS_NOT_ASSIGNED": "The route's next hop IP address is not assigned to any instance in the network.",
}


def interface(
    project: str,
    network: str,
    subnetwork: str,
    address: str,
    *,
    region: str,
    index: int = 0,
    aliases: Mapping[str, str] | Iterable[str] = (),
    external: str | None = None,
) -> Object:
    """A VM's network interface. `aliases` maps CIDR to the secondary range's name, or lists CIDRs of the primary."""
    found: Object = {
        "kind": "compute#networkInterface",
        "name": f"nic{index}",
        "network": network_link(project, network),
        "subnetwork": scoped(project, f"regions/{region}", "subnetworks", subnetwork),
        "networkIP": address,
        "stackType": "IPV4_ONLY",
        "fingerprint": fingerprint(f"{project}/{network}/{address}"),
    }
    if external is not None:
        found["accessConfigs"] = [
            {
                "kind": "compute#accessConfig",
                "name": "External NAT",
                "type": "ONE_TO_ONE_NAT",
                "natIP": external,
                "networkTier": "PREMIUM",
            }
        ]
    named = aliases if isinstance(aliases, Mapping) else dict.fromkeys(aliases, "")
    if named:
        found["aliasIpRanges"] = [
            {"ipCidrRange": cidr, **({"subnetworkRangeName": word} if word else {})} for cidr, word in named.items()
        ]
    return found


def instance(
    project: str,
    zone: str,
    name: str,
    network: str,
    subnetwork: str,
    address: str,
    *,
    tags: Iterable[str] = (),
    aliases: Mapping[str, str] | Iterable[str] = (),
    external: str | None = None,
    more_interfaces: Iterable[Object] = (),
    service_account: str | None = None,
    can_ip_forward: bool = False,
    status: str = "RUNNING",
    machine: str = "e2-medium",
    labels: Mapping[str, str] | None = None,
    metadata: Mapping[str, str] | None = None,
    description: str = "",
    created: str = CREATED,
) -> Object:
    """A VM with one interface in `network`/`subnetwork`, and `more_interfaces` made by `interface`."""
    self_link = project_link(project, f"zones/{zone}/instances/{name}")
    region = zone.rsplit("-", 1)[0]
    words = list(tags)
    first = interface(project, network, subnetwork, address, region=region, aliases=aliases, external=external)
    return {
        **head("instance", self_link, name, created, description),
        "zone": project_link(project, f"zones/{zone}"),
        "machineType": project_link(project, f"zones/{zone}/machineTypes/{machine}"),
        "cpuPlatform": "Intel Broadwell",
        "status": status,
        "canIpForward": can_ip_forward,
        "tags": {**({"items": words} if words else {}), "fingerprint": fingerprint(f"{self_link} {words}")},
        "networkInterfaces": [first, *more_interfaces],
        "disks": [
            {
                "kind": "compute#attachedDisk",
                "type": "PERSISTENT",
                "mode": "READ_WRITE",
                "source": project_link(project, f"zones/{zone}/disks/{name}"),
                "deviceName": "persistent-disk-0",
                "index": 0,
                "boot": True,
                "autoDelete": True,
                "interface": "SCSI",
                "diskSizeGb": "20",
            }
        ],
        "metadata": {
            "kind": "compute#metadata",
            "fingerprint": fingerprint(f"{self_link} {metadata}"),
            **({"items": [{"key": word, "value": text} for word, text in metadata.items()]} if metadata else {}),
        },
        "serviceAccounts": [
            {
                "email": service_account or f"{number(project)[:12]}-compute@developer.gserviceaccount.com",
                "scopes": ["https://www.googleapis.com/auth/cloud-platform"],
            }
        ],
        "scheduling": {
            "onHostMaintenance": "MIGRATE",
            "automaticRestart": True,
            "preemptible": False,
            "provisioningModel": "STANDARD",
        },
        "labels": dict(labels or {}),
        "labelFingerprint": fingerprint(f"{self_link} {labels}"),
        "startRestricted": False,
        "deletionProtection": False,
        "lastStartTimestamp": created,
        "fingerprint": fingerprint(f"{self_link} {status}"),
    }
