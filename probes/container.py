"""The GKE API: one GET for the cluster."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from probes import cloud, kube
from probes.cloud import CONTAINER, Login
from probes.errors import CallError, from_status

SECONDS = 10.0
GOOGLE = "https://container.googleapis.com"

Object = dict[str, Any]


def cluster(login: Login, project: str, location: str, name: str, seconds: float = SECONDS) -> Object:
    """GET projects.locations.clusters. Raises CallError."""
    at = cloud.endpoint(CONTAINER) or GOOGLE
    path = f"/v1/projects/{quote(project, safe=':')}/locations/{quote(location)}/clusters/{quote(name)}"
    try:
        session = cloud.session(login, CONTAINER)
        response = session.get(at + path, timeout=seconds, allow_redirects=False)
    except Exception as error:
        raise cloud.failure(error) from error
    try:
        answer = response.json()
    except ValueError:
        answer = None
    if response.status_code != 200:
        said = answer.get("error") if isinstance(answer, Mapping) else None
        message = str(said.get("message", "")) if isinstance(said, Mapping) else response.text[:300]
        failed = from_status(response.status_code, message, kube.retry_after(response.headers))
        failed.permission = cloud.permission(message)
        raise failed
    if not isinstance(answer, dict):
        raise CallError("error", "the GKE API answered something that is not a JSON object")
    return answer
