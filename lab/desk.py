"""The lab's own desk, on loopback: what an instructor asks the lab itself, and no diagnosis ever sees."""

from __future__ import annotations

from dataclasses import asdict

from aiohttp import web

from lab.fabric.base import Fabric


def app(fabric: Fabric) -> web.Application:
    """GET /legs: packets by wire, as a list of {"start", "end", "packets"}."""

    async def legs(_request: web.Request) -> web.Response:
        return web.json_response([asdict(leg) for leg in await fabric.legs()])

    made = web.Application()
    made.router.add_get("/legs", legs)
    return made
