"""Makes real nodes look like GKE's: the providerID that leads to their VMs, and GKE's labels and annotations."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterable
from pathlib import Path

import aiohttp
import yaml

from lab.store import Object

PATCH = {"Content-Type": "application/merge-patch+json"}


async def dress(kubeconfig: Path, nodes: Iterable[Object]) -> None:
    """Patch each node of the cluster that `kubeconfig` leads to with what the lab's Node of the same name has."""
    config = yaml.safe_load(await asyncio.to_thread(kubeconfig.read_text, "utf-8"))
    cluster, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
    trust = ssl.create_default_context(cafile=cluster["certificate-authority"])
    headers = {"Authorization": f"Bearer {user['token']}", **PATCH}
    connector = aiohttp.TCPConnector(ssl=trust)
    async with aiohttp.ClientSession(cluster["server"], headers=headers, connector=connector) as session:
        for node in nodes:
            meta = node["metadata"]
            change = {
                "metadata": {"labels": meta["labels"], "annotations": meta["annotations"]},
                "spec": {"providerID": node["spec"]["providerID"]},
            }
            async with session.patch(f"/api/v1/nodes/{meta['name']}", json=change, raise_for_status=True):
                pass
