"""The lab's own desk, on loopback: what an instructor asks the lab itself, and no diagnosis ever sees."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from aiohttp import web

from lab.fabric.base import Fabric
from lab.faults import Board, Fault, FaultError
from lab.rights import SETS, Switch
from lab.scenario import ScenarioError, load
from lab.stage import Stage
from rules.words import _


def app(fabric: Fabric, stage: Stage, board: Board, rights: Switch) -> web.Application:
    """GET /legs: packets by wire, as a list of {"start", "end", "packets"}. GET and PUT /rights: {"name"}.

    GET /changes: {"writes", "differs"} since the beginning. POST /world {"scenario"} turns the world into that of a
    scenario (a name or a file's path), or, where it is null, back into its beginning; 400 with a sentence otherwise.

    GET /faults: the faults that are asked for, as a list of {"name", "on", "times"}; POST /faults asks for one more
    (400 with a sentence when that cannot be), DELETE /faults for no more.
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
        rights.put(rights.name)  # the new world may have projects that the old one had not
        return web.json_response({})

    async def faults(request: web.Request) -> web.Response:
        if request.method == "POST":
            try:
                board.add(_fault(await request.json()))
            except (FaultError, ValueError) as error:
                return web.json_response({"error": str(error)}, status=400)
        elif request.method == "DELETE":
            board.clear()
        return web.json_response([asdict(fault) for fault in board.all()])

    async def shown(_request: web.Request) -> web.Response:
        return web.json_response({"name": rights.name})

    async def switched(request: web.Request) -> web.Response:
        name = str((await request.json()).get("name"))
        if name not in SETS:
            return web.json_response({"error": name}, status=404)
        rights.put(name)
        return web.json_response({"name": rights.name})

    made = web.Application()
    made.router.add_get("/changes", changes)
    made.router.add_post("/world", world)
    made.router.add_get("/legs", legs)
    for method in ("GET", "POST", "DELETE"):
        made.router.add_route(method, "/faults", faults)
    made.router.add_get("/rights", shown)
    made.router.add_put("/rights", switched)
    return made


def _fault(asked: Any) -> Fault:
    match asked:
        case {"name": str(name), "on": str(on), "times": int() | None as times}:
            return Fault(name, on, times)
    raise FaultError(_("A fault is an object with name, on and times."))
