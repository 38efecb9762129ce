"""The Compute API v1 on loopback: plain HTTP that `gcloud` and google-cloud-compute take for the real one."""

from __future__ import annotations

import inspect
import json
import logging
import re
import secrets
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from aiohttp import web

from lab import faults
from lab.compute import batch, effective, fields, firewalls, instances, networks, peerings, places, routes, waiting
from lab.compute.backend import Backend
from lab.compute.call import Call, Method
from lab.compute.errors import ApiError, bad_request
from lab.compute.node_routes import NodeRoutes
from lab.store import Object, Store

log = logging.getLogger(__name__)

BASE = "/compute/v1/"
MAX_BODY = 16 * 1024 * 1024
METHODS: tuple[Method, ...] = (
    *networks.METHODS,
    *routes.METHODS,
    *firewalls.METHODS,
    *effective.METHODS,
    *instances.METHODS,
    *places.METHODS,
    *waiting.METHODS,
)


class Api:
    """Finds the method for a request and runs it; knows nothing of HTTP connections."""

    def __init__(self, backend: Backend) -> None:
        self.backend = backend
        self._methods = [(method.verb, _pattern(method.template), method) for method in METHODS]

    async def answer(self, verb: str, path: str, query: Mapping[str, str], body: bytes) -> tuple[int, Object | None]:
        """Status and JSON of the answer to a request whose `path` is below `/compute/v1/`."""
        try:
            return 200, await self._answer(verb, path, dict(query), body)
        except ApiError as error:
            return error.status, error.body()
        except Exception:
            log.exception("%s %s", verb, path)
            return 500, ApiError(500, "backendError", "The lab has made a mistake; its log says which.").body()

    async def _answer(self, verb: str, path: str, query: dict[str, str], body: bytes) -> Object | None:
        method, words = self._find(verb, path)
        if query.get("alt", "json") != "json":
            raise bad_request(f'Invalid value "{query["alt"]}" for parameter alt: the lab answers in JSON alone.')
        mask = fields.parse(query["fields"]) if query.get("fields") else {}
        self.backend.check(words["project"], method.permission or f"compute.{method.id}", path)
        result = method.handler(self.backend, Call(method.id, words, query, _json(body)))
        found = await result if inspect.isawaitable(result) else result
        selected: Object | None = fields.select(found, mask)
        return selected

    def name(self, verb: str, path: str) -> str:
        """The call's name as gaps have it (`compute.networks.get`); '' for what is no method."""
        try:
            return f"compute.{self._find(verb, path)[0].id}"
        except ApiError:
            return ""

    def _find(self, verb: str, path: str) -> tuple[Method, dict[str, str]]:
        known = False
        for found_verb, pattern, method in self._methods:
            found = pattern.fullmatch(path)
            if found is not None:
                if found_verb == verb:
                    return method, {word: unquote(value) for word, value in found.groupdict().items()}
                known = True
        if known:
            raise ApiError(405, "httpMethodNotAllowed", f"The lab does not offer {verb} on {path}.")
        if not re.match(r"projects/[^/]+(/|$)", path):
            raise ApiError(404, "notFound", "Not Found")
        raise ApiError(501, "notImplemented", f"The lab does not offer {verb} {path}.")


def _pattern(template: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", template))


def _json(body: bytes) -> Object | None:
    if not body.strip():
        return None
    try:
        found = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise ApiError(400, "parseError", "Invalid JSON payload received. Parse error.") from error
    if not isinstance(found, dict):
        raise ApiError(400, "parseError", "Invalid JSON payload received. Root element must be a message.")
    return found


class ComputeServer:
    """Serves the `compute/…` tables of a store and keeps the node routes of its clusters.

    `speed` divides the time that operations and the route controller take. A scenario takes rights away by an object in
    `compute/PROJECT/forbidden` whose key is the permission (`compute.networks.listPeeringRoutes`) or `*`. `board`
    holds the faults that its calls have.
    """

    def __init__(self, store: Store, *, speed: float = 1.0, board: faults.Board | None = None) -> None:
        self._board = board or faults.Board()
        self.backend = Backend(store, speed=speed)
        self.api = Api(self.backend)
        peerings.settle(store)
        self.node_routes = NodeRoutes(store, speed=speed)

    def app(self) -> web.Application:
        """The aiohttp application; it stops running operations when it is cleaned up."""
        app = web.Application(client_max_size=MAX_BODY, middlewares=[faults.middleware(self._board, self._call)])
        app.router.add_route("*", "/batch/compute/{tail:.*}", self._batch)
        app.router.add_route("*", "/batch", self._batch)
        app.router.add_route("*", BASE + "{path:.*}", self._serve)
        app.router.add_route("*", "/{tail:.*}", self._nothing)
        app.on_startup.append(self._start)
        app.on_cleanup.append(self._close)
        return app

    def _call(self, request: web.Request) -> str:
        return self.api.name(request.method, request.rel_url.raw_path.removeprefix(BASE))

    async def _start(self, _: web.Application) -> None:
        self.node_routes.start()

    async def _close(self, _: web.Application) -> None:
        self.node_routes.close()
        await self.backend.close()

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        path = request.rel_url.raw_path.removeprefix(BASE)
        try:
            body = await request.read()
        except web.HTTPRequestEntityTooLarge:
            error = ApiError(413, "uploadTooLarge", "The request is too large.")
            return _response(request, error.status, error.body())
        status, found = await self.api.answer(request.method, path, request.query, body)
        return _response(request, status, found)

    async def _batch(self, request: web.Request) -> web.StreamResponse:
        try:
            parts = batch.split(request.headers.get("Content-Type", ""), await request.read())
        except ApiError as error:
            return _response(request, error.status, error.body())
        answers = []
        for part in parts:
            url = urlsplit(part.target)
            path = re.sub(r"^.*?/compute/v1/", "", url.path)
            status, found = await self.api.answer(part.verb, path, dict(parse_qsl(url.query)), part.body)
            answers.append((part.id, status, _text(found)))
        boundary = f"batch_{secrets.token_hex(12)}"
        response = web.Response(body=batch.join(boundary, answers))
        response.headers["Content-Type"] = f"multipart/mixed; boundary={boundary}"
        return response

    async def _nothing(self, request: web.Request) -> web.StreamResponse:
        error = ApiError(404, "notFound", f"The requested URL {request.path} was not found on this server.")
        return _response(request, error.status, error.body())


def _text(found: Any) -> str:
    return "" if found is None else json.dumps(found, ensure_ascii=False)


def _response(request: web.Request, status: int, found: Object | None) -> web.Response:
    if found is None:
        return web.Response(status=204)
    text = (
        json.dumps(found, ensure_ascii=False, indent=2) if request.query.get("prettyPrint") == "true" else _text(found)
    )
    response = web.Response(status=status, text=text, content_type="application/json", charset="utf-8")
    if "gzip" in request.headers.get("Accept-Encoding", "") and len(text) > 1024:
        response.enable_compression(web.ContentCoding.gzip)
    return response
