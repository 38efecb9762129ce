"""The official Python client on the lab's Kubernetes server, and plain HTTP for what no client would send."""

from __future__ import annotations

import http.client
import json
import ssl
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pytest
from kubernetes import client, config

Object = dict[str, Any]

ADMIN = "admin-token"


@pytest.fixture
def api(kube_lab: Any) -> Iterator[client.ApiClient]:
    """An ApiClient with every right."""
    made = config.new_client_from_config(str(kube_lab.kubeconfig()))
    yield made
    made.rest_client.pool_manager.clear()
    made.close()


@pytest.fixture
def core(api: client.ApiClient) -> client.CoreV1Api:
    """CoreV1Api with every right."""
    return client.CoreV1Api(api)


@dataclass(frozen=True)
class Answer:
    """An HTTP answer with its JSON."""

    code: int
    body: Any
    headers: dict[str, str]


@pytest.fixture
def http_call(kube_lab: Any) -> Callable[..., Answer]:
    """Send a request as it is: `http_call("GET", "/api")`."""

    def call(method: str, path: str, body: Any = None, token: str | None = ADMIN, **headers: str) -> Answer:
        address = urlsplit(kube_lab.url)
        context = ssl.create_default_context(cafile=str(kube_lab.cert))
        connection = http.client.HTTPSConnection(address.hostname, address.port, timeout=30, context=context)
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if token is not None:
            sent["Authorization"] = f"Bearer {token}"
        data = json.dumps(body).encode() if isinstance(body, dict | list) else body
        if isinstance(body, dict | list):
            sent.setdefault("Content-Type", "application/json")
        try:
            connection.request(method, path, data, sent)
            response = connection.getresponse()
            text = response.read()
        finally:
            connection.close()
        kind = response.headers.get("Content-Type", "")
        found: Any = text
        if text and "json" in kind:
            lines = [json.loads(line) for line in text.splitlines()]
            found = lines if "watch=" in path and response.status == 200 else lines[0]
        return Answer(response.status, found, dict(response.headers))

    return call


@pytest.fixture
def eventually() -> Callable[[Callable[[], Any]], Any]:
    """Ask until the answer is true (at most 20 s), and give it back."""

    def wait(question: Callable[[], Any]) -> Any:
        until = time.monotonic() + 20
        while not (found := question()):
            assert time.monotonic() < until, "it never came true"
            time.sleep(0.01)
        return found

    return wait
