"""What a login may do in a project, asked of Cloud Resource Manager: networks have no testIamPermissions of their own.

A right that is granted on a single resource alone does not show here. Asking needs no right.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import quote

from probes import cloud, kube
from probes.cloud import Login
from probes.errors import CallError, from_status

RESOURCES = "WAYHOME_RESOURCES_ENDPOINT"
SECONDS = 10.0
GOOGLE = "https://cloudresourcemanager.googleapis.com"

READS = (
    "compute.networks.get",
    "compute.networks.listPeeringRoutes",
    "compute.networks.getEffectiveFirewalls",
    "compute.routes.list",
    "compute.subnetworks.list",
    "compute.instances.list",
    "compute.instances.getEffectiveFirewalls",
    "compute.forwardingRules.list",
    "compute.routers.list",
    "compute.routers.get",
)
OWN_READS = ("compute.instances.get", "container.clusters.get")
CHANGES = ("compute.networks.get", "compute.networks.updatePeering", "compute.globalOperations.get")


def held(login: Login, project: str, permissions: Sequence[str], seconds: float = SECONDS) -> frozenset[str]:
    """Those of `permissions` that the login has in `project`. Raises CallError where the API does not say."""
    at = cloud.endpoint(RESOURCES) or GOOGLE
    path = f"/v1/projects/{quote(project, safe=':')}:testIamPermissions"
    try:
        session = cloud.session(login, RESOURCES)
        response = session.post(
            at + path, json={"permissions": list(permissions)}, timeout=seconds, allow_redirects=False
        )
    except Exception as error:
        raise cloud.failure(error) from error
    try:
        answer = response.json()
    except ValueError:
        answer = None
    if response.status_code != 200:
        said = answer.get("error") if isinstance(answer, Mapping) else None
        message = str(said.get("message", "")) if isinstance(said, Mapping) else response.text[:300]
        raise from_status(response.status_code, message, kube.retry_after(response.headers))
    found = answer.get("permissions", []) if isinstance(answer, Mapping) else None
    if not isinstance(found, list):
        raise CallError("error", "the answer has no list of permissions")
    return frozenset(str(one) for one in found)
