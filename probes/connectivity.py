"""The Network Connectivity API: a project's policy-based routes, which come before every route of the Compute API."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from probes import cloud, rest
from probes.cloud import COMPUTE, CONNECTIVITY, Login
from probes.errors import CallError

GOOGLE = "https://networkconnectivity.googleapis.com"
PAGES = 20

Object = dict[str, Any]


def to_be_asked() -> bool:
    """Whether there is such an API to ask: a lab of another version serves the Compute API alone."""
    return cloud.endpoint(CONNECTIVITY) is not None or cloud.endpoint(COMPUTE) is None


def policy_routes(login: Login, project: str) -> list[Object]:
    """projects.locations.global.policyBasedRoutes.list; none where the API was never enabled. Raises CallError."""
    path = f"/v1/projects/{quote(project, safe=':')}/locations/global/policyBasedRoutes?pageSize=500"
    found: list[Object] = []
    token = ""
    for _page in range(PAGES):
        try:
            answer = rest.get(login, CONNECTIVITY, GOOGLE, path + (f"&pageToken={quote(token)}" if token else ""))
        except CallError as error:
            if _never_enabled(error):
                return []
            raise
        found += [one for one in answer.get("policyBasedRoutes") or [] if isinstance(one, dict)]
        token = str(answer.get("nextPageToken") or "")
        if not token:
            break
    return found


def _never_enabled(error: CallError) -> bool:
    """Whether the API is off in the project, so that nobody can have made such a route there."""
    return error.why == "forbidden" and "has not been used in project" in error.detail
