"""The lab's own desk, on loopback: what an instructor asks the lab itself, and no diagnosis ever sees."""

from __future__ import annotations

from dataclasses import asdict

from aiohttp import web

from lab.fabric.base import Fabric
from lab.scenario import ScenarioError, load
from lab.stage import Stage


def app(fabric: Fabric, stage: Stage) -> web.Application:
    """GET /legs: packets by wire, as a list of {"start", "end", "packets"}.

    GET /changes: {"writes", "differs"} since the beginning. POST /world {"scenario"} turns the world into that of a
    scenario (a name or a file's path), or, where it is null, back into its beginning; 400 with a sentence otherwise.
    """

    async def legs(_request: web.Request) -> web.Response:
        return web.json_response([asdict(leg) for leg in await fabric.legs()])

    async def changes(_request: web.Request) -> web.Response:
        return web.json_response(asdict(stage.changed()))

    async def world(request: web.Request) -> web.Response:
        try:
            wanted = (await request.json())["scenario"]
            await stage.turn(None if wanted is None else load(str(wanted)))
        except (ScenarioError, ValueError, KeyError, TypeError) as error:
            return web.json_response({"error": str(error)}, status=400)
        return web.json_response({})

    made = web.Application()
    made.router.add_get("/changes", changes)
    made.router.add_post("/world", world)
    made.router.add_get("/legs", legs)
    return made
