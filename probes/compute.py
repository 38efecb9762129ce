"""The Compute API through google-cloud-compute, brought back as the REST JSON that the server sent.

Messages are turned into JSON by protobuf's own conversion: camelCase names, 64-bit integers as strings, enums as
their names, and nothing that the server did not send (fields are tracked by presence). Fields newer than the client
library are lost; nothing is invented. The client's own retries are off: they would outlive any deadline.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from probes import cloud, patience, retry, tasks, warmup
from probes.cloud import COMPUTE, Login
from probes.errors import CallError

SECONDS = 10.0
MAX_PAGES = 400
SERVICES = {
    "networks": "NetworksClient",
    "routes": "RoutesClient",
    "subnetworks": "SubnetworksClient",
    "instances": "InstancesClient",
    "forwardingRules": "ForwardingRulesClient",
    "routers": "RoutersClient",
    "operations": "GlobalOperationsClient",
}

Object = dict[str, Any]


class Compute:
    """Reads of one Compute API. Every method raises CallError."""

    def __init__(self, login: Login) -> None:
        self._login = login
        self._clients: dict[str, Any] = {}

    def client(self, service: str) -> Any:
        """The client of `service` (a key of SERVICES); `probes.write` uses it as well."""
        if service not in self._clients:
            google = warmup.google()
            at = cloud.endpoint(COMPUTE)
            options = google.options.ClientOptions(api_endpoint=at) if at else None
            credentials = self._login.credentials(COMPUTE)
            made = getattr(google.compute, SERVICES[service])(credentials=credentials, client_options=options)
            made.transport._session.hooks["response"].append(cloud.whole)  # before a redirect is followed
            if at:
                made.transport._session.trust_env = False  # a proxy in the environment is not for loopback
            self._clients[service] = made
        return self._clients[service]

    def close(self) -> None:
        """Let go of connections."""
        for client in list(self._clients.values()):
            client.transport.close()

    def get(self, service: str, request: Mapping[str, Any], seconds: float = SECONDS) -> Object:
        """One object."""
        return self.ask(service, "get", request, seconds)

    def ask(self, service: str, method: str, request: Mapping[str, Any], seconds: float = SECONDS) -> Object:
        """The whole answer of a method that gives one message."""

        def call(left: float) -> Object:
            return as_json(getattr(self.client(service), method)(request=dict(request), retry=None, timeout=left))

        return _retried(call, time.monotonic() + patience.times(seconds))

    def pages(self, service: str, method: str, request: Mapping[str, Any], seconds: float = SECONDS) -> list[Object]:
        """Every page of a list method, as the server sent it."""
        until = time.monotonic() + patience.times(seconds)
        found: list[Object] = []
        token = ""
        for _page in range(MAX_PAGES):
            question = {**request, **({"page_token": token} if token else {})}
            page = self._page(service, method, question, until)
            found.append(page)
            following = str(page.get("nextPageToken") or "")
            if not following:
                return found
            if following == token:
                raise CallError("error", tasks.same_page())
            token = following
        raise CallError("error", tasks.too_many(MAX_PAGES))

    def items(
        self, service: str, request: Mapping[str, Any], method: str = "list", seconds: float = SECONDS
    ) -> list[Object]:
        """All items of a list."""
        return [item for page in self.pages(service, method, request, seconds) for item in page.get("items", [])]

    def aggregated(self, service: str, project: str, seconds: float = SECONDS) -> list[Object]:
        """All items of an aggregated list, out of every region or zone."""
        pages = self.pages(service, "aggregated_list", {"project": project}, seconds)
        scopes: Sequence[Mapping[str, Any]] = [scope for page in pages for scope in page.get("items", {}).values()]
        return [item for scope in scopes for item in scope.get(service, [])]

    def _page(self, service: str, method: str, request: Mapping[str, Any], until: float) -> Object:
        def call(left: float) -> Object:
            pager = getattr(self.client(service), method)(request=dict(request), retry=None, timeout=left)
            return as_json(next(iter(pager.pages)))

        return _retried(call, until)


def _retried(call: Callable[[float], Object], until: float) -> Object:
    def once() -> Object:
        try:
            return call(tasks.left(until))
        except Exception as error:
            raise cloud.failure(error) from error

    return retry.patiently(once, until)


def as_json(message: Any) -> Object:
    """A message of google-cloud-compute as REST JSON."""
    found: Object = warmup.google().to_dict(type(message).pb(message))
    return found
