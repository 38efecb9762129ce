"""The Cloud Resource Manager API v1 on loopback, as far as it says what the caller may do in a project."""

from __future__ import annotations

import re

from aiohttp import web

from lab.compute.derived import projects
from lab.store import Store

_TEST = re.compile(r"/v1/projects/(?P<project>[^/:]+):testIamPermissions")
_NAME = re.compile(r"[a-z]+(\.[A-Za-z]+){2,}")
_MOST = 100


def app(store: Store) -> web.Application:
    """POST /v1/projects/PROJECT:testIamPermissions answers with those permissions that the caller has."""

    async def serve(request: web.Request) -> web.Response:
        found = _TEST.fullmatch(request.path)
        if found is None:
            return _failed(404, "NOT_FOUND", "Method not found.")
        if request.method != "POST":
            return _failed(405, "UNIMPLEMENTED", f"The lab does not offer {request.method} here.")
        try:
            asked = (await request.json())["permissions"]
        except (ValueError, KeyError, TypeError):
            return _failed(400, "INVALID_ARGUMENT", "Invalid JSON payload received.")
        if not isinstance(asked, list) or not 0 < len(asked) <= _MOST:
            return _failed(400, "INVALID_ARGUMENT", f"There must be from 1 to {_MOST} permissions.")
        wrong = next((name for name in asked if not isinstance(name, str) or not _NAME.fullmatch(name)), None)
        if wrong is not None:
            return _failed(400, "INVALID_ARGUMENT", f"Permission {wrong} is not valid for this resource.")
        project = found["project"]
        if project not in projects(store):
            return _failed(403, "PERMISSION_DENIED", "The caller does not have permission")
        name = f"compute/{project}/forbidden"
        withheld = set(store.table(name)) if name in store.names(name) else set()
        held = [one for one in asked if one not in withheld and "*" not in withheld]
        return web.json_response({"permissions": held} if held else {})

    made = web.Application()
    made.router.add_route("*", "/{path:.*}", serve)
    return made


def _failed(code: int, status: str, message: str) -> web.Response:
    return web.json_response({"error": {"code": code, "message": message, "status": status}}, status=code)
