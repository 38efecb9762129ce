"""Puts the board's faults before a server's own answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import web
from aiohttp.typedefs import Middleware

from lab.faults import answers, execution
from lab.faults.board import Board
from lab.faults.kinds import Fits, kinds

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def middleware(board: Board, call_of: Callable[[web.Request], str]) -> Middleware:
    """For an application whose requests `call_of` names as gaps do; '' is never faulty."""

    @web.middleware
    async def faulty(request: web.Request, handler: Handler) -> web.StreamResponse:
        call = call_of(request)
        name = board.take(call) if call else None
        if name is None:
            return await handler(request)
        if kinds()[name].fits is Fits.EXEC:
            with execution.marked(name):
                return await handler(request)
        return await answers.answer(name, call, request, handler)

    return faulty
