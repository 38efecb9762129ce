"""What a faulty server answers over HTTP. Status codes speak in the words of the API that they come from."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from aiohttp import web

from lab.compute.errors import ApiError
from lab.faults import consumer
from lab.kube.status import StatusError

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

SIGN_IN = "/sign-in"
PAGE = "<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body><h1>Sign in to the network</h1></body></html>\n"
DRIP_SECONDS = 0.02
PAGES = 10_000
AGAIN = "again"

_REFUSALS = {
    401: ("Unauthorized", "authError", "Request had invalid authentication credentials."),
    403: ("Forbidden", "forbidden", "Required '{call}' permission for the lab's fault"),
    404: ("NotFound", "notFound", "The resource was not found"),
    409: ("Conflict", "resourceInUseByAnotherResource", "The resource is being changed by somebody else"),
    429: ("TooManyRequests", "rateLimitExceeded", "Too many requests, please try again later"),
    500: ("InternalError", "backendError", "Internal error, please try again"),
    503: ("ServiceUnavailable", "backendError", "The service is currently unavailable"),
}
_RETRY_AFTER = {"429": "1", "429-later": "3600"}
_TOKEN, _TOKENS = "page-", ("continue", "pageToken")
_ENUM = re.compile(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)*")
_PAGED = ("pages", "page-loop")
# Kubernetes writes its enumerations like names; these keys hold them.
_ENUM_KEYS = ("phase", "protocol", "type", "policyTypes", "restartPolicy", "effect", "operator", "dnsPolicy")


async def answer(name: str, call: str, request: web.Request, handler: Handler) -> web.StreamResponse:
    """The answer to `request` with the fault `name` on it; `handler` gives the true one."""
    if name in consumer.NAMES:
        return web.json_response(consumer.body(name, call), status=403)
    if name[:3].isdigit():
        return _refusal(int(name[:3]), call, _RETRY_AFTER.get(name))
    match name:
        case "reset":
            return _abort(request)
        case "hang":
            await asyncio.Event().wait()
        case "redirect":
            return web.Response(status=302, headers={"Location": f"{request.scheme}://{request.host}{SIGN_IN}"})
        case "empty":
            return web.Response(content_type="application/json")
        case "html":
            return web.Response(text=PAGE, content_type="text/html")
    first = request.clone(rel_url=request.rel_url.without_query_params(*_TOKENS)) if name in _PAGED else request
    true = await handler(first)
    if not isinstance(true, web.Response) or not isinstance(true.body, bytes):
        return true
    match name:
        case "cut":
            return _json(true.body[: len(true.body) // 2], true.status)
        case "short":
            return await _short(request, true.body)
        case "drip":
            return await _drip(request)
    return _json(json.dumps(_changed(name, call, request, json.loads(true.body or b"{}"))).encode(), true.status)


def _refusal(code: int, call: str, retry_after: str | None) -> web.Response:
    reason, google, message = _REFUSALS[code]
    message = message.format(call=call)
    body = (
        StatusError(code, reason, message).body()
        if call.startswith("kubernetes.")
        else ApiError(code, google, message).body()
    )
    headers = {"Retry-After": retry_after} if retry_after else None
    return web.json_response(body, status=code, headers=headers)


def _json(body: bytes, status: int) -> web.Response:
    return web.Response(body=body, status=status, content_type="application/json")


def _abort(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


async def _short(request: web.Request, body: bytes) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "application/json", "Content-Length": str(len(body))})
    await response.prepare(request)
    await response.write(body[: len(body) // 2])
    if request.transport is not None:
        request.transport.close()
    return response


async def _drip(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    await response.prepare(request)
    await response.write(b"{")
    while True:
        await response.write(b" ")
        await asyncio.sleep(DRIP_SECONDS)


def _changed(name: str, call: str, request: web.Request, true: Any) -> Any:
    if name in ("type", "type-deep"):
        return _retyped(true, name == "type-deep")
    return _unheard(true, "") if name == "enum" else _paged(name, call, request, true)


def _retyped(true: Any, deep: bool) -> Any:
    """Every field of every item becomes something else, or every field inside of those."""
    lead = next((key for key in ("items", "result") if key in true), None)
    if lead is None:
        return _fields(true, deep)
    held = true[lead]
    return {**true, lead: [_fields(item, deep) for item in held] if isinstance(held, list) else _fields(held, deep)}


def _fields(item: Any, deep: bool) -> Any:
    if not isinstance(item, Mapping):
        return item if deep else _other(item)
    if not deep:
        return {key: _other(inner) for key, inner in item.items()}
    return {
        key: [_fields(each, False) for each in inner]
        if isinstance(inner, list)
        else _fields(inner, False)
        if isinstance(inner, Mapping)
        else inner
        for key, inner in item.items()
    }


def _other(value: Any) -> Any:
    if isinstance(value, Mapping):
        return [value]
    if isinstance(value, list):
        return {"0": value[:1]}
    if isinstance(value, str):
        return {"text": value}
    return "it is not" if value is None else [value]


def _unheard(value: Any, key: str) -> Any:
    """Words of enumerations become words of a version that nobody has seen."""
    if isinstance(value, Mapping):
        return {inner: _unheard(each, inner) for inner, each in value.items()}
    if isinstance(value, list):
        return [_unheard(each, key) for each in value]
    if isinstance(value, str) and ((_ENUM.fullmatch(value) and key != "name") or key in _ENUM_KEYS):
        return "NOT_YET_INVENTED"
    return value


def _paged(name: str, call: str, request: web.Request, true: Any) -> Any:
    if not isinstance(true, dict):
        return true
    token = AGAIN if name == "page-loop" else _following(request)
    if not token:
        return true
    if not call.startswith("kubernetes."):
        return {**true, "nextPageToken": token}
    metadata = true.get("metadata")
    return {**true, "metadata": {**(metadata if isinstance(metadata, dict) else {}), "continue": token}}


def _following(request: web.Request) -> str:
    here = next((request.query[word] for word in _TOKENS if word in request.query), f"{_TOKEN}1")
    number = int(here.removeprefix(_TOKEN)) + 1 if here.removeprefix(_TOKEN).isdecimal() else 2
    return f"{_TOKEN}{number}" if number <= PAGES else ""
