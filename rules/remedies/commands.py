"""Commands as a person would type them; every word from outside is quoted."""

from __future__ import annotations

import json
import shlex

from rules.snapshot import Vpc


def create_config_map(namespace: str, name: str, key: str, text: str) -> tuple[str, ...]:
    """Write the file and make the ConfigMap from it, as the agent's documentation shows."""
    ending = "EOF"
    while ending in text.split("\n"):
        ending += "_"
    written = f"cat > {shlex.quote(key)} <<'{ending}'\n{text.rstrip(chr(10))}\n{ending}"
    made = ("kubectl", "create", "configmap", name, "--namespace", namespace, "--from-file", key)
    return (written, shlex.join(made))


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
