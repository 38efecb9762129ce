"""The lab's Kubernetes API server: kubectl and the official clients use it as they use any cluster."""

from __future__ import annotations

import logging
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any

import yaml
from aiohttp import web

from lab import faults
from lab.fabric.base import Fabric
from lab.kube import access, discovery, execute, kinds, listing, openapi, patch
from lab.kube.access import User
from lab.kube.cache import Cache
from lab.kube.controllers import Controllers
from lab.kube.entry import encode
from lab.kube.kinds import Kind
from lab.kube.listing import Form
from lab.kube.logs import Logs
from lab.kube.managed import applied
from lab.kube.registry import Address, Options, Registry
from lab.kube.request import BODY_LIMIT, Resource, body, call, decode, dry_run, flag, raw_body, resource
from lab.kube.status import (
    StatusError,
    bad_request,
    conflict,
    internal,
    method_not_allowed,
    no_resource,
    not_found,
    unauthorized,
    unsupported_media,
)
from lab.kube.watching import Watch
from lab.store import Store

Object = dict[str, Any]
Answer = Awaitable[web.StreamResponse]

log = logging.getLogger(__name__)

JSON_PATCH = "application/json-patch+json"
MERGE_PATCH = "application/merge-patch+json"
STRATEGIC_PATCH = "application/strategic-merge-patch+json"
APPLY_PATCH = "application/apply-patch+yaml"
PATCHES = (JSON_PATCH, MERGE_PATCH, STRATEGIC_PATCH, APPLY_PATCH)


class KubeServer:
    """Serves the store's Kubernetes objects.

    `tokens` maps bearer tokens to users; `speed` shortens every wait of the controllers. The controllers run while the
    application does. `board` holds the faults that its calls have.
    """

    def __init__(
        self,
        store: Store,
        fabric: Fabric,
        *,
        tokens: Mapping[str, User],
        speed: float = 1.0,
        board: faults.Board | None = None,
    ) -> None:
        self._store = store
        self._fabric = fabric
        self._tokens = tokens
        self._board = board or faults.Board()
        self._cache = Cache(store)
        self.controllers = Controllers(store, speed, self._cache, fabric)
        self._registry = Registry(store, self._cache)

    def app(self) -> web.Application:
        """The application; its start and clean-up start and stop the controllers."""
        app = web.Application(
            client_max_size=BODY_LIMIT, middlewares=[faults.middleware(self._board, call), self._answer]
        )
        app.cleanup_ctx.append(self._controllers)
        app.router.add_route("*", "/{path:.*}", self._dispatch)
        return app

    async def _controllers(self, _: web.Application) -> AsyncIterator[None]:
        await self.controllers.start()
        yield
        await self.controllers.stop()

    @web.middleware
    async def _answer(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        """Every fault becomes a Status; a fault of the lab itself goes to the log."""
        audit = {"Audit-Id": str(uuid.uuid4()), "Cache-Control": "no-cache, private"}
        try:
            response = await handler(request)
        except StatusError as problem:
            return _json(encode(problem.body()), problem.code, {**audit, **problem.headers})
        except web.HTTPException as problem:
            refused = StatusError(problem.status, problem.reason.replace(" ", ""), problem.text or problem.reason)
            return _json(encode(refused.body()), problem.status, audit)
        except (ConnectionError, TimeoutError):
            raise
        except Exception:
            log.exception("%s %s failed", request.method, request.path)
            return _json(encode(internal().body()), 500, audit)
        if not response.prepared:
            response.headers.update(audit)
        return response

    @property
    def _kinds(self) -> tuple[Kind, ...]:
        return tuple(kind for kind in kinds.STORED if self._cache.served(kind)) + kinds.REVIEWS

    def _user(self, request: web.Request) -> User | None:
        """Who asks; None when nobody says. 401 for a token that nobody has."""
        given = request.headers.get("Authorization", "")
        if not given:
            return None
        scheme, _, token = given.partition(" ")
        user = self._tokens.get(token.strip()) if scheme.lower() == "bearer" else None
        if user is None:
            raise unauthorized()
        return user

    async def _dispatch(self, request: web.Request) -> web.StreamResponse:
        user = self._user(request)
        asked = resource(request)
        if user is None:
            if request.path not in access.PUBLIC_PATHS:
                raise unauthorized()
            user = User("system:anonymous", (), ("system:unauthenticated",))
        if asked is None:
            verb = request.method.lower()
            if not user.allowed_path(verb, request.path):
                raise access.denied_path(user, verb, request.path)
            return self._document(request)
        if not user.allowed(asked.wish()):
            raise access.denied(user, asked.wish())
        kind = kinds.find(self._kinds, asked.group, asked.version, asked.plural)
        if kind is None or (asked.namespace and not kind.namespaced and kind is not kinds.NAMESPACES):
            raise no_resource()
        if kind in kinds.REVIEWS:
            return await self._review(request, kind, user)
        if asked.subresource:
            return await self._subresource(request, asked, kind)
        verb = "list" if asked.verb == "watch" else asked.verb
        if verb not in kind.verbs or (verb == "create" and asked.name):
            raise method_not_allowed()
        if kind.namespaced and not asked.namespace and (asked.name or verb in ("create", "deletecollection")):
            raise method_not_allowed() if not asked.name else no_resource()
        if not asked.name and verb in ("update", "patch"):
            raise method_not_allowed()
        if not asked.name:
            return await self._collection(request, asked, kind)
        return await self._object(request, asked, kind)

    def _document(self, request: web.Request) -> web.Response:
        """Everything that is no resource: discovery, health, version, OpenAPI."""
        if request.method not in ("GET", "HEAD"):
            raise method_not_allowed()
        parts = [part for part in request.path.split("/") if part]
        if parts and parts[0] in ("healthz", "livez", "readyz"):
            return web.Response(text="ok")
        found: Object | None = None
        host, served = request.host, self._kinds
        match parts:
            case []:
                found = {"paths": ["/api", "/api/v1", "/apis", "/healthz", "/openapi/v3", "/version"]}
            case ["version"]:
                found = discovery.version(self._store)
            case ["api" | "apis" as root]:
                if form := _aggregated(request):
                    content = f"application/json;g=apidiscovery.k8s.io;v={form};as={discovery.AGGREGATED}"
                    whole = discovery.aggregated(served, form, core=root == "api")
                    return _json(encode(whole), 200, {"Vary": "Accept"}, content)
                found = discovery.core_versions(host) if root == "api" else discovery.groups(served)
            case ["api", version]:
                found = discovery.resources(served, "", version)
            case ["apis", group]:
                found = discovery.group(served, group)
            case ["apis", group, version]:
                found = discovery.resources(served, group, version)
            case ["openapi", "v3"]:
                found = openapi.index(served)
            case ["openapi", "v3", "api", version]:
                found = openapi.document(served, "", version)
            case ["openapi", "v3", "apis", group, version]:
                found = openapi.document(served, group, version)
            case ["openapi", "v2"]:
                if (
                    "protobuf" in request.headers.get("Accept", "")
                    and "json" not in request.headers["Accept"].split(",")[0]
                ):
                    return web.Response(body=b"", content_type="application/octet-stream")
                found = openapi.swagger()
        if found is None:
            raise no_resource()
        return _json(encode(found))

    async def _review(self, request: web.Request, kind: Kind, user: User) -> web.Response:
        if request.method != "POST":
            raise method_not_allowed()
        asked = await body(request)
        if asked.get("kind") not in (None, kind.kind):
            raise bad_request(f"{asked.get('kind')} cannot be handled as a {kind.kind}")
        if not isinstance(asked.get("spec") or {}, dict):
            raise bad_request(f"{kind.kind}.spec is not an object")
        if kind.kind == "SelfSubjectAccessReview":
            return _json(encode(access.access_review(user, asked)), 201)
        if kind.kind == "SelfSubjectRulesReview":
            return _json(encode(access.rules_review(user, asked)), 201)
        return _json(encode(access.self_review(user)), 201)

    async def _collection(self, request: web.Request, asked: Resource, kind: Kind) -> web.StreamResponse:
        if asked.verb == "create":
            options = _options(request)
            created = self._registry.create(kind, asked.namespace, await body(request), options)
            return _one(kind, created, _form(request), 201, options)
        chosen = listing.selection(kind, asked.namespace, request.query)
        if asked.verb == "watch":
            return await Watch(self._cache, chosen, _form(request), request.query).serve(request)
        if asked.verb == "deletecollection":
            return await self._delete_all(request, kind, chosen)
        found = listing.page(self._cache, chosen, request.query)
        return _respond(listing.body(chosen, found, _form(request)), _form(request))

    async def _delete_all(self, request: web.Request, kind: Kind, chosen: listing.Selection) -> web.Response:
        wish = await _delete_wish(request)
        found = listing.page(self._cache, chosen, {})
        for entry in found.entries:
            namespace, _, name = entry.key.rpartition("/")
            self._registry.delete(Address(kind, namespace, name), wish, dry_run=_dry(request, wish))
        return _json(listing.body(chosen, found, Form()))

    async def _object(self, request: web.Request, asked: Resource, kind: Kind) -> web.StreamResponse:
        at = Address(kind, asked.namespace if kind.namespaced else "", asked.name)
        if asked.verb == "get":
            if flag(request.query, "watch"):
                chosen = listing.selection(kind, at.namespace, request.query, asked.name)
                return await Watch(self._cache, chosen, _form(request), request.query).serve(request)
            return _respond(listing.one(kind, self._registry.get(at).view, _form(request)), _form(request))
        if asked.verb == "delete":
            wish = await _delete_wish(request)
            gone = self._registry.delete(at, wish, dry_run=_dry(request, wish))
            return _json(encode(gone)) if gone["kind"] == "Status" else _one(kind, gone, _form(request))
        options = _options(request)
        if asked.verb == "update":
            return _one(kind, self._registry.update(at, await body(request), options), _form(request), 200, options)
        return await self._patch(request, at, options)

    async def _patch(self, request: web.Request, at: Address, options: Options, sub: str = "") -> web.Response:
        media = request.content_type
        if media not in PATCHES or (media == STRATEGIC_PATCH and at.kind.custom):
            raise unsupported_media([each for each in PATCHES if not (at.kind.custom and each == STRATEGIC_PATCH)])
        change = decode(await raw_body(request), media)
        if media == APPLY_PATCH:
            view, code = applied(self._registry, at, change, options, sub)
            return _one(at.kind, view, _form(request), code, options)
        if media == JSON_PATCH:
            view = self._registry.change(at, lambda thing: patch.json_patch(thing, change), options, sub)
        elif not isinstance(change, dict):
            raise bad_request("error decoding patch: the patch is not an object")
        elif media == MERGE_PATCH:
            view = self._registry.change(at, lambda thing: patch.merge(thing, change), options, sub)
        else:
            view = self._registry.change(at, lambda thing: patch.strategic(thing, change, at.kind.type), options, sub)
        return _one(at.kind, view, _form(request), 200, options)

    async def _subresource(self, request: web.Request, asked: Resource, kind: Kind) -> web.StreamResponse:
        if asked.subresource not in kind.subresources:
            raise no_resource()
        if asked.verb not in kind.subresources[asked.subresource][1]:
            raise method_not_allowed()
        at = Address(kind, asked.namespace if kind.namespaced else "", asked.name)
        if kind.namespaced and not at.namespace:
            raise no_resource()
        match asked.subresource:
            case "exec" | "attach":
                return await self._run(request, at, attach=asked.subresource == "attach")
            case "portforward":
                self._registry.get(at)
                raise StatusError(501, "NotImplemented", "the lab forwards no ports; kubectl exec runs curl in the pod")
            case "log":
                return await self._log(request, at)
            case "eviction":
                return await self._evict(request, at)
            case "binding":
                return await self._bind(request, at)
        if asked.verb == "get":
            return _respond(listing.one(kind, self._registry.get(at).view, _form(request)), _form(request))
        options = _options(request)
        if asked.verb == "patch":
            return await self._patch(request, at, options, asked.subresource)
        view = self._registry.update(at, await body(request), options, asked.subresource)
        return _one(kind, view, _form(request), 200, options)

    async def _run(self, request: web.Request, at: Address, *, attach: bool) -> web.StreamResponse:
        pod = self._registry.get(at).view
        argv = request.query.getall("command", [])
        if not argv and not attach:
            raise bad_request("you must specify at least one command for the container")
        container = execute.container_of(pod, request.query.get("container", ""))
        if attach:
            console = self.controllers.console(pod["metadata"]["uid"], container)
            return await execute.attach(request, console)
        return await execute.serve(request, faults.faulty(self._fabric), pod, container, argv)

    async def _log(self, request: web.Request, at: Address) -> web.StreamResponse:
        pod = self._registry.get(at).view
        container = execute.container_of(pod, request.query.get("container", ""), running=False)
        status = pod.get("status") or {}
        held = [each for each in status.get("containerStatuses") or () if each.get("name") == container]
        ran_before = any((each.get("lastState") or {}).get("terminated") for each in held)
        if flag(request.query, "previous") and not ran_before:
            raise bad_request(f'previous terminated container "{container}" in pod "{at.name}" not found')
        for each in held:
            waiting = (each.get("state") or {}).get("waiting")
            if waiting is not None and not ran_before:
                raise bad_request(
                    f'container "{container}" in pod "{at.name}" is waiting to start: {waiting.get("reason", "")}'
                )
        if not (pod.get("spec") or {}).get("nodeName"):
            raise bad_request(f"pod {at.name} does not have a host assigned")
        return await Logs(self._store, at.key, container, request).serve()

    async def _evict(self, request: web.Request, at: Address) -> web.Response:
        asked = await body(request, optional=True)
        wish = asked.get("deleteOptions") or {}
        self._registry.delete(at, wish if isinstance(wish, dict) else {}, dry_run=_dry(request, wish))
        return _json(encode({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success"}), 201)

    async def _bind(self, request: web.Request, at: Address) -> web.Response:
        asked = await body(request)
        node = str((asked.get("target") or {}).get("name", ""))
        if self._cache.find(kinds.NODES, node) is None:
            raise not_found(kinds.NODES, node)
        entry = self._registry.get(at)
        if held := (entry.view.get("spec") or {}).get("nodeName"):
            raise conflict(kinds.PODS, at.name, f'pod {at.name} is already assigned to node "{held}"')
        thing = self._store.table(at.kind.table).get(at.key)
        thing.setdefault("spec", {})["nodeName"] = node
        self._store.table(at.kind.table).replace(at.key, thing)
        return _json(encode({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success"}), 201)


def _aggregated(request: web.Request) -> str:
    """The aggregated discovery version that the client would like best, "" when it wants the old form."""
    for part in request.headers.get("Accept", "").split(","):
        given = dict(each.strip().partition("=")[::2] for each in part.split(";")[1:])
        if given.get("as") == discovery.AGGREGATED and given.get("v") in ("v2", "v2beta1"):
            return given["v"]
        if not given.get("as"):
            return ""
    return ""


def _form(request: web.Request) -> Form:
    return listing.form(request.headers.get("Accept", ""), request.query)


def _options(request: web.Request) -> Options:
    query = request.query
    validation = query.get("fieldValidation", "Warn")
    if validation not in ("Ignore", "Warn", "Strict", ""):
        raise StatusError(
            422,
            "Invalid",
            f'fieldValidation: Unsupported value: "{validation}": supported values: "Ignore", "Strict", "Warn"',
        )
    agent = request.headers.get("User-Agent", "unknown").partition("/")[0]
    return Options(
        dry_run=dry_run(query.getall("dryRun", [])),
        strict=validation == "Strict",
        warn=validation in ("Warn", ""),
        manager=query.get("fieldManager", "") or agent,
        force=flag(query, "force"),
    )


async def _delete_wish(request: web.Request) -> Object:
    """DeleteOptions from the body, and from the query where the body does not say."""
    wish = await body(request, optional=True)
    if wish.get("kind") not in (None, "", "DeleteOptions"):
        raise bad_request(f"{wish.get('kind')} cannot be handled as DeleteOptions")
    query = request.query
    if "gracePeriodSeconds" in query and "gracePeriodSeconds" not in wish:
        text = query["gracePeriodSeconds"]
        if not text.lstrip("-").isdigit():
            raise bad_request(f'gracePeriodSeconds: strconv.ParseInt: parsing "{text}": invalid syntax')
        wish["gracePeriodSeconds"] = int(text)
    if "propagationPolicy" in query:
        wish.setdefault("propagationPolicy", query["propagationPolicy"])
    if not isinstance(wish.get("preconditions") or {}, dict):
        raise bad_request("DeleteOptions.preconditions is not an object")
    return wish


def _dry(request: web.Request, wish: Object) -> bool:
    asked = wish.get("dryRun") or []
    return dry_run([*request.query.getall("dryRun", []), *(map(str, asked) if isinstance(asked, list) else [])])


def _one(kind: Kind, view: Object, form: Form, status: int = 200, options: Options | None = None) -> web.Response:
    response = _respond(listing.one(kind, view, form), form, status)
    for warning in options.warnings if options else ():
        quoted = warning.replace("\\", "\\\\").replace('"', '\\"')
        response.headers.add("Warning", f'299 - "{quoted}"')
    return response


def _respond(data: bytes, form: Form, status: int = 200) -> web.Response:
    if form.yaml:
        text = yaml.safe_dump(decode(data, "application/json"), sort_keys=False, allow_unicode=True)
        return web.Response(body=text.encode(), status=status, content_type="application/yaml")
    return _json(data, status)


def _json(
    data: bytes, status: int = 200, headers: Mapping[str, str] | None = None, content: str = "application/json"
) -> web.Response:
    return web.Response(body=data, status=status, headers={**(headers or {}), "Content-Type": content})
