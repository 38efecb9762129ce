"""The Kubernetes Engine API v1 on loopback: clusters, read. Plain HTTP, as `gcloud container clusters` calls it.

The Network Connectivity API's policy-based routes are served at the same address: their paths do not meet.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from aiohttp import web

from lab import connectivity, faults
from lab.compute import fields
from lab.compute.derived import projects
from lab.compute.errors import ApiError
from lab.store import Object, Store

_STATUS = {400: "INVALID_ARGUMENT", 403: "PERMISSION_DENIED", 404: "NOT_FOUND", 501: "UNIMPLEMENTED"}
_LOCATION = r"(?:locations|zones)/(?P<location>[^/]+)"
_LIST = re.compile(rf"projects/(?P<project>[^/]+)/{_LOCATION}/clusters")
_ONE = re.compile(rf"projects/(?P<project>[^/]+)/{_LOCATION}/clusters/(?P<name>[^/]+)")
_POOLS = re.compile(rf"projects/(?P<project>[^/]+)/{_LOCATION}/clusters/(?P<name>[^/]+)/nodePools(?:/(?P<pool>[^/]+))?")
_POLICY_ROUTES = re.compile(r"projects/(?P<project>[^/]+)/locations/global/policyBasedRoutes")
_CONFIG = re.compile(rf"projects/(?P<project>[^/]+)/{_LOCATION}/(?:serverConfig|serverconfig)")


class ContainerServer:
    """Serves the `container/…` tables of a store. A scenario withholds rights as it does for Compute
    (`compute/PROJECT/forbidden`, key the permission, such as `container.clusters.get`). `board`
    holds the faults that its calls have.
    """

    def __init__(self, store: Store, *, board: faults.Board | None = None) -> None:
        self._store = store
        self._board = board or faults.Board()
        self._handlers: tuple[tuple[re.Pattern[str], Callable[..., Object]], ...] = (
            (_LIST, self._list),
            (_ONE, self._get),
            (_POOLS, self._pools),
            (_CONFIG, self._config),
            (_POLICY_ROUTES, self._policy_routes),
        )

    def app(self) -> web.Application:
        """The aiohttp application."""
        app = web.Application(middlewares=[faults.middleware(self._board, _call)])
        app.router.add_route("*", "/v1/{path:.*}", self._serve)
        app.router.add_route("*", "/{tail:.*}", self._serve)
        return app

    async def _serve(self, request: web.Request) -> web.Response:
        try:
            mask = fields.parse(request.query["fields"]) if request.query.get("fields") else {}
            found = fields.select(self.answer(request.method, request.match_info.get("path", "")), mask)
            return web.json_response(found)
        except ApiError as error:
            status = _STATUS.get(error.status, "INTERNAL")
            body = {"error": {"code": error.status, "message": error.message, "status": status}}
            return web.json_response(body, status=error.status)

    def answer(self, verb: str, path: str) -> Object:
        """The answer to a request whose `path` is below `/v1/`; ApiError when it is refused."""
        for pattern, handler in self._handlers:
            found = pattern.fullmatch(path)
            if found is None:
                continue
            if verb != "GET":
                raise ApiError(501, "notImplemented", f"The lab's clusters are only read; it does not offer {verb}.")
            return handler(**found.groupdict())
        raise ApiError(404, "notFound", "Method not found.")

    def _list(self, project: str, location: str) -> Object:
        self._check(project, "container.clusters.list")
        found = [
            item
            for item in self._store.table(f"container/{project}").values()
            if location == "-" or item["location"] == location
        ]
        return {"clusters": sorted(found, key=lambda item: str(item["name"]))} if found else {}

    def _get(self, project: str, location: str, name: str) -> Object:
        self._check(project, "container.clusters.get")
        found = self._store.table(f"container/{project}").find(f"{location}/{name}")
        if found is None:
            path = f"projects/{project}/locations/{location}/clusters/{name}"
            raise ApiError(404, "notFound", f"Not found: {path}.")
        return found

    def _pools(self, project: str, location: str, name: str, pool: str | None) -> Object:
        found: list[Object] = self._get(project, location, name)["nodePools"]
        if pool is None:
            return {"nodePools": found}
        for item in found:
            if item["name"] == pool:
                return item
        raise ApiError(404, "notFound", f"Not found: node pool {pool} of cluster {name}.")

    def _policy_routes(self, project: str) -> Object:
        self._check(project, "networkconnectivity.policyBasedRoutes.list")
        return {"policyBasedRoutes": connectivity.listed(self._store, project)}

    def _config(self, project: str, location: str) -> Object:
        clusters = self._list(project, location).get("clusters", ())
        versions = sorted({item["currentMasterVersion"] for item in clusters}, reverse=True)
        if not versions:
            return {"defaultImageType": "COS_CONTAINERD"}
        return {
            "defaultClusterVersion": versions[0],
            "validMasterVersions": versions,
            "validNodeVersions": versions,
            "defaultImageType": "COS_CONTAINERD",
        }

    def _check(self, project: str, permission: str) -> None:
        if project not in projects(self._store):
            raise ApiError(404, "notFound", f"Not found: projects/{project}.")
        table = self._store.table(f"compute/{project}/forbidden")
        if permission in table or "*" in table:
            message = f'Required "{permission}" permission(s) for "projects/{project}".'
            raise ApiError(403, "forbidden", message)


def _call(request: web.Request) -> str:
    path = request.match_info.get("path", "")
    for pattern, method in ((_LIST, "clusters.list"), (_ONE, "clusters.get"), (_CONFIG, "projects.getServerConfig")):
        if pattern.fullmatch(path):
            return f"container.{method}"
    return ""
