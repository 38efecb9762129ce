"""Commands as a person would type them; every word from outside is quoted."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from ipaddress import IPv4Address
from typing import Any

import yaml

from rules.snapshot import Vpc
from rules.world import FirewallRule


def create_config_map(namespace: str, name: str, key: str, text: str) -> tuple[str, ...]:
    """Write the file and make the ConfigMap from it, as the agent's documentation shows."""
    made = ("kubectl", "create", "configmap", name, "--namespace", namespace, "--from-file", key)
    return (here_document(key, text), shlex.join(made))


def here_document(name: str, text: str) -> str:
    """Write `text` into the file `name`."""
    ending = "EOF"
    while ending in text.split("\n"):
        ending += "_"
    return f"cat > {shlex.quote(name)} <<'{ending}'\n{text.rstrip(chr(10))}\n{ending}"


def patch_config_map(namespace: str, name: str, data: dict[str, str | None]) -> str:
    """Set the keys of `data`, delete those that are None, leave every other key."""
    patch = json.dumps({"data": data}, ensure_ascii=False)
    words = ("kubectl", "patch", "configmap", name, "--namespace", namespace, "--type", "merge", "--patch", patch)
    return shlex.join(words)


def delete_config_map(namespace: str, name: str) -> str:
    return shlex.join(("kubectl", "delete", "configmap", name, "--namespace", namespace))


def update_peering(vpc: Vpc, peering: str, flag: str) -> str:
    words = ("gcloud", "compute", "networks", "peerings", "update", peering)
    return shlex.join((*words, "--network", vpc.name, "--project", vpc.project, flag))


def list_peering_routes(vpc: Vpc, peering: str, region: str) -> str:
    """What `vpc` gets over a peering, as its own people see it."""
    words = ("gcloud", "compute", "networks", "peerings", "list-routes", peering, "--network", vpc.name)
    return shlex.join((*words, "--project", vpc.project, "--region", region, "--direction", "INCOMING"))


def create_from_file(name: str, wanted: Mapping[str, Any]) -> tuple[str, ...]:
    """Write an object's manifest and create it."""
    text = yaml.safe_dump(dict(wanted), sort_keys=False, default_flow_style=False)
    return (here_document(name, text), shlex.join(("kubectl", "create", "--filename", name)))


def delete(kind: str, namespace: str, name: str) -> str:
    return shlex.join(("kubectl", "delete", kind, name, "--namespace", namespace))


def patch_cluster_object(kind: str, name: str, patch: str) -> str:
    """Merge `patch`, JSON, into an object that belongs to no namespace."""
    return shlex.join(("kubectl", "patch", kind, name, "--type", "merge", "--patch", patch))


def firewall_rule(vpc: Vpc, rule: FirewallRule, dest: IPv4Address | None) -> str:
    """Make an ingress rule; `dest` where it is not the target tags that say for whom it holds."""
    protocol, ports = next(iter(rule.protocols.items()))
    allowed = f"{protocol}:{ports[0][0]}" if ports else protocol
    words = ["gcloud", "compute", "firewall-rules", "create", rule.name, "--project", vpc.project]
    words += ["--network", vpc.name, "--direction", "INGRESS", "--action", "ALLOW", "--rules", allowed]
    words += ["--source-ranges", ",".join(map(str, rule.source_ranges)), "--priority", str(rule.priority)]
    words += ["--destination-ranges", f"{dest}/32"] if dest is not None else []
    words += ["--target-tags", ",".join(sorted(rule.target_tags))] if rule.target_tags else []
    return shlex.join(words)


def delete_firewall_rule(vpc: Vpc, name: str) -> str:
    return shlex.join(("gcloud", "compute", "firewall-rules", "delete", name, "--project", vpc.project))


def list_firewall_rules(vpc: Vpc) -> str:
    """The ingress rules of a network."""
    words = ("gcloud", "compute", "firewall-rules", "list", "--project", vpc.project, "--filter")
    return shlex.join((*words, f"network:{vpc.name} AND direction:INGRESS"))


def create_proxy(vpc: Vpc, zone: str, subnet: str, name: str, conf: str, script: str) -> str:
    """Make a VM without an external address that installs nginx with `conf` when it starts."""
    words = ["gcloud", "compute", "instances", "create", name, "--project", vpc.project, "--zone", zone]
    words += ["--subnet", subnet, "--no-address", "--tags", name, "--machine-type", "e2-small"]
    words += ["--image-family", "debian-12", "--image-project", "debian-cloud"]
    words += ["--metadata-from-file", f"startup-script={script},nginx-conf={conf}"]
    return shlex.join(words)


def install_proxy() -> str:
    """The start-up script: install nginx, take its configuration from the VM's metadata, try it, start it."""
    url = "http://metadata.google.internal/computeMetadata/v1/instance/attributes/nginx-conf"
    return "\n".join(
        (
            "#!/bin/sh",
            "set -e",
            "apt-get update",
            "apt-get install -y --no-install-recommends nginx libnginx-mod-stream curl",
            f"curl -sSf -H 'Metadata-Flavor: Google' -o /etc/nginx/nginx.conf {url}",
            "nginx -t",
            "systemctl restart nginx",
        )
    )


def delete_instance(vpc: Vpc, zone: str, name: str) -> str:
    words = ("gcloud", "compute", "instances", "delete", name, "--project", vpc.project, "--zone", zone)
    return shlex.join(words)
