"""The web servers of the kernel fabric's machines: pages, refusals by source, and proxies that ask onward."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from ipaddress import IPv4Address, IPv4Network
from typing import Any

from aiohttp import web

from lab.fabric.kernel.enter import inside
from lab.shell.answers import BAD_GATEWAY, forbidden

ONWARD_SECONDS = 2.0
LIMIT = 1 << 20


def site(namespace: str, listener: dict[str, Any]) -> web.Application:
    """What one Listener (as JSON) of `namespace` answers."""
    pages, refused, onward = listener["pages"], listener["refuses"], listener["to"]

    async def answer(request: web.Request) -> web.Response:
        client = IPv4Address(request.remote or "0.0.0.0")
        if any(client in IPv4Network(found) for found in refused):
            return web.Response(status=403, text=forbidden(str(client)))
        if onward:
            return await _onward(namespace, onward, request.path_qs)
        if (text := pages.get(request.path)) is None:
            return web.Response(status=404, text="404 page not found\n")
        return web.Response(text=text)

    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    return app


async def _onward(namespace: str, to: str, path: str) -> web.Response:
    """Ask `to` (ADDRESS:PORT) from inside the namespace and hand on its status and body; 502 when it is not reached."""
    address, _colon, port = to.rpartition(":")
    line = inside(namespace, lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM))
    line.setblocking(False)
    try:
        async with asyncio.timeout(ONWARD_SECONDS):
            await asyncio.get_running_loop().sock_connect(line, (address, int(port)))
            reader, writer = await asyncio.open_connection(sock=line)
            writer.write(f"GET {path} HTTP/1.0\r\nHost: {address}\r\n\r\n".encode())
            said = await reader.read(LIMIT)
            writer.close()
        head, _blank, body = said.partition(b"\r\n\r\n")
        return web.Response(status=int(head.split()[1]), body=body)
    except (OSError, TimeoutError, ValueError, IndexError):
        return web.Response(status=502, text=BAD_GATEWAY)
    finally:
        with contextlib.suppress(OSError):
            line.close()
