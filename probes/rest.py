"""Google APIs that have no client here: one GET each, with the login that the others use."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from probes import cloud, kube
from probes.cloud import Login
from probes.errors import CallError, from_status

SECONDS = 10.0

Object = dict[str, Any]


def get(login: Login, variable: str, google: str, path: str, seconds: float = SECONDS) -> Object:
    """GET `path` at the endpoint that `variable` names, or at `google`. Raises CallError."""
    at = cloud.endpoint(variable) or google
    try:
        session = cloud.session(login, variable)
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
        raise CallError("error", f"{google.removeprefix('https://')} answered something that is not a JSON object")
    return answer
