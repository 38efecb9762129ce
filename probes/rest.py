"""Google APIs that have no client here: one GET each, with the login that the others use."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from probes import cloud, kube, patience, retry, tasks
from probes.cloud import Login
from probes.errors import CallError, from_status

SECONDS = 10.0

Object = dict[str, Any]


def get(login: Login, variable: str, google: str, path: str, seconds: float = SECONDS) -> Object:
    """GET `path` at the endpoint that `variable` names, or at `google`. Raises CallError."""
    until = time.monotonic() + patience.times(seconds)
    at = cloud.endpoint(variable) or google
    return retry.patiently(lambda: _get(login, variable, at + path, until), until)


def _get(login: Login, variable: str, url: str, until: float) -> Object:
    try:
        with cloud.session(login, variable) as session:
            response = session.get(url, timeout=tasks.left(until), allow_redirects=False)
    except Exception as error:
        raise cloud.failure(error) from error
    try:
        answer = response.json()
    except ValueError:
        answer = None
    if 300 <= response.status_code < 400:
        raise kube.redirected(response.status_code, response.headers.get("Location"))
    if response.status_code != 200:
        said = answer.get("error") if isinstance(answer, Mapping) else None
        message = str(said.get("message", "")) if isinstance(said, Mapping) else response.text[:300]
        failed = from_status(response.status_code, message, kube.retry_after(response.headers))
        failed.permission = cloud.permission(message)
        raise failed
    if not isinstance(answer, dict):
        raise CallError("error", kube.no_object(response.content))
    return answer
