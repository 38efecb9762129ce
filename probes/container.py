"""The GKE API: one GET for the cluster."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from probes import rest, shape
from probes.cloud import CONTAINER, Login

GOOGLE = "https://container.googleapis.com"

Object = dict[str, Any]


def cluster(login: Login, project: str, location: str, name: str, seconds: float = rest.SECONDS) -> Object:
    """GET projects.locations.clusters. Raises CallError."""
    path = f"/v1/projects/{quote(project, safe=':')}/locations/{quote(location)}/clusters/{quote(name)}"
    found = rest.get(login, CONTAINER, GOOGLE, path, seconds)
    shape.cluster(found)
    return found
